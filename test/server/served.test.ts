// Members and a server over real sockets; the server is killed while they talk, and started again on the same
// port with the same log.

import { expect, test } from "bun:test";

import type { Conversation } from "../../src/chat/events.ts";
import { joinRoom } from "../../src/client/join-room.ts";
import { openMemoryLog } from "../../src/log/memory-log.ts";
import { openSqliteReader } from "../../src/log/sqlite-log.ts";
import { openServer, type Server } from "../../src/server/server.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { until } from "../harness/until.ts";
import { temporaryFolder } from "../log/temporary-folder.ts";
import { seededRandom } from "../simulator/random.ts";
import { joinServed, serve, SERVER_KEYS, SERVER_LIMITS, SERVER_SECRET, shownTo } from "./served.ts";

async function openHere(): Promise<Server> {
  return openServer({
    bind: "127.0.0.1",
    port: 0,
    identity: SERVER_KEYS,
    secret: SERVER_SECRET,
    limits: SERVER_LIMITS,
    log: openMemoryLog({ now: Date.now }),
    host: "127.0.0.1",
  });
}

const entered = ({ shown }: ReturnType<typeof shownTo>) =>
  until("a member comes in", () => shown.some(({ type }) => type === "entered"));

test(
  "three members see the same messages in the same order, and the server's goodbye",
  async () => {
    const server = await openHere();
    const members = ["Ann", "Bob", "Carl"].map((name) =>
      joinRoom(server.invitation("main"), { name, room: "main" }),
    );
    const seen = members.map(shownTo);
    for (const its of seen) await entered(its);
    await Promise.all(
      members.flatMap((member, index) =>
        Array.from({ length: 50 }, (_, number) => member.say(`${index} says ${number}`)),
      ),
    );
    await until("all of it", () => seen.every((its) => its.texts.length === 150));
    const [first] = seen.map((its) => its.texts);
    expect(new Set(first).size).toBe(150);
    expect(seen[1]?.texts).toEqual(first ?? []);
    expect(seen[2]?.texts).toEqual(first ?? []);
    for (const index of [0, 1, 2]) {
      const own = first?.filter((text) => text.startsWith(`${index} `));
      expect(own).toEqual(Array.from({ length: 50 }, (_, number) => `${index} says ${number}`));
    }
    await server.close();
    for (const { ended, shown } of seen) {
      await ended;
      expect(shown.at(-1)).toEqual({ type: "ended", reason: "peer-left", unsaid: [] });
    }
  },
  END_TO_END_TIMEOUT,
);

test(
  "a member that breaks the protocol is out, and the others talk on",
  async () => {
    await using server = await openHere();
    const ann = joinRoom(server.invitation("main"), { name: "Ann", room: "main" });
    const seenByAnn = shownTo(ann);
    await entered(seenByAnn);
    const eve = joinRoom(server.invitation("main"), { name: "Eve\u001b[31m", room: "main" });
    const seenByEve = shownTo(eve);
    await seenByEve.ended;
    expect(seenByEve.shown).toEqual([
      {
        type: "notice",
        code: "SERVER_SAYS",
        message: "enter: name is not as it should be",
      },
      { type: "ended", reason: "peer-left", unsaid: [] },
    ]);
    await ann.say("still here");
    await until("that it is shown", () => seenByAnn.texts.length > 0);
    expect(seenByAnn.texts).toEqual(["still here"]);
    await ann.leave();
  },
  END_TO_END_TIMEOUT,
);

const MEMBERS = 5;
const KILLS = 10;

test(
  "ten times killed while five members talk, a server loses nothing and repeats nothing",
  async () => {
    using folder = temporaryFolder();
    const random = seededRandom(4);
    await using stack = new AsyncDisposableStack();
    let { program, port } = await serve(folder.path);
    stack.defer(() => program[Symbol.asyncDispose]());
    const members: Conversation[] = [];
    for (let number = 0; number < MEMBERS; number += 1)
      members.push(joinServed(port, `M${number}`));
    // Twice, so that a server that is gone is not waited for.
    for (const member of members) stack.defer(() => member.leave());
    for (const member of members) stack.defer(() => void member.leave());
    const seen = members.map(shownTo);
    for (const its of seen) await entered(its);

    const stored: string[] = [];
    let talking = true;
    const talk = async (member: Conversation, index: number) => {
      for (let number = 0; talking; number += 1) {
        const text = `${index} says ${number}`;
        // It rejects when the test has failed already.
        if (
          !(await member.say(text).then(
            () => true,
            () => false,
          ))
        )
          return;
        stored.push(text);
        await Bun.sleep(5);
      }
    };
    // Four at a time from each, so that some are under way when it is killed.
    const talks = members.flatMap((member, index) =>
      [0, 1, 2, 3].map((lane) => talk(member, index * 10 + lane)),
    );
    for (let kill = 0; kill < KILLS; kill += 1) {
      // Every other time some are still on their way back in.
      const before = seen.map((its) => its.texts.length);
      const hears = (its: (typeof seen)[number], index: number) =>
        its.texts.length > (before[index] ?? 0);
      await until("talk goes on", () => (kill % 2 === 0 ? seen.every(hears) : seen.some(hears)));
      await Bun.sleep(random.between(0, 30));
      program.signal("SIGKILL");
      await program.exited;
      ({ program, port } = await serve(folder.path, port));
    }
    talking = false;
    await Promise.all(talks);
    await using log = await openSqliteReader(folder.path);
    const last = await log.last("main");
    const kept: string[] = [];
    while (kept.length < last) {
      kept.push(...(await log.read("main", kept.length, 1_000)).map(({ text }) => text));
    }
    expect(new Set(kept).size).toBe(kept.length);
    expect(kept.toSorted()).toEqual(stored.toSorted());
    await until("all of it", () => seen.every((its) => its.texts.length >= kept.length));
    for (const its of seen) expect(its.texts).toEqual(kept);
  },
  END_TO_END_TIMEOUT * 2,
);
