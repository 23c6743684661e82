// The servers that were met before, and their keys: trust on first use, as SSH's known_hosts. Each line
// of the file `known-servers` is HOST:PORT KEY; a server's first line counts, so that of two programs
// that meet it at once with different keys, one is refused.

import { join } from "node:path";

import { CharlaError } from "../errors.ts";
import {
  canonicalAddress,
  formatAddress,
  type HostAndPort,
  parseHostAndPort,
} from "../net/address.ts";
import { KEY_BYTES } from "../protocol/handshake/noise/x25519.ts";
import { appendToKeptFile, readKeptFile } from "./atomic-file.ts";
import { decodeBase64url, encodeBase64url } from "./base64url.ts";
import { fingerprint } from "./fingerprint.ts";

const FILE_NAME = "known-servers";
/** More than 10,000 servers, read in some milliseconds. */
const MAX_FILE_BYTES = 1024 * 1024;

export interface KnownServer {
  readonly key: Uint8Array;
  /** Where in the file, from 1. */
  readonly line: number;
}

export type ServerCheck = "same" | "new" | { readonly changed: KnownServer };

/**
 * The key that a server had, or null where it was never met.
 *
 * @param folder the config folder
 * @throws {CharlaError} KNOWN_SERVERS_DAMAGED, FILE_NOT_READABLE
 */
export function findKnownServer(folder: string, server: HostAndPort): KnownServer | null {
  const path = knownServersPath(folder);
  const name = nameOf(server);
  const lines = readLines(path);
  const index = lines.findIndex((line) => isAbout(line, name));
  if (index === -1) return null;
  const key = decodeBase64url(fieldsOf(lines[index])[1] ?? "", KEY_BYTES);
  // To take it for a server never met would be to trust whoever answers.
  if (key === null) throw damaged(path, `holds no key for ${name} in line ${index + 1}`);
  return { key, line: index + 1 };
}

/**
 * Whether a server has the key that it had.
 *
 * @throws {CharlaError} KNOWN_SERVERS_DAMAGED, FILE_NOT_READABLE
 */
export function checkServer(folder: string, server: HostAndPort, key: Uint8Array): ServerCheck {
  const known = findKnownServer(folder, server);
  if (known === null) return "new";
  return Buffer.compare(known.key, key) === 0 ? "same" : { changed: known };
}

/**
 * Remembers a server's key; one that is remembered already stays as it is.
 *
 * @throws {CharlaError} SERVER_KEY_CHANGED when the server is known by another, also when another
 *   program has remembered that one a moment before; KNOWN_SERVERS_DAMAGED, FILE_NOT_READABLE,
 *   FOLDER_NOT_WRITABLE
 */
export function rememberServer(folder: string, server: HostAndPort, key: Uint8Array): void {
  let check = checkServer(folder, server, key);
  if (check === "new") {
    appendToKeptFile(knownServersPath(folder), `${nameOf(server)} ${encodeBase64url(key)}`);
    check = checkServer(folder, server, key);
  }
  if (typeof check === "object") throw serverKeyChanged(folder, server, key, check.changed);
}

/** The refusal of a server whose key is another than the remembered one. */
export function serverKeyChanged(
  folder: string,
  server: HostAndPort,
  shown: Uint8Array,
  known: KnownServer,
): CharlaError {
  return new CharlaError(
    "SERVER_KEY_CHANGED",
    `${nameOf(server)} IS NOT THE SERVER IT WAS: its key was ${fingerprint(known.key)} and is now ` +
      `${fingerprint(shown)}; somebody may be listening in`,
    "ask its owner for the fingerprint that charla id prints there; only if it is the new one, remove " +
      `line ${known.line} of ${knownServersPath(folder)} and join again`,
  );
}

function knownServersPath(folder: string): string {
  return join(folder, FILE_NAME);
}

function readLines(path: string): string[] {
  const file = readKeptFile(path, MAX_FILE_BYTES);
  if (file === null) return [];
  if (file === "not a file") throw damaged(path, "is not a file");
  if (file === "too long") throw damaged(path, `is longer than ${MAX_FILE_BYTES} bytes`);
  return file.text.split(/\r?\n/);
}

/** A server's one name in the file: host names are alike in capitals (RFC 4343), addresses canonical. */
function nameOf({ host, port }: HostAndPort): string {
  return formatAddress({ address: canonicalAddress(host.toLowerCase()), port });
}

function isAbout(line: string, name: string): boolean {
  const [server = ""] = fieldsOf(line);
  if (server === name) return true;
  if (server === "" || server.startsWith("#")) return false;
  try {
    // People edit the file, and may have written the name in another way.
    return nameOf(parseHostAndPort(server)) === name;
  } catch {
    return false;
  }
}

/** The server, the key, and what somebody may have noted behind them. */
function fieldsOf(line: string | undefined): string[] {
  return (line ?? "").trim().split(/\s+/);
}

function damaged(path: string, how: string): CharlaError {
  return new CharlaError(
    "KNOWN_SERVERS_DAMAGED",
    `${path} ${how}`,
    "repair it in an editor: each line is HOST:PORT and the server's key; what is removed is met anew",
  );
}
