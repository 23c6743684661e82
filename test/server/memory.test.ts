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
  "with no memory left the newest is refused, and those who are in the room go on",
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
    expect(await outcomeOf(bob)).toBe("CONVERSATION_FULL");
    for (const text of ["two", "three"]) await ann.say(text);
    await until("all of it", () => seen.texts.length === 3);
    expect(seen.texts).toEqual(["one", "two", "three"]);
    expect(seen.shown.filter(({ type }) => type === "left")).toEqual([]);
  },
  END_TO_END_TIMEOUT,
);
