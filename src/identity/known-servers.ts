// The keys of servers that were joined before: trust on first use, as with SSH's known_hosts (RFC 4251 s. 4.1). Each
// line of the file `known-servers` is HOST:PORT KEY. A server's first line counts: of two programs that add
// it at once with different keys, one is refused.

import { join } from "node:path";

import { CharlaError } from "../errors.ts";
import {
  canonicalAddress,
  formatHostAndPort,
  type HostAndPort,
  parseHostAndPort,
} from "../net/address.ts";
import { KEY_BYTES } from "../protocol/crypto-provider.ts";
import { appendLine, readSmallFile } from "./atomic-file.ts";
import { decodeBase64url, encodeBase64url, fingerprint } from "./key-text.ts";

const FILE_NAME = "known-servers";
/** More than 10,000 servers, read in a few milliseconds. */
const MAX_FILE_BYTES = 1024 * 1024;

interface KnownServer {
  readonly key: Uint8Array;
  /** Where in the file, from 1. */
  readonly line: number;
}

/**
 * The key that a server had when it was joined first; null for a new server.
 *
 * @param folder the config folder
 * @throws {CharlaError} KNOWN_SERVERS_DAMAGED, FILE_NOT_READABLE
 */
export function findKnownServer(folder: string, server: HostAndPort): KnownServer | null {
  const path = knownServersPath(folder);
  const name = serverName(server);
  const lines = readLines(path);
  const index = lines.findIndex((line) => isForServer(line, name));
  if (index === -1) return null;
  const key = decodeBase64url(splitLine(lines[index])[1] ?? "", KEY_BYTES);
  // Treating it as a new server would mean trusting any key.
  if (key === null) throw damaged(path, `holds no key for ${name} in line ${index + 1}`);
  return { key, line: index + 1 };
}

/**
 * HOST:PORT of each server, as people and programs have written it.
 *
 * @throws {CharlaError} KNOWN_SERVERS_DAMAGED, FILE_NOT_READABLE
 */
export function listKnownServers(folder: string): string[] {
  return readLines(knownServersPath(folder)).flatMap((line) => {
    const [server = "", key] = splitLine(line);
    return key === undefined || server.startsWith("#") ? [] : [server];
  });
}

/**
 * Remembers a server's key; does nothing when it is remembered already.
 *
 * @throws {CharlaError} SERVER_KEY_CHANGED when another key is remembered, perhaps by another program a moment before;
 *   KNOWN_SERVERS_DAMAGED, FILE_NOT_READABLE, FOLDER_NOT_WRITABLE
 */
export function rememberServer(folder: string, server: HostAndPort, key: Uint8Array): void {
  let known = findKnownServer(folder, server);
  if (known === null) {
    appendLine(knownServersPath(folder), `${serverName(server)} ${encodeBase64url(key)}`);
    known = findKnownServer(folder, server);
  }
  if (known !== null && Buffer.compare(known.key, key) !== 0)
    throw serverKeyChanged(folder, server, key, known);
}

/** The error for a server with another key than the remembered one. */
export function serverKeyChanged(
  folder: string,
  server: HostAndPort,
  shown: Uint8Array,
  known: KnownServer,
): CharlaError {
  return new CharlaError(
    "SERVER_KEY_CHANGED",
    `THE KEY OF ${serverName(server)} HAS CHANGED: it was ${fingerprint(known.key)} and is now ` +
      `${fingerprint(shown)}; somebody may be intercepting the connection`,
    "ask its owner for the fingerprint that charla id prints there; only if that is the new one, remove " +
      `line ${known.line} of ${knownServersPath(folder)} and join again`,
  );
}

function knownServersPath(folder: string): string {
  return join(folder, FILE_NAME);
}

function readLines(path: string): string[] {
  const file = readSmallFile(path, MAX_FILE_BYTES);
  if (file === null) return [];
  if (typeof file === "string") throw damaged(path, file);
  return file.text.split(/\r?\n/);
}

/** A server's name in the file: host names in lower case (RFC 4343), addresses in canonical form. */
function serverName({ host, port }: HostAndPort): string {
  return formatHostAndPort({ host: canonicalAddress(host.toLowerCase()), port });
}

function isForServer(line: string, name: string): boolean {
  const [server = ""] = splitLine(line);
  if (server === name) return true;
  if (server === "" || server.startsWith("#")) return false;
  try {
    // People edit the file, and may have spelled the name differently.
    return serverName(parseHostAndPort(server)) === name;
  } catch {
    return false;
  }
}

/** The server, the key, and anything noted behind them. */
function splitLine(line: string | undefined): string[] {
  return (line ?? "").trim().split(/\s+/);
}

function damaged(path: string, how: string): CharlaError {
  return new CharlaError(
    "KNOWN_SERVERS_DAMAGED",
    `${path} ${how}`,
    "repair it in an editor: each line is HOST:PORT and the server's key; a server whose line is removed counts as new",
  );
}
