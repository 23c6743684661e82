// How fast a member may speak, in virtual time.

import { expect, test } from "bun:test";

import { createTokenBucket, takeToken, takeTokenThere } from "../../src/server/token-bucket.ts";

test("a burst is free, and then each token is there a little later", () => {
  const bucket = createTokenBucket(20, 3, 1_000);
  const waits = [1, 2, 3, 4, 5].map(() => takeToken(bucket, 1_000));
  expect(waits).toEqual([0, 0, 0, 50, 100]);
});

test("what is owed is paid with time, and no more than a burst is saved", () => {
  const bucket = createTokenBucket(20, 3, 0);
  for (let count = 0; count < 5; count += 1) takeToken(bucket, 0);
  expect(takeToken(bucket, 100)).toBe(50);
  const later = [1, 2, 3, 4].map(() => takeToken(bucket, 1_000_000));
  expect(later).toEqual([0, 0, 0, 50]);
});

test("who keeps to the rate never waits", () => {
  const bucket = createTokenBucket(20, 1, 0);
  for (let now = 50; now <= 5_000; now += 50) expect(takeToken(bucket, now)).toBe(0);
});

test("a token that is not there is not owed to who asks for one that is", () => {
  const bucket = createTokenBucket(0.5, 1, 0);
  expect([0, 0, 1_500, 2_000, 2_000].map((now) => takeTokenThere(bucket, now))).toEqual([
    0, 2_000, 500, 0, 2_000,
  ]);
});
