// What members ask for beside talking, and what only the owner may do, without a network.

import { describe, expect, test } from "bun:test";

import { encodeFrame, type ServerFrame } from "../../src/chat/frames.ts";
import type { MemberFrame } from "../../src/chat/member-frames.ts";
import type { Log } from "../../src/log/log.ts";
import { openMemoryLog } from "../../src/log/memory-log.ts";
import { until } from "../harness/until.ts";
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

/** The answer to a request. */
async function ask(member: TestMember, frame: MemberFrame & { request: number }) {
  const { request } = frame;
  const find = () =>
    member.frames.find((answer) => "request" in answer && answer.request === request);
  member.say(frame);
  await until(`an answer to ${frame.type}`, () => find() !== undefined);
  return find();
}

test("who lists the members of the room, and whether they are away", async () => {
  const state = openState();
  const ann = await enter(state, "Ann");
  await enter(state, "Bob");
  await enter(state, "Carl", { room: "garden" });
  expect(await ask(ann, { type: "who", request: 5 })).toEqual({
    type: "people",
    request: 5,
    members: [
      { name: "Ann", fingerprint: "key of Ann", away: false },
      { name: "Bob", fingerprint: "key of Bob", away: false },
    ],
  });
});

test("rooms lists the rooms of the log, and how many members are there now", async () => {
  const state = openState();
  const ann = await enter(state, "Ann");
  await talk(state.log, 3, "garden");
  expect(await ask(ann, { type: "rooms", request: 6 })).toEqual({
    type: "rooms",
    request: 6,
    rooms: [
      { name: "main", entries: 0, members: 1 },
      { name: "garden", entries: 3, members: 0 },
    ],
  });
});

test("rooms counts people, not the windows that they have open", async () => {
  const state = openState();
  const ann = await enter(state, "Ann");
  await enter(state, "Ann", { device: "another-window-of-Ann-" });
  await enter(state, "Bob");
  expect(await ask(ann, { type: "rooms", request: 1 })).toMatchObject({
    rooms: [{ name: "main", members: 2 }],
  });
});

test("rooms lists for a guest of one room that room alone, and for the owner all", async () => {
  const state = openState();
  await talk(state.log, 2, "secret-plans");
  const guest = connect(state, "key of Bob", false, null, "garden");
  guest.say(enterFrame("Bob", { room: "garden" }));
  await guest.until("welcome");
  const list = await ask(guest, { type: "rooms", request: 1 });
  expect(list).toEqual({
    type: "rooms",
    request: 1,
    rooms: [{ name: "garden", entries: 0, members: 1 }],
  });
  const owner = connect(state, "key of Ann", true, null, "garden");
  owner.say(enterFrame("Ann", { room: "garden" }));
  await owner.until("welcome");
  const all = await ask(owner, { type: "rooms", request: 2 });
  expect(all?.type === "rooms" && all.rooms.map(({ name }) => name)).toEqual([
    "secret-plans",
    "garden",
  ]);
});

test("a guest of one room is refused in the same words whether or not another room exists, is locked or is full", async () => {
  const state = openState();
  await talk(state.log, 2, "secret-plans");
  const ann = await enter(state, "Ann", { owner: true, room: "secret-plans" });
  await ask(ann, { type: "lock", request: 1, locked: true });
  const reasons = [];
  for (const room of ["secret-plans", "not-there", "Secret-Plans", "secret-p1ans"]) {
    const guest = connect(state, "key of Bob", false, null, "garden");
    guest.say(enterFrame("Bob", { room }));
    reasons.push(await reasonOf(guest));
  }
  expect(reasons).toEqual([
    "your invitation is for the room garden, not for secret-plans",
    "your invitation is for the room garden, not for not-there",
    "your invitation is for the room garden, not for Secret-Plans",
    "your invitation is for the room garden, not for secret-p1ans",
  ]);
});

