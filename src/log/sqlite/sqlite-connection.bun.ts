// The edge to SQLite under Bun, on bun:sqlite: see sqlite-connection.ts. Its twin for Node.js is sqlite-connection.node.ts.

import { constants, Database } from "bun:sqlite";
import { pathToFileURL } from "node:url";

import type { Access, Connection, Value } from "./sqlite-connection.ts";

export function openConnection(path: string, access: Access): Connection {
  const database = open(path, access);
  const close = () => database.close(true);
  return {
    prepare: <Row, Given extends Value[]>(sql: string) => database.prepare<Row, Given>(sql),
    run: (sql) => void database.run(sql),
    get inTransaction() {
      return database.inTransaction;
    },
    hasMoved() {
      const answer = new Int32Array(2); // fileControl wants 8 bytes; SQLite writes an int
      database.fileControl(constants.SQLITE_FCNTL_HAS_MOVED, answer);
      return answer[0] !== 0;
    },
    close,
    [Symbol.dispose]: close,
  };
}

function open(path: string, access: Access): Database {
  if (access === "write") return new Database(path, { readwrite: true, create: false });
  if (access === "read") return new Database(path, { readonly: true });
  const flags = constants.SQLITE_OPEN_READONLY | constants.SQLITE_OPEN_URI;
  return new Database(`${pathToFileURL(path).href}?immutable=1`, flags);
}

/** A column in a query whose texts may hold any character. */
export function exactText(column: string): string {
  return column;
}
