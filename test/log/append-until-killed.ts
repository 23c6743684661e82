// Appends as fast as it can, and prints the room, sequence and number of each entry once it is durable. Meanwhile a
// third room is filled and deleted, again and again.

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

async function fillAndDelete(): Promise<never> {
  for (let number = 0; ; number += IN_FLIGHT) {
    await Promise.all(
      Array.from({ length: IN_FLIGHT }, (_, index) =>
        log.append("attic", draft(number + index, { device })),
      ),
    );
    await log.deleteBefore("attic", (await log.last("attic")) - 3);
    await log.deleteRoom("attic");
  }
}

void fillAndDelete();
await Promise.all(Array.from({ length: IN_FLIGHT }, (_, index) => appendFrom(index)));
