// A connection to one SQLite file: what the two edges to SQLite have in common, sqlite-connection.bun.ts and
// sqlite-connection.node.ts. Import `openConnection` from "#sqlite-connection", which is one of them (package.json, `imports`).
// Knows no table.

/**
 * "write" and "read" need a file that exists. "immutable" is for a file that no program writes: it is read without the
 * files that SQLite's readers and writers share.
 */
export type Access = "write" | "read" | "immutable";

export type Value = string | number | null;

/** Each run takes the values of its parameters in their order. */
export interface Statement<Row, Given extends Value[]> {
  /** The first row; null if there is none. */
  get(...given: Given): Row | null;
  all(...given: Given): Row[];
  /** Row by row, as they are asked for; the statement is not run again meanwhile. */
  iterate(...given: Given): Iterable<Row>;
  run(...given: Given): { readonly changes: number; readonly lastInsertRowid: number | bigint };
}

/** Errors of SQLite have its name for them as their `code`, with the extension where it has one: SQLITE_IOERR_SHMSIZE. */
export interface Connection extends Disposable {
  /** Compiles one command, which may be run any number of times. */
  prepare<Row, Given extends Value[]>(sql: string): Statement<Row, Given>;
  /** Runs some commands that have no parameters and return nothing of interest. */
  run(sql: string): void;
  /** False, too, once an error has ended the transaction. */
  readonly inTransaction: boolean;
  /** Whether its file is no longer where it was opened: what is written now is lost. */
  hasMoved(): boolean;
  close(): void;
}
