// The two secrets that charla keeps in files, made on first use and never replaced: the identity key, in the file
// `identity` of the config folder, and the secret of a server's invitation, in the file `secret` of the data
// folder. And the rule for every file with a secret: it is refused when other users could have read it, as ssh
// refuses such a key.

import { randomBytes } from "node:crypto";
import { join } from "node:path";

import { CharlaError, type ErrorCode } from "../errors.ts";
import { generateKeyPair } from "../net/node-crypto.ts";
import { KEY_BYTES, type KeyPair } from "../protocol/crypto-provider.ts";
import { createFile, readSmallFile } from "./atomic-file.ts";
import { configFolder, type Environment, homeFolder } from "./folders.ts";
import { SECRET_BYTES } from "./invitation.ts";
import { decodeBase64url, encodeBase64url } from "./key-text.ts";

/** Permission bits of everybody but the owner. */
const OTHERS = 0o077;

export interface PrivateFile {
  readonly path: string;
  readonly maxBytes: number;
  /** The user that this program runs as; undefined on a system that has no users and modes. */
  readonly user: number | undefined;
  /** What it is, for a person: "the identity key". */
  readonly what: string;
  /** The variable that names the folder around its own. */
  readonly variable: "XDG_CONFIG_HOME" | "XDG_DATA_HOME";
  /** The code for a file that other users could have read. */
  readonly exposed: ErrorCode;
  /** What follows when it is removed, for a hint. */
  readonly removed: string;
  /** The error for a file that is not what it should be. */
  damaged(how: string): CharlaError;
}

/**
 * The text of a private file; null where there is none.
 *
 * @throws {CharlaError} the codes `exposed` and that of `damaged`, FILE_NOT_READABLE
 */
export function readPrivateFile(options: PrivateFile): string | null {
  const { path, maxBytes, user } = options;
  const file = readSmallFile(path, maxBytes);
  if (file === null) return null;
  if (file === "not a file") throw options.damaged("is not a file");
  if (file === "too long") throw options.damaged(`is longer than ${maxBytes} bytes`);
  if (user !== undefined) refuseExposed(options, file, user);
  return file.text;
}

function refuseExposed(
  { path, what, variable, exposed, removed }: PrivateFile,
  { owner, mode }: { readonly owner: number; readonly mode: number },
  user: number,
): void {
  if (owner !== user) {
    throw new CharlaError(
      exposed,
      `${what} ${path} belongs to another user (number ${owner})`,
      `run charla as that user, or let ${variable} name a folder of your own`,
    );
  }
  if ((mode & OTHERS) === 0) return;
  throw new CharlaError(
    exposed,
    `${what} ${path} is open to other users (mode ${mode.toString(8)})`,
    `chmod 600 ${JSON.stringify(path)}; if somebody may have read it, remove it instead, and ${removed}`,
  );
}

const IDENTITY_FILE = "identity";
/** What charla writes takes 147 bytes; the rest is for comments of the person's own. */
const MAX_IDENTITY_FILE_BYTES = 4096;
const COMMENT = "# charla's identity key. Keep it secret: anybody who has it can speak as you.";
/** The word before the key: which kind of key it is, should there be another kind one day. */
const KIND = "charla-secret-key-x25519";

