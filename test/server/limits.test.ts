// What one member may ask of a server, and the answers past the limits.

import { describe, expect, test } from "bun:test";

import { NOT_ADMITTED } from "../../src/chat/channel.ts";
import { encodeFrame } from "../../src/chat/frames.ts";
import type { MemberFrame } from "../../src/chat/member-frames.ts";
import { LIMITS } from "../../src/server/limits.ts";
import type { ServerState } from "../../src/server/server-state.ts";
import { until } from "../harness/until.ts";
import { limitedTo, NO_RATES, UNLIMITED } from "./rates.ts";
import {
  connect,
  connectDirectly,
  deviceOf,
  enter,
  enterFrame,
  openState,
  reasonOf,
  sayFrame,
  talk,
  type TestMember,
} from "./server-state.ts";
import { type VirtualClock, virtualClock } from "./virtual-clock.ts";

const rename = (request: number, name = `Bob ${request % 10}`): MemberFrame => ({
  type: "rename",
  request,
  name,
});

const DANCE = new TextEncoder().encode('{"type":"dance"}');

const search = (request: number, words = "entry"): MemberFrame => ({
  type: "history",
  request,
  count: 10,
  words,
});

/** A client sends these messages, and disconnects once the server has handled them or makes it wait. */
async function comeAndGo(
  client: TestMember,
  clock: VirtualClock,
  ...messages: Uint8Array[]
): Promise<void> {
  client.sayBytes(...messages);
  await clock.settle();
  client.channel.abort(0, "gone");
  await clock.settle();
}

/** Ann, the owner, and Bob, whom she has muted. */
async function enterAndMute(state: ServerState): Promise<[ann: TestMember, bob: TestMember]> {
  const ann = await enter(state, "Ann", { owner: true });
  const bob = await enter(state, "Bob");
  ann.say({ type: "mute", request: 1, name: "Bob", muted: true });
  await ann.until("done");
  return [ann, bob];
}

describe("sessions", () => {
  test("of one person are so many at a time, in a room or not, and the newest is refused", async () => {
    const clock = virtualClock();
    const state = openState({ limits: { ...UNLIMITED, sessionsPerPerson: 3 }, ...clock });
    const ann = await enter(state, "Ann");
    const more = [1, 2, 3].map(() => connect(state, "key of Ann"));
    expect(await Promise.race(more.map(({ channel }) => channel.ended))).toEqual({
      code: NOT_ADMITTED,
      reason: "you have 3 sessions with this server, as many as one person may",
    });
    const bob = await enter(state, "Bob");
    for (const { channel } of more) channel.abort(0, "");
    await clock.settle();
    const again = await enter(state, "Ann", { device: deviceOf("another") });
    again.say(sayFrame(1));
    for (const member of [ann, bob]) expect(await member.texts(1)).toEqual(["message 1"]);
  });

  test("of all who came by one invitation are so many, and others still get in", async () => {
    const state = openState({ limits: { ...UNLIMITED, sessionsPerInvitation: 5 } });
    const members = [];
    for (let key = 0; key < 5; key += 1) members.push(await enter(state, `Member-${key}`));
    expect(await reasonOf(connect(state, "one more"))).toBe(
      "as many people have come by your invitation as this server has room for",
    );
    const guest = connect(state, "key of a guest", false, null, "main");
    guest.say(enterFrame("Guest"), sayFrame(1));
    for (const member of members) expect(await member.texts(1)).toEqual(["message 1"]);
  });

  test("that enter no room within 10 s are closed with the reason, whatever else they send", async () => {
    const clock = virtualClock();
    const state = openState({ limits: UNLIMITED, ...clock });
    const ann = await enter(state, "Ann");
    const eve = connect(state, "key of Eve");
    for (let second = 0; second < 9; second += 1) {
      eve.sayBytes(DANCE);
      eve.say({ type: "look", request: second });
      await clock.pass(1_000);
    }
    expect(eve.of("seen")).toHaveLength(9);
    await clock.pass(1_000);
    expect(await reasonOf(eve)).toBe("no room was entered within 10 s");
    ann.say(sayFrame(1));
    expect(await ann.texts(1)).toEqual(["message 1"]);
  });

  test("that have ended while they were too fast count no more", async () => {
    const clock = virtualClock();
    const limits = limitedTo({ frame: { perSecond: 1, burst: 1 } });
    const state = openState({ limits: { ...limits, sessionsPerPerson: 3 }, ...clock });
    for (let count = 0; count < 10; count += 1) {
      const ann = connect(state, "key of Ann");
      await comeAndGo(ann, clock, DANCE, DANCE, DANCE);
      expect(await Promise.race([ann.channel.ended, Promise.resolve("waits")])).toEqual({
        code: 0,
        reason: "gone",
      });
    }
    expect(clock.now()).toBe(0);
  });

  test("that send much and enter no room are closed", async () => {
    const state = openState({ limits: LIMITS });
    const eve = connect(state, "key of Eve");
    eve.sayBytes(...Array.from({ length: 33 }, () => DANCE));
    expect(await reasonOf(eve)).toBe("too much was sent before enter");
  });

  test("that wait to enter because others were too fast are not closed", async () => {
    const clock = virtualClock();
    const limits = limitedTo({ enter: { perSecond: 0.05, burst: 1 } });
    const state = openState({ limits, ...clock });
    await enter(state, "Ann");
    const again = connect(state, "key of Ann");
    again.say(enterFrame("Ann", { device: deviceOf("another") }));
    await clock.pass(15_000);
    expect(again.of("welcome")).toEqual([]);
    await clock.pass(5_000);
    expect(again.of("welcome")).toHaveLength(1);
  });
});

