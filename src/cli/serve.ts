// `charla serve [DIR]`: shares a folder over HTTP until it is interrupted.

import { networkInterfaces } from "node:os";
import { resolve } from "node:path";

import { CharlaError, systemCode } from "../errors.ts";
import { type FileServerOptions, openFileServer } from "../http/server/file-server.ts";
import { commonLogLine, jsonLogLine, type RequestEntry } from "../http/server/request-log.ts";
import type { HttpServer } from "../http/server/server.ts";
import type { Io } from "../terminal/io.ts";
import { mayStyle } from "../terminal/output-stream.ts";
import { listeningOptions } from "./listening.ts";
import { type CommandLine, helpFor } from "./options.ts";
import { guardOf } from "./serve/access-options.ts";
import { describeFailure } from "./serve/failure.ts";
import { openLineLog } from "./serve/line-log.ts";
import { type Reach, reachOf, urlsOf } from "./serve/listen-addresses.ts";
import { qrCode } from "./serve/qr-code.ts";
import { tlsIdentity } from "./serve/tls-options.ts";

const HTTP_PORT = 8_000;
/** For the answers under way when it is to end, in ms. */
const PATIENCE = 5_000;

/** @returns the exit status */
export async function serve(commandLine: CommandLine, io: Io): Promise<number> {
  const { words, flags } = commandLine;
  const [folder = ".", extra] = words;
  if (extra !== undefined) {
    throw new CharlaError(
      "USAGE",
      `serve shares one folder, not ${words.length}`,
      helpFor("serve"),
    );
  }
  const { bind, port } = listeningOptions(commandLine, HTTP_PORT);
  if (bind !== undefined && flags.has("public")) {
    throw new CharlaError(
      "USAGE",
      "--public listens on every address, and --bind on one",
      "leave one of them out",
    );
  }
  const { credentials, upload } = guardOf(commandLine);
  const tls = await tlsIdentity(commandLine);
  const isJson = flags.has("json");
  const log = isJson
    ? openLineLog(io.stdout, (count) => JSON.stringify({ type: "dropped", count }))
    : openLineLog(io.stderr, (count) => `${count} requests came too fast to be listed`);
  const lineOf = isJson ? jsonLogLine : commonLogLine;
  const isListed = isJson || !flags.has("quiet");

  const reach = reachOf(bind, flags.has("public"));
  const interrupted = aborted(io.signal);
  const server = openReached(reach, {
    folder: resolve(io.cwd, folder),
    port,
    dotfiles: flags.has("dotfiles"),
    followSymlinks: flags.has("follow-symlinks"),
    listing: !flags.has("no-listing"),
    spa: flags.has("spa"),
    crossOrigin: flags.has("cors"),
    credentials,
    upload,
    tls,
    isLoopbackOnly: !reach.isPublic,
    log: isListed ? (entry: RequestEntry) => log.line(lineOf(entry)) : null,
  });

  const scheme = tls === null ? "http" : "https";
  const urls = urlsOf(scheme, server.addresses, server.port, networkInterfaces());
  io.stderr.write(`${describe(urls, reach.isPublic, io)}\n`);
  if (flags.has("tls") && tls !== null) {
    io.stderr.write(`Browsers ask about its certificate: SHA-256 ${tls.fingerprint}\n`);
  }
  if (reach.isPublic && credentials !== null && tls === null) {
    io.stderr.write("The password goes over the network in plain: --tls hides it\n");
  }
  if (isJson) log.line(JSON.stringify({ type: "listening", url: urls[0], urls }));
  await interrupted;
  await server.close(PATIENCE);
  await log.flushed();
  return 0;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Where this machine has no IPv6, it is served without. */
function openReached(
  { candidates }: Reach,
  options: Omit<FileServerOptions, "addresses">,
): HttpServer {
  let failure: unknown;
  for (const addresses of candidates) {
    try {
      return openFileServer({ ...options, addresses });
    } catch (error) {
      failure = describeFailure(error, options.folder, options.port, addresses);
      if (!WITHOUT_IPV6.has(systemCode(error))) break;
    }
  }
  throw failure;
}

const WITHOUT_IPV6: ReadonlySet<string> = new Set(["EADDRNOTAVAIL", "EAFNOSUPPORT"]);

/** With a code to scan, for a phone that is to open it. */
function describe(urls: readonly string[], isPublic: boolean, io: Io): string {
  const [first = "", ...others] = urls;
  const lines = [`Open ${first}`, ...others.map((url) => `  or ${url}`)];
  const reached = others[0] ?? first;
  if (!isPublic || reached.includes("//localhost") || !io.stderr.isTTY) {
    return lines.join("\n");
  }
  const code = qrCode(reached, {
    columns: io.stderr.columns ?? 80,
    colours: mayStyle(io, io.stderr),
  });
  return [...lines, ...(code ?? [])].join("\n");
}
