// How many rooms a server has, and who may open another.

import { describe, expect, test } from "bun:test";

import type { MemberFrame } from "../../src/chat/member-frames.ts";
import { CharlaError } from "../../src/errors.ts";
import { openMemoryLog } from "../../src/log/memory-log.ts";
import { createRoomQuota } from "../../src/server/room-quota.ts";
import { cpuTime } from "../harness/cpu-time.ts";
import { rejection } from "../net/rejection.ts";
import { UNLIMITED } from "./rates.ts";
import {
  brokenLog,
  connect,
  enter,
  enterFrame,
  openState,
  reasonOf,
  sayFrame,
  talk,
} from "./server-state.ts";

/** Frames that enter these rooms, one after the other. */
const enterEach = (name: string, rooms: readonly string[]): MemberFrame[] =>
  rooms.map((room) => enterFrame(name, { room }));

describe("rooms", () => {
  const limits = { ...UNLIMITED, roomsPerMember: 3 };

  test("past those that one member may create are refused with the reason, whichever program asks", async () => {
    const state = openState({ limits });
    const ann = await enter(state, "Ann");
    ann.say(...enterEach("Ann", ["one", "two"]));
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
    ann.say(...enterEach("Ann", ["one", "two"]));
    await ann.until("welcome", 3);
    bob.say(...enterEach("Bob", ["one", "two", "three", "four", "five"]));
    await bob.until("welcome", 6);
  });

  test("that existed before the server started count for nobody", async () => {
    const state = openState({ limits });
    for (const room of ["one", "two", "three", "four"]) await talk(state.log, 1, room);
    const ann = await enter(state, "Ann");
    const rooms = ["one", "two", "three", "four", "five", "six"];
    ann.say(...enterEach("Ann", rooms));
    await ann.until("welcome", 7);
  });

  test("past those of one invitation are refused, however many keys are made", async () => {
    const state = openState({ limits: { ...UNLIMITED, roomsPerInvitation: 5 } });
    let created = 0;
    const reasons = [];
    for (let key = 0; key < 20; key += 1) {
      const member = connect(state, `throw-away ${key}`);
      member.say(enterFrame("Eve", { room: `room-${key}` }));
      const outcome = await Promise.race([member.until("welcome"), reasonOf(member)]);
      if (typeof outcome === "string") reasons.push(outcome);
      else created += 1;
    }
    expect(created).toBe(5);
    expect(reasons[0]).toBe(
      "people with your invitation have created 5 rooms, as many as this server allows; room-5 would be one more",
    );
    const owner = await enter(state, "Ann", { owner: true, room: "owners" });
    owner.say(sayFrame(1));
    expect(await owner.texts(1)).toEqual(["message 1"]);
  });

  test("that several keys create at the same time count as well", async () => {
    const state = openState({ limits: { ...UNLIMITED, roomsPerInvitation: 5 } });
    const members = Array.from({ length: 20 }, (_, key) => connect(state, `throw-away ${key}`));
    for (const [key, member] of members.entries()) {
      member.say(enterFrame("Eve", { room: `room-${key}` }));
    }
    await Promise.all(
      members.map((member) => Promise.race([member.until("welcome"), reasonOf(member)])),
    );
    expect(await state.log.rooms()).toHaveLength(5);
  });

  test("that could not be created count for nobody", async () => {
    const memory = openMemoryLog({ now: () => 1_000 });
    let isFull = true;
    const log = brokenLog({
      ...memory,
      claimName(...claim) {
        if (isFull) throw new CharlaError("STORE_FULL", "the disk is full", "make room");
        return memory.claimName(...claim);
      },
    });
    const state = openState({ log, limits: { ...limits, roomsPerMember: 1 } });
    const ann = connect(state, "key of Ann");
    ann.say(enterFrame("Ann", { room: "one" }));
    expect(await reasonOf(ann)).toBe("the server has no space left for messages");
    isFull = false;
    await enter(state, "Ann", { room: "two" });
  });

  const ONE_TOO_MANY =
    "you have created 1 rooms, as many as this server allows; lunch would be one more";
  test.each([
    ["claims a name in", 9, null],
    ["claims a name in", 1, ONE_TOO_MANY],
    ["has a name in", 9, null],
    ["has a name in", 1, ONE_TOO_MANY],
  ])(
    "that are deleted while somebody %s them count for that member, who may create %d",
    async (stage, roomsPerMember, reason) => {
      const memory = openMemoryLog({ now: () => 1_000 });
      const reached = Promise.withResolvers<void>();
      const deleted = Promise.withResolvers<void>();
      const pauseAt = async (here: string, room: string) => {
        if (room !== "lunch" || here !== stage) return;
        reached.resolve();
        await deleted.promise;
      };
      const log = brokenLog({
        ...memory,
        async claimName(room, ...claim) {
          await pauseAt("claims a name in", room);
          return memory.claimName(room, ...claim);
        },
        async last(room) {
          await pauseAt("has a name in", room);
          return memory.last(room);
        },
      });
      await talk(memory, 1, "lunch");
      const state = openState({ log, limits: { ...UNLIMITED, roomsPerMember } });
      const ann = await enter(state, "Ann", { room: "garden" });
      const owner = await enter(state, "Olga", { owner: true, room: "garden" });
      ann.say(enterFrame("Ann", { room: "lunch" }));
      await reached.promise;
      owner.say({ type: "delete", request: 1, room: "lunch" });
      await owner.until("done");
      deleted.resolve();
      const outcome = await Promise.race([ann.until("welcome", 2), reasonOf(ann)]);
      expect(typeof outcome === "string" ? outcome : null).toBe(reason);
      const rooms = reason === null ? ["garden", "lunch"] : ["garden"];
      expect((await memory.rooms()).map(({ name }) => name)).toEqual(rooms);
      expect([...(await state.quota.names())].toSorted()).toEqual(rooms);
      const holder = await memory.nameHolder("lunch", "Ann");
      expect(holder?.author ?? null).toBe(reason === null ? "key of Ann" : null);
    },
  );

  test("that one failed to create while another created it still count as created", async () => {
    const log = openMemoryLog({ now: () => 1_000 });
    const quota = createRoomQuota({
      log,
      limits: { roomsPerMember: 1, roomsPerInvitation: 9 },
      date: () => 1_000,
      isInUse: () => true,
    });
    const ann = { fingerprint: "key of Ann", invitation: "standing" };
    const bob = { fingerprint: "key of Bob", invitation: "standing" };
    const byAnn = await quota.enter("one", ann);
    const byBob = await quota.enter("one", bob);
    byAnn.end(false);
    byBob.end(true);
    expect((await quota.enter("one", bob)).isNew).toBe(false);
    expect(await rejection(quota.enter("two", ann))).toMatchObject({ code: "TOO_MANY_ROOMS" });
    const [first, second] = [await quota.enter("three", bob), await quota.enter("three", ann)];
    first.end(false);
    second.end(false);
    expect((await quota.enter("four", bob)).isNew).toBe(true);
  });

  test("in which nothing was said go when nobody has entered for a day, and count no more", async () => {
    const HOUR = 3_600_000;
    let date = 1_000 * HOUR;
    const log = openMemoryLog({ now: () => date });
    const state = openState({ log, limits: { ...UNLIMITED, roomsPerMember: 3 }, date: () => date });
    const names = async () => (await log.rooms()).map(({ name }) => name);
    const ann = await enter(state, "Ann", { room: "one" });
    ann.say(sayFrame(1), enterFrame("Ann", { room: "two" }), enterFrame("Ann", { room: "three" }));
    await ann.until("welcome", 3);
    date += 25 * HOUR;
    const bob = await enter(state, "Bob");
    // What was said stays, and so does the room that Ann is in.
    expect(await names()).toEqual(["one", "three", "main"]);
    date += 20 * HOUR;
    ann.say(enterFrame("Ann", { room: "four" }));
    await ann.until("welcome", 4);
    date += 23 * HOUR;
    bob.say(enterFrame("Bob", { room: "five" }));
    await bob.until("welcome", 2);
    expect(await names()).toEqual(["one", "four", "five"]);
  });

  test("in which somebody is muted stay, and their name means them in whatever case", async () => {
    let date = 1_000 * 3_600_000;
    const log = openMemoryLog({ now: () => date });
    const state = openState({ log, date: () => date });
    const ann = await enter(state, "Ann", { room: "Lunch" });
    state.moderation.mute("Lunch", { fingerprint: "key of Bob", name: "Bob" });
    await ann.channel.close();
    date += 25 * 3_600_000;
    await enter(state, "Carl");
    const bob = await enter(state, "Bob", { room: "lunch" });
    expect(bob.of("welcome")).toMatchObject([{ room: "Lunch", muted: true }]);
  });

  test("are not limited for the owner", async () => {
    const state = openState({ limits });
    const ann = await enter(state, "Ann", { owner: true });
    ann.say(...enterEach("Ann", ["one", "two", "three", "four"]));
    await ann.until("welcome", 5);
  });

  test("are compared with 200 others at no cost once these were compared", async () => {
    const log = openMemoryLog({ now: Date.now });
    for (let number = 0; number < 200; number += 1) {
      // Its compatible characters (NFKC) are 18.
      await log.claimName("\ufdfa".repeat(36) + number, "Ann", "key of Ann");
    }
    const state = openState({ log });
    const ann = await enter(state, "Ann", { owner: true });
    const before = cpuTime();
    ann.say(
      ...enterEach(
        "Ann",
        Array.from({ length: 50 }, (_, number) => `new-${number}`),
      ),
    );
    await ann.until("welcome", 51);
    // To find out by what all are compared takes 60 ms or more.
    expect(cpuTime() - before).toBeLessThan(500);
  });
});
