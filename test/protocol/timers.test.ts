import { describe, expect, test } from "bun:test";

import { cancel, createTimers, earliest, takeDue, wakeBy } from "../../src/protocol/timers.ts";
import { seededRandom } from "../simulator/random.ts";

describe("timers", () => {
  test("wake what is due, the earliest first, and nothing else", () => {
    const timers = createTimers<string>();
    wakeBy(timers, "b", 20);
    wakeBy(timers, "c", 30);
    wakeBy(timers, "a", 10);
    expect(earliest(timers)).toBe(10);
    expect(takeDue(timers, 9)).toEqual([]);
    expect(takeDue(timers, 25)).toEqual(["a", "b"]);
    expect(earliest(timers)).toBe(30);
    expect(takeDue(timers, 30)).toEqual(["c"]);
    expect(earliest(timers)).toBe(Infinity);
  });

  test("keep the earlier of two times for one item, so that putting off costs nothing", () => {
    const timers = createTimers<string>();
    wakeBy(timers, "a", 10);
    for (let at = 11; at < 1_000; at += 1) wakeBy(timers, "a", at);
    expect(timers.heap).toHaveLength(1);
    wakeBy(timers, "a", 5);
    expect(takeDue(timers, 100)).toEqual(["a"]);
    expect(takeDue(timers, 100)).toEqual([]);
  });

  test("do not wake what was cancelled", () => {
    const timers = createTimers<string>();
    wakeBy(timers, "a", 10);
    wakeBy(timers, "b", 11);
    cancel(timers, "a");
    expect(earliest(timers)).toBe(11);
    expect(takeDue(timers, 20)).toEqual(["b"]);
  });

  test("for ever is never", () => {
    const timers = createTimers<string>();
    wakeBy(timers, "a", Infinity);
    expect(timers.heap).toEqual([]);
  });

  test("wake 1,000 items in the order of their times, whatever order they came in", () => {
    const random = seededRandom(1);
    const timers = createTimers<number>();
    const times = Array.from({ length: 1_000 }, () => random.between(0, 5_000));
    for (const [item, at] of times.entries()) wakeBy(timers, item, at);
    const woken = takeDue(timers, 5_000).map((item) => times[item] ?? -1);
    expect(woken).toHaveLength(1_000);
    expect(woken).toEqual(times.toSorted((one, other) => one - other));
  });
});