describe("a room whose name differs only in case from that of another", () => {
  test("is that room, for who enters and for the owner who deletes it", async () => {
    const state = openState();
    const ann = await enter(state, "Ann", { owner: true });
    const bob = await enter(state, "Bob", { room: "lunch" });
    const carl = await enter(state, "Carl", { room: "Ｌunch" });
    expect(carl.of("welcome")).toMatchObject([{ room: "lunch", members: [{ name: "Bob" }, {}] }]);
    carl.say(sayFrame(1));
    expect(await bob.texts(1)).toEqual(["message 1"]);
    // A client that had no answer in time asks again.
    carl.say(enterFrame("Carl", { room: "Ｌunch" }));
    await ask(carl, { type: "who", request: 1 });
    expect(carl.of("welcome")).toHaveLength(1);
    expect(await ask(ann, { type: "delete", request: 2, room: "LUNCH" })).toMatchObject({
      type: "done",
    });
    expect(await reasonOf(bob)).toBe("Ann has deleted the room lunch");
    const again = await enter(state, "Bob", { room: "Lunch" });
    expect(again.of("welcome")).toMatchObject([{ room: "Lunch" }]);
  });

  test("is one of its own where both are in the log since an earlier version", async () => {
    const state = openState();
    for (const room of ["Lunch", "lunch"]) await talk(state.log, room === "lunch" ? 2 : 1, room);
    for (const [room, last] of [
      ["Lunch", 1],
      ["lunch", 2],
    ] as const) {
      const bob = await enter(state, `Bob-${room}`, { room });
      expect(bob.of("welcome")).toMatchObject([{ room, last }]);
    }
  });

  test("is the one that an invitation for the other opens, where that is gone", async () => {
    const state = openState();
    await enter(state, "Ann", { room: "lunch" });
    const bob = connect(state, "key of Bob", false, null, "Lunch");
    bob.say(enterFrame("Bob", { room: "Lunch" }));
    expect(await bob.until("welcome")).toMatchObject([{ room: "lunch" }]);
    expect(await ask(bob, { type: "rooms", request: 1 })).toMatchObject({
      rooms: [{ name: "lunch" }],
    });
  });

  test("is not opened by an invitation for the other, where there is one", async () => {
    const state = openState();
    for (const room of ["Lunch", "lunch"]) await talk(state.log, 1, room);
    const bob = connect(state, "key of Bob", false, null, "Lunch");
    bob.say(enterFrame("Bob", { room: "lunch" }));
    expect(await reasonOf(bob)).toBe("your invitation is for the room Lunch, not for lunch");
  });

  test("is created once, by two who enter it at the same time", async () => {
    const state = openState();
    const members = await Promise.all([
      enter(state, "Bob", { room: "lunch" }),
      enter(state, "Carl", { room: "Lunch" }),
    ]);
    expect(new Set(members.map((member) => member.of("welcome")[0]?.room)).size).toBe(1);
  });

  test("is refused where it only looks like it", async () => {
    const state = openState();
    await enter(state, "Ann", { room: "lunch" });
    const bob = connect(state, "key of Bob");
    // A Cyrillic с.
    bob.say(enterFrame("Bob", { room: "lun\u0441h" }));
    expect(await reasonOf(bob)).toBe("lun\u0441h looks like the room lunch");
    expect((await state.log.rooms()).map(({ name }) => name)).toEqual(["lunch"]);
  });
});

const numbersIn = (answer: ServerFrame | undefined) =>
  answer?.type === "found" ? answer.entries.map(({ sequence }) => sequence) : [];

