// What one member may ask of a server, and the answers past the limits.

import { describe, expect, test } from "bun:test";

import type { MemberFrame } from "../../src/chat/frames.ts";
import { LIMITS, TokenBucket } from "../../src/server/limits.ts";
import { until } from "../harness/until.ts";
import { enter, enterFrame, openState, reasonOf, sayFrame, talk } from "./server-state.ts";

const search = (request: number): MemberFrame => ({
  type: "history",
  request,
  count: 10,
  words: "entry",
});

describe("rooms", () => {
  const limits = { ...LIMITS, roomsPerMember: 3 };

  test("past those that one member may create are refused with the reason, whichever program asks", async () => {
    const state = openState({ limits });
    const ann = await enter(state, "Ann");
    ann.say(...["one", "two"].map((room) => enterFrame("Ann", { room })));
    await ann.until("welcome", 3);
    // Rooms that exist are not new.
    ann.say(enterFrame("Ann"), enterFrame("Ann", { room: "one" }));
    await ann.until("welcome", 5);
    const again = await enter(state, "Ann", { room: "two", device: "x".repeat(22) });
    again.say(enterFrame("Ann", { room: "three" }));
    expect(await reasonOf(again)).toBe(
      "you have created 3 rooms, as many as this server allows; three would be one more",
    );
    ann.say(sayFrame(1));
    await ann.texts(1);
    expect((await state.log.rooms()).map(({ name }) => name)).toEqual(["main", "one", "two"]);
  });

  test("count only for the member that has created them", async () => {
    const state = openState({ limits });
    const [ann, bob] = [await enter(state, "Ann"), await enter(state, "Bob")];
    ann.say(...["one", "two"].map((room) => enterFrame("Ann", { room })));
    await ann.until("welcome", 3);
    bob.say(...["one", "two", "three", "four", "five"].map((room) => enterFrame("Bob", { room })));
    await bob.until("welcome", 6);
  });

  test("that existed before the server started count for nobody", async () => {
    const state = openState({ limits });
    for (const room of ["one", "two", "three", "four"]) await talk(state.log, 1, room);
    const ann = await enter(state, "Ann");
    const rooms = ["one", "two", "three", "four", "five", "six"];
    ann.say(...rooms.map((room) => enterFrame("Ann", { room })));
    await ann.until("welcome", 7);
  });

  test("are not limited for the owner", async () => {
    const state = openState({ limits });
    const ann = await enter(state, "Ann", { owner: true });
    ann.say(...["one", "two", "three", "four"].map((room) => enterFrame("Ann", { room })));
    await ann.until("welcome", 5);
  });
});

describe("searches", () => {
  test("past the limit are answered with when to search again, and messages go on", async () => {
    let now = 0;
    const limits = { ...LIMITS, searchesPerSecond: 0.5, searchBurst: 2 };
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

  test("do not count requests for history without words", async () => {
    const state = openState({ limits: { ...LIMITS, searchBurst: 1 } });
    const ann = await enter(state, "Ann");
    for (let request = 1; request <= 5; request += 1) {
      ann.say({ type: "history", request, count: 10 });
    }
    await ann.until("found", 5);
  });
});

describe("a token bucket, in virtual time", () => {
  test("a burst is free, and then each token is earned a little later", () => {
    const bucket = new TokenBucket(20, 3, 1_000);
    const waits = [1, 2, 3, 4, 5].map(() => bucket.take(1_000));
    expect(waits).toEqual([0, 0, 0, 50, 100]);
  });

  test("what is owed is earned with time, and no more than a burst is saved", () => {
    const bucket = new TokenBucket(20, 3, 0);
    for (let count = 0; count < 5; count += 1) bucket.take(0);
    expect(bucket.take(100)).toBe(50);
    const later = [1, 2, 3, 4].map(() => bucket.take(1_000_000));
    expect(later).toEqual([0, 0, 0, 50]);
  });

  test("nobody waits who keeps to the rate", () => {
    const bucket = new TokenBucket(20, 1, 0);
    for (let now = 50; now <= 5_000; now += 50) expect(bucket.take(now)).toBe(0);
  });

  test("an attempt that finds no token owes none", () => {
    const bucket = new TokenBucket(0.5, 1, 0);
    expect([0, 0, 1_500, 2_000, 2_000].map((now) => bucket.tryTake(now))).toEqual([
      0, 2_000, 500, 0, 2_000,
    ]);
  });
});
