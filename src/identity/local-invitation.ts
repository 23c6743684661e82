// The invitation that a running server leaves for other programs of the same person on the same machine
// (DESIGN s. 7): the file `invitation` of the data folder, of whoever left one last.

import { join } from "node:path";

import type { HostAndPort } from "../net/address.ts";
import { readKeptFile, removeKeptFile, replaceKeptFile } from "./atomic-file.ts";
import {
  formatInvitation,
  type Invitation,
  looksLikeInvitation,
  parseInvitation,
} from "./invitation.ts";

const FILE_NAME = "invitation";
/** The longest host and room that there can be, and the rest. */
const MAX_FILE_BYTES = 4_096;

/**
 * Leaves it until it is disposed of, or somebody else has left another.
 *
 * @param folder the data folder
 * @throws {CharlaError} FOLDER_NOT_WRITABLE
 */
export function leaveInvitation(folder: string, invitation: Invitation): Disposable {
  const path = join(folder, FILE_NAME);
  const text = `${formatInvitation(invitation)}\n`;
  replaceKeptFile(path, text);
  return {
    [Symbol.dispose]() {
      removeKeptFile(path, text, MAX_FILE_BYTES);
    },
  };
}

/**
 * The invitation that was left; null where there is none, or no whole one.
 *
 * @param folder the data folder
 * @throws {CharlaError} FILE_NOT_READABLE
 */
export function findLeftInvitation(folder: string): Invitation | null {
  const file = readKeptFile(join(folder, FILE_NAME), MAX_FILE_BYTES);
  if (file === null || typeof file === "string" || !looksLikeInvitation(file.text)) return null;
  try {
    return parseInvitation(file.text);
  } catch {
    // Nothing is lost by it: who left it leaves it again.
    return null;
  }
}

/** The names of this machine for itself. */
const LOCAL: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "::1"]);

/** Whether an invitation leads to a place, under any of this machine's names for itself. */
export function leadsTo({ host, port }: Invitation, place: HostAndPort): boolean {
  return port === place.port && (host === place.host || (LOCAL.has(host) && LOCAL.has(place.host)));
}
