// Entering a room, talking there and leaving it, without a network.

import { describe, expect, test } from "bun:test";

import type { Channel } from "../../src/chat/channel.ts";
import { encodeFrame } from "../../src/chat/frames.ts";
import type { MemberFrame } from "../../src/chat/member-frames.ts";
import { CharlaError } from "../../src/errors.ts";
import type { Log } from "../../src/log/log.ts";
import { openMemoryLog } from "../../src/log/memory-log.ts";
import type { Limits } from "../../src/server/limits.ts";
import { localChannel } from "../../src/server/local-channel.ts";
import { MemberSession } from "../../src/server/member-session.ts";
import { until } from "../harness/until.ts";
import { limitedTo, UNLIMITED } from "./rates.ts";
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
  unused,
} from "./server-state.ts";
import { virtualClock } from "./virtual-clock.ts";

const STANDING = { id: "standing", room: null };
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const sequencesOf = (entries: readonly { sequence: number }[]) =>
  entries.map(({ sequence }) => sequence);

describe("entering", () => {
  test("is answered with the members and the end of the log, and with nothing else in an empty room", async () => {
    const state = openState();
    const ann = await enter(state, "Ann", { owner: true });
    expect(ann.frames).toEqual([
      {
        type: "welcome",
        room: "main",
        name: "Ann",
        owner: true,
        log: "log",
        last: 0,
        members: [{ name: "Ann", fingerprint: "key of Ann", away: false, owner: true }],
      },
    ]);
  });

  test("is announced to the members, and so is leaving", async () => {
    const state = openState();
    const ann = await enter(state, "Ann");
    const bob = await enter(state, "Bob");
    expect(bob.of("welcome")[0]?.members.map(({ name }) => name)).toEqual(["Ann", "Bob"]);
    expect(await ann.until("joined")).toEqual([
      { type: "joined", name: "Bob", fingerprint: "key of Bob", away: false },
    ]);
    await bob.channel.close();
    expect(await ann.until("left")).toEqual([{ type: "left", name: "Bob", reason: "" }]);
    expect(bob.of("joined")).toEqual([]);
  });

  test("is announced for the first program of a person, and leaving for the last one", async () => {
    const state = openState();
    const ann = await enter(state, "Ann");
    const bob = await enter(state, "Bob");
    const key = "key of Bob";
    const phone = await enter(state, "Bob-2", { key, device: deviceOf("phone") });
    await phone.channel.close();
    const other = await enter(state, "Bob", { key, device: deviceOf("other") });
    bob.say({ type: "rename", request: 1, name: "Benno" });
    await bob.until("done");
    await bob.channel.close();
    other.say(sayFrame(1));
    await ann.texts(1);
    expect(ann.of("joined").map(({ name }) => name)).toEqual(["Bob"]);
    expect(ann.of("left")).toEqual([]);
    expect([...bob.of("joined"), ...bob.of("left")]).toEqual([]);
    await other.channel.close();
    expect(await ann.until("left")).toEqual([{ type: "left", name: "Benno", reason: "" }]);
    await enter(state, "Bob");
    await ann.until("joined", 2);
  });

  test("with a second program that waits to be announced is announced once", async () => {
    const clock = virtualClock();
    const limits = { ...UNLIMITED, announcements: { perSecond: 1, burst: 1 } };
    const state = openState({ limits, ...clock });
    const ann = await enter(state, "Ann");
    const bob = await enter(state, "Bob");
    await enter(state, "Bob", { device: deviceOf("phone") });
    await clock.pass(5_000);
    await bob.channel.close();
    await clock.settle();
    expect(ann.of("joined").map(({ name }) => name)).toEqual(["Bob"]);
    expect(ann.of("left")).toEqual([]);
  });

  test("as one who leaves is not announced while the server closes", async () => {
    const state = openState();
    const ann = await enter(state, "Ann");
    const bob = await enter(state, "Bob");
    await ann.until("joined");
    state.startClosing();
    await bob.channel.close();
    await until("Bob gone", () => state.rooms.get("main")?.size === 1);
    await virtualClock().settle();
    expect(ann.of("left")).toEqual([]);
  });

  test("for the first time shows the last 20 entries", async () => {
    const state = openState();
    await talk(state.log, 25);
    const ann = await enter(state, "Ann");
    expect(sequencesOf(await ann.until("message", 20))).toEqual(upTo(25).slice(5));
    ann.say(sayFrame(1));
    expect((await ann.texts(21)).at(-1)).toBe("message 1");
  });

  test.each([
    [0, []],
    [2, [24, 25]],
    [100, upTo(25)],
  ])("for the first time with a history of %d shows so many", async (history, sequences) => {
    const state = openState();
    await talk(state.log, 25);
    const ann = await enter(state, "Ann", { history });
    ann.say(sayFrame(1));
    expect(sequencesOf(await ann.until("message", sequences.length + 1))).toEqual([
      ...sequences,
      26,
    ]);
  });

  test.each([
    ["in this log shows what came after it", { log: "log", sequence: 3 }, [4, 5]],
    ["at the end of this log shows nothing", { log: "log", sequence: 5 }, []],
    ["beyond the end of this log shows nothing", { log: "log", sequence: 900 }, []],
    ["in another log shows the last entries", { log: "other", sequence: 3 }, [1, 2, 3, 4, 5]],
  ])("with a cursor %s", async (_, after, sequences) => {
    const state = openState();
    await talk(state.log, 5);
    const bob = await enter(state, "Bob");
    const ann = await enter(state, "Ann", { after });
    bob.say(sayFrame(1));
    expect(sequencesOf(await ann.until("message", sequences.length + 1))).toEqual([
      ...sequences,
      6,
    ]);
  });

  test("a new room, ten members at once are all in the same one", async () => {
    const state = openState();
    const names = upTo(10).map((number) => `Member-${number}`);
    const members = await Promise.all(names.map((name) => enter(state, name)));
    members[3]?.say(sayFrame(1));
    for (const member of members) expect(await member.texts(1)).toEqual(["message 1"]);
    expect(state.rooms.get("main")?.size).toBe(10);
  });

  test("while the last member leaves, or another is refused, leads to the room that others will find", async () => {
    const claims: PromiseWithResolvers<void>[] = [];
    const memory = openMemoryLog({ now: () => 1_000 });
    const log = brokenLog({
      ...memory,
      async claimName(room, name, author) {
        const claim = Promise.withResolvers<void>();
        claims.push(claim);
        await claim.promise;
        return memory.claimName(room, name, author);
      },
    });
    const state = openState({ log });
    state.ban({ fingerprint: "key of Eve", name: "Eve", by: "Ann", time: 0 });
    const ann = connect(state, "key of Ann");
    ann.say(enterFrame("Ann"));
    await until("Ann about to enter", () => claims.length === 1);
    const bob = connect(state, "key of Bob");
    bob.say(enterFrame("Bob"));
    await until("Bob about to enter", () => claims.length === 2);
    claims[0]?.resolve();
    await ann.until("welcome");
    await ann.channel.close();
    const eve = connect(state, "key of Eve");
    eve.say(enterFrame("Eve"));
    await reasonOf(eve);
    const carl = connect(state, "key of Carl");
    carl.say(enterFrame("Carl"));
    await until("Carl about to enter", () => claims.length === 3);
    claims[1]?.resolve();
    claims[2]?.resolve();
    await carl.until("welcome");
    await bob.until("welcome");
    expect(state.rooms.get("main")?.size).toBe(2);
  });

  test("leaves nobody behind when the client is gone before it is done", async () => {
    const claim = Promise.withResolvers<"yours">();
    let claimed = false;
    const log = brokenLog({
      claimName() {
        claimed = true;
        return claim.promise;
      },
    });
    const state = openState({ log });
    const ann = connect(state, "key of Ann");
    ann.say(enterFrame("Ann"));
    await until("Ann about to enter", () => claimed);
    ann.channel.abort(0, "");
    claim.resolve("yours");
    await unused(state);
  });

  test("again with the same program replaces the one whose connection was lost", async () => {
    const state = openState();
    const ann = await enter(state, "Ann");
    const lost = await enter(state, "Bob");
    const back = await enter(state, "Bob");
    expect(await reasonOf(lost)).toBe("the same program has entered again");
    expect(back.of("welcome")[0]?.members.map(({ name }) => name)).toEqual(["Ann", "Bob"]);
    await ann.until("joined", 2);
    expect(ann.frames.slice(1).map(({ type }) => type)).toEqual(["joined", "left", "joined"]);
    const phone = await enter(state, "Bob", { device: deviceOf("phone") });
    expect(phone.of("welcome")[0]?.members).toHaveLength(3);
  });

  test("twice, because no answer came in time, is entering once", async () => {
    const state = openState();
    const ann = await enter(state, "Ann");
    const bob = connect(state, "key of Bob");
    bob.say(enterFrame("Bob"), enterFrame("Bob"), sayFrame(1));
    await bob.texts(1);
    expect(bob.of("welcome")).toHaveLength(1);
    await ann.texts(1);
    expect(ann.of("joined")).toHaveLength(1);
    expect(ann.of("left")).toEqual([]);
  });

  test("another room leaves the one before", async () => {
    const state = openState();
    const ann = await enter(state, "Ann");
    const bob = await enter(state, "Bob");
    bob.say(sayFrame(1, "here"), enterFrame("Bob", { room: "garden" }), sayFrame(2, "there"));
    await bob.until("welcome", 2);
    expect(await ann.until("left")).toEqual([{ type: "left", name: "Bob", reason: "" }]);
    await until("Bob's word", () => bob.of("message").some(({ text }) => text === "there"));
    const textsIn = async (room: string) =>
      (await state.log.read(room, 0, 10)).map(({ text }) => text);
    expect([await textsIn("main"), await textsIn("garden")]).toEqual([["here"], ["there"]]);
  });

  test("is refused when the log fails", async () => {
    const full = new CharlaError("STORE_FULL", "the disk is full", "make room");
    const state = openState({ log: brokenLog({ claimName: () => Promise.reject(full) }) });
    const ann = connect(state, "key of Ann");
    ann.say(enterFrame("Ann"));
    expect(await reasonOf(ann)).toBe("the server has no space left for messages");
    expect(state.rooms.size).toBe(0);
  });

  test("a room with more members than fit one message is answered with as many as fit", async () => {
    const state = openState();
    for (let number = 1; number <= 620; number += 1) {
      const name = `Member-${number}`.padEnd(30, "-x");
      const member = connect(state, `key of member ${number}`.padEnd(43, "."));
      // Nobody decodes what 620 people hear of 620 others.
      member.channel.receive({ onMessages() {} });
      member.say(enterFrame(name));
    }
    await until("everybody", () => state.rooms.get("main")?.size === 620);
    const last = await enter(state, "Last");
    const [welcome] = last.of("welcome");
    if (welcome === undefined) throw new Error("no welcome");
    expect(encodeFrame(welcome).length).toBeLessThan(65_536);
    expect(welcome.members.length).toBeGreaterThan(500);
  });
});

