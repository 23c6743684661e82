import { describe, expect, test } from "bun:test";

import type { Log } from "../../src/log/log.ts";
import { openMemoryLog } from "../../src/log/memory-log.ts";
import { select, type Selection } from "../../src/log/selection.ts";
import { draft } from "./drafts.ts";

/** A log whose room `main` has one message a second: the n-th at n seconds, "even" or "odd". */
async function logWith(count: number): Promise<Log> {
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
    ["entries since 6 s", { since: 6_000 }, [6, 7, 8]],
    ["entries since 6.001 s", { since: 6_001 }, [7, 8]],
    ["entries since before the first", { since: 0 }, [1, 2, 3, 4, 5, 6, 7, 8]],
    ["entries since after the last", { since: 9_000 }, []],
    ["the last 2 since 3 s", { since: 3_000, last: 2 }, [7, 8]],
    ["the last 7 since 7 s", { since: 7_000, last: 7 }, [7, 8]],
    ["entries with a word", { words: "even" }, [2, 4, 6, 8]],
    ["entries with a word, since 5 s", { words: "even", since: 5_000 }, [6, 8]],
    ["the last 3 with a word", { words: "even", last: 3 }, [4, 6, 8]],
    ["the last 3 with a word, since 5 s", { words: "even", since: 5_000, last: 3 }, [6, 8]],
    ["entries with a word that is in none", { words: "prime" }, []],
  ] as const)("a selection can be %s: %j", async (_, selection, sequences) => {
    await using log = await logWith(8);
    expect(await selected(log, selection)).toEqual([...sequences]);
  });

  test("a selection of an empty room is empty", async () => {
    await using log = await logWith(0);
    for (const selection of [{}, { last: 1 }, { since: 1 }, { words: "even" }]) {
      expect(await selected(log, selection)).toEqual([]);
    }
  });

  test("a selection comes in batches of 200, with or without a word", async () => {
    await using log = await logWith(900);
    const lengths = async (selection: Selection) =>
      (await Array.fromAsync(select(log, "main", selection))).map(({ length }) => length);
    expect(await lengths({})).toEqual([200, 200, 200, 200, 100]);
    expect(await lengths({ words: "odd" })).toEqual([200, 200, 50]);
    expect(await lengths({ last: 201 })).toEqual([200, 1]);
  });

  test("a selection reads only as much as is consumed", async () => {
    await using log = await logWith(900);
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
    "a selection ends with the entries that existed at the call, however many follow: %j",
    async (selection) => {
      await using log = await logWith(399);
      const limited: Log = {
        ...log,
        find: (room, conditions, after) => log.find(room, conditions, after, 3),
      };
      const sequences: number[] = [];
      for await (const batch of select(limited, "main", selection)) {
        sequences.push(...batch.map(({ sequence }) => sequence));
        await log.append("main", draft(400 + sequences.length, { text: "odd" }));
      }
      expect(sequences).toHaveLength("words" in selection ? 200 : 399);
      expect(sequences.at(-1)).toBe(399);
    },
  );

  test("a selection is complete when a log returns few matches at a time", async () => {
    await using log = await logWith(9);
    const limited: Log = {
      ...log,
      find: (room, conditions, after) => log.find(room, conditions, after, 2),
    };
    expect(await selected(limited, { words: "odd" })).toEqual([1, 3, 5, 7, 9]);
    expect(await selected(limited, { words: "odd", last: 3 })).toEqual([5, 7, 9]);
  });
});

test("a selection since a time begins among entries of the same time", async () => {
  const times = [1_000, 1_000, 1_000, 2_000, 2_000];
  await using log = openMemoryLog({ now: () => times.shift() ?? 0 });
  for (let number = 1; number <= 5; number += 1) await log.append("main", draft(number));
  expect(await selected(log, { since: 1_000 })).toEqual([1, 2, 3, 4, 5]);
  expect(await selected(log, { since: 1_001 })).toEqual([4, 5]);
  expect(await selected(log, { since: 2_000 })).toEqual([4, 5]);
  expect(await selected(log, { since: 2_001 })).toEqual([]);
  expect(await Array.fromAsync(select(log, "attic", { since: 1 }))).toEqual([]);
});

test("a selection since a time has every entry from then on, though the clock was ahead once", async () => {
  const times = [1_000, 2_000, Date.UTC(2099, 0), 3_000, 4_000];
  await using log = openMemoryLog({ now: () => times.shift() ?? 0 });
  for (let number = 1; number <= 5; number += 1) await log.append("main", draft(number));
  expect(await selected(log, { since: 3_000 })).toEqual([3, 4, 5]);
  expect(await selected(log, { since: 3_000, last: 2 })).toEqual([4, 5]);
  expect(await selected(log, { since: 3_000, words: "message" })).toEqual([3, 4, 5]);
  expect(await selected(log, {})).toEqual([1, 2, 3, 4, 5]);
});

test("a selection has what was not deleted", async () => {
  await using log = await logWith(900);
  await log.deleteBefore("main", 898);
  expect(await selected(log, {})).toEqual([898, 899, 900]);
  expect(await selected(log, { last: 500 })).toEqual([898, 899, 900]);
  expect(await selected(log, { since: 899_000 })).toEqual([899, 900]);
  expect(await selected(log, { words: "even" })).toEqual([898, 900]);
});
