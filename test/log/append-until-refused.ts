// Appends, five at a time, until the log of a folder refuses; then removes the file `ballast` from it, appends
// what was refused again, and prints the results.

import { rmSync } from "node:fs";
import { join } from "node:path";

import { CharlaError } from "../../src/errors.ts";
import { openSqliteLog } from "../../src/log/sqlite-log.ts";
import { draft, texts } from "./drafts.ts";

const [, , folder = ""] = process.argv;
const AT_ONCE = 5;

// A file that would grow past the limit of `ulimit -f` is an error then, and does not end the program.
process.on("SIGXFSZ", () => {});

await using log = await openSqliteLog({ folder, now: Date.now });

function appendGroup(first: number) {
  const numbers = Array.from({ length: AT_ONCE }, (_, index) => first + index);
  return Promise.allSettled(
    numbers.map((number) => log.append("main", draft(number, { text: "x".repeat(2_000) }))),
  );
}

let number = 0;
for (;;) {
  const outcomes = await appendGroup(number);
  const refused = outcomes.filter((outcome) => outcome.status === "rejected");
  if (refused.length === 0) {
    number += AT_ONCE;
    continue;
  }
  const [error] = refused.map((outcome): unknown => outcome.reason);
  if (!(error instanceof CharlaError)) throw error;
  console.log(`${error.code}: ${error.message}\nhint: ${error.hint}`);
  console.log(`refused together: ${refused.length}`);
  break;
}
console.log(`half there: ${(await log.last("main")) - number}`);

rmSync(join(folder, "ballast"), { force: true });
const again = await appendGroup(number);
console.log(`taken again: ${again.filter(({ status }) => status === "fulfilled").length}`);
const found = texts(await log.readLast("main", AT_ONCE));
console.log(`read again: ${found.filter((text) => text === "x".repeat(2_000)).length}`);
console.log(`last: ${(await log.last("main")) - number}`);
