// What one member may ask of a server, and what is said to who asks for more.

import { describe, expect, test } from "bun:test";

import type { MemberFrame } from "../../src/chat/frames.ts";
import { LIMITS } from "../../src/server/limits.ts";
import { until } from "../harness/until.ts";
import { come, entering, openHouse, reasonOf, saying, talk } from "./server-state.ts";

const search = (request: number): MemberFrame => ({
  type: "history",
  request,
  count: 10,
  words: "entry",
});

describe("rooms", () => {
  const limits = { ...LIMITS, roomsPerMember: 3 };

  test("past those that one member may make are refused with the reason, whichever way it comes", async () => {
    const house = openHouse({ limits });
    const ann = await come(house, "Ann");
    ann.say(...["one", "two"].map((room) => entering("Ann", { room })));
    await ann.until("welcome", 3);
    // Those that are there already are nothing new.
    ann.say(entering("Ann"), entering("Ann", { room: "one" }));
    await ann.until("welcome", 5);
    const again = await come(house, "Ann", { room: "two", device: "x".repeat(22) });
    again.say(entering("Ann", { room: "three" }));
    expect(await reasonOf(again)).toBe("you have made 3 rooms, and three would be one more");
    ann.say(saying(1));
    await ann.texts(1);
    expect((await house.log.rooms()).map(({ name }) => name)).toEqual(["main", "one", "two"]);
  });

  test("of others count for nobody else", async () => {
    const house = openHouse({ limits });
    const [ann, bob] = [await come(house, "Ann"), await come(house, "Bob")];
    ann.say(...["one", "two"].map((room) => entering("Ann", { room })));
    await ann.until("welcome", 3);
    bob.say(...["one", "two", "three", "four", "five"].map((room) => entering("Bob", { room })));
    await bob.until("welcome", 6);
  });

  test("that were there before the server was started were made by nobody", async () => {
    const house = openHouse({ limits });
    for (const room of ["one", "two", "three", "four"]) await talk(house.log, 1, room);
    const ann = await come(house, "Ann");
    const rooms = ["one", "two", "three", "four", "five", "six"];
    ann.say(...rooms.map((room) => entering("Ann", { room })));
    await ann.until("welcome", 7);
  });

  test("are the owner's to make", async () => {
    const house = openHouse({ limits });
    const ann = await come(house, "Ann", { owner: true });
    ann.say(...["one", "two", "three", "four"].map((room) => entering("Ann", { room })));
    await ann.until("welcome", 5);
  });
});

describe("searches", () => {
  test("that are too many are answered with when to search again, and talk goes on", async () => {
    let now = 0;
    const limits = { ...LIMITS, searchesPerSecond: 0.5, searchBurst: 2 };
    const house = openHouse({ limits, now: () => now });
    await talk(house.log, 3);
    const ann = await come(house, "Ann");
    ann.say(search(1), search(2), search(3), search(4), saying(1));
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

  test("do not count where nothing is searched for", async () => {
    const house = openHouse({ limits: { ...LIMITS, searchBurst: 1 } });
    const ann = await come(house, "Ann");
    for (let request = 1; request <= 5; request += 1) {
      ann.say({ type: "history", request, count: 10 });
    }
    await ann.until("found", 5);
  });
});
