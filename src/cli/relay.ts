// `charla relay`: forwards datagrams for servers that can't be reached directly, until it is interrupted.

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { join, resolve } from "node:path";

import { type CharlaError, usageError } from "../errors.ts";
import { dataFolder } from "../identity/folders.ts";
import { fingerprint } from "../identity/key-text.ts";
import { loadIdentity, loadResetSalt } from "../identity/private-files.ts";
import { formatAddress, parsePort } from "../net/address.ts";
import { serveMetrics } from "../relay/metrics.ts";
import { RELAY_LIMITS, type RelayLimits } from "../relay/relay-table.ts";
import { openRelay } from "../relay/relay.ts";
import { openAuthorizedKeys } from "../server/authorized-keys.ts";
import type { Io } from "../terminal/io.ts";
import { parseBytes } from "./amounts.ts";
import { type CertificateFiles, readCertificate, watchCertificate } from "./certificate-watch.ts";
import { listenOptions, quoteWord } from "./command-options.ts";
import { type CommandLine, helpFor } from "./options.ts";
import { pageServedBy } from "./page.ts";

/** Bytes a second with which two people can just talk; less would cut off even the handshakes of others. */
const MIN_RATE = 10 * 1_024;
/** Of the total rate, what one server may use, so that others get through beside it. */
const SERVER_SHARE = 1 / 2;
/** HTTPS: the port that even strict firewalls leave open. */
const HTTPS_PORT = 443;

export async function relay(commandLine: CommandLine, io: Io): Promise<number> {
  const { words, flags, values } = commandLine;
  if (words.length > 0) {
    throw usageError(`relay takes no arguments, but got ${quoteWord(words[0])}`, helpFor("relay"));
  }
  const listening = listenOptions(commandLine);
  const limits = rateLimits(values.get("max-rate"));
  const certificate = certificateFiles(commandLine, io.cwd);
  const web = webOptions(commandLine);
  const tls = certificate === null ? null : await readCertificate(certificate);
  const metricsPort = values.get("metrics");
  const port = metricsPort === undefined ? null : parsePort(metricsPort, 0);
  const list = values.get("allow");
  const isAllowed =
    list === undefined
      ? undefined
      : openAuthorizedKeys(resolve(io.cwd, list), (error) => reportUnusable(io, error));
  const folder = join(dataFolder(io.env), "relay");
  const { keyPair } = loadIdentity({
    folder,
    user: process.geteuid?.(),
    random: randomBytes,
    variable: "XDG_DATA_HOME",
  });
  const interrupted = once(io.signal, "abort");
  await using opened = await openRelay({
    ...listening,
    identity: keyPair,
    resetSalt: loadResetSalt(folder, randomBytes),
    isAllowed,
    limits,
    web: web === null ? undefined : { port: web.port, tls, page: pageServedBy("relay") },
  });
  const { webSockets } = opened;
  using _watch =
    webSockets === null || certificate === null
      ? null
      : watchCertificate(certificate, {
          onRenewed: (renewed) => webSockets.useCertificate(renewed),
          onUnusable: (error) => reportUnusable(io, error),
        });
  await using metrics = port === null ? null : await serveMetrics(port, () => opened.state());
  const address = formatAddress(opened.local);
  const own = fingerprint(keyPair.publicKey);
  if (!flags.has("quiet")) {
    const lines = [`relaying on ${address}`, `fingerprint ${own}`];
    if (webSockets !== null) {
      const by = tls === null ? "WebSockets" : "WebSockets over TLS";
      lines.push(`${by} on ${formatAddress(webSockets.local)}`);
    }
    if (isAllowed === undefined)
      lines.push("any server may use it; --allow FILE names those that may");
    if (metrics !== null) lines.push(`counts at ${metrics.url}`);
    io.stderr.write(`${lines.join("\n")}\n`);
  }
  if (flags.has("json")) {
    await io.print(
      JSON.stringify({
        type: "listening",
        address,
        fingerprint: own,
        ...(webSockets === null ? {} : { web: formatAddress(webSockets.local) }),
        ...(metrics === null ? {} : { metrics: metrics.url }),
      }),
    );
  }
  await interrupted;
  return 0;
}

/**
 * Null for no certificate.
 *
 * @throws {CharlaError} USAGE
 */
function certificateFiles({ flags, values }: CommandLine, cwd: string): CertificateFiles | null {
  const certificate = values.get("tls-cert");
  const key = values.get("tls-key");
  if (certificate === undefined && key === undefined) return null;
  if (certificate === undefined || key === undefined) {
    const missing = certificate === undefined ? "--tls-cert" : "--tls-key";
    throw usageError(
      "a certificate needs its key, and a key its certificate",
      `add ${missing} FILE; ${helpFor("relay")}`,
    );
  }
  if (flags.has("no-web")) {
    throw usageError(
      "--no-web goes without WebSockets, and a certificate is for them",
      "leave one of them out",
    );
  }
  return { certificate: resolve(cwd, certificate), key: resolve(cwd, key) };
}

/**
 * Where WebSockets are taken; an undefined port is that of UDP. Null for nowhere.
 *
 * @throws {CharlaError} USAGE, PORT_OUT_OF_RANGE
 */
function webOptions({ flags, values }: CommandLine): { readonly port: number | undefined } | null {
  const written = values.get("web-port");
  if (flags.has("no-web")) {
    if (written === undefined) return null;
    throw usageError(
      "--no-web goes without WebSockets, and --web-port is for them",
      "leave one of them out",
    );
  }
  if (written !== undefined) return { port: parsePort(written, 0) };
  return { port: values.has("tls-cert") ? HTTPS_PORT : undefined };
}

/** @throws {CharlaError} USAGE */
function rateLimits(written: string | undefined): Partial<RelayLimits> | undefined {
  if (written === undefined) return undefined;
  const rate = parseBytes(written);
  if (rate !== null && rate >= MIN_RATE) {
    return { totalRate: rate, rate: Math.min(RELAY_LIMITS.rate, rate * SERVER_SHARE) };
  }
  throw usageError(
    `--max-rate takes a number of bytes a second from 10K, not ${JSON.stringify(written)}`,
    `write one such as 500K or 20M; ${helpFor("relay")}`,
  );
}

/** A list or a certificate that was changed while the relay runs can't be used. */
function reportUnusable(io: Io, { message, hint }: CharlaError): void {
  io.stderr.write(`${message}\nhint: ${hint}\n`);
}
