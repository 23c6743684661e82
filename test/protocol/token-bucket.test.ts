// A token bucket, which lets through so much at once and so much per second.

import { describe, expect, test } from "bun:test";

import { TokenBucket } from "../../src/protocol/token-bucket.ts";

describe("a token bucket, in virtual time", () => {
  test("a burst is free, and then each token is earned a little later", () => {
    const bucket = new TokenBucket({ perSecond: 20, burst: 3 }, 1_000);
    const waits = [1, 2, 3, 4, 5].map(() => bucket.take(1_000));
    expect(waits).toEqual([0, 0, 0, 50, 100]);
  });

  test("what is owed is earned with time, and no more than a burst is saved", () => {
    const bucket = new TokenBucket({ perSecond: 20, burst: 3 }, 0);
    for (let count = 0; count < 5; count += 1) bucket.take(0);
    expect(bucket.take(100)).toBe(50);
    const later = [1, 2, 3, 4].map(() => bucket.take(1_000_000));
    expect(later).toEqual([0, 0, 0, 50]);
  });

  test("nobody waits who keeps to the rate", () => {
    const bucket = new TokenBucket({ perSecond: 20, burst: 1 }, 0);
    for (let now = 50; now <= 5_000; now += 50) expect(bucket.take(now)).toBe(0);
  });

  test("an attempt that finds no token owes none", () => {
    const bucket = new TokenBucket({ perSecond: 0.5, burst: 1 }, 0);
    expect([0, 0, 1_500, 2_000, 2_000].map((now) => bucket.tryTake(now))).toEqual([
      0, 2_000, 500, 0, 2_000,
    ]);
  });
});
