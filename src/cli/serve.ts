// `charla serve [DIR]`: shares a folder over HTTP until it is interrupted.

import { once } from "node:events";
import { hostname, networkInterfaces } from "node:os";
import { resolve } from "node:path";

import { CharlaError, systemCode, usageError } from "../errors.ts";
import { type FileServerOptions, openFileServer } from "../http/server/file-server.ts";
import { parseNetwork } from "../http/server/forwarded.ts";
import { HOST_PATTERN } from "../http/server/own-hosts.ts";
import {
  jsonLogLine,
  LOG_FORMATS,
  type LogFormat,
  logLine,
  type RequestEntry,
} from "../http/server/request-log.ts";
import type { HttpServer } from "../http/server/server.ts";
import { readCertificateFiles } from "../http/server/tls/certificate-files.ts";
import type { TlsIdentity } from "../http/server/tls/certificate.ts";
import { ON_CONFLICT, type OnConflict } from "../http/server/upload/new-file.ts";
import { ownAddresses } from "../net/own-addresses.ts";
import type { Io } from "../terminal/io.ts";
import { mayStyle } from "../terminal/output-stream.ts";
import { listenOptions, maxUploadOption, quoteWord } from "./command-options.ts";
import { type CommandLine, helpFor } from "./options.ts";
import { keptCertificate } from "./serve/kept-certificate.ts";
import {
  chooseAddresses,
  describeServeError,
  formatUrls,
  type ListenAddresses,
  LOOPBACK,
} from "./serve/listen-addresses.ts";
import { openLineLog, qrCode } from "./serve/output.ts";

const HTTP_PORT = 8_000;
/** ms that pending responses have to end after an interruption. */
const GRACE = 5_000;

export async function serve(commandLine: CommandLine, io: Io): Promise<number> {
  const { words, flags } = commandLine;
  const [folder = ".", extra] = words;
  if (extra !== undefined) {
    throw usageError(`serve shares one folder, not ${words.length}`, helpFor("serve"));
  }
  const { bind, port } = listenOptions(commandLine, HTTP_PORT);
  if (bind !== undefined && flags.has("public")) {
    throw usageError("--public listens on every address, --bind on one", "leave one of them out");
  }
  const { credentials, upload } = readAccessOptions(commandLine);
  const hosts = hostOption(commandLine);
  const trustedProxies = trustProxyOption(commandLine);
  const tls = await readTlsOptions(commandLine, io);
  const isJson = flags.has("json");
  const log = isJson
    ? openLineLog(io.stdout, (count) => JSON.stringify({ type: "dropped", count }))
    : openLineLog(io.stderr, (count) => `${count} requests were too many to be logged`);
  const format = logOption(commandLine);
  const formatLine = (entry: RequestEntry) =>
    isJson ? jsonLogLine(entry) : logLine(entry, format);
  const isLogged = isJson || !flags.has("quiet");

  const listen = chooseAddresses(bind, flags.has("public"));
  const interrupted = once(io.signal, "abort");
  const server = await openServer(listen, {
    folder: resolve(io.cwd, folder),
    port,
    dotfiles: flags.has("dotfiles"),
    followSymlinks: flags.has("follow-symlinks"),
    listing: !flags.has("no-listing"),
    spa: flags.has("spa"),
    crossOrigin: flags.has("cors"),
    credentials,
    upload,
    manage: flags.has("manage"),
    tls,
    trustedProxies,
    hosts: hosts.length === 0 && listen.isPublic ? null : hosts,
    log: isLogged ? (entry: RequestEntry) => log.write(formatLine(entry)) : null,
  });

  const scheme = tls === null ? "http" : "https";
  const urls = formatUrls(scheme, server.addresses, server.port, networkInterfaces());
  io.stderr.write(`${describeUrls(urls, listen.isPublic, io)}\n`);
  if (flags.has("tls") && tls !== null) {
    io.stderr.write(`Browsers warn once about its certificate: SHA-256 ${tls.fingerprint}\n`);
  }
  if (listen.isPublic && credentials !== null && tls === null) {
    io.stderr.write("The password is sent over the network unencrypted; --tls encrypts it\n");
  }
  if (isJson) log.write(JSON.stringify({ type: "listening", url: urls[0], urls }));
  await interrupted;
  await server.close(GRACE);
  await log.flushed();
  return 0;
}

/** @throws {CharlaError} USAGE */
function readAccessOptions(
  commandLine: CommandLine,
): Pick<FileServerOptions, "credentials" | "upload"> {
  const { flags, typed, values } = commandLine;
  const credentials = values.get("auth") ?? null;
  if (credentials !== null && !/^[^:\p{Cc}]+:\P{Cc}+$/u.test(credentials)) {
    throw usageError(
      "--auth needs a user and a password, separated by a colon",
      "write it as --auth USER:PASSWORD",
    );
  }
  const isManaged = flags.has("manage");
  if (!flags.has("upload") && !isManaged) {
    const option = ["on-conflict", "max-upload"].find((name) => typed.has(name));
    if (option === undefined) return { credentials, upload: null };
    throw usageError(`--${option} has no effect without uploads`, "add --upload");
  }
  const limit = maxUploadOption(commandLine);
  return { credentials, upload: { onConflict: onConflictOption(commandLine, isManaged), limit } };
}

/**
 * --on-conflict
 *
 * @throws {CharlaError} USAGE
 */
