// `charla serve [DIR]`: shares a folder over HTTP until it is interrupted.

import { networkInterfaces } from "node:os";
import { resolve } from "node:path";

import { CharlaError } from "../errors.ts";
import { type FileServerOptions, openFileServer } from "../http-server/file-server.ts";
import { commonLogLine, jsonLogLine, type RequestEntry } from "../http-server/request-log.ts";
import type { HttpServer } from "../http-server/server.ts";
import { mayStyle } from "../terminal/style.ts";
import { describeSocketError, systemCode } from "../wire/socket-error.ts";
import { endOnInterrupt } from "./interruptible.ts";
import { listeningOptions } from "./listening.ts";
import { type CommandLine, helpFor } from "./options.ts";
import { openLineLog } from "./serve/line-log.ts";
import { qrCode } from "./serve/qr-code.ts";
import { type Reach, reachOf, urlsOf } from "./serve/reach.ts";

const HTTP_PORT = 8_000;
/** For the answers under way when it is to end, in ms. */
const PATIENCE = 5_000;

/** @returns the exit status */
export async function serve(commandLine: CommandLine): Promise<number> {
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
  const isJson = flags.has("json");
  const log = isJson
    ? openLineLog(process.stdout, (count) => JSON.stringify({ type: "dropped", count }))
    : openLineLog(process.stderr, (count) => `${count} requests came too fast to be listed`);
  const lineOf = isJson ? jsonLogLine : commonLogLine;
  const isListed = isJson || !flags.has("quiet");

  const reach = reachOf(bind, flags.has("public"));
  const interrupted = firstSignal();
  const server = openReached(reach, {
    folder: resolve(folder),
    port,
    dotfiles: flags.has("dotfiles"),
    followSymlinks: flags.has("follow-symlinks"),
    listing: !flags.has("no-listing"),
    spa: flags.has("spa"),
    log: isListed ? (entry: RequestEntry) => log.line(lineOf(entry)) : () => {},
  });

  const urls = urlsOf("http", server.addresses, server.port, networkInterfaces());
  process.stderr.write(`${describe(urls, reach.isPublic)}\n`);
  if (isJson) log.line(JSON.stringify({ type: "listening", url: urls[0], urls }));
  await interrupted;
  await server.close(PATIENCE);
  await log.flushed();
  return 0;
}

/** Ctrl-C, or SIGTERM; who interrupts a second time does not want to wait for the answers under way. */
function firstSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const name of ["SIGINT", "SIGTERM"] as const) {
      process.once(name, () => {
        endOnInterrupt();
        resolve();
      });
    }
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
      failure = describeFailure(error, options, addresses);
      if (!WITHOUT_IPV6.has(systemCode(error))) break;
    }
  }
  throw failure;
}

const WITHOUT_IPV6: ReadonlySet<string> = new Set(["EADDRNOTAVAIL", "EAFNOSUPPORT"]);

function describeFailure(
  cause: unknown,
  { folder, port }: Omit<FileServerOptions, "addresses">,
  addresses: readonly string[],
): unknown {
  const isSystem = systemCode(cause) !== "" && cause instanceof Error && "syscall" in cause;
  if (!isSystem) return cause;
  if (cause.syscall !== "listen") return describeFolderError(cause, folder);
  if (systemCode(cause) === "EADDRNOTAVAIL") {
    return new CharlaError(
      "ADDRESS_NOT_AVAILABLE",
      `${addresses.join(" and ")} cannot be listened on: this machine does not have that address`,
      "bind an address of this machine, or use --public for all of them",
      { cause },
    );
  }
  return describeSocketError(cause, `port ${port}`);
}

function describeFolderError(cause: Error, folder: string): CharlaError {
  const code = systemCode(cause);
  const name = JSON.stringify(folder);
  const [message, hint] =
    code === "ENOENT"
      ? [
          `there is no folder ${name}`,
          "check its name; charla serve alone shares the one you are in",
        ]
      : code === "ENOTDIR"
        ? [`${name} is not a folder`, "share the folder that it is in"]
        : [`the folder ${name} cannot be read: ${cause.message}`, "see whose it is"];
  return new CharlaError("FILE_NOT_READABLE", message, hint, { cause });
}

/** With a code to scan, for a phone that is to open it. */
function describe(urls: readonly string[], isPublic: boolean): string {
  const [first = "", ...others] = urls;
  const lines = [`Open ${first}`, ...others.map((url) => `  or ${url}`)];
  const reached = others[0] ?? first;
  if (!isPublic || reached.includes("//localhost") || !process.stderr.isTTY) {
    return lines.join("\n");
  }
  const code = qrCode(reached, { columns: process.stderr.columns, colours: mayStyle() });
  return [...lines, ...(code ?? [])].join("\n");
}
