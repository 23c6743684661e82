// The files of a store: `log.sqlite`, SQLite's own beside it, and `log.lock`, which keeps all programs but one from
// writing. Knows nothing of what is in them.

import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  rmSync,
  statSync,
} from "node:fs";
import { join } from "node:path";

import { CharlaError, systemCode } from "../../errors.ts";
import { openLocked, openToRead, openToWrite, storeError, wrongPath } from "./database.ts";
import type { Connection } from "./sqlite-connection.ts";

/** The file in the data folder. */
export const STORE = "log.sqlite";
const LOCK = "log.lock";
/** For the owner alone; SQLite gives its own files the same mode. */
const FILE_MODE = 0o600;
/** The mode that the XDG Base Directory Specification gives a new folder. */
const FOLDER_MODE = 0o700;

interface StoreFiles<Prepared> extends Disposable {
  /** Path of the store. */
  readonly path: string;
  readonly database: Connection;
  /** What `prepare` returned. */
  readonly prepared: Prepared;
  /** Closes it, and removes the store if it was missing when it was opened. */
  discard(): void;
}

type Prepare<Prepared> = (database: Connection, path: string) => Prepared;

/**
 * Opens the store of a folder for the one program that writes it; creates both if they are missing.
 *
 * @param prepare called once it is open; when that fails, it is closed again
 * @throws {CharlaError} STORE_LOCKED, STORE_NOT_WRITABLE, STORE_FULL, STORE_DAMAGED, STORE_FAILED
 */
export function openStoreToWrite<T>(folder: string, prepare: Prepare<T>): StoreFiles<T> {
  return openStore(folder, prepare, storeError, (path, hold) => {
    mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
    const lock = takeLock(folder);
    hold(lock, false);
    hold(lock, createFile(path));
    return openToWrite(path);
  });
}

/**
 * Opens the store of a folder beside the program that may write it.
 *
 * @throws {CharlaError} STORE_MISSING, FILE_NOT_READABLE, STORE_DAMAGED, STORE_FAILED
 */
export function openStoreToRead<T>(folder: string, prepare: Prepare<T>): StoreFiles<T> {
  return openStore(folder, prepare, cannotRead, (path) => {
    checkExists(path, folder);
    return openToRead(path, isImmutable(folder) ? "immutable" : "read");
  });
}

/**
 * Opens the store of a folder for one small change beside the program that writes it.
 *
 * @throws {CharlaError} STORE_LOCKED, STORE_NOT_WRITABLE, STORE_DAMAGED, STORE_FAILED
 */
export function openStoreBeside<T>(folder: string, prepare: Prepare<T>): StoreFiles<T> {
  return openStore(folder, prepare, storeError, openToWrite);
}

function openStore<T>(
  folder: string,
  prepare: Prepare<T>,
  explain: (cause: unknown, path: string) => unknown,
  open: (path: string, hold: (lock: Connection, isNew: boolean) => void) => Connection,
): StoreFiles<T> {
  const path = join(folder, STORE);
  let lock: Connection | null = null;
  let opened: Connection | null = null;
  let isNew = false;
  const close = (removesNew = false) => {
    try {
      opened?.close();
      // While it is locked: afterwards another server may have it.
      if (removesNew && isNew) rmSync(path, { force: true });
    } finally {
      lock?.close();
    }
  };
  try {
    const database = open(path, (taken, created) => {
      lock = taken;
      isNew = created;
    });
    opened = database;
    const prepared = prepare(database, path);
    return {
      path,
      database,
      prepared,
      discard: () => close(true),
      [Symbol.dispose]: () => close(),
    };
  } catch (cause) {
    close();
    throw explain(cause, path);
  }
}

/**
 * Whether no program can write the store, and none has left a part of it in its write-ahead log: then it can be read
 * where SQLite's own files cannot be created, as on a read-only disk.
 */
function isImmutable(folder: string): boolean {
  if (existsSync(join(folder, `${STORE}-wal`))) return false;
  try {
    accessSync(folder, constants.W_OK);
    return false;
  } catch {
    return true;
  }
}

/** Not by `throwIfNoEntry`, for which Node.js also takes a file in the place of a folder. */
function checkExists(path: string, folder: string): void {
  try {
    statSync(path);
  } catch (cause) {
    throw systemCode(cause) === "ENOENT" ? storeMissing(folder) : cause;
  }
}

export function storeMissing(folder: string): CharlaError {
  return new CharlaError(
    "STORE_MISSING",
    `there is no conversation in ${folder}`,
    "start charla --server on this machine first, or name its folder with --data; charla history HOST/ROOM shows one that you have joined",
  );
}

/** Like `storeError`, for a reader, which needs no permission to write. */
export function cannotRead(cause: unknown, path: string): unknown {
  const error = storeError(cause, path);
  if (!(error instanceof CharlaError) || error.code !== "STORE_NOT_WRITABLE") return error;
  const why = wrongPath(cause);
  if (why !== null) {
    return new CharlaError("FILE_NOT_READABLE", `${path} cannot be read: ${why}`, error.hint, {
      cause,
    });
  }
  return new CharlaError(
    "FILE_NOT_READABLE",
    `${path} cannot be read`,
    "run charla as the user who owns it; if its disk is read-only, copy the folder to another",
    { cause },
  );
}

/** Locks a file of its own, not the store: readers must not wait for it. */
function takeLock(folder: string): Connection {
  const path = join(folder, LOCK);
  createFile(path);
  try {
    return openLocked(path);
  } catch (cause) {
    const error = storeError(cause, path);
    if (!(error instanceof CharlaError) || error.code !== "STORE_LOCKED") throw error;
    throw new CharlaError(
      "STORE_LOCKED",
      `another server uses ${folder}`,
      "stop that one first, or give this one a folder of its own with --data, or none with --ephemeral",
      { cause },
    );
  }
}

/** Created here, because SQLite would let others read it. Returns whether it was missing. */
function createFile(path: string): boolean {
  try {
    // Only if it is missing: closing it would release the locks that this program has on it (POSIX fcntl).
    closeSync(openSync(path, "wx", FILE_MODE));
    return true;
  } catch (cause) {
    if (systemCode(cause) !== "EEXIST") throw cause;
    return false;
  }
}
