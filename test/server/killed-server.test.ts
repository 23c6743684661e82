// A server is killed again and again while its members talk, and restarted on the same port with the same
// log: every message is in the log once, and was shown to everybody once, in order.

import { expect, test } from "bun:test";

import type { Conversation } from "../../src/chat/conversation.ts";
import { openSqliteReader } from "../../src/log/sqlite-log.ts";
import { FULL_SIZE } from "../harness/full-size.ts";
import { reservePort } from "../harness/ports.ts";
import { until } from "../harness/until.ts";
import { temporaryFolder } from "../log/temporary-folder.ts";
import { seededRandom } from "../simulator/random.ts";
import { allTexts, entered, joinServed, serve, shownTo } from "./served.ts";

/** More in CI. */
const KILLS = FULL_SIZE ? 50 : 2;
const MEMBERS = FULL_SIZE ? 20 : 8;
/** In flight from each member, so that some are on their way when the server is killed. */
const LANES = 2;
/** Between a message that is stored and the next one, ms. */
const TALK_EVERY = 20;
/** After so many kills the test waits for everybody: at other times some are still reconnecting. */
const EVERYBODY_AFTER = 10;

test(
  "a server that is killed while many members talk loses nothing and repeats nothing",
  async () => {
    using folder = temporaryFolder();
    const random = seededRandom(4);
    await using stack = new AsyncDisposableStack();
    const port = await reservePort();
    let { program } = await serve(folder.path, port);
    stack.defer(() => program[Symbol.asyncDispose]());
    const members: Conversation[] = [];
    for (let number = 0; number < MEMBERS; number += 1)
      members.push(joinServed(port, `M${number}`));
    // Twice, so that a server that has ended is not waited for.
    for (const member of members) stack.defer(() => member.leave());
    for (const member of members) stack.defer(() => void member.leave());
    const seen = members.map(shownTo);
    for (const each of seen) await entered(each);

    const stored: string[] = [];
    let talking = true;
    const talk = async (member: Conversation, who: string) => {
      for (let number = 0; talking; number += 1) {
        const text = `${who} says ${number}`;
        await member.say(text);
        stored.push(text);
        await Bun.sleep(TALK_EVERY);
      }
    };
    const talks = members.flatMap((member, index) =>
      Array.from({ length: LANES }, (_, lane) => talk(member, `${index}.${lane}`)),
    );
    // In case the test fails before they are awaited.
    for (const each of talks) each.catch(() => {});
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const before = seen.map((each) => each.texts.length);
      const enough = kill % EVERYBODY_AFTER === 0 ? MEMBERS : MEMBERS / 2;
      const hears = (each: (typeof seen)[number], index: number) =>
        each.texts.length > (before[index] ?? 0);
      await until("talk goes on", () => seen.filter(hears).length >= enough);
      await Bun.sleep(random.between(0, 30));
      program.signal("SIGKILL");
      await program.exited;
      ({ program } = await serve(folder.path, port));
    }
    talking = false;
    await Promise.all(talks);
    await using log = await openSqliteReader(folder.path);
    const kept = await allTexts(log);
    expect(new Set(kept).size).toBe(kept.length);
    expect(kept.toSorted()).toEqual(stored.toSorted());
    await until("all of it", () => seen.every((each) => each.texts.length >= kept.length));
    for (const each of seen) expect(each.texts).toEqual(kept);
  },
  // Each kill costs a start, and reconnecting: 1 to 2 s, or five times that on a busy machine.
  60_000 + KILLS * 10_000,
);
