// Which name a newcomer gets where others hold the one that they want, and what finding it costs.

import { expect, test } from "bun:test";

import type { Log } from "../../src/log/log.ts";
import { openMemoryLog } from "../../src/log/memory-log.ts";
import { claimName } from "../../src/server/claim-name.ts";
import { createFanOut } from "../../src/server/fan-out.ts";
import { Room } from "../../src/server/room.ts";
import { virtualClock } from "./virtual-clock.ts";

/** An empty room and its log, which counts the claims: each of them waits for the disk. */
function openRoom() {
  const memory = openMemoryLog({ now: () => 1_000 });
  const counted = { claims: 0 };
  const log: Log = {
    ...memory,
    claimName(...given) {
      counted.claims += 1;
      return memory.claimName(...given);
    },
  };
  const room = new Room({
    name: "main",
    fanOut: createFanOut({ log, room: "main", unreadFor: 30_000 }),
    announcements: { perSecond: 1, burst: 1 },
    clock: virtualClock(),
  });
  return { memory, log, room, counted };
}

/** Absent people, each with one of the names ana, ana-2, ... ana-`last`. */
async function holdNames(log: Log, last: number): Promise<void> {
  for (let number = 1; number <= last; number += 1) {
    await log.claimName("main", number === 1 ? "ana" : `ana-${number}`, `key ${number}`);
  }
}

test("a newcomer whose name and 98 numbers behind it are held gets the last number, with two claims", async () => {
  const { memory, log, room, counted } = openRoom();
  await holdNames(memory, 99);
  expect(await claimName(log, room, "ana", "key of a newcomer")).toBe("ana-100");
  expect(counted.claims).toBe(2);
});

test("somebody who comes back gets the number that is theirs, although others hold those before it", async () => {
  const { memory, log, room } = openRoom();
  await holdNames(memory, 40);
  expect(await claimName(log, room, "ana", "key 17")).toBe("ana-17");
});

test("a name that is free takes one claim", async () => {
  const { log, room, counted } = openRoom();
  expect(await claimName(log, room, "ana", "key 1")).toBe("ana");
  expect(await claimName(log, room, "ana", "key 1")).toBe("ana");
  expect(counted.claims).toBe(2);
});
