// The log on the disk compared with the one in memory, which does the same in few lines: after the same calls, they
// answer alike.

import { expect, test } from "bun:test";

import { openMemoryLog } from "../../src/log/memory-log.ts";
import { openSqliteLog } from "../../src/log/sqlite-log.ts";
import { seededRandom } from "../simulator/random.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const WORDS = [
  "the",
  "cat",
  "CATS",
  "café",
  "ñandú",
  "東京",
  "🎉",
  "don't",
  "3.14",
  "ﬁne",
  "x_y",
  "…",
  "ß",
  "Ünal",
  "a\0b",
  "한국어",
  "สวัสดี",
  "\u0301",
  "½",
  "İstanbul",
  "\ud83e",
  "ΟΔΟΣ",
  "\u{e000}",
  "é́",
];
const ROOMS = ["main", "garden", "attic"];
const STEPS = 250;

test.each([1, 2, 3])(
  "after 250 random steps, seed %d, both logs give the same results",
  async (seed) => {
    const random = seededRandom(seed);
    const oneOf = (items: readonly string[]) => items[random.between(0, items.length - 1)] ?? "";
    const someWords = (most: number) =>
      Array.from({ length: random.between(0, most) }, () => oneOf(WORDS)).join(
        oneOf([" ", ", ", "\n"]),
      );
    let time = 1_000;
    using folder = temporaryFolder();
    await using memory = openMemoryLog({ now: () => time });
    await using disk = await openSqliteLog({ folder: folder.path, now: () => time });

    for (let step = 0; step < STEPS; step += 1) {
      time += random.between(-2, 5) * (random.chance(0.1) ? 1_000_000 : 1);
      const room = oneOf(ROOMS);
      const author = oneOf(["key of Ann", "key of Bob"]);
      const number = random.between(0, STEPS);
      const place = random.between(0, 60);
      const limit = random.between(0, 20);
      const given = {
        author,
        name: "Ann",
        device: oneOf(["phone", "laptop"]),
        number,
        text: someWords(6),
      };
      const search = {
        ...(random.chance(0.5) ? { room } : {}),
        ...(random.chance(0.8) ? { words: someWords(3) } : {}),
        ...(random.chance(0.3) ? { since: time - 100 } : {}),
        limit,
      };
      const finding = {
        ...(random.chance(0.8) ? { words: someWords(2) } : {}),
        ...(random.chance(0.3) ? { since: time - 100 } : {}),
      };
      const deletes = random.between(0, 20);
      const deletedBefore = random.between(0, 40);
      const claimed = oneOf(["Ann", "ANN", "Ｂob", "Bob", "İ", "i̇"]);
      const answers = [memory, disk].map(async (log) => [
        deletes === 0 ? await log.deleteRoom(room) : null,
        deletes === 1 ? await log.deleteBefore(room, deletedBefore) : null,
        await Promise.all([log.append(room, given), log.claimName(room, claimed, author)]),
        await log.read(room, place, limit),
        await log.readLast(room, limit, place),
        await log.search(search),
        await log.find(room, finding, place, limit),
        await log.first(room),
        await log.last(room),
        await log.rooms(),
        await log.nameOf(room, author),
      ]);
      const [byMemory, byDisk] = await Promise.all(answers);
      expect(byDisk).toEqual(byMemory);
    }
  },
);