describe("names", () => {
  test("that another key holds get a number, also when that one is away", async () => {
    const state = openState();
    const ann = await enter(state, "Ann");
    const other = await enter(state, "ANN", { key: "another key" });
    expect(other.of("welcome")[0]?.name).toBe("ANN-2");
    await ann.channel.close();
    const third = await enter(state, "Ann", { key: "a third key" });
    expect(third.of("welcome")[0]?.name).toBe("Ann-3");
  });

  test("are given back to the key that had them", async () => {
    const state = openState();
    const ann = await enter(state, "Ann");
    await ann.channel.close();
    await unused(state);
    const again = await enter(state, "Ann");
    expect(again.of("welcome")[0]?.name).toBe("Ann");
  });
});

describe("what is said", () => {
  test("comes to everybody in the same order, also to the sender", async () => {
    const state = openState();
    const members = await Promise.all(["Ann", "Bob", "Carl"].map((name) => enter(state, name)));
    for (let number = 1; number <= 20; number += 1) {
      for (const member of members) member.say(sayFrame(number));
    }
    const seen = await Promise.all(members.map((member) => member.until("message", 60)));
    expect(sequencesOf(seen[0] ?? [])).toEqual(upTo(60));
    expect(seen[1]).toEqual(seen[0] ?? []);
    expect(seen[2]).toEqual(seen[0] ?? []);
    const [first] = seen[0] ?? [];
    expect(first).toEqual({
      type: "message",
      sequence: 1,
      time: 1_000,
      author: "key of Ann",
      name: "Ann",
      device: deviceOf("Ann"),
      number: 1,
      text: "message 1",
    });
  });

  test("twice with the same number is stored once", async () => {
    const state = openState();
    const ann = await enter(state, "Ann");
    ann.say(sayFrame(1, "hello"), sayFrame(1, "hello"), sayFrame(2, "end"));
    expect(await ann.texts(2)).toEqual(["hello", "end"]);
    expect(await state.log.last("main")).toBe(2);
  });

  test("is told to the sender as stored up to a number, beside the messages, until something is refused", async () => {
    const state = openState();
    const ann = await enter(state, "Ann", { owner: true });
    const [channel, own] = localChannel();
    const notes: string[] = [];
    const server: Channel = { ...own, note: (bytes) => void notes.push(decode(bytes)) };
    const client = { owner: false, fingerprint: "key of Bob", invitation: STANDING };
    own.receive(new MemberSession(state, { ...client, channel: server, address: () => null }));
    channel.receive({ onMessages() {} });
    const say = (...frames: MemberFrame[]) => void channel.sayAll(frames.map(encodeFrame));
    say(enterFrame("Bob"), sayFrame(4), sayFrame(7));
    await ann.texts(2);
    await until("the notes", () => notes.length === 2);
    expect(notes).toEqual(["[4,1]", "[7,2]"]);
    ann.say({ type: "mute", request: 1, name: "Bob", muted: true });
    await ann.until("done");
    say(sayFrame(8));
    ann.say({ type: "mute", request: 2, name: "Bob", muted: false });
    await ann.until("done", 2);
    say(sayFrame(9));
    await ann.texts(3);
    expect(notes).toHaveLength(2);
  });

  test("again after it was stored in an earlier session is sent to the sender, and to nobody else", async () => {
    const state = openState();
    const bob = await enter(state, "Bob");
    const lost = await enter(state, "Ann");
    lost.say(sayFrame(1, "hello"));
    await bob.texts(1);
    const ann = await enter(state, "Ann", { after: { log: "log", sequence: 1 } });
    ann.say(sayFrame(1, "hello"), sayFrame(2, "end"));
    expect(await ann.texts(2)).toEqual(["hello", "end"]);
    expect(await bob.texts(2)).toEqual(["hello", "end"]);
  });

  test("is refused when the log cannot store it", async () => {
    const full = new CharlaError("STORE_FULL", "the disk is full", "make room");
    const state = openState({ log: brokenLog({ append: () => Promise.reject(full) }) });
    const ann = await enter(state, "Ann");
    ann.say(sayFrame(7), { type: "who", request: 1 });
    expect(await ann.until("refused")).toEqual([
      {
        type: "refused",
        number: 7,
        code: "STORE_FULL",
        message: "the server has no space left for messages",
      },
    ]);
    await ann.until("people");
  });

  test("too fast is slowed, in order and without loss", async () => {
    const limits = limitedTo({ frame: { perSecond: 1_000, burst: 5 } });
    const state = openState({ limits });
    const ann = await enter(state, "Ann");
    const start = performance.now();
    ann.say(...upTo(100).map((number) => sayFrame(number)));
    const seen = await ann.texts(100);
    expect(performance.now() - start).toBeGreaterThan(90);
    expect(seen).toEqual(upTo(100).map((number) => `message ${number}`));
  });

  test("too fast before going to another room is said in the one before", async () => {
    const limits = limitedTo({ frame: { perSecond: 1_000, burst: 2 } });
    const state = openState({ limits });
    const ann = await enter(state, "Ann");
    ann.say(...upTo(10).map((number) => sayFrame(number)), enterFrame("Ann", { room: "garden" }));
    await ann.until("welcome", 2);
    expect([await state.log.last("main"), await state.log.last("garden")]).toEqual([10, 0]);
  });

  test("too fast is not waited for once the client is gone", async () => {
    const limits = limitedTo({ frame: { perSecond: 100, burst: 2 } });
    const state = openState({ limits });
    const ann = await enter(state, "Ann");
    ann.say(...upTo(1_000).map((number) => sayFrame(number)));
    await ann.texts(3);
    ann.channel.abort(0, "");
    await unused(state);
    expect(await state.log.last("main")).toBeLessThan(10);
  });
});