describe("searches", () => {
  test("past the limit are answered with when to search again, and messages go on", async () => {
    let now = 0;
    const limits = limitedTo({ search: { perSecond: 0.5, burst: 2 } });
    const state = openState({ limits, now: () => now });
    await talk(state.log, 3);
    const ann = await enter(state, "Ann");
    ann.say(search(1), search(2), search(3), search(4), sayFrame(1));
    expect(await ann.until("failed", 2)).toEqual(
      [3, 4].map((request) => ({
        type: "failed",
        request,
        code: "REFUSED",
        message: "you have searched more often than this server allows",
        hint: "search again in 2 s",
      })),
    );
    expect(ann.of("found").map(({ request }) => request)).toEqual([1, 2]);
    await until("the message", () => ann.of("message").some(({ text }) => text === "message 1"));
    now = 2_000;
    ann.say(search(5), search(6));
    await ann.until("failed", 3);
    expect(ann.of("found").map(({ request }) => request)).toEqual([1, 2, 5]);
  });

  test("that are too short to be made do not count", async () => {
    const limits = limitedTo({ search: { perSecond: 0.5, burst: 1 } });
    const state = openState({ limits, now: () => 0 });
    await talk(state.log, 3);
    const ann = await enter(state, "Ann");
    ann.say(search(1, "?"), search(2, "!"), search(3), search(4));
    const failed = await ann.until("failed", 3);
    expect(failed.map(({ request, code }) => [request, code])).toEqual([
      [1, "SEARCH_TOO_SHORT"],
      [2, "SEARCH_TOO_SHORT"],
      [4, "REFUSED"],
    ]);
    expect(ann.of("found").map(({ request }) => request)).toEqual([3]);
  });

  test("do not count requests for history without words", async () => {
    const state = openState({ limits: limitedTo({ search: { perSecond: 0.5, burst: 1 } }) });
    const ann = await enter(state, "Ann");
    for (let request = 1; request <= 5; request += 1) {
      ann.say({ type: "history", request, count: 10 });
    }
    await ann.until("found", 5);
  });
});

