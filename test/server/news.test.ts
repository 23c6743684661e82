// What members learn of rooms that they are not in: at once, at most once a second, and only of rooms that they may see.

import { describe, expect, test } from "bun:test";

import { encodeFrame, type ServerFrame } from "../../src/chat/frames.ts";
import { CharlaError } from "../../src/errors.ts";
import { openMemoryLog } from "../../src/log/memory-log.ts";
import type { ServerState } from "../../src/server/server-state.ts";
import { FULL_SIZE } from "../harness/full-size.ts";
import {
  brokenLog,
  connect,
  deviceOf,
  enter,
  enterFrame,
  openState,
  reasonOf,
  sayFrame,
  talk,
  type TestMember,
} from "./server-state.ts";
import { virtualClock } from "./virtual-clock.ts";

type NewsFrame = Extract<ServerFrame, { type: "news" }>;

/** Members of the largest test. */
const CROWD = FULL_SIZE ? 1_000 : 100;

const watching = (...rooms: string[]) => ({
  type: "watch" as const,
  rooms: rooms.map((room) => ({ room })),
});
const roomsOf = (news: readonly NewsFrame[]) => news.map(({ rooms }) => rooms);
const ofLunch = (unread: number, mentions = 0, after = 0) => {
  return { room: "lunch", after, unread, mentions };
};

/** Bob is in `main` and watches `lunch`, where Ann is; the first news has come. */
async function open(options: Partial<ConstructorParameters<typeof ServerState>[0]> = {}) {
  const clock = virtualClock();
  const state = openState({ ...clock, ...options });
  const ann = await enter(state, "Ann", { room: "lunch", owner: true });
  const bob = await enter(state, "Bob");
  bob.say(watching("lunch"));
  await bob.until("news");
  bob.frames.length = 0;
  return { clock, state, ann, bob };
}

const ask = async (member: TestMember, frame: Parameters<TestMember["say"]>[0]) => {
  member.say(frame);
  await member.until("done");
};