describe("frames", () => {
  test("that are malformed end that channel with the reason, and the room goes on", async () => {
    const state = openState();
    const ann = await enter(state, "Ann");
    const bob = await enter(state, "Bob");
    bob.sayBytes(new TextEncoder().encode('{"type":"say","number":-1,"text":"x"}'));
    expect(await reasonOf(bob)).toBe("say: number is not valid");
    await ann.until("left");
    ann.say(sayFrame(1));
    expect(await ann.texts(1)).toEqual(["message 1"]);
  });

  test("of unknown types are ignored", async () => {
    const state = openState();
    const ann = await enter(state, "Ann");
    ann.sayBytes(new TextEncoder().encode('{"type":"dance","steps":3}'));
    ann.say(sayFrame(1));
    expect(await ann.texts(1)).toEqual(["message 1"]);
  });

  test.each([
    ["say", sayFrame(1)],
    ["who", { type: "who", request: 1 } as const],
    ["kick", { type: "kick", request: 1, name: "Ann" } as const],
  ])("of the type %s before enter end the channel", async (type, frame) => {
    const state = openState();
    const ann = await enter(state, "Ann");
    const eve = connect(state, "key of Eve", true);
    eve.say(frame);
    expect(await reasonOf(eve)).toBe(`${type} was sent before enter`);
    expect(await state.log.last("main")).toBe(0);
    expect(ann.frames).toHaveLength(1);
  });
});