describe("history", () => {
  test("is the last entries, those before a sequence number, or those with the words, of this room alone", async () => {
    const state = openState();
    await talk(state.log, 30);
    await talk(state.log, 3, "garden");
    const ann = await enter(state, "Ann");
    const history = { type: "history", count: 3 } as const;
    expect(numbersIn(await ask(ann, { ...history, request: 1 }))).toEqual([28, 29, 30]);
    expect(numbersIn(await ask(ann, { ...history, request: 2, before: 10 }))).toEqual([7, 8, 9]);
    expect(numbersIn(await ask(ann, { ...history, request: 3, words: "entry 2" }))).toEqual([
      28, 29, 30,
    ]);
    expect(numbersIn(await ask(ann, { ...history, request: 5, words: "entry 27" }))).toEqual([27]);
    expect(numbersIn(await ask(ann, { ...history, request: 4, words: "garden" }))).toEqual([]);
  });

  test.each(["a", "a b c", "?!", ""])(
    "is refused for %j, which has no word of two letters or more",
    async (words) => {
      const state = openState();
      const ann = await enter(state, "Ann");
      expect(await ask(ann, { type: "history", request: 1, count: 3, words })).toEqual({
        type: "failed",
        request: 1,
        code: "SEARCH_TOO_SHORT",
        message: "a search needs a word of two letters or more",
        hint: "write the beginning of a word",
      });
    },
  );

  test("contains what the same member said right before, however long that takes to be stored", async () => {
    const memory = openMemoryLog({ now: () => 1_000 });
    const append: Log["append"] = async (room, draft) => {
      await new Promise((done) => setImmediate(done));
      return memory.append(room, draft);
    };
    const state = openState({ log: brokenLog({ ...memory, append }) });
    const ann = await enter(state, "Ann");
    ann.say(sayFrame(1), { type: "history", request: 1, count: 5 });
    expect(numbersIn((await ann.until("found"))[0])).toEqual([1]);
  });

  test("that does not fit one message is truncated to the newest entries", async () => {
    const state = openState();
    const ann = await enter(state, "Ann");
    for (let number = 1; number <= 20; number += 1)
      ann.say(sayFrame(number, "\u0001".repeat(2_000)));
    await ann.texts(20);
    const answer = await ask(ann, { type: "history", request: 1, count: 20 });
    if (answer === undefined) throw new Error("no answer");
    expect(encodeFrame(answer).length).toBeLessThan(65_536);
    expect(numbersIn(answer)).toEqual([16, 17, 18, 19, 20]);
  });
});

const renaming = (name: string) => ({ type: "rename", request: 1, name }) as const;