describe("news of another room", () => {
  test("begins with how much is unread, also where that is nothing", async () => {
    const state = openState();
    await talk(state.log, 5, "lunch");
    const bob = await enter(state, "Bob");
    bob.say({ type: "watch", rooms: [{ room: "lunch", after: 3 }, { room: "tea" }] });
    expect(roomsOf(await bob.until("news"))).toEqual([
      [ofLunch(2, 0, 3), { room: "tea", after: 0, unread: 0, mentions: 0 }],
    ]);
  });

  test("comes at once, and then at most once a second, with all that was said until then", async () => {
    const { clock, ann, bob } = await open();
    ann.say(sayFrame(1));
    await clock.pass(0);
    expect(roomsOf(bob.of("news"))).toEqual([[ofLunch(1)]]);
    for (let number = 2; number <= 9; number += 1) {
      ann.say(sayFrame(number));
      await clock.pass(100);
    }
    expect(bob.of("news")).toHaveLength(1);
    await clock.pass(200);
    expect(roomsOf(bob.of("news"))).toEqual([[ofLunch(1)], [ofLunch(9)]]);
    await clock.pass(10_000);
    expect(bob.of("news")).toHaveLength(2);
  });

  test("is one frame for all rooms", async () => {
    const { clock, state, ann, bob } = await open();
    const eva = await enter(state, "Eva", { room: "tea" });
    bob.say(watching("lunch", "tea"));
    await bob.until("news");
    ann.say(sayFrame(1), sayFrame(2));
    eva.say(sayFrame(1));
    await clock.pass(0);
    expect(roomsOf(bob.of("news")).at(-1)).toEqual([
      ofLunch(2),
      { room: "tea", after: 0, unread: 1, mentions: 0 },
    ]);
  });

  test("says how many messages name the member, and what the newest of them begins with", async () => {
    const { clock, ann, bob } = await open();
    ann.say(
      sayFrame(1, "bob: soup?"),
      sayFrame(2, `@Bob ${"x".repeat(200)}`),
      sayFrame(3, "bobby"),
    );
    await clock.pass(0);
    expect(roomsOf(bob.of("news"))).toEqual([
      [{ ...ofLunch(3, 2), mention: { name: "Ann", text: `@Bob ${"x".repeat(95)}` } }],
    ]);
    ann.say(sayFrame(4));
    await clock.pass(1_000);
    expect(roomsOf(bob.of("news")).at(-1)).toEqual([ofLunch(4, 2)]);
  });

  test("counts by the name that the member has in that room", async () => {
    const clock = virtualClock();
    const state = openState(clock);
    const key = "key of Bob";
    const lunch = await enter(state, "Robert", { room: "lunch", key, device: deviceOf("lunch") });
    const ann = await enter(state, "Ann", { room: "lunch" });
    const bob = await enter(state, "Bob");
    bob.say(watching("lunch"));
    await bob.until("news");
    ann.say(sayFrame(1, "bob?"), sayFrame(2, "robert?"));
    await ann.texts(2);
    lunch.say({ type: "rename", request: 1, name: "Rob" });
    await lunch.until("done");
    await clock.settle();
    ann.say(sayFrame(3, "rob?"), sayFrame(4, "robert?"));
    await ann.texts(4);
    await clock.pass(1_000);
    expect(roomsOf(bob.of("news")).at(-1)).toEqual([
      { ...ofLunch(4, 2), mention: { name: "Ann", text: "rob?" } },
    ]);
  });

  test("counts none of the member's own messages, from another window or of before", async () => {
    const { clock, state, bob, ann } = await open();
    const device = deviceOf("lunch");
    const lunch = await enter(state, "Bob", { room: "lunch", key: "key of Bob", device });
    lunch.say(sayFrame(1), sayFrame(2, "I am Bob"));
    ann.say(sayFrame(3));
    await clock.pass(0);
    expect(roomsOf(bob.of("news"))).toEqual([[ofLunch(1)]]);
    bob.say({ type: "watch", rooms: [{ room: "lunch", after: 0 }] });
    await clock.settle();
    expect(roomsOf(bob.of("news")).at(-1)).toEqual([ofLunch(1)]);
  });

  test("also says who was named in the last 200 messages before, and who was named once is not again", async () => {
    const state = openState();
    const ann = await enter(state, "Ann", { room: "lunch" });
    ann.say(sayFrame(1, "bob: the first of 202"), sayFrame(2), sayFrame(3, "bob, the third"));
    for (let number = 4; number <= 202; number += 1) ann.say(sayFrame(number));
    await ann.texts(202);
    const bob = await enter(state, "Bob");
    bob.say({ type: "watch", rooms: [{ room: "lunch", after: 0 }] });
    const mention = { name: "Ann", text: "bob, the third" };
    expect(roomsOf(await bob.until("news"))).toEqual([[{ ...ofLunch(202, 1), mention }]]);
  });

  test("ends with another watch, and when the member leaves", async () => {
    const { clock, ann, bob, state } = await open();
    bob.say(watching());
    await clock.settle();
    ann.say(sayFrame(1));
    await clock.pass(2_000);
    expect(bob.of("news")).toEqual([]);
    bob.say(watching("lunch"));
    await bob.until("news");
    bob.say(enterFrame("Bob", { room: "tea" }));
    await bob.until("welcome");
    ann.say(sayFrame(2));
    await clock.pass(2_000);
    expect(bob.of("news")).toHaveLength(1);
    expect(state.rooms.has("tea")).toBe(true);
  });

  test("is not lost of messages that are stored while the log is read", async () => {
    const log = openMemoryLog({ now: () => 1_000, id: "log" });
    let reads = 0;
    const state = openState({
      log: {
        ...log,
        async last(room) {
          const last = await log.last(room);
          // Twice something is said right after that.
          if (room === "lunch" && reads < 2) {
            reads += 1;
            await talk(log, reads, room);
            await Bun.sleep(1);
          }
          return last;
        },
      },
    });
    const bob = await enter(state, "Bob");
    bob.say({ type: "watch", rooms: [{ room: "lunch", after: 0 }] });
    expect(roomsOf(await bob.until("news"))).toEqual([[ofLunch(2)]]);
  });

  test("says that nothing is unread when the room is deleted, and counts from the first message of one made anew", async () => {
    const { clock, state, bob, ann } = await open();
    ann.say(sayFrame(1), sayFrame(2, "Bob, are you there?"));
    await ann.texts(2);
    await clock.pass(1_000);
    expect(roomsOf(bob.of("news")).at(-1)).toMatchObject([ofLunch(2, 1)]);
    await state.deleteRoom("lunch", "Ann");
    await clock.pass(1_000);
    expect(roomsOf(bob.of("news")).at(-1)).toEqual([ofLunch(0, 0, 2)]);
    bob.frames.length = 0;
    await talk(state.log, 1, "lunch");
    await clock.pass(2_000);
    expect(roomsOf(bob.of("news"))).toEqual([[ofLunch(1, 0, 2)]]);
  });

  test("counts from there as well where a longer room was deleted meanwhile, whose numbers it goes on from", async () => {
    const { clock, state, bob } = await open();
    await talk(state.log, 7, "tea");
    await state.deleteRoom("lunch", "Ann").catch(() => {});
    await state.deleteRoom("tea", "Ann");
    await talk(state.log, 2, "lunch");
    await clock.pass(2_000);
    expect(roomsOf(bob.of("news")).at(-1)).toMatchObject([{ room: "lunch", unread: 2 }]);
  });

  test("ends with nothing unread for somebody who is kicked from the room", async () => {
    const { clock, state, bob, ann } = await open();
    await enter(state, "Bob", { room: "lunch", key: "key of Bob", device: deviceOf("lunch") });
    ann.say(sayFrame(1));
    await clock.pass(1_000);
    expect(roomsOf(bob.of("news")).at(-1)).toEqual([ofLunch(1)]);
    await ask(ann, { type: "kick", request: 1, name: "Bob" });
    expect(roomsOf(bob.of("news")).at(-1)).toEqual([ofLunch(0)]);
  });

  test("ends with nothing unread for a member who is locked out of the room, at once", async () => {
    const { clock, state, bob, ann } = await open();
    const device = deviceOf("lunch");
    const eva = await enter(state, "Eva");
    await enter(state, "Eva", { room: "lunch", key: "key of Eva", device });
    eva.say(watching("lunch"));
    await eva.until("news");
    ann.say(sayFrame(1));
    await clock.pass(1_000);
    expect(roomsOf(bob.of("news")).at(-1)).toEqual([ofLunch(1)]);
    await ask(ann, { type: "lock", request: 1, locked: true });
    expect(roomsOf(bob.of("news")).at(-1)).toEqual([ofLunch(0)]);
    // Eva was there, and may come back.
    expect(roomsOf(eva.of("news")).at(-1)).toEqual([ofLunch(1)]);
  });

  test("goes on when the room is unlocked, at once and from where it was read", async () => {
    const { clock, state, bob, ann } = await open();
    ann.say(sayFrame(1));
    await clock.pass(1_000);
    await ask(ann, { type: "lock", request: 1, locked: true });
    ann.say(sayFrame(2, "Bob, are you there?"));
    await clock.pass(2_000);
    expect(roomsOf(bob.of("news"))).toEqual([[ofLunch(1)], [ofLunch(0)]]);
    // Asked for while it is locked, it begins later.
    const eva = await enter(state, "Eva");
    eva.say(watching("lunch"));
    expect(roomsOf(await eva.until("news"))).toEqual([[]]);
    ann.say({ type: "lock", request: 2, locked: false });
    await ann.until("done", 2);
    await clock.pass(0);
    const mention = { name: "Ann", text: "Bob, are you there?" };
    expect(roomsOf(bob.of("news")).at(-1)).toEqual([{ ...ofLunch(2, 1), mention }]);
    // Nothing was said since she asked.
    expect(eva.of("news")).toHaveLength(1);
    ann.say(sayFrame(3));
    await clock.pass(1_000);
    expect(roomsOf(bob.of("news")).at(-1)).toEqual([ofLunch(3, 1)]);
    expect(roomsOf(eva.of("news")).at(-1)).toEqual([ofLunch(1, 0, 2)]);
  });

  test("goes on for somebody who becomes an operator, and for all when a locked room is deleted and made anew", async () => {
    const { clock, state, bob, ann } = await open();
    const eva = await enter(state, "Eva", { owner: true });
    await ask(ann, { type: "lock", request: 1, locked: true });
    ann.say(sayFrame(1));
    await clock.pass(1_000);
    expect(bob.of("news")).toEqual([]);
    await ask(eva, { type: "op", request: 1, name: "Bob", operator: true });
    await clock.pass(1_000);
    expect(roomsOf(bob.of("news"))).toEqual([[ofLunch(1)]]);
    eva.say({ type: "op", request: 2, name: "Bob", operator: false });
    await eva.until("done", 2);
    eva.say({ type: "delete", request: 3, room: "lunch" });
    await eva.until("done", 3);
    const anew = await enter(state, "Zoe", { room: "lunch" });
    anew.say(sayFrame(1));
    await clock.pass(2_000);
    expect(roomsOf(bob.of("news")).slice(1)).toEqual([
      [ofLunch(0)],
      [{ ...ofLunch(1), after: expect.any(Number) }],
    ]);
  });

  test("names all rooms first, also where something is said in one while the log of another is read", async () => {
    const log = openMemoryLog({ now: () => 1_000, id: "log" });
    const clock = virtualClock();
    const state = openState({
      ...clock,
      log: {
        ...log,
        async last(room) {
          if (room === "tea") {
            await talk(log, 1, "lunch");
            await clock.pass(10);
          }
          return log.last(room);
        },
      },
    });
    const bob = await enter(state, "Bob");
    bob.say(watching("lunch", "tea"));
    await bob.until("news");
    await clock.pass(2_000);
    expect(roomsOf(bob.of("news"))).toEqual([
      [ofLunch(1), { room: "tea", after: 0, unread: 0, mentions: 0 }],
    ]);
  });
});

