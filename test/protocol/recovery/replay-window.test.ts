import { describe, expect, test } from "bun:test";

import {
  createReplayWindow,
  hasArrived,
  recordArrival,
  REPLAY_WINDOW,
} from "../../../src/protocol/recovery/replay-window.ts";
import { seeded } from "../../harness/random.ts";

describe("a packet number is accepted once (RFC 9000 s. 12.3)", () => {
  test("and rejected when it arrives again", () => {
    const window = createReplayWindow();
    expect(recordArrival(window, 0)).toBe(true);
    expect(recordArrival(window, 0)).toBe(false);
  });

  test("in whatever order the numbers arrive", () => {
    const window = createReplayWindow();
    const numbers = [5, 0, 31, 32, 33, 4, 1_000, 63, 64];
    expect(numbers.map((number) => recordArrival(window, number))).toEqual(numbers.map(() => true));
    expect(numbers.map((number) => recordArrival(window, number))).toEqual(
      numbers.map(() => false),
    );
    expect(recordArrival(window, 999)).toBe(true);
  });

  test("and not before it has arrived", () => {
    const window = createReplayWindow();
    expect(hasArrived(window, 0)).toBe(false);
    recordArrival(window, 7);
    expect([6, 7, 8].map((number) => hasArrived(window, number))).toEqual([false, true, false]);
  });

  test("and asking about it changes nothing", () => {
    const window = createReplayWindow();
    hasArrived(window, 3);
    expect(recordArrival(window, 3)).toBe(true);
  });
});

describe("the window of 4,064 numbers", () => {
  test("distinguishes the lowest number in it", () => {
    expect(REPLAY_WINDOW).toBe(4_064);
    const window = createReplayWindow();
    recordArrival(window, 4_064);
    expect(hasArrived(window, 1)).toBe(false);
    expect(recordArrival(window, 1)).toBe(true);
    expect(recordArrival(window, 1)).toBe(false);
  });

  test("counts every number below it as arrived", () => {
    const window = createReplayWindow();
    recordArrival(window, 4_064);
    expect(hasArrived(window, 0)).toBe(true);
    expect(recordArrival(window, 0)).toBe(false);
  });

  test("keeps every number in it when it jumps far ahead", () => {
    const window = createReplayWindow();
    for (let number = 0; number < 10_000; number++) recordArrival(window, number);
    recordArrival(window, 1_000_000);
    const below = Array.from({ length: REPLAY_WINDOW - 1 }, (_, index) => 999_999 - index);
    expect(below.filter((number) => hasArrived(window, number))).toEqual([]);
    expect(hasArrived(window, 1_000_000 - REPLAY_WINDOW)).toBe(true);
  });

  test("works beyond 2^32 and up to the largest safe integer", () => {
    const window = createReplayWindow();
    for (const number of [2 ** 32 - 1, 2 ** 32, 2 ** 32 + 33, 2 ** 52, Number.MAX_SAFE_INTEGER]) {
      expect(recordArrival(window, number)).toBe(true);
      expect(recordArrival(window, number)).toBe(false);
      expect(recordArrival(window, number - 2)).toBe(true);
      expect(recordArrival(window, number - 2)).toBe(false);
    }
  });

  test.each([1, 2, 3])("agrees with a plain set of numbers, seed %d", (seed) => {
    const random = seeded(seed);
    const window = createReplayWindow();
    const seen = new Set<number>();
    let largest = -1;
    for (let step = 0; step < 20_000; step++) {
      const jump = random(50) === 0 ? random(3_000) : random(40);
      const number = Math.max(0, largest + jump - 30 - (random(20) === 0 ? random(5_000) : 0));
      const fresh = number > largest - REPLAY_WINDOW && !seen.has(number);
      expect(recordArrival(window, number)).toBe(fresh);
      seen.add(number);
      largest = Math.max(largest, number);
    }
  });
});
