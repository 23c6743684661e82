// What members learn about each other, and up to which size of a room.

import { expect, test } from "bun:test";

import { openMemoryLog } from "../../src/log/memory-log.ts";
import { createFanOut } from "../../src/server/fan-out.ts";
import { Member, Room } from "../../src/server/room.ts";
import { virtualClock } from "./virtual-clock.ts";

/** A room of so many members, who count what they are sent. */
function openRoom(count: number) {
  const log = openMemoryLog({ now: () => 1_000 });
  const room = new Room({
    name: "main",
    fanOut: createFanOut({ log, room: "main", unreadFor: 30_000 }),
    announcements: { perSecond: 1e9, burst: 1e9 },
    clock: virtualClock(),
  });
  const sent = { count: 0 };
  for (let number = 1; number <= count; number += 1) {
    const name = `Member-${number}`;
    const channel = {
      sayAll() {
        sent.count += 1;
        return true;
      },
      receive() {},
      async close() {},
      abort() {},
      ended: new Promise(() => {}),
    };
    const fingerprint = `key of ${name}`;
    room.add(
      new Member({
        channel,
        fingerprint,
        owner: false,
        invitation: { id: "standing", room: null },
        device: name,
        start: 0,
        name,
      }),
    );
  }
  sent.count = 0;
  return { room, sent };
}

test.each([
  [1_000, 1_000],
  [1_001, 0],
])("of %d members, %d are notified that one leaves", (members, count) => {
  const { room, sent } = openRoom(members);
  room.notify({ type: "left", name: "Ann", reason: "" });
  expect(sent.count).toBe(count);
});

test("only members are announced as away, and only when that is new", () => {
  const { room, sent } = openRoom(3);
  const [first] = room.members;
  if (first === undefined) throw new Error("no member");
  room.setAway(first, true);
  room.setAway(first, true);
  expect(sent.count).toBe(2);
  room.remove(first, "");
  room.setAway(first, false);
  // The two that are left were told that it left.
  expect(sent.count).toBe(4);
});
