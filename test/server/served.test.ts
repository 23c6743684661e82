// Members and a server over real sockets. Killed while they talk: killed-server.test.ts, killed-members.test.ts.

import { expect, test } from "bun:test";
import { getEventListeners } from "node:events";

import { ENDED_BY_PROGRAM } from "../../src/chat/channel.ts";
import { joinRoom } from "../../src/client/join-room.ts";
import { openSealedSender } from "../../src/client/sealed-message.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { until } from "../harness/until.ts";
import { rejection } from "../net/rejection.ts";
import { openBareSocket } from "../net/sockets.ts";
import { joinRaw } from "./raw-member.ts";
import { entered, openHere, shownTo } from "./served.ts";
import { enterFrame } from "./server-state.ts";

test(
  "three members see the same messages in the same order, and that the server was stopped",
  async () => {
    const server = await openHere();
    const members = ["Ann", "Bob", "Carl"].map((name) =>
      joinRoom(server.invitation("main"), { name, room: "main" }),
    );
    const seen = members.map(shownTo);
    for (const each of seen) await entered(each);
    await Promise.all(
      members.flatMap((member, index) =>
        Array.from({ length: 50 }, (_, number) => member.say(`${index} says ${number}`)),
      ),
    );
    await until("all of it", () => seen.every((each) => each.texts.length === 150));
    const [first] = seen.map((each) => each.texts);
    expect(new Set(first).size).toBe(150);
    expect(seen[1]?.texts).toEqual(first ?? []);
    expect(seen[2]?.texts).toEqual(first ?? []);
    for (const index of [0, 1, 2]) {
      const own = first?.filter((text) => text.startsWith(`${index} `));
      expect(own).toEqual(Array.from({ length: 50 }, (_, number) => `${index} says ${number}`));
    }
    await server.close();
    const lost = { type: "disconnected", message: "the server was stopped" } as const;
    for (const { shown } of seen) {
      await until("that it was stopped", () => shown.at(-1)?.type === "disconnected");
      expect(shown.at(-1)).toEqual(lost);
    }
    for (const [index, member] of members.entries()) {
      await member.leave();
      await seen[index]?.ended;
      expect(seen[index]?.shown.at(-1)).toEqual({ type: "ended", reason: "left", unsaid: [] });
    }
  },
  END_TO_END_TIMEOUT,
);

test(
  "a member that breaks the protocol is disconnected, and the others talk on",
  async () => {
    await using server = await openHere();
    const ann = joinRoom(server.invitation("main"), { name: "Ann", room: "main" });
    const seenByAnn = shownTo(ann);
    await entered(seenByAnn);
    // No client of charla's own would send that.
    await using eve = await joinRaw(server, "Eve");
    eve.say({ ...enterFrame("Eve"), name: "Eve\u001b[31m" });
    expect(await eve.ended).toEqual({
      type: "closed",
      by: "peer",
      code: ENDED_BY_PROGRAM,
      reason: "enter: name is not valid",
    });
    expect(eve.frames).toEqual([]);
    await ann.say("still here");
    await until("that it is shown", () => seenByAnn.texts.length > 0);
    expect(seenByAnn.texts).toEqual(["still here"]);
    await ann.leave();
  },
  END_TO_END_TIMEOUT,
);

test(
  "a member whose signal aborts is out at once, and its program has nothing left to do",
  async () => {
    await using server = await openHere();
    const ann = joinRoom(server.invitation("main"), { name: "Ann", room: "main" });
    const seenByAnn = shownTo(ann);
    await entered(seenByAnn);
    const controller = new AbortController();
    const { signal } = controller;
    const ben = joinRoom(server.invitation("main"), { name: "Ben", room: "main", signal });
    const seenByBen = shownTo(ben);
    await entered(seenByBen);
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    controller.abort();
    await seenByBen.ended;
    expect(seenByBen.shown.at(-1)).toEqual({ type: "ended", reason: "left", unsaid: [] });
    await until("that Ann sees it", () => seenByAnn.shown.some(({ type }) => type === "left"));
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    await ann.leave();
  },
  END_TO_END_TIMEOUT,
);

test(
  "a sender whose signal aborts waits for no answer any more",
  async () => {
    await using server = await openHere();
    const controller = new AbortController();
    const { signal } = controller;
    const sender = await openSealedSender(server.invitation("main"), { name: "Ann", signal });
    await sender.send("hello");
    const answer = rejection(sender.ask("is anybody here?"));
    const ben = joinRoom(server.invitation("main"), { name: "Ben", room: "main" });
    const seen = shownTo(ben);
    await until("the question", () => seen.texts.includes("is anybody here?"));
    controller.abort("too long");
    expect(await answer).toBe("too long");
    expect(await rejection(openSealedSender("", { name: "Ann" }))).toMatchObject({
      code: "INVALID_INVITATION",
    });
    await ben.leave();
  },
  END_TO_END_TIMEOUT,
);

test("datagrams of another wire are reported once, and then their count with each new digit", async () => {
  const reports: number[] = [];
  const senders = new Set<string>();
  await using server = await openHere({
    onOtherWire(peer, ignored) {
      reports.push(ignored);
      senders.add(peer);
    },
  });
  for (let count = 1; count <= 30; count += 1) {
    // Each from another port, as a forger's are.
    await using stranger = await openBareSocket();
    await stranger.send("who is there?", server.local.port);
    await stranger.next();
  }
  expect(reports).toEqual([1, 10]);
  expect(senders.size).toBe(2);
});
