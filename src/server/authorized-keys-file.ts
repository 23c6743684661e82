// A file of authorized keys, read anew for whoever comes without an invitation: who is taken out of it is not
// let in again, without a restart of the server.

import { CharlaError } from "../errors.ts";
import { readSmallFile, type SmallFile } from "../identity/atomic-file.ts";
import { parseAuthorizedKeys } from "./authorized-keys.ts";

/** Some 4,000 people with their names; read and compared in a millisecond. */
const MAX_FILE_BYTES = 256 * 1024;
const ROOT = 0;
/** The permission bit of others, to write. */
const OTHERS_WRITE = 0o002;

/** Whether somebody with a key of this fingerprint is let in. */
export type IsAuthorized = (fingerprint: string) => boolean;

/**
 * @param onTrouble told when the file is no list any more: until it is one again, it lets nobody in
 * @param user that this program runs as; undefined on a system that has no users and modes
 * @throws {CharlaError} AUTHORIZED_KEYS_DAMAGED, FILE_NOT_READABLE
 */
export function openAuthorizedKeys(
  path: string,
  onTrouble: (error: CharlaError) => void,
  user: number | undefined = process.geteuid?.(),
): IsAuthorized {
  let text = readList(path, user);
  let fingerprints = parseAuthorizedKeys(text, path);
  let told = "";

  function readAgain(): void {
    const now = readList(path, user);
    if (now !== text) fingerprints = parseAuthorizedKeys(now, path);
    text = now;
    told = "";
  }

  return (fingerprint) => {
    try {
      readAgain();
    } catch (error) {
      if (!(error instanceof CharlaError)) throw error;
      // Whoever knocks would have it told again each time.
      if (told !== error.message) onTrouble(error);
      told = error.message;
      return false;
    }
    return fingerprints.has(fingerprint);
  };
}

function readList(path: string, user: number | undefined): string {
  const file = readSmallFile(path, MAX_FILE_BYTES);
  const hint = "each line begins with a fingerprint that charla id prints, or with #";
  if (file === null) throw damaged(`there is no file ${path}`, `make it: ${hint}`);
  if (file === "not a file") throw damaged(`${path} is not a file`, `make it one: ${hint}`);
  if (file === "too long") {
    throw damaged(`${path} is longer than ${MAX_FILE_BYTES} bytes`, `shorten it: ${hint}`);
  }
  if (user !== undefined) refuseOpenToChange(path, file, user);
  return file.text;
}

/** Whoever can change the list decides who comes in (as sshd_config's StrictModes). */
function refuseOpenToChange(path: string, { owner, mode }: SmallFile, user: number): void {
  if (owner !== user && owner !== ROOT) {
    throw damaged(
      `${path} belongs to another user (number ${owner})`,
      "make a list of your own: a copy of it will do",
    );
  }
  if ((mode & OTHERS_WRITE) === 0) return;
  throw damaged(
    `${path} can be changed by other users (mode ${mode.toString(8)})`,
    `chmod o-w ${JSON.stringify(path)}, once you have looked at what is in it`,
  );
}

function damaged(message: string, hint: string): CharlaError {
  return new CharlaError("AUTHORIZED_KEYS_DAMAGED", message, hint);
}
