// The edge to SQLite under Node.js, on node:sqlite: see sqlite-connection.ts. Its twin for Bun is sqlite-connection.bun.ts.
//
// node:sqlite is loaded with the first store: a program that opens none needs no Node.js that has it, and does not get
// the warning that it is experimental.

import { Buffer } from "node:buffer";
import { statSync } from "node:fs";
import type * as sqlite from "node:sqlite";
import { pathToFileURL } from "node:url";

import { CharlaError } from "../../errors.ts";
import type { Access, Connection, Statement, Value } from "./sqlite-connection.ts";

/** The query of an SQLite URI (SQLite, "Uniform Resource Identifiers", 3.3): no file is created. */
const QUERIES: Readonly<Record<Access, string>> = {
  write: "mode=rw",
  read: "mode=ro",
  immutable: "mode=ro&immutable=1",
};

/** SQLite's numbers of its results (SQLite, "Result and Error Codes", 3). */
const RESULTS: Readonly<Record<number, string>> = {
  3: "SQLITE_PERM",
  5: "SQLITE_BUSY",
  6: "SQLITE_LOCKED",
  7: "SQLITE_NOMEM",
  8: "SQLITE_READONLY",
  10: "SQLITE_IOERR",
  11: "SQLITE_CORRUPT",
  13: "SQLITE_FULL",
  14: "SQLITE_CANTOPEN",
  15: "SQLITE_PROTOCOL",
  19: "SQLITE_CONSTRAINT",
  20: "SQLITE_MISMATCH",
  22: "SQLITE_NOLFS",
  23: "SQLITE_AUTH",
  26: "SQLITE_NOTADB",
};
/** The one extended result that is told from the others. */
const IOERR_SHMSIZE = 10 | (19 << 8);

type Row = Record<string, unknown>;
type Sqlite = Pick<typeof sqlite, "DatabaseSync">;

/** @throws {CharlaError} RUNTIME_TOO_OLD */
export function openConnection(path: string, access: Access): Connection {
  const { DatabaseSync } = loadSqlite();
  const url = new URL(`${pathToFileURL(path).href}?${QUERIES[access]}`);
  const database = attempt(
    () =>
      new DatabaseSync(url, { readOnly: access !== "write", enableForeignKeyConstraints: false }),
  );
  const opened = inodeOf(path);
  const close = () => database.close();
  return {
    prepare: <Row, Given extends Value[]>(sql: string) =>
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a query returns is known to who wrote it
      prepare(database, sql) as Statement<Row, Given>,
    run: (sql) => attempt(() => database.exec(sql)),
    get inTransaction() {
      return database.isTransaction;
    },
    // As SQLite's own SQLITE_FCNTL_HAS_MOVED, which node:sqlite has no call for.
    hasMoved: () => inodeOf(path) !== opened,
    close,
    [Symbol.dispose]: close,
  };
}

/**
 * A column in a query whose texts may hold any character: node:sqlite cuts a text at U+0000, but no bytes. Every value
 * of bytes in a row becomes a string, since no table of a store has a column of bytes.
 */
export function exactText(column: string): string {
  return `CAST(${column} AS BLOB) AS ${column}`;
}

function prepare(database: sqlite.DatabaseSync, sql: string): Statement<Row, Value[]> {
  // Node.js 22 binds nothing to numbered parameters: each use becomes a parameter of its own.
  const uses = Array.from(sql.matchAll(/\?(\d+)/g), ([, number]) => Number(number) - 1);
  const statement = attempt(() => database.prepare(sql.replaceAll(/\?\d+/g, "?")));
  const inOrder = (given: readonly Value[]) =>
    uses.length === 0 ? given : uses.map((use) => given[use] ?? null);
  return {
    get(...given) {
      const row = attempt(() => statement.get(...inOrder(given)));
      return row === undefined ? null : withTexts(row);
    },
    all: (...given) => attempt(() => statement.all(...inOrder(given)).map(withTexts)),
    *iterate(...given) {
      try {
        for (const row of statement.iterate(...inOrder(given))) yield withTexts(row);
      } catch (cause) {
        throw namedError(cause);
      }
    },
    run(...given) {
      const { changes, lastInsertRowid } = attempt(() => statement.run(...inOrder(given)));
      return { changes: Number(changes), lastInsertRowid };
    },
  };
}

function withTexts(row: Row): Row {
  for (const column in row) {
    const value = row[column];
    if (value instanceof Uint8Array)
      row[column] = Buffer.from(value.buffer, value.byteOffset, value.length).toString();
  }
  return row;
}

/** Device and number of a file; null where there is none, or it can't be seen. */
function inodeOf(path: string): string | null {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev} ${ino}`;
  } catch {
    return null;
  }
}

/** Runs `body`; its errors get the name of SQLite's result as their code, as those of bun:sqlite have. */
function attempt<Result>(body: () => Result): Result {
  try {
    return body();
  } catch (cause) {
    throw namedError(cause);
  }
}

function namedError(cause: unknown): unknown {
  if (!(cause instanceof Error && "errcode" in cause && typeof cause.errcode === "number"))
    return cause;
  const { errcode } = cause;
  const code = errcode === IOERR_SHMSIZE ? "SQLITE_IOERR_SHMSIZE" : RESULTS[errcode & 0xff];
  return code === undefined ? cause : Object.assign(cause, { code });
}

let loaded: Sqlite | null = null;

function loadSqlite(): Sqlite {
  if (loaded !== null) return loaded;
  // The call is in Node.js 20.16 and newer, and 22.3 and newer.
  const found = process.getBuiltinModule?.("node:sqlite");
  if (found === undefined || !hasFullTextSearch(found)) {
    throw new CharlaError(
      "RUNTIME_TOO_OLD",
      `Node.js ${process.versions.node} has no SQLite with full-text search, in which a store is kept`,
      "use Node.js 22.16 or newer, or Bun; without `data` a server keeps everything in memory",
    );
  }
  loaded = found;
  return loaded;
}

/** node:sqlite was there before it. */
function hasFullTextSearch({ DatabaseSync }: Sqlite): boolean {
  const database = new DatabaseSync(":memory:");
  try {
    const option = database
      .prepare("SELECT sqlite_compileoption_used('ENABLE_FTS5') AS used")
      .get();
    return option?.["used"] === 1;
  } finally {
    database.close();
  }
}