describe("a person with several sessions", () => {
  test("has the searches of one", async () => {
    const clock = virtualClock();
    const state = openState({ limits: LIMITS, ...clock });
    await talk(state.log, 3);
    const windows = [];
    for (let window = 1; window <= 6; window += 1) {
      const device = deviceOf(`window-${window}`);
      windows.push(await enter(state, "Ann", { device }));
    }
    for (const window of windows) window.say(...[1, 2, 3, 4].map((request) => search(request)));
    await clock.settle();
    const answered = windows.map((window) => window.of("found").length);
    expect(answered.reduce((sum, count) => sum + count)).toBe(LIMITS.rates.search.person.burst);
    expect(windows.flatMap((window) => window.of("failed"))).toHaveLength(24 - 10);
  });

  test("has the frames of one, and waits past them, also for those of unknown types", async () => {
    const clock = virtualClock();
    const limits = limitedTo({ frame: { perSecond: 10, burst: 100 } });
    const state = openState({ limits, ...clock });
    const [ann, other] = [await enter(state, "Ann"), connect(state, "key of Ann")];
    ann.sayBytes(...Array.from({ length: 150 }, () => DANCE));
    ann.say({ type: "who", request: 1 });
    other.say({ type: "look", request: 1 });
    await clock.pass(5_000);
    expect([ann.of("people"), other.of("seen")].map(({ length }) => length)).toEqual([0, 1]);
    await clock.pass(500);
    expect(ann.of("people")).toHaveLength(1);
  });

  test("gets no more by connecting again", async () => {
    const clock = virtualClock();
    const limits = limitedTo({ frame: { perSecond: 1, burst: 10 } });
    const state = openState({ limits, ...clock });
    for (let count = 0; count < 20; count += 1) {
      await comeAndGo(connect(state, "key of Ann"), clock, DANCE, DANCE, DANCE);
    }
    const again = connect(state, "key of Ann");
    again.say({ type: "look", request: 1 });
    await clock.pass(5_000);
    expect(again.of("seen")).toEqual([]);
  });
});

test("a frame counts once for each 1,024 bytes that it begins", async () => {
  const clock = virtualClock();
  const limits = limitedTo({ frame: { perSecond: 1, burst: 11 } });
  const state = openState({ limits, ...clock });
  const ann = await enter(state, "Ann");
  ann.say(sayFrame(1, "x".repeat(10_000)), sayFrame(2));
  await clock.settle();
  expect(await state.log.last("main")).toBe(1);
  await clock.pass(1_000);
  expect(await state.log.last("main")).toBe(2);
});

test("a server that closes waits for nobody who is too fast", async () => {
  const clock = virtualClock();
  const limits = limitedTo({ frame: { perSecond: 1, burst: 1 } });
  const state = openState({ limits, ...clock });
  const { server } = connectDirectly(state, "key of Ann");
  const processed = server.onMessages(Array.from({ length: 100 }, () => DANCE));
  await clock.settle();
  state.startClosing();
  await processed;
  expect(clock.now()).toBe(0);
});

test("nobody is made to wait once the server has begun to close", async () => {
  const clock = virtualClock();
  const state = openState(clock);
  state.startClosing();
  using pause = state.pause(60_000);
  await pause.over;
  expect(clock.now()).toBe(0);
});

