// The secret of a server's invitation, in the file `secret` of the data folder: made on first use and never
// replaced, so that who was invited gets in after the server was started again. Randomness is an argument.

import { join } from "node:path";

import { CharlaError } from "../errors.ts";
import { createKeptFile } from "./atomic-file.ts";
import { decodeBase64url, encodeBase64url } from "./base64url.ts";
import { SECRET_BYTES } from "./invitation.ts";
import { type PrivateFile, readPrivateFile } from "./private-file.ts";

const FILE_NAME = "secret";
/** What charla writes takes 23 bytes; the rest is for blanks of an editor's. */
const MAX_FILE_BYTES = 64;

/**
 * Loads the secret, 16 bytes, or makes it. Of several programs that make it at once all get the same.
 *
 * @param folder the data folder; it is made where it is missing
 * @param random so many random bytes
 * @param user that this program runs as; undefined on a system that has no users and modes
 * @throws {CharlaError} SECRET_FILE_EXPOSED, SECRET_FILE_DAMAGED, FILE_NOT_READABLE, FOLDER_NOT_WRITABLE
 */
export function loadSecret(
  folder: string,
  random: (length: number) => Uint8Array,
  user: number | undefined = process.geteuid?.(),
): Uint8Array {
  const path = join(folder, FILE_NAME);
  const file: PrivateFile = {
    path,
    maxBytes: MAX_FILE_BYTES,
    user,
    what: "the invitation's secret",
    variable: "XDG_DATA_HOME",
    exposed: "SECRET_FILE_EXPOSED",
    removed: "charla makes a new one",
    damaged: (how) => damaged(path, how),
  };
  const known = readSecret(file);
  if (known !== null) return known;

  const made = Uint8Array.from(random(SECRET_BYTES));
  if (createKeptFile(path, `${encodeBase64url(made)}\n`)) return made;

  // Another program was faster: its secret is the one.
  const first = readSecret(file);
  if (first === null) throw damaged(path, "is a link to a file that is not there");
  return first;
}

function readSecret(file: PrivateFile): Uint8Array | null {
  const text = readPrivateFile(file);
  if (text === null) return null;
  const secret = decodeBase64url(text.trim(), SECRET_BYTES);
  if (secret === null) throw file.damaged("does not hold an invitation's secret");
  return secret;
}

function damaged(path: string, how: string): CharlaError {
  return new CharlaError(
    "SECRET_FILE_DAMAGED",
    `${path} ${how}`,
    "put it back from a copy, or move it away: charla then makes a new one, and who was invited needs a new invitation",
  );
}
