// A member is killed while it talks and listens, and started again with what it has on the disk.

import { expect, test } from "bun:test";
import { join } from "node:path";

import { joinRoom } from "../../src/client/join-room.ts";
import { openMemoryLog } from "../../src/log/memory-log.ts";
import { openServer } from "../../src/server/server.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { start } from "../harness/program.ts";
import { until } from "../harness/until.ts";
import { temporaryFolder } from "../log/temporary-folder.ts";
import { seededRandom } from "../simulator/random.ts";
import { SERVER_KEYS, SERVER_LIMITS, SERVER_SECRET, shownTo } from "./served.ts";

const KILLS = 10;

/** The texts that the member has printed as that. */
const textsIn = (stdout: string, kind: string) =>
  stdout
    .split("\n")
    .slice(0, -1)
    .filter((line) => line.startsWith(kind))
    .map((line): string => JSON.parse(line.slice(kind.length)));

test(
  "ten times killed, a member has shown everything, and nothing twice but what it was at when it was killed",
  async () => {
    using folder = temporaryFolder();
    const random = seededRandom(6);
    await using server = await openServer({
      bind: "127.0.0.1",
      port: 0,
      identity: SERVER_KEYS,
      secret: SERVER_SECRET,
      limits: SERVER_LIMITS,
      log: openMemoryLog({ now: Date.now }),
      host: "127.0.0.1",
    });
    const invitation = server.invitation("main");
    await using bob = joinRoom(invitation, { name: "Bob", room: "main" });
    const seenByBob = shownTo(bob);
    let talking = true;
    const talk = async () => {
      for (let count = 0; talking; count += 1) {
        await bob.say(`Bob says ${count}`);
        await Bun.sleep(2);
      }
    };
    const talked = talk();
    // Where the test fails before it is awaited.
    talked.catch(() => {});

    const shown: string[] = [];
    const stored: string[] = [];
    const startMember = (round: string) =>
      start([process.execPath, join(import.meta.dir, "member.ts"), invitation, folder.path, round]);
    for (let round = 0; round < KILLS; round += 1) {
      await using member = startMember(String(round));
      await member.until("stdout", /\nstored .*\n/);
      await Bun.sleep(random.between(0, 50));
      member.signal("SIGKILL");
      await member.exited;
      stored.push(...textsIn(member.stdout, "stored "));
      const its = textsIn(member.stdout, "shown ");
      // It may have been killed after it had shown the last one, and before it had kept that it had.
      if (its[0] === shown.at(-1)) its.shift();
      shown.push(...its);
    }
    talking = false;
    await talked;
    await using member = startMember("last");
    await bob.say("the last word of Bob");
    // What was said before the last kill, and had not left, is said now.
    const lastShown = () => textsIn(member.stdout, "shown ");
    await until("everything", () => lastShown().at(-1) === seenByBob.texts.at(-1));
    const [its, all] = [lastShown(), Array.from(seenByBob.texts)];
    if (its[0] === shown.at(-1)) its.shift();
    shown.push(...its);
    expect(shown).toEqual(all.slice(all.indexOf(shown[0] ?? "")));
    expect(new Set(all).size).toBe(all.length);
    expect(stored.filter((text) => !all.includes(text))).toEqual([]);
  },
  END_TO_END_TIMEOUT,
);
