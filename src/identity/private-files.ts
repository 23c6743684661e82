// The secrets that charla keeps in files, made on first use: the identity key, in the file
// `identity` of the config folder, and in the data folder the secret of a server's invitation (`secret`) and the salt
// of its reset key (`reset-salt`). And the rule for every file with a secret: it is refused when other users could
// have read it, as ssh refuses such a key.

import { randomBytes } from "node:crypto";
import { join } from "node:path";

import { CharlaError, type ErrorCode } from "../errors.ts";
import { generateKeyPair } from "../net/crypto.ts";
import { KEY_BYTES, type KeyPair } from "../protocol/crypto-provider.ts";
import { createFile, readSmallFile, replaceFile } from "./atomic-file.ts";
import { configFolder, type Environment } from "./folders.ts";
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
  const { path, maxBytes, user, what, variable, exposed, removed } = options;
  const file = readSmallFile(path, maxBytes);
  if (file === null) return null;
  if (typeof file === "string") throw options.damaged(file);
  if (user !== undefined && file.owner !== user) {
    throw new CharlaError(
      exposed,
      `${what} ${path} belongs to another user (number ${file.owner})`,
      `run charla as that user, or let ${variable} name a folder of your own`,
    );
  }
  if (user !== undefined && (file.mode & OTHERS) !== 0) {
    throw new CharlaError(
      exposed,
      `${what} ${path} is open to other users (mode ${file.mode.toString(8)})`,
      `chmod 600 ${JSON.stringify(path)}; if somebody may have read it, remove it instead, and ${removed}`,
    );
  }
  return file.text;
}

/** A private file that holds one key or secret, made on first use. */
interface SecretFile extends PrivateFile {
  /** What it should hold, for a person. */
  readonly content: string;
  /** Bytes of the key or secret. */
  readonly length: number;
  format(secret: Uint8Array): string;
  /** Null for a text that `format` would not have written, nor a person who edited it. */
  parse(text: string): Uint8Array | null;
}

function findSecret(file: SecretFile): Uint8Array | null {
  const text = readPrivateFile(file);
  if (text === null) return null;
  const secret = file.parse(text);
  if (secret === null) throw file.damaged(`does not hold ${file.content}`);
  return secret;
}

function findOrMake(file: SecretFile, random: (length: number) => Uint8Array) {
  const known = findSecret(file);
  if (known !== null) return { secret: known, isNew: false };

  const made = Uint8Array.from(random(file.length));
  if (createFile(file.path, file.format(made))) return { secret: made, isNew: true };

  // Another program was faster: its secret is the one.
  const first = findSecret(file);
  if (first === null) throw file.damaged("is a link to a file that does not exist");
  return { secret: first, isNew: false };
}

const COMMENT = "# charla's identity key. Keep it secret: anybody who has it can speak as you.";
/** The word before the key: which kind of key it is, should there be another kind one day. */
const KIND = "charla-secret-key-x25519";

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
  return loadIdentity({
    folder: configFolder(env),
    user: process.geteuid?.(),
    random: randomBytes,
  });
}

/** Why no file can hold the key. A damaged or exposed one is not among these: somebody has to look at it. */
const NO_KEY_FILE: ReadonlySet<ErrorCode> = new Set(["FOLDER_NOT_WRITABLE", "FILE_NOT_READABLE"]);

/**
 * The same or, where no file can hold it, a new key that lasts as long as this program, and why.
 *
 * @throws {CharlaError} KEY_FILE_EXPOSED, KEY_FILE_DAMAGED
 */
export function ownOrTemporaryIdentity(env: Environment): {
  readonly keyPair: KeyPair;
  readonly notKept: CharlaError | null;
} {
  try {
    return { keyPair: ownIdentity(env).keyPair, notKept: null };
  } catch (error) {
    if (!(error instanceof CharlaError) || !NO_KEY_FILE.has(error.code)) throw error;
    return { keyPair: generateKeyPair(randomBytes(KEY_BYTES)), notKept: error };
  }
}

/**
 * The same as `ownIdentity`, or null where none was made yet.
 *
 * @throws {CharlaError} KEY_FILE_EXPOSED, KEY_FILE_DAMAGED, FILE_NOT_READABLE
 */
export function findOwnIdentity(env: Environment): KeyPair | null {
  const key = findSecret(identityFile(configFolder(env), process.geteuid?.()));
  return key === null ? null : generateKeyPair(key);
}

/**
 * The same in that config folder, which is made where it is missing. When several programs make the key at once, all
 * get the same.
 *
 * @throws {CharlaError} KEY_FILE_EXPOSED, KEY_FILE_DAMAGED, FILE_NOT_READABLE, FOLDER_NOT_WRITABLE
 */