describe("there is no news", () => {
  test("of the room that the member is in", async () => {
    const { clock, bob, ann } = await open();
    bob.say(watching("main", "lunch"));
    await clock.settle();
    expect(roomsOf(bob.of("news"))).toEqual([[ofLunch(0)]]);
    ann.say(sayFrame(1));
    await clock.pass(0);
    expect(roomsOf(bob.of("news")).at(-1)).toEqual([ofLunch(1)]);
  });

  test("for somebody whose invitation is for another room", async () => {
    const { clock, state, ann } = await open();
    const eve = connect(state, "key of Eve", false, null, "main");
    eve.say(enterFrame("Eve"), watching("lunch"));
    await eve.until("news");
    ann.say(sayFrame(1, "Eve"));
    await clock.pass(2_000);
    expect(roomsOf(eve.of("news"))).toEqual([[]]);
  });

  test("of a room that is locked for the member, from when it is", async () => {
    const { clock, state, bob, ann } = await open();
    await ask(ann, { type: "lock", request: 1, locked: true });
    ann.say(sayFrame(1, "Bob must not know"));
    await clock.pass(2_000);
    expect(bob.of("news")).toEqual([]);
    bob.say(watching("lunch"));
    await clock.settle();
    expect(roomsOf(bob.of("news"))).toEqual([[]]);
    // Operators see it.
    state.moderation.addOperator({ fingerprint: "key of Bob", name: "Bob" });
    bob.say(watching("lunch"));
    await clock.settle();
    expect(roomsOf(bob.of("news")).slice(1)).toEqual([[ofLunch(0, 0, 1)]]);
  });

  test("of a locked room any more for somebody who is no operator any more", async () => {
    const { clock, state, bob, ann } = await open();
    state.moderation.addOperator({ fingerprint: "key of Bob", name: "Bob" });
    await ask(ann, { type: "lock", request: 1, locked: true });
    ann.say(sayFrame(1));
    await clock.pass(2_000);
    expect(roomsOf(bob.of("news"))).toEqual([[ofLunch(1)]]);
    ann.say({ type: "op", request: 2, name: "key of Bob", operator: false });
    await ann.until("done", 2);
    expect(roomsOf(bob.of("news")).at(-1)).toEqual([ofLunch(0)]);
    ann.say(sayFrame(2));
    await clock.pass(2_000);
    expect(bob.of("news")).toHaveLength(2);
  });

  test("of a room from which the person was kicked, until they ask again", async () => {
    const { clock, state, bob, ann } = await open();
    await enter(state, "Bob", { room: "lunch", key: "key of Bob", device: deviceOf("lunch") });
    await ask(ann, { type: "kick", request: 1, name: "Bob" });
    ann.say(sayFrame(1, "Bob is gone"));
    await clock.pass(2_000);
    expect(bob.of("news")).toEqual([]);
  });

  test("for somebody who is banned", async () => {
    const { clock, state, bob, ann } = await open();
    state.ban({ fingerprint: "key of Bob", name: "Bob", by: "Ann", time: 1, room: "lunch" });
    ann.say(sayFrame(1, "Bob is gone"));
    await clock.pass(2_000);
    expect(bob.of("news")).toEqual([]);
  });

  test("where the store can't be read, and the session goes on", async () => {
    const failure = new CharlaError("STORE_DAMAGED", "damaged", "repair it");
    let fails = true;
    const log = brokenLog({});
    const state = openState({
      log: { ...log, first: async (room) => (fails ? Promise.reject(failure) : log.first(room)) },
    });
    const bob = await enter(state, "Bob");
    bob.say(watching("lunch"), { type: "rooms", request: 1 });
    await bob.until("rooms");
    expect(bob.of("news")).toEqual([]);
    fails = false;
    bob.say(watching("lunch"));
    expect(roomsOf(await bob.until("news"))).toEqual([[ofLunch(0)]]);
  });

  test("outside a room: the session ends", async () => {
    const eve = connect(openState(), "key of Eve");
    eve.say(watching("lunch"));
    expect(await reasonOf(eve)).toBe("watch was sent before enter");
  });
});

