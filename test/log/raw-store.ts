// SQLite files as a log finds them: empty, of an earlier version, or open in another program.

import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { openConnection } from "#sqlite-connection";

import type { Connection } from "../../src/log/sqlite/sqlite-connection.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** Opens the file to write, and creates it if it is missing. */
export function openRawStore(file: string): Connection {
  if (!existsSync(file)) writeFileSync(file, "");
  return openConnection(file, "write");
}

/** A new file, removed when it is closed. */
export function newRawStore(): Connection {
  const folder = temporaryFolder();
  const database = openRawStore(join(folder.path, "log.sqlite"));
  return {
    ...database,
    get inTransaction() {
      return database.inTransaction;
    },
    [Symbol.dispose]() {
      database.close();
      folder[Symbol.dispose]();
    },
  };
}
