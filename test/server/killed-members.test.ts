// Members are killed again and again while they talk, and restarted with what they have on the disk: no message is lost,
// sent twice or shown twice.

import { expect, test } from "bun:test";
import { join } from "node:path";

import { joinRoom } from "../../src/client/join-room.ts";
import { openMemoryLog } from "../../src/log/memory-log.ts";
import { FULL_SIZE } from "../harness/full-size.ts";
import { type Program, start } from "../harness/program.ts";
import { until } from "../harness/until.ts";
import { temporaryFolder } from "../log/temporary-folder.ts";
import { seededRandom } from "../simulator/random.ts";
import { allTexts, entered, openHere, shownTo } from "./served.ts";

/** Of all together; more in CI. */
const KILLS = FULL_SIZE ? 50 : 4;
/** Members that are killed, each a process of its own. */
const KILLED = ["Ann", "Ben"];
/** Members that talk all the time, in this process. */
const OTHERS = FULL_SIZE ? 18 : 6;
/** Between two messages of one member, ms. */
const TALK_EVERY = 20;

/** The texts that the member has printed with that word. */
const textsIn = ({ stdout }: Program, kind: "shown" | "taken" | "stored" | "refused") =>
  stdout
    .split("\n")
    .slice(0, -1)
    .filter((line) => line.startsWith(kind))
    .map((line): string => JSON.parse(line.slice(kind.length)));

/** What a member has printed in all of its processes. */
interface Lives {
  readonly name: string;
  readonly shown: string[];
  readonly taken: string[];
  readonly stored: string[];
  readonly refused: string[];
}

/** Adds what one process has printed. */
function add({ shown, taken, stored, refused }: Lives, member: Program): void {
  const newlyShown = textsIn(member, "shown");
  // It may have been killed after it had printed the last one, and before it had stored that.
  if (newlyShown[0] === shown.at(-1)) newlyShown.shift();
  shown.push(...newlyShown);
  taken.push(...textsIn(member, "taken"));
  stored.push(...textsIn(member, "stored"));
  refused.push(...textsIn(member, "refused"));
}

test(
  "members that are killed while many talk have shown every message once and sent each of theirs once",
  async () => {
    using folder = temporaryFolder();
    const random = seededRandom(6);
    await using log = openMemoryLog({ now: Date.now });
    await using server = await openHere({ log });
    const invitation = server.invitation("main");
    const others = Array.from({ length: OTHERS }, (_, index) =>
      joinRoom(invitation, { name: `M${index}`, room: "main" }),
    );
    const seen = others.map(shownTo);
    for (const each of seen) await entered(each);
    let talking = true;
    const said: string[] = [];
    const talks = others.map(async (member, index) => {
      for (let count = 0; talking; count += 1) {
        const text = `${index} says ${count}`;
        await member.say(text);
        said.push(text);
        await Bun.sleep(TALK_EVERY);
      }
    });
    // In case the test fails before they are awaited.
    for (const each of talks) each.catch(() => {});

    const startMember = (name: string, round: string) =>
      start([
        process.execPath,
        join(import.meta.dir, "member.ts"),
        invitation,
        join(folder.path, name),
        name,
        round,
      ]);
    const allLives = await Promise.all(
      KILLED.map(async (name): Promise<Lives> => {
        const lives: Lives = { name, shown: [], taken: [], stored: [], refused: [] };
        for (let round = 0; round < KILLS / KILLED.length; round += 1) {
          await using member = startMember(name, String(round));
          // Two times of three before what it sends can have left.
          const early = round % 3 !== 0;
          await member.until("stdout", early ? /taken .*\n/ : /\nstored .*\n/);
          await Bun.sleep(early ? 0 : random.between(0, 50));
          member.signal("SIGKILL");
          await member.exited;
          add(lives, member);
        }
        return lives;
      }),
    );
    talking = false;
    await Promise.all(talks);

    // What was taken before the last kill, and had not left, is sent now.
    for (const lives of allLives) {
      await using member = startMember(lives.name, "last");
      const heard = seen[0]?.texts ?? [];
      const last = lives.taken.at(-1) ?? "";
      await until("what was taken last", () => heard.includes(last));
      await others[0]?.say(`the last word to ${lives.name}`);
      await member.until("stdout", `shown "the last word to ${lives.name}"`);
      member.signal("SIGKILL");
      await member.exited;
      add(lives, member);
    }
    const kept = await allTexts(log);
    expect(new Set(kept).size).toBe(kept.length);
    expect(said.filter((text) => !kept.includes(text))).toEqual([]);
    await until("all of it", () => seen.every(({ texts }) => texts.length >= kept.length));
    for (const { texts } of seen) expect(texts).toEqual(kept);
    for (const { name, shown, taken, stored, refused } of allLives) {
      const from = kept.indexOf(shown[0] ?? "");
      expect(shown).toEqual(kept.slice(from, from + shown.length));
      expect(shown).toContain(`the last word to ${name}`);
      expect(refused).toEqual([]);
      // In the order in which they were taken; one may be there that was not printed any more.
      const own = kept.filter((text) => text.startsWith(`${name} `));
      expect(own.filter((text) => taken.includes(text))).toEqual(taken);
      expect(stored.filter((text) => !own.includes(text))).toEqual([]);
    }
  },
  30_000 + KILLS * 3_000,
);