test("the news of 50 rooms with the longest names fits one message", () => {
  const room = { room: "𝒂".repeat(20), after: 1e9, unread: 1e9, mentions: 1e9 };
  const mention = { name: "𝒂".repeat(20), text: "\u0001".repeat(100) };
  const rooms = Array.from({ length: 50 }, () => ({ ...room, mention }));
  expect(encodeFrame({ type: "news", rooms }).length).toBeLessThan(65_536);
});

test(`for ${CROWD} members who watch 50 busy rooms, the server sends ${CROWD} frames a second`, async () => {
  const clock = virtualClock();
  const state = openState(clock);
  const rooms = Array.from({ length: 50 }, (_, place) => `room-${place}`);
  const members = await Promise.all(
    Array.from({ length: CROWD }, (_, place) =>
      enter(state, `guest-${place}`, { room: `home-${place % 20}` }),
    ),
  );
  for (const member of members) member.say(watching(...rooms));
  await Promise.all(members.map((member) => member.until("news")));
  await clock.pass(1_000);
  for (const member of members) member.frames.length = 0;
  let number = 0;
  const start = process.cpuUsage();
  for (let round = 0; round < 10; round += 1) {
    for (const room of rooms) {
      const draft = { author: "key of Ann", name: "Ann", device: deviceOf("Ann") };
      await state.log.append(room, { ...draft, number, text: `guest-${number}: hello` });
      number += 1;
    }
    await clock.pass(100);
  }
  const { user, system } = process.cpuUsage(start);
  // In µs of a processor, not of the clock: other tests use the machine too.
  expect(user + system).toBeLessThan(CROWD * 10_000);
  const news = members.flatMap((member) => member.of("news"));
  expect(news.length).toBeLessThanOrEqual(2 * CROWD);
  const last = members.map((member) => member.of("news").at(-1)?.rooms ?? []);
  expect(last.every((all) => all.length === 50)).toBe(true);
}, 60_000);
