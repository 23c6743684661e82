// The invitation of a server that runs on this machine, for other programs of the same person: the file `invitation`
// of the data folder. Of several servers, the last one started has its invitation there.

import { join } from "node:path";

import type { HostAndPort } from "../net/address.ts";
import { readSmallFile, removeUnchangedFile, replaceFile } from "./atomic-file.ts";
import { formatInvitation, type Invitation, parseInvitation } from "./invitation.ts";

const FILE_NAME = "invitation";
/** Enough for the longest host and room. */
const MAX_FILE_BYTES = 4_096;

/**
 * Writes the invitation; removes it on disposal, unless another server has replaced it.
 *
 * @param folder the data folder
 * @throws {CharlaError} FOLDER_NOT_WRITABLE
 */
export function writeLocalInvitation(folder: string, invitation: Invitation): Disposable {
  const path = join(folder, FILE_NAME);
  const text = `${formatInvitation(invitation)}\n`;
  replaceFile(path, text);
  return {
    [Symbol.dispose]: () => removeUnchangedFile(path, text, MAX_FILE_BYTES),
  };
}

/**
 * The invitation that was written last; null where there is none, or it is damaged.
 *
 * @param folder the data folder
 * @throws {CharlaError} FILE_NOT_READABLE
 */
export function readLocalInvitation(folder: string): Invitation | null {
  const file = readSmallFile(join(folder, FILE_NAME), MAX_FILE_BYTES);
  if (file === null || typeof file === "string") return null;
  try {
    return parseInvitation(file.text);
  } catch {
    // The server writes it again when it is restarted.
    return null;
  }
}

/** The names of this machine for itself. */
const LOCAL: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "::1"]);

/** Whether one of an invitation's addresses is this host and port, whichever local name of this machine is used. */
export function isInvitationTo({ ways }: Invitation, target: HostAndPort): boolean {
  return ways.some(
    ({ kind, host, port }) =>
      kind === "direct" &&
      port === target.port &&
      (host === target.host || (LOCAL.has(host) && LOCAL.has(target.host))),
  );
}
