import { describe, expect, test } from "bun:test";

import type { Log } from "../../src/log/log.ts";
import { openMemoryLog } from "../../src/log/memory-log.ts";
import { lastBefore, select, type Selection } from "../../src/log/selection.ts";
import { draft } from "./drafts.ts";

/** A log whose room `main` has a message a second: the n-th at n seconds, "even" or "odd". */
async function talked(count: number): Promise<Log> {
  let time = 0;
  const log = openMemoryLog({ now: () => (time += 1_000) });
  for (let number = 1; number <= count; number += 1) {
    await log.append("main", draft(number, { text: number % 2 === 0 ? "even" : "odd" }));
  }
  return log;
}

async function selected(log: Log, selection: Selection): Promise<number[]> {
  const batches = await Array.fromAsync(select(log, "main", selection));
  return batches.flat().map(({ sequence }) => sequence);
}

describe("a selection of a room's entries", () => {
  test.each([
    ["everything", {}, [1, 2, 3, 4, 5, 6, 7, 8]],
    ["the last 3", { last: 3 }, [6, 7, 8]],
    ["the last 9, of which there are 8", { last: 9 }, [1, 2, 3, 4, 5, 6, 7, 8]],
    ["what was said since 6 s", { since: 6_000 }, [6, 7, 8]],
    ["what was said since 6.001 s", { since: 6_001 }, [7, 8]],
    ["what was said since before the first", { since: 0 }, [1, 2, 3, 4, 5, 6, 7, 8]],
    ["what was said since after the last", { since: 9_000 }, []],
    ["the last 2 since 3 s", { since: 3_000, last: 2 }, [7, 8]],
    ["the last 7 since 7 s", { since: 7_000, last: 7 }, [7, 8]],
    ["what has a word", { words: "even" }, [2, 4, 6, 8]],
    ["what has a word, since 5 s", { words: "even", since: 5_000 }, [6, 8]],
    ["the last 3 that have a word", { words: "even", last: 3 }, [4, 6, 8]],
    ["the last 3 that have a word, since 5 s", { words: "even", since: 5_000, last: 3 }, [6, 8]],
    ["what has a word that nobody said", { words: "prime" }, []],
  ] as const)("is %s: %j", async (_, selection, sequences) => {
    await using log = await talked(8);
    expect(await selected(log, selection)).toEqual([...sequences]);
  });

  test("of an empty room is empty", async () => {
    await using log = await talked(0);
    for (const selection of [{}, { last: 1 }, { since: 1 }, { words: "even" }]) {
      expect(await selected(log, selection)).toEqual([]);
    }
  });

  test("comes in batches of 200, whether of everything or of a word", async () => {
    await using log = await talked(900);
    const lengths = async (selection: Selection) =>
      (await Array.fromAsync(select(log, "main", selection))).map(({ length }) => length);
    expect(await lengths({})).toEqual([200, 200, 200, 200, 100]);
    expect(await lengths({ words: "odd" })).toEqual([200, 200, 50]);
    expect(await lengths({ last: 201 })).toEqual([200, 1]);
  });

  test("is read no further than it is consumed", async () => {
    await using log = await talked(900);
    let reads = 0;
    const counting: Log = {
      ...log,
      read(...given) {
        reads += 1;
        return log.read(...given);
      },
    };
    for await (const batch of select(counting, "main", {})) {
      expect(batch).toHaveLength(200);
      break;
    }
    expect(reads).toBe(1);
  });

  test.each([[{}], [{ words: "odd" }], [{ words: "odd", last: 200 }]])(
    "ends with the entries that were there at the call, however many follow: %j",
    async (selection) => {
      await using log = await talked(399);
      const sparing: Log = {
        ...log,
        find: (room, words, after) => log.find(room, words, after, 3),
      };
      const sequences: number[] = [];
      for await (const batch of select(sparing, "main", selection)) {
        sequences.push(...batch.map(({ sequence }) => sequence));
        await log.append("main", draft(400 + sequences.length, { text: "odd" }));
      }
      expect(sequences).toHaveLength("words" in selection ? 200 : 399);
      expect(sequences.at(-1)).toBe(399);
    },
  );

  test("is complete when a log returns few matches at once", async () => {
    await using log = await talked(9);
    const sparing: Log = { ...log, find: (room, words, after) => log.find(room, words, after, 2) };
    expect(await selected(sparing, { words: "odd" })).toEqual([1, 3, 5, 7, 9]);
    expect(await selected(sparing, { words: "odd", last: 3 })).toEqual([5, 7, 9]);
  });
});

test("the last entry before a time is found also among entries of the same time", async () => {
  const times = [1_000, 1_000, 1_000, 2_000, 2_000];
  await using log = openMemoryLog({ now: () => times.shift() ?? 0 });
  for (let number = 1; number <= 5; number += 1) await log.append("main", draft(number));
  expect(await lastBefore(log, "main", 1_000)).toBe(0);
  expect(await lastBefore(log, "main", 1_001)).toBe(3);
  expect(await lastBefore(log, "main", 2_000)).toBe(3);
  expect(await lastBefore(log, "main", 2_001)).toBe(5);
  expect(await lastBefore(log, "attic", 2_001)).toBe(0);
});
