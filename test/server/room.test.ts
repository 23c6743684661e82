// What members learn about each other, and up to which size of a room.

import { expect, test } from "bun:test";

import { createServerFrameReader, type ServerFrame } from "../../src/chat/frames.ts";
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
  const frames = new Map<string, Uint8Array[]>();
  const member = (name: string, device: string, person = name) => {
    const received: Uint8Array[] = [];
    frames.set(device, received);
    const channel = {
      sayAll(messages: readonly Uint8Array[]) {
        sent.count += 1;
        received.push(...messages);
        return true;
      },
      receive() {},
      async close() {},
      abort() {},
      ended: new Promise(() => {}),
    };
    const fingerprint = `key of ${person}`;
    const invitation = { id: "standing", room: null };
    return new Member({ channel, fingerprint, owner: false, invitation, device, start: 0, name });
  };
  for (let number = 1; number <= count; number += 1) {
    room.add(member(`Member-${number}`, `Member-${number}`));
  }
  sent.count = 0;
  const framesOf = ({ device }: Member): readonly ServerFrame[] =>
    (frames.get(device) ?? []).map(createServerFrameReader()).flatMap((reading) => {
      return reading.type === "frame" ? [reading.frame] : [];
    });
  return { room, sent, member, framesOf };
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

test("somebody is away when all of their programs are silent, and back when one is heard", () => {
  const { room, member, framesOf } = openRoom(1);
  const [ann] = room.members;
  if (ann === undefined) throw new Error("no member");
  const [first, second, third] = ["one", "two", "three"].map((device) => member("Bob", device));
  if (first === undefined || second === undefined || third === undefined) throw new Error("none");
  const away = () =>
    framesOf(ann).flatMap((frame) => (frame.type === "away" ? [[frame.name, frame.away]] : []));
  room.add(first);
  room.add(second);
  room.setAway(first, true);
  expect(away()).toEqual([]);
  room.setAway(second, true);
  expect(away()).toEqual([["Bob", true]]);
  room.setAway(first, true);
  room.setAway(first, false);
  expect(away().slice(1)).toEqual([["Bob", false]]);
  // The program that is left is silent.
  room.remove(first, "");
  expect(away().slice(2)).toEqual([["Bob", true]]);
  room.add(third);
  expect(away().slice(3)).toEqual([["Bob", false]]);
  expect(framesOf(ann).filter(({ type }) => type !== "away")).toMatchObject([{ type: "joined" }]);
  expect([first, second, third].flatMap(framesOf)).toEqual([]);
});

test("a new name is that of all programs of a person that had the old one", () => {
  const { room, member, framesOf } = openRoom(1);
  const [ann] = room.members;
  if (ann === undefined) throw new Error("no member");
  const first = member("Bob", "one");
  const second = member("Bob", "two");
  const third = member("Bobby", "three", "Bob");
  for (const each of [first, second, third]) room.add(each);
  room.rename(second, "Robert");
  expect([first, second, third].map(({ name }) => name)).toEqual(["Robert", "Robert", "Bobby"]);
  for (const each of [ann, first, second, third]) {
    const renamed = framesOf(each).filter(({ type }) => type === "renamed");
    expect(renamed).toEqual([{ type: "renamed", from: "Bob", to: "Robert" }]);
  }
  for (const each of [first, second, third]) room.remove(each, "");
  expect(framesOf(ann).at(-1)).toMatchObject({ type: "left", name: "Robert" });
});
