// Appends as fast as it can, and prints the room, sequence and number of each entry once it is durable.

import { writeSync } from "node:fs";

import { openSqliteLog } from "../../src/log/sqlite-log.ts";
import { draft } from "./drafts.ts";

const [, , folder = "", device = ""] = process.argv;
const IN_FLIGHT = 64;

const log = await openSqliteLog({ folder, now: Date.now });
writeSync(1, "open\n");

async function appendFrom(first: number): Promise<void> {
  for (let number = first; ; number += IN_FLIGHT) {
    const room = number % 3 === 0 ? "garden" : "main";
    const { sequence } = await log.append(room, draft(number, { device }));
    writeSync(1, `${room} ${sequence} ${number}\n`);
  }
}

await Promise.all(Array.from({ length: IN_FLIGHT }, (_, index) => appendFrom(index)));
