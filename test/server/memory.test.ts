// The memory of a server, over the sealed wire: past it the newest is refused, and those who are in go on.

import { expect, test } from "bun:test";

import { joinRoom } from "../../src/client/join-room.ts";
import { openMemoryLog } from "../../src/log/memory-log.ts";
import { RESERVED } from "../../src/protocol/session/memory.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { until } from "../harness/until.ts";
import { outcomeOf } from "./admitting.ts";
import { joinRaw } from "./raw-member.ts";
import { entered, openHere, SERVER_LIMITS, shownTo } from "./served.ts";
import { deviceOf } from "./server-state.ts";

test(
  "with no memory left who leaves the most unread is disconnected, and a newcomer gets in",
  async () => {
    const memory = 4 * RESERVED;
    const log = openMemoryLog({ now: Date.now });
    for (let number = 0; number < 200; number += 1) {
      const [text, device] = ["x".repeat(10_000), deviceOf("old")];
      await log.append("main", { author: "old", name: "Old", device, number, text });
    }
    await using server = await openHere({ log, limits: { ...SERVER_LIMITS, memory } });
    const invitation = server.invitation("main");
    await using ann = joinRoom(invitation, { name: "Ann", room: "main", history: 0 });
    const seen = shownTo(ann);
    await entered(seen);
    // Eve asks for everything that was ever said, and reads none of it.
    const reading = Promise.withResolvers<void>();
    await using eve = await joinRaw(server, "Eve", reading.promise);
    using _reads = { [Symbol.dispose]: () => reading.resolve() };
    const after = { log: log.id, sequence: 0 };
    eve.say({ type: "enter", room: "main", name: "Eve", device: deviceOf("Eve"), after });
    await until("Eve", () => seen.shown.some(({ type }) => type === "joined"));
    await ann.say("one");
    await using bob = joinRoom(invitation, { name: "Bob", room: "main" });
    await until("Eve to be gone", () => seen.shown.some(({ type }) => type === "left"));
    reading.resolve();
    expect(await eve.ended).toEqual({
      type: "closed",
      by: "peer",
      code: 6,
      reason: "you left messages unread, and the server needs the memory",
    });
    expect(await outcomeOf(bob)).toBe("in");
    for (const text of ["two", "three"]) await ann.say(text);
    await until("all of it", () => seen.texts.length === 3);
    expect(seen.texts).toEqual(["one", "two", "three"]);
    expect(seen.shown.filter(({ type }) => type === "left")).toHaveLength(1);
  },
  END_TO_END_TIMEOUT,
);

test(
  "with no memory for another session the newest is refused, and those who are in the room go on",
  async () => {
    const limits = { ...SERVER_LIMITS, memory: 2.5 * RESERVED };
    await using server = await openHere({ limits });
    const invitation = server.invitation("main");
    await using ann = joinRoom(invitation, { name: "Ann", room: "main" });
    const seen = shownTo(ann);
    await entered(seen);
    await using eve = await joinRaw(server, "Eve");
    eve.say({ type: "enter", room: "main", name: "Eve", device: deviceOf("Eve") });
    await eve.until("welcome");
    await using bob = joinRoom(invitation, { name: "Bob", room: "main" });
    expect(await outcomeOf(bob)).toBe("CONVERSATION_FULL");
    for (const text of ["one", "two", "three"]) await ann.say(text);
    await until("all of it", () => seen.texts.length === 3);
    expect(seen.texts).toEqual(["one", "two", "three"]);
    expect(seen.shown.filter(({ type }) => type === "left")).toEqual([]);
  },
  END_TO_END_TIMEOUT,
);

test(
  "people with one invitation have three quarters of the sessions that there is memory for",
  async () => {
    await using server = await openHere({ limits: { ...SERVER_LIMITS, memory: 8 * RESERVED } });
    const members = new AsyncDisposableStack();
    await using _members = members;
    for (const name of ["Ann", "Bob", "Carl", "Dora", "Fay", "Gus"]) {
      const member = members.use(await joinRaw(server, name));
      member.say({ type: "enter", room: "main", name, device: deviceOf(name) });
      await member.until("welcome");
    }
    const eve = members.use(await joinRaw(server, "Eve"));
    expect(await eve.ended).toMatchObject({
      code: 16,
      reason: "as many people have come by your invitation as this server has room for",
    });
  },
  END_TO_END_TIMEOUT,
);
