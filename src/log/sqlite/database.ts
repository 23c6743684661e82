// The edge: one SQLite database of Bun's, opened the way a log needs it. Knows no table.

import { constants, Database } from "bun:sqlite";
import { pathToFileURL } from "node:url";

export type { Database } from "bun:sqlite";

const CAREFUL = [
  // How long another program's commit or recovery is waited for, in ms: a reader may meet one.
  "PRAGMA busy_timeout = 1000",
  // The file may be damaged, or made by somebody else.
  "PRAGMA cell_size_check = ON",
  "PRAGMA trusted_schema = OFF",
];

/** To write: every commit is on the disk before it returns (SQLite, "Write-Ahead Logging", 2.3). */
export function openToWrite(path: string): Database {
  return opened(path, { readwrite: true, create: false }, [
    ...CAREFUL,
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
  ]);
}

export function openToRead(path: string): Database {
  return opened(path, { readonly: true }, CAREFUL);
}

/** To read what nobody writes: without the files by which SQLite's readers and writers meet. */
export function openUnchanging(path: string): Database {
  const flags = constants.SQLITE_OPEN_READONLY | constants.SQLITE_OPEN_URI;
  return opened(`${pathToFileURL(path).href}?immutable=1`, flags, CAREFUL);
}

/**
 * Takes a file for this program alone, at once or not at all: by a transaction that does not end, and that
 * the system ends with the program, however that ends. Nothing is written, neither into it nor beside it.
 */
export function openLocked(path: string): Database {
  return opened(path, { readwrite: true, create: false }, [
    "PRAGMA journal_mode = MEMORY",
    "BEGIN EXCLUSIVE",
  ]);
}

function opened(
  path: string,
  options: number | { readonly?: boolean; readwrite?: boolean; create?: boolean },
  commands: readonly string[],
): Database {
  const database = new Database(path, options);
  try {
    for (const command of commands) database.run(command);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Whether its file is no longer where it was opened: what is written now is for nobody. */
export function hasMoved(database: Database): boolean {
  const answer = new Int32Array(2); // fileControl wants 8 bytes; SQLite writes an int
  database.fileControl(constants.SQLITE_FCNTL_HAS_MOVED, answer);
  return answer[0] !== 0;
}
