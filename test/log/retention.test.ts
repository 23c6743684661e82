// What a log keeps, in memory and on the disk, with the clock and the timers of the test.

import { describe, expect, test } from "bun:test";

import type { Log } from "../../src/log/log.ts";
import { openMemoryLog } from "../../src/log/memory-log.ts";
import { createRetention, firstSince, firstToKeep } from "../../src/log/retention.ts";
import { openSqliteLog } from "../../src/log/sqlite-log.ts";
import { draft } from "./drafts.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const DAY = 86_400_000;
const NOW = 1_000 * DAY;
const LATE = Date.UTC(2099, 0);

/** A log whose room `main` has an entry of each of these times. */
async function withTimes(open: (now: () => number) => Promise<Log>, times: number[]): Promise<Log> {
  let time = 0;
  const log = await open(() => time);
  for (const [index, at] of times.entries()) {
    time = at;
    await log.append("main", draft(index + 1));
  }
  return log;
}

const openInMemory = async (now: () => number) => openMemoryLog({ now });

async function openOnDisk(now: () => number): Promise<Log> {
  const folder = temporaryFolder();
  const log = await openSqliteLog({ folder: folder.path, now });
  return {
    ...log,
    async [Symbol.asyncDispose]() {
      await log[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

const days = (...counts: number[]) => counts.map((count) => NOW - count * DAY);

describe.each([
  ["in memory", openInMemory],
  ["on the disk", openOnDisk],
])("a log %s", (_, open) => {
  test("keeps what is not older than it should be", async () => {
    await using log = await withTimes(open, days(100, 91, 90, 89, 1, 0));
    expect(await firstToKeep(log, "main", { time: 90 * DAY }, NOW)).toBe(3);
    expect(await firstToKeep(log, "main", { time: 200 * DAY }, NOW)).toBe(1);
    expect(await firstToKeep(log, "main", { time: 1 }, NOW)).toBe(6);
    expect(await firstToKeep(log, "main", { time: 1 }, NOW + DAY)).toBe(7);
    expect(await firstToKeep(log, "main", {}, NOW)).toBe(1);
    expect(await firstToKeep(log, "attic", { time: 1, bytes: 1 }, NOW)).toBe(1);
  });

  test("keeps as many of the newest entries as fit a size", async () => {
    await using log = await withTimes(open, days(5, 4, 3, 2, 1));
    const marks = await log.marks("main", 0, 10);
    expect(marks.map(({ sequence, time }) => [sequence, time])).toEqual(
      days(5, 4, 3, 2, 1).map((time, index) => [index + 1, time]),
    );
    const [size = 0] = marks.map(({ start, end }) => end - start);
    expect(marks.map(({ start, end }) => [start, end])).toEqual(
      [0, 1, 2, 3, 4].map((index) => [index * size, (index + 1) * size]),
    );
    expect(await firstToKeep(log, "main", { bytes: 5 * size }, NOW)).toBe(1);
    expect(await firstToKeep(log, "main", { bytes: 5 * size - 1 }, NOW)).toBe(2);
    expect(await firstToKeep(log, "main", { bytes: 2 * size }, NOW)).toBe(4);
    expect(await firstToKeep(log, "main", { bytes: 1 }, NOW)).toBe(6);
    expect(await firstToKeep(log, "main", { bytes: 2 * size, time: 1.5 * DAY }, NOW)).toBe(5);
    await log.deleteBefore("main", 3);
    expect(await firstToKeep(log, "main", { bytes: 3 * size }, NOW)).toBe(3);
    expect(await firstToKeep(log, "main", { bytes: 2 * size }, NOW)).toBe(4);
    await log.deleteBefore("main", 6);
    expect(await log.marks("main", 0, 10)).toEqual([]);
    expect(await firstToKeep(log, "main", { bytes: 1, time: 1 }, NOW)).toBe(6);
    await log.append("main", draft(6));
    expect(await firstToKeep(log, "main", { bytes: size }, NOW)).toBe(6);
  });

  test.each([
    ["was ahead once", [...days(100, 95), LATE, ...days(92, 80, 1)], 5],
    ["was ahead when the first was said", [LATE, ...days(100, 1)], 3],
    ["was ahead all the time", [LATE, LATE + 1], 1],
    ["was at 1970 in between", [...days(100, 80), 0, 1, ...days(1)], 2],
    ["was at 1970 at first", [0, 1, ...days(80)], 3],
  ])("deletes neither too much nor too little where the clock %s", async (__, times, kept) => {
    await using log = await withTimes(open, times);
    expect(await firstSince(log, "main", NOW - 90 * DAY, NOW)).toBe(kept);
    // The clock is at 1970 now, before it was set.
    expect(await firstSince(log, "main", 1_000 - 90 * DAY, 1_000)).toBe(1);
  });

  test("finds the first entry to be kept behind thousands of old ones", async () => {
    let time = NOW - 100 * DAY;
    await using log = await open(() => time);
    await Promise.all(
      Array.from({ length: 2_500 }, (__, index) => log.append("main", draft(index))),
    );
    time = NOW;
    await log.append("main", draft(2_500));
    expect(await firstSince(log, "main", NOW - 90 * DAY, NOW)).toBe(2_501);
    expect(await firstSince(log, "main", NOW + 1, NOW + 1)).toBe(2_502);
  });
});

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

test("what is too old is deleted at once and then every minute, in every room", async () => {
  let time = NOW;
  await using log = openMemoryLog({ now: () => time });
  await log.append("main", draft(1));
  await log.append("garden", draft(1));
  time += DAY;
  await log.append("main", draft(2));
  const timers: { run: () => void; delay: number }[] = [];
  const setTimer = (run: () => void, delay: number) => {
    timers.push({ run, delay });
    return { [Symbol.dispose]: () => void timers.pop() };
  };
  const retention = createRetention({
    log,
    keep: { time: 1.5 * DAY },
    now: () => time,
    setTimer,
  });
  await settle();
  const kept = async () => (await log.rooms()).map(({ name, entries }) => `${name} ${entries}`);
  expect(await kept()).toEqual(["main 2", "garden 1"]);
  expect(timers.map(({ delay }) => delay)).toEqual([60_000]);
  time += DAY;
  timers.shift()?.run();
  await settle();
  expect(await kept()).toEqual(["main 1", "garden 0"]);
  expect((await log.append("garden", draft(9))).sequence).toBe(2);
  retention[Symbol.dispose]();
  expect(timers).toEqual([]);
});