describe("a member that does not read", () => {
  /** More than a channel holds, so that there is no room. */
  const MANY = 3_000;

  /** A room in which Ann says so many messages; Slow reads none of them before `readOn` is called. */
  async function talkToSlow(limits: Limits) {
    const state = openState({ limits });
    const ann = await enter(state, "Ann");
    const slow = await enter(state, "Slow");
    const { promise, resolve: readOn } = Promise.withResolvers<void>();
    slow.stop(promise);
    for (const number of upTo(MANY)) ann.say(sayFrame(number));
    return { ann, slow, readOn };
  }

  test("is disconnected after a while with the reason, and slows nobody", async () => {
    // Ann, in this process, reads within that even on a busy machine.
    const { ann, slow, readOn } = await talkToSlow({ ...UNLIMITED, unreadFor: 2_000 });
    expect(await ann.texts(MANY)).toHaveLength(MANY);
    // Though it is still busy with what it has.
    await until("it is disconnected", () => slow.channel.sayAll([]) === false);
    readOn();
    expect(await reasonOf(slow)).toBe("you left your messages unread for 2 s");
    await ann.until("left");
  });

  test("gets everything, in order, when it reads on in time", async () => {
    const { ann, slow, readOn } = await talkToSlow(UNLIMITED);
    await ann.texts(MANY);
    slow.stop(Promise.resolve());
    readOn();
    expect(sequencesOf(await slow.until("message", MANY))).toEqual(upTo(MANY));
  });

  test("and goes on asking gets no more answers, and is disconnected", async () => {
    const limits = { ...UNLIMITED, unreadFor: 50 };
    let asked = 0;
    const memory = openMemoryLog({ now: () => 1_000 });
    const rooms: Log["rooms"] = async () => {
      asked += 1;
      return memory.rooms();
    };
    const state = openState({ limits, log: brokenLog({ ...memory, rooms }) });
    const eve = await enter(state, "Eve");
    const goesOn = Promise.withResolvers<void>();
    eve.stop(goesOn.promise);
    for (let request = 1; request <= 10_000; request += 1) eve.say({ type: "rooms", request });
    await until("it is disconnected", () => eve.channel.sayAll([]) === false);
    goesOn.resolve();
    expect(await reasonOf(eve)).toBe("you left your messages unread for 0.05 s");
    expect(asked).toBeLessThan(2_000);
  });
});

test("a server that closes reads nothing more, so that its members' channels run empty", async () => {
  const state = openState();
  const ann = await enter(state, "Ann");
  ann.say(sayFrame(1));
  await ann.texts(1);
  state.startClosing();
  ann.say(sayFrame(2));
  await ann.channel.close();
  expect(sequencesOf(await state.log.read("main", 0, 10))).toEqual([1]);
});