function onConflictOption({ values }: CommandLine, isManaged: boolean): OnConflict {
  // What is replaced can be found in .trash then, and clients of WebDAV rely on it.
  const written = values.get("on-conflict") ?? (isManaged ? "replace" : "refuse");
  const policy = ON_CONFLICT.find((each) => each === written);
  if (policy !== undefined) return policy;
  throw usageError(
    `--on-conflict takes ${ON_CONFLICT.join(", ")}, not ${quoteWord(written)}`,
    "it says what becomes of an upload whose name is taken",
  );
}

/**
 * --log
 *
 * @throws {CharlaError} USAGE
 */
function logOption({ values }: CommandLine): LogFormat {
  const written = values.get("log") ?? "timed";
  const format = LOG_FORMATS.find((each) => each === written);
  if (format !== undefined) return format;
  throw usageError(
    `--log takes ${LOG_FORMATS.join(", ")}, not ${quoteWord(written)}`,
    "timed is Common Log Format, and after it how long each request took",
  );
}

/**
 * --host
 *
 * @throws {CharlaError} USAGE
 */
function hostOption({ lists }: CommandLine): readonly string[] {
  const hosts = lists.get("host") ?? [];
  const wrong = hosts.find((host) => !HOST_PATTERN.test(host));
  if (wrong === undefined) return hosts;
  throw usageError(
    `--host takes a name, not ${quoteWord(wrong)}`,
    "write a name without scheme and port, such as files.example.com or, with all names below it, .example.com",
  );
}

/**
 * --trust-proxy
 *
 * @throws {CharlaError} INVALID_ADDRESS
 */
function trustProxyOption({ lists }: CommandLine): readonly string[] {
  const addresses = lists.get("trust-proxy") ?? [];
  const wrong = addresses.find((address) => parseNetwork(address) === null);
  if (wrong === undefined) return addresses;
  throw new CharlaError(
    "INVALID_ADDRESS",
    `--trust-proxy takes an address, not ${quoteWord(wrong)}`,
    "give the IP address that the proxy connects from, such as 127.0.0.1, or a network such as 10.0.0.0/8",
  );
}

/**
 * The certificate from files, or the one that is kept; null without TLS.
 *
 * @throws {CharlaError} USAGE, FILE_NOT_READABLE, CERTIFICATE_UNUSABLE
 */
async function readTlsOptions(
  { flags, values }: CommandLine,
  { cwd, env, stderr }: Pick<Io, "cwd" | "env" | "stderr">,
): Promise<TlsIdentity | null> {
  const certificate = values.get("tls-cert");
  const key = values.get("tls-key");
  if (certificate === undefined && key === undefined) {
    if (!flags.has("tls")) return null;
    const { identity, notKept } = keptCertificate(ownNames(), env, new Date());
    if (notKept !== null) {
      stderr.write(`The certificate is not kept, and will be another one: ${notKept.message}\n`);
    }
    return identity;
  }
  if (certificate === undefined || key === undefined) {
    const missing = certificate === undefined ? "--tls-cert" : "--tls-key";
    throw usageError(
      "a certificate needs its key, and a key its certificate",
      `add ${missing} FILE, or use --tls to make both`,
    );
  }
  if (flags.has("tls")) {
    throw usageError(
      "--tls makes a certificate and cannot be combined with --tls-cert",
      helpFor("serve"),
    );
  }
  return readCertificateFiles(resolve(cwd, certificate), resolve(cwd, key), new Date());
}

/** The names and addresses of this machine. */
function ownNames(): [string, ...string[]] {
  const host = hostname().toLowerCase();
  const isName = /^[a-z0-9-]+(?:\.[a-z0-9-]+)*$/.test(host);
  // Others on the network find it by its first label (RFC 6762).
  const names = isName ? Array.from(new Set([host, `${host.split(".")[0] ?? host}.local`])) : [];
  const [first, ...others] = LOOPBACK;
  return ["localhost", first, ...others, ...names, ...ownAddresses(networkInterfaces())];
}

/** Tries the lists of addresses in turn: a machine without IPv6 is served without it. */
async function openServer(
  { candidates }: ListenAddresses,
  options: Omit<FileServerOptions, "addresses">,
): Promise<HttpServer> {
  let failure: unknown;
  for (const addresses of candidates) {
    try {
      return await openFileServer({ ...options, addresses });
    } catch (error) {
      failure = describeServeError(error, options.folder, options.port, addresses);
      if (!WITHOUT_IPV6.has(systemCode(error))) break;
    }
  }
  throw failure;
}

const WITHOUT_IPV6: ReadonlySet<string> = new Set(["EADDRNOTAVAIL", "EAFNOSUPPORT"]);

/** On a terminal with a QR code of an address that a phone can open. */
function describeUrls(urls: readonly string[], isPublic: boolean, io: Io): string {
  const [first = "", ...others] = urls;
  const lines = [`Open ${first}`, ...others.map((url) => `  or ${url}`)];
  const shared = others[0] ?? first;
  if (!isPublic || shared.includes("//localhost") || !io.stderr.isTTY) return lines.join("\n");
  const code = qrCode(shared, {
    columns: io.stderr.columns ?? 80,
    colours: mayStyle(io, io.stderr),
  });
  return [...lines, ...(code ?? [])].join("\n");
}
