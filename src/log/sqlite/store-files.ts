// The files of a store: `log.sqlite`, beside it SQLite's own, and `log.lock`, by which one program at a time
// writes. Knows nothing of what is in them.

import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  statSync,
} from "node:fs";
import { join } from "node:path";

import { CharlaError, systemCode } from "../../errors.ts";
import { type Database, openLocked, openToRead, openToWrite, openUnchanging } from "./database.ts";
import { storeError } from "./store-error.ts";

const STORE = "log.sqlite";
const LOCK = "log.lock";
/** For the owner alone; SQLite gives its own files the mode of the store. */
const FILE_MODE = 0o600;
/** The mode that the XDG Base Directory Specification gives a folder that it makes. */
const FOLDER_MODE = 0o700;

export interface StoreFiles extends Disposable {
  /** Of the store. */
  readonly path: string;
  readonly database: Database;
}

/**
 * Opens the store of a folder for the one program that writes it; makes both where they are missing.
 *
 * @throws {CharlaError} STORE_LOCKED, STORE_NOT_WRITABLE, STORE_FULL, STORE_DAMAGED, STORE_FAILED
 */
export function openStoreToWrite(folder: string): StoreFiles {
  const path = join(folder, STORE);
  try {
    mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
    const lock = takeLock(folder);
    try {
      createFile(path);
      const database = openToWrite(path);
      return {
        path,
        database,
        [Symbol.dispose]() {
          database.close(true);
          lock.close(true);
        },
      };
    } catch (error) {
      lock.close(true);
      throw error;
    }
  } catch (error) {
    throw storeError(error, path);
  }
}

/**
 * Opens the store of a folder beside the program that may write it.
 *
 * @throws {CharlaError} STORE_MISSING, FILE_NOT_READABLE, STORE_DAMAGED, STORE_FAILED
 */
export function openStoreToRead(folder: string): StoreFiles {
  const path = join(folder, STORE);
  try {
    if (statSync(path, { throwIfNoEntry: false }) === undefined) throw storeMissing(folder);
    const database = isLeftAlone(folder) ? openUnchanging(path) : openToRead(path);
    return { path, database, [Symbol.dispose]: () => database.close(true) };
  } catch (cause) {
    throw cannotRead(cause, path);
  }
}

/**
 * Whether no program can write the store meanwhile, nor has left half of it in its log: then it can be read
 * where SQLite's own files cannot be made, as on a disk that is read-only.
 */
function isLeftAlone(folder: string): boolean {
  if (existsSync(join(folder, `${STORE}-wal`))) return false;
  try {
    accessSync(folder, constants.W_OK);
    return false;
  } catch {
    return true;
  }
}

/** There is nothing to read, or nothing yet. */
export function storeMissing(folder: string): CharlaError {
  return new CharlaError(
    "STORE_MISSING",
    `nothing was ever said in ${folder}`,
    "start charla --server on this machine first, or name its folder with --data",
  );
}

/** What a reader is told of a failure: to them it does not matter whether they may write. */
export function cannotRead(cause: unknown, path: string): unknown {
  const error = storeError(cause, path);
  if (!(error instanceof CharlaError) || error.code !== "STORE_NOT_WRITABLE") return error;
  return new CharlaError(
    "FILE_NOT_READABLE",
    `${path} cannot be read`,
    "be the user that it belongs to; from a disk that is read-only, copy its folder to another",
    { cause },
  );
}

/** Not the store itself: readers are not to wait for it. */
function takeLock(folder: string): Database {
  const path = join(folder, LOCK);
  createFile(path);
  try {
    return openLocked(path);
  } catch (cause) {
    const error = storeError(cause, path);
    if (!(error instanceof CharlaError) || error.code !== "STORE_LOCKED") throw error;
    throw new CharlaError(
      "STORE_LOCKED",
      `another server keeps its conversation in ${folder}`,
      "end that one first, or give this one a folder of its own with --data, or none with --ephemeral",
      { cause },
    );
  }
}

/** Made here, for SQLite would let others read it. */
function createFile(path: string): void {
  try {
    // Never one that is there: to close it would end the locks that this program has on it (POSIX fcntl).
    closeSync(openSync(path, "wx", FILE_MODE));
  } catch (cause) {
    if (systemCode(cause) !== "EEXIST") throw cause;
  }
}