describe("rename", () => {
  test("is announced to everybody, and is the name of what is said from then on", async () => {
    const state = openState();
    const ann = await enter(state, "Ann");
    const bob = await enter(state, "Bob");
    expect(await ask(bob, renaming("Robert"))).toEqual({ type: "done", request: 1 });
    expect(await ann.until("renamed")).toEqual([{ type: "renamed", from: "Bob", to: "Robert" }]);
    bob.say(sayFrame(1));
    expect((await ann.until("message"))[0]?.name).toBe("Robert");
  });

  test("right before a message gives that the new name", async () => {
    const state = openState();
    const bob = await enter(state, "Bob");
    bob.say(sayFrame(1), renaming("Robert"), sayFrame(2));
    const said = await bob.until("message", 2);
    expect(said.map(({ name }) => name)).toEqual(["Bob", "Robert"]);
  });

  test.each(["аna", "ɑnа", "ᴀnᴀ", "сharla", "hіnt"])(
    "to %p, which looks like somebody else's or charla's own, fails",
    async (name) => {
      const state = openState();
      const ana = await enter(state, "ana");
      const bob = await enter(state, "Bob");
      expect(await ask(bob, renaming(name))).toMatchObject({ type: "failed", code: "NAME_TAKEN" });
      // Somebody who enters with it gets a number.
      const eve = await enter(state, name, { key: "key of Eve", device: deviceOf("Eve") });
      expect(eve.of("welcome")[0]?.name).toBe(`${name}-2`);
      expect(ana.of("renamed")).toEqual([]);
    },
  );

  test("to somebody else's name fails, also when they have left, whatever the case", async () => {
    const state = openState();
    const ann = await enter(state, "Ann");
    const carl = await enter(state, "Carl");
    await carl.channel.close();
    const bob = await enter(state, "Bob");
    expect(await ask(bob, renaming("ann"))).toEqual({
      type: "failed",
      request: 1,
      code: "NAME_TAKEN",
      hint: "choose another",
      message: 'the name "ann" is taken in main',
    });
    expect(await ask(bob, { ...renaming("Carl"), request: 2 })).toMatchObject({ type: "failed" });
    expect(ann.of("renamed")).toEqual([]);
  });

  describe("in one room", () => {
    const key = "key of Bob";
    const inLunch = { room: "lunch", device: deviceOf("lunch"), key };

    test("renames the person's windows with that name in other rooms, and is announced there", async () => {
      const state = openState();
      const bob = await enter(state, "Bob");
      const ann = await enter(state, "Ann", { room: "lunch" });
      const lunch = await enter(state, "Bob", inLunch);
      const other = await enter(state, "Robot", { ...inLunch, device: deviceOf("other") });
      expect(await ask(bob, renaming("Robert"))).toEqual({ type: "done", request: 1 });
      const renamed = [{ type: "renamed", from: "Bob", to: "Robert" }] as const;
      expect(await ann.until("renamed")).toEqual([...renamed]);
      expect(await lunch.until("renamed")).toEqual([...renamed]);
      lunch.say(sayFrame(1));
      other.say(sayFrame(2));
      const said = await ann.until("message", 2);
      expect(said.map(({ name }) => name)).toEqual(["Robert", "Robot"]);
    });

    test("leaves the name in a room where the new one is taken, and says so there", async () => {
      const state = openState();
      const bob = await enter(state, "Bob");
      await enter(state, "Robert", { room: "lunch" });
      const lunch = await enter(state, "Bob", inLunch);
      expect(await ask(bob, renaming("Robert"))).toEqual({ type: "done", request: 1 });
      expect(await lunch.until("notice")).toEqual([
        {
          type: "notice",
          code: "NAME_TAKEN",
          message: 'the name "Robert" is taken in lunch',
          hint: "choose another",
        },
      ]);
      lunch.say(sayFrame(1));
      expect((await lunch.until("message"))[0]?.name).toBe("Bob");
    });

    test("leaves the name in a room where the person is muted", async () => {
      const state = openState();
      const ann = await enter(state, "Ann", { room: "lunch", owner: true });
      const bob = await enter(state, "Bob");
      const lunch = await enter(state, "Bob", inLunch);
      ann.say({ type: "mute", request: 1, name: "Bob", muted: true });
      await ann.until("done");
      expect(await ask(bob, renaming("Robert"))).toEqual({ type: "done", request: 1 });
      ann.say({ type: "who", request: 2 });
      const [people] = await ann.until("people");
      expect(people?.members.map(({ name }) => name)).toEqual(["Ann", "Bob"]);
      expect(lunch.of("renamed")).toEqual([]);
    });
  });

  test("to the name of the person's other program succeeds", async () => {
    const state = openState();
    await enter(state, "Ann");
    const phone = await enter(state, "Phone", { key: "key of Ann" });
    expect(await ask(phone, renaming("Ann"))).toMatchObject({ type: "done" });
  });
});

