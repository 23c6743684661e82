// The list of people who need no invitation: a file of fingerprints, one a line, as `charla id` prints them. It is read
// again for everybody who comes without an invitation, so that a person who is taken off it is not let in any more,
// without a restart of the server.

import { CharlaError } from "../errors.ts";
import { readSmallFile, type SmallFile } from "../identity/atomic-file.ts";
import { isFingerprint } from "../identity/key-text.ts";

/** Some 4,000 people with their names; read and compared in a millisecond. */
const MAX_FILE_BYTES = 256 * 1024;
const ROOT = 0;
/** The permission bit of others, to write. */
const OTHERS_WRITE = 0o002;

/** Whether somebody with a key of this fingerprint is let in. */
export type IsAuthorized = (fingerprint: string) => boolean;

/**
 * @param onDamaged called, once for each cause, when the file is no list any more: until it is one again, nobody is let in
 * @param user that this program runs as; undefined on a system that has no users and modes
 * @throws {CharlaError} AUTHORIZED_KEYS_DAMAGED, FILE_NOT_READABLE
 */
export function openAuthorizedKeys(
  path: string,
  onDamaged: (error: CharlaError) => void,
  user: number | undefined = process.geteuid?.(),
): IsAuthorized {
  let text = readList(path, user);
  let fingerprints = parseAuthorizedKeys(text, path);
  let reported = "";

  return (fingerprint) => {
    try {
      const current = readList(path, user);
      if (current !== text) fingerprints = parseAuthorizedKeys(current, path);
      text = current;
      reported = "";
      return fingerprints.has(fingerprint);
    } catch (error) {
      if (!(error instanceof CharlaError)) throw error;
      // Not again for everybody who tries to join.
      if (reported !== error.message) onDamaged(error);
      reported = error.message;
      return false;
    }
  };
}

/**
 * The fingerprints of a list. What follows one on its line, blank lines and lines that begin with # are the
 * owner's notes.
 *
 * @param path for the error
 * @throws {CharlaError} AUTHORIZED_KEYS_DAMAGED
 */
export function parseAuthorizedKeys(text: string, path: string): ReadonlySet<string> {
  const fingerprints = new Set<string>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const [first = ""] = line.trim().split(/\s+/);
    if (first === "" || first.startsWith("#")) continue;
    if (!isFingerprint(first)) {
      throw damaged(
        `line ${index + 1} of ${path} does not begin with a fingerprint`,
        "begin it with a fingerprint as charla id prints it, SHA256: and 43 characters, or with # for a note",
      );
    }
    fingerprints.add(first);
  }
  return fingerprints;
}

function readList(path: string, user: number | undefined): string {
  const file = readSmallFile(path, MAX_FILE_BYTES);
  const hint = "each line begins with a fingerprint that charla id prints, or with #";
  if (file === null) throw damaged(`there is no file ${path}`, `create it: ${hint}`);
  if (typeof file === "string") throw damaged(`${path} ${file}`, `make it a list: ${hint}`);
  if (user !== undefined) refuseWritable(path, file, user);
  return file.text;
}

/** Other users who can change the list decide who joins (as sshd_config's StrictModes). */
function refuseWritable(path: string, { owner, mode }: SmallFile, user: number): void {
  if (owner !== user && owner !== ROOT) {
    throw damaged(
      `${path} belongs to another user (number ${owner})`,
      "make a list of your own: a copy of it will do",
    );
  }
  if ((mode & OTHERS_WRITE) === 0) return;
  throw damaged(
    `${path} can be changed by other users (mode ${mode.toString(8)})`,
    `check its content, then chmod o-w ${JSON.stringify(path)}`,
  );
}

function damaged(message: string, hint: string): CharlaError {
  return new CharlaError("AUTHORIZED_KEYS_DAMAGED", message, hint);
}
