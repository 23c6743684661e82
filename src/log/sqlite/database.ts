// A store's SQLite file, opened the way a log needs it, its transactions, and the errors shown to people when SQLite or
// the system fails. Knows no table.

import { openConnection } from "#sqlite-connection";

import { CharlaError, describeCause, type ErrorCode, systemCode } from "../../errors.ts";
import type { Access, Connection } from "./sqlite-connection.ts";

/** SQLite's number for it (PRAGMA auto_vacuum). */
const INCREMENTAL = 2;

const COMMON = [
  // How long to wait for another program's commit or recovery, ms: a reader may meet one.
  "PRAGMA busy_timeout = 1000",
  // The file may be damaged, or made by somebody else.
  "PRAGMA cell_size_check = ON",
  "PRAGMA trusted_schema = OFF",
];

/** For writing: every commit is on the disk before it returns (SQLite, "Write-Ahead Logging", 2.3). */
export function openToWrite(path: string): Connection {
  return openDatabase(path, "write", [
    ...COMMON,
    // Pages that deleted rows leave can be given back to the disk; for a new file, which is still empty.
    "PRAGMA auto_vacuum = INCREMENTAL",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
  ]);
}

/** @param access "immutable" for what no program writes: without the files that SQLite's readers and writers share */
export function openToRead(path: string, access: "read" | "immutable" = "read"): Connection {
  return openDatabase(path, access, COMMON);
}

/**
 * Locks a file for this program, at once or not at all: with a transaction that never ends, and that
 * the system ends with the program, however that ends. Writes nothing, neither into it nor beside it.
 */
export function openLocked(path: string): Connection {
  return openDatabase(path, "write", ["PRAGMA journal_mode = MEMORY", "BEGIN EXCLUSIVE"]);
}

function openDatabase(path: string, access: Access, commands: readonly string[]): Connection {
  const database = openConnection(path, access);
  try {
    for (const command of commands) database.run(command);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Returns a function that runs `body` in a transaction: what that wrote is durable when it returns; nothing is, if it throws. */
export function prepareTransaction(database: Connection) {
  const begin = database.prepare("BEGIN IMMEDIATE");
  const commit = database.prepare("COMMIT");
  const rollback = database.prepare("ROLLBACK");
  return <Result>(body: () => Result): Result => {
    begin.run();
    try {
      const result = body();
      commit.run();
      return result;
    } catch (error) {
      // Some failures have ended the transaction already.
      if (database.inTransaction) rollback.run();
      throw error;
    }
  };
}

/** Rewrites a file of an earlier version so that it can give pages back, unless the disk has no room for that. */
export function allowVacuum(database: Connection): void {
  const setting = database.prepare<{ auto_vacuum: number }, []>("PRAGMA auto_vacuum").get();
  if (setting?.auto_vacuum === INCREMENTAL) return;
  try {
    database.run("VACUUM");
  } catch (error) {
    if (systemCode(error) !== "SQLITE_FULL") throw error;
  }
}

/**
 * Moves what was committed from the write-ahead log into the file, as far as it can: SQLite does it again with later
 * commits.
 */
export function checkpoint(database: Connection): void {
  try {
    database.run("PRAGMA wal_checkpoint(PASSIVE)");
  } catch (error) {
    if (systemCode(error) === "") throw error;
  }
}

/** Bytes that are in use, and that could be given back to the disk. */
export function measureSpace(database: Connection) {
  const measure = database.prepare<{ pages: number; free: number; size: number }, []>(
    `SELECT page_count AS pages, freelist_count AS free, page_size AS size
     FROM pragma_page_count, pragma_freelist_count, pragma_page_size`,
  );
  return (): { readonly used: number; readonly free: number } => {
    const { pages = 0, free = 0, size = 0 } = measure.get() ?? {};
    return { used: (pages - free) * size, free: free * size };
  };
}

interface Failure {
  readonly codes: RegExp;
  readonly error: ErrorCode;
  message(path: string, why: string): string;
  hint(path: string): string;
}

/** The path of its folder can't be that of a folder, for any user. */
const WRONG_PATH = /^(ENOTDIR|EEXIST|ELOOP|ENAMETOOLONG)$/;

/** By SQLite's code or the system's. Not SQLITE_ERROR or SQLITE_MISUSE: those are bugs of ours. */
const FAILURES: readonly Failure[] = [
  {
    // The memory that SQLite shares between programs is a file as well (-shm), and may not fit either.
    codes: /^(SQLITE_FULL|SQLITE_IOERR_SHMSIZE|ENOSPC$|EDQUOT$)/,
    error: "STORE_FULL",
    message: (path) => `the disk of ${path} is full`,
    hint: () => "free some space; what was refused can be sent again",
  },
  {
    codes: /^SQLITE_(CORRUPT|NOTADB|CONSTRAINT|MISMATCH)/,
    error: "STORE_DAMAGED",
    message: (path, why) => `${path} is damaged: ${why}`,
    hint: (path) =>
      `restore it from a copy, or move it away to start anew; sqlite3 ${JSON.stringify(path)} .recover shows what can be saved`,
  },
  {
    codes: /^SQLITE_(BUSY|LOCKED)/,
    error: "STORE_LOCKED",
    message: (path) => `another program is writing to ${path}`,
    hint: () => "end that program, or wait until it is done",
  },
  {
    codes: WRONG_PATH,
    error: "STORE_NOT_WRITABLE",
    message: (path, why) => `${path} cannot be written: ${why}`,
    hint: () => "name another folder with --data, or set XDG_DATA_HOME to one",
  },
  {
    codes: /^(SQLITE_(READONLY|CANTOPEN|PERM|AUTH)|(EACCES|EPERM|EROFS|ENOENT|EISDIR)$)/,
    error: "STORE_NOT_WRITABLE",
    message: (path, why) => `${path} cannot be written: ${why}`,
    hint: () => "make it writable for this user, or name another folder with --data",
  },
  {
    codes: /^(SQLITE_(IOERR|NOMEM|PROTOCOL|NOLFS)|E[A-Z0-9]+$)/,
    error: "STORE_FAILED",
    message: (path, why) => `${path} cannot be read or written: ${why}`,
    hint: () => "check its disk and the system log; what was refused can be sent again",
  },
];

/** A failure of the store at `path` as a CharlaError; anything else, which is a bug, as it is. */
export function storeError(cause: unknown, path: string): unknown {
  if (cause instanceof CharlaError || !(cause instanceof Error)) return cause;
  const failure = FAILURES.find(({ codes }) => codes.test(systemCode(cause)));
  if (failure === undefined) return cause;
  return new CharlaError(failure.error, failure.message(path, explain(cause)), failure.hint(path), {
    cause,
  });
}

/** Why the path of a store can't be one; null for any other cause. */
export function wrongPath(cause: unknown): string | null {
  const code = systemCode(cause);
  if (!WRONG_PATH.test(code)) return null;
  return code === "EEXIST" ? "there is a file where a folder should be" : describeCause(cause);
}

function explain(cause: Error): string {
  // Of "EACCES: permission denied, mkdir '/x'" the middle.
  return wrongPath(cause) ?? cause.message.replace(/^E[A-Z0-9]+: ([^,]+).*$/s, "$1");
}

/** Its file was moved or removed: what was written since is lost. */
export function storeGone(path: string): CharlaError {
  return new CharlaError(
    "STORE_GONE",
    `${path} was removed or moved away while it was in use`,
    "put it back where it was, and restart the server",
  );
}
