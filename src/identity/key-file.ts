// A person's identity key: one X25519 key in the file `identity`, made on first use and never replaced.
// Knows nothing of sessions.

import { randomBytes } from "node:crypto";
import { join } from "node:path";

import { CharlaError } from "../errors.ts";
import { generateKeyPair, KEY_BYTES, type KeyPair } from "../protocol/handshake/noise/x25519.ts";
import { createKeptFile } from "./atomic-file.ts";
import { decodeBase64url, encodeBase64url } from "./base64url.ts";
import { configFolder, homeFolder } from "./folders.ts";
import { readPrivateFile } from "./private-file.ts";

const FILE_NAME = "identity";
/** What charla writes takes 143 bytes; the rest is for comments of the person's own. */
const MAX_FILE_BYTES = 4096;
const COMMENT = "# charla's identity key. Keep it secret: whoever has it can speak as you.";
/** The word before the key: what it is, so that another kind can be told from it one day. */
const KIND = "charla-secret-key-x25519";

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
 * The identity key of the user who runs this program; made on first use.
 *
 * @throws {CharlaError} KEY_FILE_EXPOSED, KEY_FILE_DAMAGED, FILE_NOT_READABLE, FOLDER_NOT_WRITABLE
 */
export function ownIdentity(): Identity {
  return loadIdentity({ ...thisUser(), random: randomBytes });
}

/**
 * The same, or null where none was made yet.
 *
 * @throws {CharlaError} KEY_FILE_EXPOSED, KEY_FILE_DAMAGED, FILE_NOT_READABLE, FOLDER_NOT_WRITABLE
 */
export function findOwnIdentity(): Identity | null {
  return findIdentity(thisUser());
}

function thisUser() {
  return { folder: configFolder(process.env, homeFolder()), user: process.geteuid?.() };
}

/**
 * The identity key in a folder, or null where there is none.
 *
 * @throws {CharlaError} KEY_FILE_EXPOSED, KEY_FILE_DAMAGED, FILE_NOT_READABLE
 */
export function findIdentity({
  folder,
  user,
}: Pick<IdentityOptions, "folder" | "user">): Identity | null {
  const path = join(folder, FILE_NAME);
  const keyPair = readKeyFile(path, user);
  return keyPair === null ? null : { keyPair, path, isNew: false };
}

/**
 * Loads the identity key, or makes it. Of several programs that make it at once all get the same.
 *
 * @throws {CharlaError} KEY_FILE_EXPOSED, KEY_FILE_DAMAGED, FILE_NOT_READABLE, FOLDER_NOT_WRITABLE
 */
export function loadIdentity(options: IdentityOptions): Identity {
  const { folder, random } = options;
  const path = join(folder, FILE_NAME);
  const known = findIdentity(options);
  if (known !== null) return known;

  const made = generateKeyPair(random(KEY_BYTES));
  const text = `${COMMENT}\n${KIND} ${encodeBase64url(made.privateKey)}\n`;
  if (createKeptFile(path, text)) return { keyPair: made, path, isNew: true };

  // Another program was faster: its key is the one.
  const first = findIdentity(options);
  if (first === null) throw damaged(path, "is a link to a file that is not there");
  return first;
}

function readKeyFile(path: string, user: number | undefined): KeyPair | null {
  const text = readPrivateFile({
    path,
    maxBytes: MAX_FILE_BYTES,
    user,
    what: "the identity key",
    variable: "XDG_CONFIG_HOME",
    exposed: "KEY_FILE_EXPOSED",
    removed: "charla makes a new one",
    damaged: (how) => damaged(path, how),
  });
  if (text === null) return null;
  const lines = text.split(/\r?\n/).filter((line) => line !== "" && !line.startsWith("#"));
  const [kind, key = "", ...more] = lines.join("\n").split(" ");
  const privateKey = kind === KIND && more.length === 0 ? decodeBase64url(key, KEY_BYTES) : null;
  if (privateKey === null) throw damaged(path, "does not hold an identity key");
  return generateKeyPair(privateKey);
}

function damaged(path: string, how: string): CharlaError {
  return new CharlaError(
    "KEY_FILE_DAMAGED",
    `${path} ${how}`,
    "put your key back from a copy, or move this away: charla then makes a new key, and to others you are someone new",
  );
}
