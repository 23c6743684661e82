// A person's identity key: one X25519 key in the file `identity`, made on first use and never replaced.
// Knows nothing of sessions; randomness and the user are arguments.

import { join } from "node:path";

import { CharlaError } from "../../errors.ts";
import { generateKeyPair, KEY_BYTES, type KeyPair } from "../noise/x25519.ts";
import { decodeBase64url, encodeBase64url } from "./base64url.ts";
import { createKeptFile, readKeptFile } from "./kept-file.ts";

const FILE_NAME = "identity";
/** What charla writes takes 143 bytes; the rest is for comments of the person's own. */
const MAX_FILE_BYTES = 4096;
const COMMENT = "# charla's identity key. Keep it secret: whoever has it can speak as you.";
/** The word before the key: what it is, so that another kind can be told from it one day. */
const KIND = "charla-secret-key-x25519";
/** Permission bits of anyone but the owner. */
const OTHERS = 0o077;

export interface IdentityOptions {
  /** The config folder; it is made where it is missing. */
  readonly folder: string;
  /** The user that this program runs as; undefined on a system that has no users and modes. */
  readonly user: number | undefined;
  /** So many random bytes, for a key. */
  readonly random: (length: number) => Uint8Array;
}

export interface Identity {
  readonly keyPair: KeyPair;
  /** Where it is kept. */
  readonly path: string;
  /** It was made just now. */
  readonly isNew: boolean;
}

/**
 * Loads the identity key, or makes it. Of several programs that make it at once all get the same.
 *
 * @throws {CharlaError} KEY_FILE_EXPOSED, KEY_FILE_DAMAGED, FILE_NOT_READABLE, FOLDER_NOT_WRITABLE
 */
export function loadIdentity({ folder, user, random }: IdentityOptions): Identity {
  const path = join(folder, FILE_NAME);
  const known = readKeyFile(path, user);
  if (known !== null) return { keyPair: known, path, isNew: false };

  const made = generateKeyPair(random(KEY_BYTES));
  const text = `${COMMENT}\n${KIND} ${encodeBase64url(made.privateKey)}\n`;
  if (createKeptFile(path, text)) return { keyPair: made, path, isNew: true };

  // Another program was faster: its key is the one.
  const first = readKeyFile(path, user);
  if (first === null) throw damaged(path, "is a link to a file that is not there");
  return { keyPair: first, path, isNew: false };
}

function readKeyFile(path: string, user: number | undefined): KeyPair | null {
  const file = readKeptFile(path, MAX_FILE_BYTES);
  if (file === null) return null;
  if (file === "not a file") throw damaged(path, "is not a file");
  if (file === "too long") throw damaged(path, `is longer than ${MAX_FILE_BYTES} bytes`);
  if (user !== undefined) refuseExposed(path, file, user);

  const lines = file.text.split(/\r?\n/).filter((line) => line !== "" && !line.startsWith("#"));
  const [kind, key = "", ...more] = lines.join("\n").split(" ");
  const privateKey = kind === KIND && more.length === 0 ? decodeBase64url(key, KEY_BYTES) : null;
  if (privateKey === null) throw damaged(path, "does not hold an identity key");
  return generateKeyPair(privateKey);
}

/** As ssh does with a key that is no secret any more. */
function refuseExposed(path: string, file: { owner: number; mode: number }, user: number): void {
  if (file.owner !== user) {
    throw new CharlaError(
      "KEY_FILE_EXPOSED",
      `the identity key ${path} belongs to another user (number ${file.owner})`,
      "run charla as that user, or let XDG_CONFIG_HOME name a folder of your own",
    );
  }
  if ((file.mode & OTHERS) === 0) return;
  throw new CharlaError(
    "KEY_FILE_EXPOSED",
    `the identity key ${path} is open to other users (mode ${file.mode.toString(8)})`,
    `chmod 600 ${JSON.stringify(path)}; if somebody may have read it, remove it instead, and charla makes a new one`,
  );
}

function damaged(path: string, how: string): CharlaError {
  return new CharlaError(
    "KEY_FILE_DAMAGED",
    `${path} ${how}`,
    "put your key back from a copy, or move this away: charla then makes a new key, and to others you are someone new",
  );
}