describe("throw-away keys of one invitation", () => {
  test("together say no more than the invitation allows, and somebody who was there goes on", async () => {
    const clock = virtualClock();
    const limit = {
      person: { perSecond: 1, burst: 20 },
      share: { perSecond: 1, burst: 5 },
      invitation: { perSecond: 1, burst: 100 },
    };
    const limits = { ...UNLIMITED, rates: { ...NO_RATES, frame: limit } };
    const state = openState({ limits, ...clock });
    const ann = await enter(state, "Ann");
    await clock.pass(10_000);
    const keys = [];
    for (let key = 0; key < 50; key += 1) keys.push(connect(state, `throw-away ${key}`));
    for (const key of keys) {
      key.say(
        ...Array.from({ length: 20 }, (_, index) => ({ type: "look", request: index }) as const),
      );
    }
    await clock.settle();
    const answered = keys.reduce((sum, key) => sum + key.of("seen").length, 0);
    expect(answered).toBe(100);
    ann.say(sayFrame(1));
    await clock.settle();
    expect(ann.of("message")).toHaveLength(1);
  });

  test("that each send one long frame and go away delay no newcomer", async () => {
    const clock = virtualClock();
    const state = openState({ limits: LIMITS, ...clock });
    const long = new TextEncoder().encode(
      JSON.stringify({ type: "x", padding: "y".repeat(65_000) }),
    );
    for (let key = 0; key < 1_500; key += 1) {
      const { channel, server } = connectDirectly(state, `throw-away ${key}`);
      void server.onMessages([long]);
      await Promise.resolve();
      channel.abort(0, "");
    }
    const ben = connect(state, "key of Ben");
    ben.say(enterFrame("Ben"), sayFrame(1));
    await clock.settle();
    expect(await ben.texts(1)).toEqual(["message 1"]);
  });

  test("give back what they waited for when they are gone", async () => {
    const clock = virtualClock();
    const limit = { ...LIMITS.rates.enter, invitation: { perSecond: 1, burst: 10 } };
    const state = openState({
      limits: { ...UNLIMITED, rates: { ...NO_RATES, enter: limit } },
      ...clock,
    });
    for (let key = 0; key < 60; key += 1) {
      const entering = encodeFrame(enterFrame(`Key-${key}`));
      await comeAndGo(connect(state, `throw-away ${key}`), clock, entering);
    }
    const ben = connect(state, "key of Ben");
    ben.say(enterFrame("Ben"));
    await clock.pass(1_000);
    expect(ben.of("welcome")).toHaveLength(1);
  });

  test("that take a name with every number behind it keep nobody of that name out", async () => {
    const state = openState();
    for (let number = 1; number <= 100; number += 1) {
      const name = number === 1 ? "ben" : `ben-${number}`;
      await state.log.claimName("main", name, `throw-away ${Math.ceil(number / 15)}`);
    }
    const key = "SHA256:q/W+e1r2t3y4u5i6";
    for (const device of ["one", "again"]) {
      const ben = await enter(state, "ben", { key, device: deviceOf(device) });
      expect(ben.of("welcome").map(({ name }) => name)).toEqual(["ben-qWe1r2t3"]);
    }
    const other = await enter(state, "ben", { key: "SHA256:another" });
    expect(other.of("welcome").map(({ name }) => name)).toEqual(["ben-another"]);
  });

  test("together search no more than the invitation allows", async () => {
    const clock = virtualClock();
    const state = openState({ limits: LIMITS, ...clock });
    await talk(state.log, 3);
    let found = 0;
    for (let key = 0; key < 20; key += 1) {
      const member = await enter(state, `Member-${key}`);
      member.say(...[1, 2, 3, 4, 5].map((request) => search(request)));
      await clock.settle();
      found += member.of("found").length;
    }
    expect(found).toBe(LIMITS.rates.search.invitation.burst);
  });
});

