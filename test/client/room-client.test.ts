// How long to wait before the next attempt to reach a server.

import { expect, test } from "bun:test";

import { backoff } from "../../src/client/room-client-state.ts";

test("each wait is up to twice the one before, and at most half a minute", () => {
  expect([1, 2, 3, 4, 5, 6, 7, 8].map((attempts) => backoff(attempts, 1))).toEqual([
    500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000,
  ]);
  expect(backoff(2_000, 1)).toBe(30_000);
});

test("half of each wait is left to chance", () => {
  expect([backoff(1, 0), backoff(1, 0.5), backoff(1, 1)]).toEqual([250, 375, 500]);
  expect([backoff(9, 0), backoff(9, 1)]).toEqual([15_000, 30_000]);
});
