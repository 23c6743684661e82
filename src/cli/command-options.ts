// Options that several commands have, as what they stand for. Knows the command line, not the commands.

import { isIP } from "node:net";

import { parseDuration } from "../chat/commands.ts";
import { MAX_FOUND } from "../chat/frames.ts";
import { CharlaError, usageError } from "../errors.ts";
import { looksLikeInvitation } from "../identity/invitation-text.ts";
import type { Keep } from "../log/retention.ts";
import { DEFAULT_PORT, parseHostAndPort, parsePort } from "../net/address.ts";
import type { OpenOptions } from "../server/open.ts";
import type { Io } from "../terminal/io.ts";
import type { PrinterOptions } from "../terminal/printer.ts";
import { quoteForShell } from "../terminal/state/event-text.ts";
import { parseBytes, parseCount } from "./amounts.ts";
import { type CommandLine, helpFor } from "./options.ts";

/** --json, --quiet, --verbose, --bell, --no-notify */
export function printerOptions({
  flags,
}: CommandLine): PrinterOptions & { bell: boolean; notifies: boolean } {
  return {
    json: flags.has("json"),
    quiet: flags.has("quiet"),
    verbose: flags.has("verbose"),
    bell: flags.has("bell"),
    notifies: !flags.has("no-notify"),
  };
}

/**
 * --bind and --port
 *
 * @throws {CharlaError} PORT_OUT_OF_RANGE, INVALID_ADDRESS
 */
export function listenOptions({ values }: CommandLine, defaultPort: number = DEFAULT_PORT) {
  const bind = values.get("bind");
  if (bind !== undefined && bind !== "localhost" && isIP(bind) === 0) {
    throw new CharlaError(
      "INVALID_ADDRESS",
      `${quoteWord(bind)} is not an address to listen on`,
      "give an IP address of this machine, such as 127.0.0.1 or ::1",
    );
  }
  const port = values.get("port");
  return { bind, port: port === undefined ? defaultPort : parsePort(port, 0) };
}

/**
 * --public-host; without a port, that of the server
 *
 * @throws {CharlaError} PORT_OUT_OF_RANGE, INVALID_ADDRESS
 */
export function publicHostOption({ values }: CommandLine): OpenOptions["publicHost"] {
  const written = values.get("public-host");
  if (written === undefined) return undefined;
  const { host, port } = parseHostAndPort(written, 0);
  return { host, port: port === 0 ? undefined : port };
}

/**
 * --keep, which may be given twice, and --quota: how much a server stores
 *
 * @throws {CharlaError} USAGE
 */
export function storageOptions({ lists, values }: CommandLine): {
  readonly keep: Keep | undefined;
  readonly quota: number | undefined;
} {
  const parts = lists.get("keep")?.map((written): Keep => {
    // 10m is ten minutes, and 10M are bytes.
    const seconds = parseDuration(written);
    if (seconds !== null) return { time: seconds * 1_000 };
    const bytes = parseSize(written);
    if (bytes !== null) return { bytes };
    throw badSize("--keep takes a time or a size, such as 90d or 10GB", written);
  });
  const keep: Keep | undefined = parts === undefined ? undefined : Object.assign({}, ...parts);
  const written = values.get("quota");
  const quota = written === undefined ? undefined : parseSize(written);
  if (quota === null) throw badSize("--quota takes a size, such as 10GB", written ?? "");
  return { keep, quota };
}

/** Bytes, at least 1 MB: less would not hold what a store begins with. */
function parseSize(written: string): number | null {
  const bytes = parseBytes(written);
  return bytes === null || bytes < 1024 * 1024 ? null : bytes;
}

function badSize(what: string, written: string): CharlaError {
  return usageError(`${what}, from 1MB, not ${JSON.stringify(written)}`, helpFor("server"));
}

/**
 * --history, as it is written
 *
 * @throws {CharlaError} USAGE
 */
export function historyCount({ values }: CommandLine): number | undefined {
  const written = values.get("history");
  if (written === undefined) return undefined;
  const count = parseCount(written, MAX_FOUND);
  if (count !== null) return count;
  throw usageError(
    `--history takes a number of messages from 0 to ${MAX_FOUND}, not ${JSON.stringify(written)}`,
    helpFor("chat"),
  );
}

/**
 * How many earlier messages are shown at least; what was missed is shown in any case. Without it, at the first visit as many
 * as the server sends; in a pipe none, for its reader waits for news, and with --json they are marked as past. The setting is
 * for terminals only: a script works the same for everybody.
 *
 * @throws {CharlaError} USAGE
 */
export function historyOption(
  commandLine: CommandLine,
  { stdout }: Pick<Io, "stdout">,
): number | undefined {
  const { flags, typed } = commandLine;
  const isForTerminal = stdout.isTTY === true && !flags.has("json");
  if (isForTerminal || typed.has("history")) return historyCount(commandLine);
  return flags.has("json") ? undefined : 0;
}

/**
 * How many of the messages that somebody has missed are shown: on a terminal some screens full, and a program gets all of them,
 * for it has no /history.
 */
export function missedShown(
  { flags }: CommandLine,
  { stdin, stdout }: Pick<Io, "stdin" | "stdout">,
): number | undefined {
  const isTyped = stdin.isTTY === true && stdout.isTTY === true && !flags.has("json");
  return isTyped ? MAX_FOUND : undefined;
}

/** Bytes with which a server admits a dozen members: it reserves 84 KiB for each. */
const MIN_MEMORY = 1_024 * 1_024;

/**
 * --memory: what the members of a server may make it hold.
 *
 * @throws {CharlaError} USAGE
 */
export function memoryOption({ values }: CommandLine): number | undefined {
  const written = values.get("memory");
  if (written === undefined) return undefined;
  const bytes = parseBytes(written);
  if (bytes !== null && bytes >= MIN_MEMORY) return bytes;
  throw usageError(
    `--memory takes a number of bytes from 1M, not ${JSON.stringify(written)}`,
    `write one such as 64M or 2G; ${helpFor("server")}`,
  );
}

/** Bytes of an uploaded file, by default: a mistake or a prank must not fill the disk. */
const DEFAULT_MAX_UPLOAD = 1_073_741_824;

/**
 * --max-upload
 *
 * @throws {CharlaError} USAGE
 */
export function maxUploadOption({ values }: CommandLine): number {
  const written = values.get("max-upload");
  const limit = written === undefined ? DEFAULT_MAX_UPLOAD : parseBytes(written);
  if (limit !== null) return limit;
  throw usageError(
    `--max-upload ${JSON.stringify(written)} is not a number of bytes`,
    `write one such as 500K, 20M or 2G; ${helpFor("serve")}`,
  );
}

/** A word of the command line, for an error; an invitation is not repeated, as it holds a secret, nor what may be its end. */
export function quoteWord(word = ""): string {
  if (looksLikeInvitation(word)) return "an invitation";
  return /(?:^|\.)[\w-]{16,}$/.test(word) ? "a long word" : JSON.stringify(word);
}

/**
 * What is typed in a shell to search what is kept of a room; the words follow.
 *
 * @param room as `charla history` takes it
 * @param data the folder of --data
 */
export function searchCommand(room: string, data?: string): string {
  const folder = data === undefined ? "" : ` --data ${quoteForShell(data)}`;
  return `charla history ${quoteForShell(room)}${folder} --search`;
}