describe("lines on the screens of others", () => {
  test("by renaming come a few times a minute, and the member is told", async () => {
    const clock = virtualClock();
    const state = openState({ limits: LIMITS, ...clock });
    const [ann, bob] = [await enter(state, "Ann"), await enter(state, "Bob")];
    bob.say(...Array.from({ length: 100 }, (_, index) => rename(index)));
    await clock.settle();
    expect(ann.of("renamed")).toHaveLength(4);
    expect(bob.of("failed")[0]).toEqual({
      type: "failed",
      request: 4,
      code: "REFUSED",
      message: "you have changed your name more often than this server allows",
      hint: "try again in 20 s",
    });
    await clock.pass(20_000);
    bob.say(rename(200), rename(201));
    await clock.settle();
    expect(ann.of("renamed")).toHaveLength(5);
  });

  test("do not count attempts to take a name that somebody else has, but those cost what lists cost", async () => {
    const clock = virtualClock();
    const state = openState({ limits: LIMITS, ...clock });
    const [ann, bob] = [await enter(state, "Ann"), await enter(state, "Bob")];
    bob.say(...Array.from({ length: 60 }, (_, request) => rename(request, "Ann")));
    await clock.settle();
    expect(bob.of("failed")).toHaveLength(LIMITS.rates.list.person.burst);
    await clock.pass(20_000);
    expect(bob.of("failed").map(({ code }) => code)).toEqual(
      Array.from({ length: 60 }, () => "NAME_TAKEN"),
    );
    bob.say(...Array.from({ length: 5 }, (_, index) => rename(100 + index)));
    await clock.settle();
    expect(ann.of("renamed")).toHaveLength(LIMITS.rates.rename.person.burst);
    expect(bob.of("failed").at(-1)).toMatchObject({ request: 104, code: "REFUSED" });
  });

  test("by renaming do not come at all from a member that is muted", async () => {
    const clock = virtualClock();
    const state = openState({ limits: LIMITS, ...clock });
    const [ann, bob] = await enterAndMute(state);
    bob.say({ type: "rename", request: 2, name: "a word" });
    await clock.settle();
    expect(bob.of("failed").map(({ message }) => message)).toEqual([
      "you are muted in main, and keep your name",
    ]);
    expect(ann.of("renamed")).toEqual([]);
  });

  test("by coming under another name do not come from a member that is muted", async () => {
    const state = openState();
    const [ann, bob] = await enterAndMute(state);
    await bob.channel.close();
    const back = await enter(state, "Buy now", { key: "key of Bob", device: deviceOf("back") });
    expect(back.of("welcome").map(({ name }) => name)).toEqual(["Bob"]);
    expect((await ann.until("joined", 2)).map(({ name }) => name)).toEqual(["Bob", "Bob"]);
  });

  test("by keys that come and go by the hundred come a few a second, and of who is gone not at all", async () => {
    const clock = virtualClock();
    const limits = { ...UNLIMITED, announcements: LIMITS.announcements };
    const state = openState({ limits, ...clock });
    const ann = await enter(state, "Ann");
    for (let key = 0; key < 300; key += 1) {
      const entering = encodeFrame(enterFrame(`Key-${key}`));
      await comeAndGo(connect(state, `throw-away ${key}`), clock, entering);
    }
    // Ann herself was the first.
    expect(ann.of("joined")).toHaveLength(199);
    expect(ann.of("left")).toHaveLength(199);
    const bob = await enter(state, "Bob");
    const carl = await enter(state, "Carl");
    expect(carl.of("welcome")[0]?.members.map(({ name }) => name)).toEqual(["Ann", "Carl"]);
    bob.say({ type: "rename", request: 1, name: "Benno" }, sayFrame(1));
    expect(await ann.texts(1)).toEqual(["message 1"]);
    expect(bob.of("renamed")).toEqual([{ type: "renamed", from: "Bob", to: "Benno" }]);
    expect(ann.of("renamed")).toEqual([]);
    await clock.pass(500);
    expect(
      ann
        .of("joined")
        .slice(199)
        .map(({ name }) => name),
    ).toEqual(["Benno"]);
    await clock.pass(500);
    expect(
      ann
        .of("joined")
        .slice(200)
        .map(({ name }) => name),
    ).toEqual(["Carl"]);
    expect(carl.of("joined").map(({ name }) => name)).toEqual(["Benno"]);
    bob.channel.abort(0, "");
    await ann.until("left", 200);
  });

  test("by coming and going come a few times a minute", async () => {
    const clock = virtualClock();
    const state = openState({ limits: LIMITS, ...clock });
    const ann = await enter(state, "Ann");
    for (let count = 0; count < 40; count += 1) {
      await comeAndGo(connect(state, "key of Bob"), clock, encodeFrame(enterFrame("Bob")));
    }
    expect(ann.of("joined").length).toBe(LIMITS.rates.enter.person.burst);
    expect(ann.of("left").length).toBe(LIMITS.rates.enter.person.burst);
  });

  test("by falling silent and being heard again come a few times a minute", async () => {
    const clock = virtualClock();
    const state = openState({ limits: LIMITS, ...clock });
    const ann = await enter(state, "Ann");
    const { server } = connectDirectly(state, "key of Bob");
    await server.onMessages([encodeFrame(enterFrame("Bob"))]);
    for (let count = 0; count < 100; count += 1) {
      server.onSilent();
      server.onHeard();
    }
    await clock.settle();
    const away = ann.of("away").map((frame) => frame.away);
    expect(away).toEqual(Array.from({ length: 6 }, () => [true, false]).flat());
  });
});
