// Opens the log of a folder to "write", to "read" or to write and "stay", and prints the result: "open",
// or the error.

import { setTimeout } from "node:timers/promises";

import { CharlaError } from "../../src/errors.ts";
import { openSqliteLog, openSqliteReader } from "../../src/log/sqlite-log.ts";
import { draft } from "./drafts.ts";

const [, , folder = "", mode = ""] = process.argv;

try {
  if (mode === "read") {
    await using log = await openSqliteReader(folder);
    await log.rooms();
  } else {
    await using log = await openSqliteLog({ folder, now: Date.now });
    await log.append("main", draft(1));
    if (mode === "stay") {
      console.log("open");
      await setTimeout(60_000); // until it is killed
    }
  }
  console.log("open");
} catch (error) {
  if (!(error instanceof CharlaError)) throw error;
  console.log(`${error.code}: ${error.message}\nhint: ${error.hint}`);
}
