// What members are told of each other, and when they are too many for it.

import { expect, test } from "bun:test";

import { openMemoryLog } from "../../src/log/memory-log.ts";
import { createFanOut } from "../../src/server/fan-out.ts";
import { createRoom, type Member, tellOthers } from "../../src/server/room.ts";

/** A room of so many, who count what they are told. */
function roomOf(count: number) {
  const log = openMemoryLog({ now: () => 1_000 });
  const room = createRoom("main", createFanOut({ log, room: "main", unreadFor: 30_000 }));
  const told = { count: 0 };
  for (let number = 1; number <= count; number += 1) {
    const name = `Member-${number}`;
    const member: Member = {
      channel: {
        sayAll() {
          told.count += 1;
          return true;
        },
        async close() {},
        abort() {},
        ended: new Promise(() => {}),
      },
      fingerprint: `key of ${name}`,
      owner: false,
      device: name,
      start: 0,
      following: null,
      name,
      away: false,
      unreadNews: 0,
    };
    room.members.add(member);
  }
  return { room, told };
}

test.each([
  [1_000, 1_000],
  [1_001, 0],
])("of %d members %d are told who leaves", (members, count) => {
  const { room, told } = roomOf(members);
  tellOthers(room, null, { type: "left", name: "Ann", reason: "" });
  expect(told.count).toBe(count);
});