export function loadIdentity(options: {
  readonly folder: string;
  readonly user: number | undefined;
  readonly random: (length: number) => Uint8Array;
  /** The variable that names the folder around it; by default, that of the config folder. */
  readonly variable?: PrivateFile["variable"];
}): Identity {
  const file = identityFile(options.folder, options.user, options.variable);
  const { secret, isNew } = findOrMake(file, options.random);
  return { keyPair: generateKeyPair(secret), path: file.path, isNew };
}

function identityFile(
  folder: string,
  user: number | undefined,
  variable: PrivateFile["variable"] = "XDG_CONFIG_HOME",
): SecretFile {
  const path = join(folder, "identity");
  return {
    path,
    // What charla writes takes 147 bytes; the rest is for comments of the person's own.
    maxBytes: 4_096,
    user,
    what: "the identity key",
    content: "an identity key",
    variable,
    exposed: "KEY_FILE_EXPOSED",
    removed: "charla makes a new one",
    length: KEY_BYTES,
    format: (key) => `${COMMENT}\n${KIND} ${encodeBase64url(key)}\n`,
    parse(text) {
      const lines = text.split(/\r?\n/).filter((line) => line !== "" && !line.startsWith("#"));
      const [kind, key = "", ...more] = lines.join("\n").split(" ");
      return kind === KIND && more.length === 0 ? decodeBase64url(key, KEY_BYTES) : null;
    },
    damaged: (how) =>
      new CharlaError(
        "KEY_FILE_DAMAGED",
        `${path} ${how}`,
        "restore it from a copy, or move it away: charla then makes a new key, and for others you are a new person",
      ),
  };
}

/**
 * Loads the secret of a server's invitation, 16 bytes, or makes it. When several programs make it at once, all get
 * the same. It is replaced only when the owner renews the invitation, so that invitations stay valid when the server is
 * restarted.
 *
 * @param folder the data folder; it is made where it is missing
 * @throws {CharlaError} SECRET_FILE_EXPOSED, SECRET_FILE_DAMAGED, FILE_NOT_READABLE, FOLDER_NOT_WRITABLE
 */
export function loadSecret(
  folder: string,
  random: (length: number) => Uint8Array,
  user: number | undefined = process.geteuid?.(),
): Uint8Array {
  return loadFromDataFolder(join(folder, "secret"), random, user, {
    what: "the invitation's secret",
    content: "an invitation's secret",
    loss: "everybody needs a new invitation",
  });
}

/**
 * Replaces the secret of a server's invitation.
 *
 * @throws {CharlaError} FOLDER_NOT_WRITABLE
 */
export function replaceSecret(folder: string, secret: Uint8Array): void {
  replaceFile(join(folder, "secret"), `${encodeBase64url(secret)}\n`);
}

/**
 * Loads the salt of a server's reset key, 16 bytes, or makes it, as `loadSecret` does: a server that is restarted
 * with the same data folder has the same, and another one with the same identity another.
 *
 * @throws {CharlaError} SECRET_FILE_EXPOSED, SECRET_FILE_DAMAGED, FILE_NOT_READABLE, FOLDER_NOT_WRITABLE
 */
export function loadResetSalt(
  folder: string,
  random: (length: number) => Uint8Array,
  user: number | undefined = process.geteuid?.(),
): Uint8Array {
  return loadFromDataFolder(join(folder, "reset-salt"), random, user, {
    what: "the salt of the reset key",
    content: "a salt",
    loss: "members notice the restart only after a minute",
  });
}

function loadFromDataFolder(
  path: string,
  random: (length: number) => Uint8Array,
  user: number | undefined,
  {
    what,
    content,
    loss,
  }: { readonly what: string; readonly content: string; readonly loss: string },
): Uint8Array {
  const file: SecretFile = {
    path,
    // What charla writes takes 23 bytes; the rest is for blanks that an editor adds.
    maxBytes: 64,
    user,
    what,
    content,
    variable: "XDG_DATA_HOME",
    exposed: "SECRET_FILE_EXPOSED",
    removed: "charla makes a new one",
    length: SECRET_BYTES,
    format: (secret) => `${encodeBase64url(secret)}\n`,
    parse: (text) => decodeBase64url(text.trim(), SECRET_BYTES),
    damaged: (how) =>
      new CharlaError(
        "SECRET_FILE_DAMAGED",
        `${path} ${how}`,
        `restore it from a copy, or move it away: charla then makes a new one, and ${loss}`,
      ),
  };
  return findOrMake(file, random).secret;
}