describe("the owner and operators alone may", () => {
  test.each([
    ["kick", "kick", { type: "kick", request: 1, name: "Ann" }],
    ["ban", "ban", { type: "ban", request: 1, name: "Ann" }],
    ["unban", "lift bans", { type: "unban", request: 1, name: "Eve" }],
    ["bans", "list bans", { type: "bans", request: 1 }],
    ["invites", "list invitations", { type: "invites", request: 1 }],
    ["revoke", "close invitations", { type: "revoke", request: 1, number: 1 }],
    ["mute", "mute or unmute", { type: "mute", request: 1, name: "Ann", muted: true }],
    ["close", "end the conversation", { type: "close", request: 1 }],
    ["lock", "lock or unlock a room", { type: "lock", request: 1, locked: true }],
    ["op", "make operators", { type: "op", request: 1, name: "Ann", operator: true }],
    ["delete", "delete rooms", { type: "delete", request: 1, room: "garden" }],
    ["invite", "invite", { type: "invite", request: 1 }],
  ] as const)("%s", async (what, may, frame) => {
    const state = openState();
    const ann = await enter(state, "Ann");
    const bob = await enter(state, "Bob");
    expect(await ask(bob, frame)).toEqual({
      type: "failed",
      request: 1,
      code: "NOT_THE_OWNER",
      hint: "ask the owner to do it",
      message: `permission denied: only the owner${["close", "delete", "op"].includes(what) ? "" : " and operators"} may ${may}`,
    });
    ann.say(sayFrame(1));
    expect(await bob.texts(1)).toEqual(["message 1"]);
    expect([[...state.moderation.bans], state.moderation.isLocked("main")]).toEqual([[], false]);
  });

  test("kick: a person's programs in this room are disconnected with the reason, and may enter again", async () => {
    const state = openState();
    const ann = await enter(state, "Ann", { owner: true });
    const bob = await enter(state, "Bob");
    const phone = await enter(state, "Bob", { device: deviceOf("phone"), room: "garden" });
    expect(await ask(ann, { type: "kick", request: 1, name: "bob" })).toMatchObject({
      type: "done",
    });
    expect(await ann.until("left")).toEqual([
      { type: "left", name: "Bob", reason: "kicked by Ann" },
    ]);
    expect(await reasonOf(bob)).toBe("you were kicked by Ann");
    expect(await ask(phone, { type: "who", request: 1 })).toMatchObject({ type: "people" });
    await enter(state, "Bob");
    const carl = await enter(state, "Carl");
    await carl.channel.close();
    expect(await ask(ann, { type: "kick", request: 2, name: "Carl" })).toMatchObject({
      code: "NO_SUCH_MEMBER",
      message: "Carl is not in main",
    });
  });

  test("ban: all of a person's programs are disconnected with the reason, and cannot enter again", async () => {
    const state = openState();
    const ann = await enter(state, "Ann", { owner: true });
    const bob = await enter(state, "Bob");
    const phone = await enter(state, "Bob", { device: deviceOf("phone"), room: "garden" });
    expect(await ask(ann, { type: "ban", request: 1, name: "bob" })).toEqual({
      type: "banned",
      request: 1,
      name: "Bob",
      fingerprint: "key of Bob",
      closed: [],
    });
    expect(await ann.until("left")).toEqual([
      { type: "left", name: "Bob", reason: "banned by Ann" },
    ]);
    expect([await reasonOf(bob), await reasonOf(phone)]).toEqual([
      "you were banned by Ann",
      "you were banned by Ann",
    ]);
    const again = connect(state, "key of Bob");
    again.say(enterFrame("Robert"));
    expect(await reasonOf(again)).toBe("you are banned from this server");
  });

  test("kick and mute: only members, and not oneself", async () => {
    const state = openState();
    const ann = await enter(state, "Ann", { owner: true });
    expect(await ask(ann, { type: "kick", request: 1, name: "Eve" })).toEqual({
      type: "failed",
      request: 1,
      code: "NO_SUCH_MEMBER",
      hint: "/who lists the members",
      message: 'nobody in main is or was called "Eve"',
    });
    expect(await ask(ann, { type: "mute", request: 2, name: "Ann", muted: true })).toEqual({
      type: "failed",
      request: 2,
      code: "NO_SUCH_MEMBER",
      hint: "name somebody else; /who lists the members",
      message: "that is you",
    });
  });

  test("close: ends the conversation with the reason, once that was answered", async () => {
    const ends: string[] = [];
    const state = openState({ end: (reason) => void ends.push(reason) });
    const ann = await enter(state, "Ann", { owner: true });
    const bob = await enter(state, "Bob");
    expect(await ask(bob, { type: "close", request: 1 })).toMatchObject({ code: "NOT_THE_OWNER" });
    expect(ends).toEqual([]);
    expect(await ask(ann, { type: "close", request: 1 })).toEqual({ type: "done", request: 1 });
    await until("the end", () => ends.length > 0);
    expect(ends).toEqual(["Ann closed the conversation"]);
  });

  test("mute: messages are refused, also after entering again, until it is taken back", async () => {
    const state = openState();
    const ann = await enter(state, "Ann", { owner: true });
    const before = await enter(state, "Bob");
    await ask(ann, { type: "mute", request: 1, name: "Bob", muted: true });
    before.say(sayFrame(1));
    expect(await before.until("refused")).toMatchObject([{ number: 1, code: "MUTED" }]);
    await before.channel.close();
    const bob = await enter(state, "Bob");
    bob.say(sayFrame(2));
    expect(await bob.until("refused")).toMatchObject([{ number: 2, code: "MUTED" }]);
    await ask(ann, { type: "mute", request: 2, name: "Bob", muted: false });
    bob.say(sayFrame(3));
    expect(await ann.texts(1)).toEqual(["message 3"]);
  });

  test("lock: nobody but the owner can enter, until it is taken back", async () => {
    const state = openState();
    const ann = await enter(state, "Ann", { owner: true });
    await ask(ann, { type: "lock", request: 1, locked: true });
    await ann.channel.close();
    const bob = connect(state, "key of Bob");
    bob.say(enterFrame("Bob"));
    expect(await reasonOf(bob)).toBe("main is locked");
    const back = await enter(state, "Ann", { owner: true });
    await ask(back, { type: "lock", request: 2, locked: false });
    await enter(state, "Bob");
  });

  test("delete: the room's entries are gone, and its members disconnected with the reason", async () => {
    const state = openState();
    const ann = await enter(state, "Ann", { owner: true });
    const bob = await enter(state, "Bob", { room: "garden" });
    bob.say(...[1, 2, 3].map((number) => sayFrame(number)));
    await bob.texts(3);
    const frame = { type: "delete", request: 1, room: "garden" } as const;
    expect(await ask(ann, frame)).toEqual({ type: "done", request: 1 });
    expect(await reasonOf(bob)).toBe("Ann has deleted the room garden");
    expect((await state.log.rooms()).map(({ name }) => name)).toEqual(["main"]);
    const again = await enter(state, "Carl", { room: "garden" });
    again.say(sayFrame(1, "anew"));
    expect(await again.texts(1)).toEqual(["anew"]);
  });

  test("enter: a room that does not exist is not created for a client that wants an existing one", async () => {
    const state = openState();
    await enter(state, "Ann", { room: "Garden" });
    const bob = await enter(state, "Bob", { room: "garden", existing: true });
    expect(bob.of("welcome")).toMatchObject([{ room: "Garden" }]);
    const carl = connect(state, "key of Carl");
    carl.say(enterFrame("Carl", { room: "lunch", existing: true }));
    expect(await reasonOf(carl)).toBe("this server has no room lunch");
    expect((await state.log.rooms()).map(({ name }) => name)).toEqual(["Garden"]);
    expect([...(await state.quota.names())]).toEqual(["Garden"]);
  });

  test("delete: not the room that the owner is in, and none that there isn't", async () => {
    const state = openState();
    const ann = await enter(state, "Ann", { owner: true });
    expect(await ask(ann, { type: "delete", request: 1, room: "main" })).toEqual({
      type: "failed",
      request: 1,
      code: "REFUSED",
      message: "you are in main",
      hint: "/join another room first",
    });
    expect(await ask(ann, { type: "delete", request: 2, room: "garden" })).toEqual({
      type: "failed",
      request: 2,
      code: "NO_SUCH_ROOM",
      message: "this server has no room garden",
      hint: "/rooms lists the rooms",
    });
  });

  test("delete: what a member was saying meanwhile does not bring the room back", async () => {
    const state = openState();
    const ann = await enter(state, "Ann", { owner: true });
    const bob = await enter(state, "Bob", { room: "garden" });
    bob.say(...Array.from({ length: 50 }, (_, index) => sayFrame(index)));
    ann.say({ type: "delete", request: 1, room: "garden" });
    bob.say(...Array.from({ length: 50 }, (_, index) => sayFrame(index + 50)));
    await ann.until("done");
    await reasonOf(bob);
    expect((await state.log.rooms()).map(({ name }) => name)).toEqual(["main"]);
  });

  test("invite: with its uses and its time", async () => {
    const state = openState();
    const ann = await enter(state, "Ann", { owner: true });
    expect(await ask(ann, { type: "invite", request: 1, uses: 2, seconds: 60 })).toEqual({
      type: "invited",
      request: 1,
      invitation: "charla://main:2:60",
    });
    expect(await ask(ann, { type: "invite", request: 2 })).toMatchObject({
      invitation: "charla://main:0:0",
    });
  });
});
