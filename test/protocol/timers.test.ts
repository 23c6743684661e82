import { describe, expect, test } from "bun:test";

import {
  cancelTimer,
  createTimers,
  nextDueAt,
  scheduleBy,
  takeDueItems,
} from "../../src/protocol/timers.ts";
import { seededRandom } from "../simulator/random.ts";

describe("timers", () => {
  test("take the items that are due, the earliest first, and nothing else", () => {
    const timers = createTimers<string>();
    scheduleBy(timers, "b", 20);
    scheduleBy(timers, "c", 30);
    scheduleBy(timers, "a", 10);
    expect(nextDueAt(timers)).toBe(10);
    expect(takeDueItems(timers, 9)).toEqual([]);
    expect(takeDueItems(timers, 25)).toEqual(["a", "b"]);
    expect(nextDueAt(timers)).toBe(30);
    expect(takeDueItems(timers, 30)).toEqual(["c"]);
    expect(nextDueAt(timers)).toBe(Infinity);
  });

  test("keep the earlier of two times for one item, so that postponing costs nothing", () => {
    const timers = createTimers<string>();
    scheduleBy(timers, "a", 10);
    for (let at = 11; at < 1_000; at += 1) scheduleBy(timers, "a", at);
    expect(timers.heap).toHaveLength(1);
    scheduleBy(timers, "a", 5);
    expect(takeDueItems(timers, 100)).toEqual(["a"]);
    expect(takeDueItems(timers, 100)).toEqual([]);
  });

  test("do not take a cancelled item", () => {
    const timers = createTimers<string>();
    scheduleBy(timers, "a", 10);
    scheduleBy(timers, "b", 11);
    cancelTimer(timers, "a");
    expect(nextDueAt(timers)).toBe(11);
    expect(takeDueItems(timers, 20)).toEqual(["b"]);
  });

  test("never take an item that is scheduled at Infinity", () => {
    const timers = createTimers<string>();
    scheduleBy(timers, "a", Infinity);
    expect(timers.heap).toEqual([]);
  });

  test("take 1,000 items in the order of their times, whatever order they were scheduled in", () => {
    const random = seededRandom(1);
    const timers = createTimers<number>();
    const times = Array.from({ length: 1_000 }, () => random.between(0, 5_000));
    for (const [item, at] of times.entries()) scheduleBy(timers, item, at);
    const woken = takeDueItems(timers, 5_000).map((item) => times[item] ?? -1);
    expect(woken).toHaveLength(1_000);
    expect(woken).toEqual(times.toSorted((one, other) => one - other));
  });
});