export interface IdentityOptions {
  /** The config folder; it is made where it is missing. */
  readonly folder: string;
  /** The user that this program runs as; undefined on a system that has no users and modes. */
  readonly user: number | undefined;
  /** That many random bytes, for a key. */
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
export function ownIdentity(env: Environment): Identity {
  return loadIdentity({ ...thisUser(env), random: randomBytes });
}

/**
 * The same, or null where none was made yet.
 *
 * @throws {CharlaError} KEY_FILE_EXPOSED, KEY_FILE_DAMAGED, FILE_NOT_READABLE, FOLDER_NOT_WRITABLE
 */
export function findOwnIdentity(env: Environment): Identity | null {
  return findIdentity(thisUser(env));
}

function thisUser(env: Environment) {
  return { folder: configFolder(env, homeFolder()), user: process.geteuid?.() };
}

/**
 * Loads the identity key, or makes it. When several programs make it at once, all get the same.
 *
 * @throws {CharlaError} KEY_FILE_EXPOSED, KEY_FILE_DAMAGED, FILE_NOT_READABLE, FOLDER_NOT_WRITABLE
 */
export function loadIdentity(options: IdentityOptions): Identity {
  const { folder, random } = options;
  const path = join(folder, IDENTITY_FILE);
  const known = findIdentity(options);
  if (known !== null) return known;

  const made = generateKeyPair(random(KEY_BYTES));
  const text = `${COMMENT}\n${KIND} ${encodeBase64url(made.privateKey)}\n`;
  if (createFile(path, text)) return { keyPair: made, path, isNew: true };

  // Another program was faster: its key is the one.
  const first = findIdentity(options);
  if (first === null) throw identityDamaged(path, "is a link to a file that does not exist");
  return first;
}

function findIdentity({ folder, user }: Pick<IdentityOptions, "folder" | "user">): Identity | null {
  const path = join(folder, IDENTITY_FILE);
  const text = readPrivateFile({
    path,
    maxBytes: MAX_IDENTITY_FILE_BYTES,
    user,
    what: "the identity key",
    variable: "XDG_CONFIG_HOME",
    exposed: "KEY_FILE_EXPOSED",
    removed: "charla makes a new one",
    damaged: (how) => identityDamaged(path, how),
  });
  if (text === null) return null;
  const lines = text.split(/\r?\n/).filter((line) => line !== "" && !line.startsWith("#"));
  const [kind, key = "", ...more] = lines.join("\n").split(" ");
  const privateKey = kind === KIND && more.length === 0 ? decodeBase64url(key, KEY_BYTES) : null;
  if (privateKey === null) throw identityDamaged(path, "does not hold an identity key");
  return { keyPair: generateKeyPair(privateKey), path, isNew: false };
}

function identityDamaged(path: string, how: string): CharlaError {
  return new CharlaError(
    "KEY_FILE_DAMAGED",
    `${path} ${how}`,
    "restore it from a copy, or move it away: charla then makes a new key, and for others you are a new person",
  );
}

const SECRET_FILE = "secret";
/** What charla writes takes 23 bytes; the rest is for blanks that an editor adds. */
const MAX_SECRET_FILE_BYTES = 64;

/**
 * Loads the secret of a server's invitation, 16 bytes, or makes it. When several programs make it at once, all get
 * the same. It is never replaced, so that invitations stay valid when the server is restarted.
 *
 * @param folder the data folder; it is made where it is missing
 * @param random that many random bytes
 * @param user that this program runs as; undefined on a system that has no users and modes
 * @throws {CharlaError} SECRET_FILE_EXPOSED, SECRET_FILE_DAMAGED, FILE_NOT_READABLE, FOLDER_NOT_WRITABLE
 */
export function loadSecret(
  folder: string,
  random: (length: number) => Uint8Array,
  user: number | undefined = process.geteuid?.(),
): Uint8Array {
  const path = join(folder, SECRET_FILE);
  const known = findSecret(path, user);
  if (known !== null) return known;

  const made = Uint8Array.from(random(SECRET_BYTES));
  if (createFile(path, `${encodeBase64url(made)}\n`)) return made;

  // Another program was faster: its secret is the one.
  const first = findSecret(path, user);
  if (first === null) throw secretDamaged(path, "is a link to a file that does not exist");
  return first;
}

function findSecret(path: string, user: number | undefined): Uint8Array | null {
  const text = readPrivateFile({
    path,
    maxBytes: MAX_SECRET_FILE_BYTES,
    user,
    what: "the invitation's secret",
    variable: "XDG_DATA_HOME",
    exposed: "SECRET_FILE_EXPOSED",
    removed: "charla makes a new one",
    damaged: (how) => secretDamaged(path, how),
  });
  if (text === null) return null;
  const secret = decodeBase64url(text.trim(), SECRET_BYTES);
  if (secret === null) throw secretDamaged(path, "does not hold an invitation's secret");
  return secret;
}

function secretDamaged(path: string, how: string): CharlaError {
  return new CharlaError(
    "SECRET_FILE_DAMAGED",
    `${path} ${how}`,
    "restore it from a copy, or move it away: charla then makes a new one, and everybody needs a new invitation",
  );
}
