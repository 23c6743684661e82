import { expect, test } from "bun:test";

import { keptState } from "../../../src/net/port-mapping/epoch.ts";

/** Epochs in s, and ms of our clock between the two. */
function kept(before: number, now: number, passed: number): boolean {
  return keptState({ epoch: before, time: 5_000 }, { epoch: now, time: 5_000 + passed });
}

test("an epoch that grows as our clock does is that of a router that kept its state (RFC 6887 s. 8.5)", () => {
  expect(kept(100, 130, 30_000)).toBe(true);
  expect(kept(100, 100, 300)).toBe(true);
  expect(kept(0, 86_400, 86_400_000)).toBe(true);
});

test("answers may be reordered by a second, and not by two (RFC 6887 s. 8.5)", () => {
  expect(kept(100, 99, 0)).toBe(true);
  expect(kept(100, 98, 0)).toBe(false);
});

test("clocks may differ by a sixteenth and 2 s, in both directions (RFC 6887 s. 8.5)", () => {
  expect(kept(0, 1_500 - 2, 1_600_000)).toBe(true);
  expect(kept(0, 1_500 - 3, 1_600_000)).toBe(false);
  expect(kept(0, 1_600, 1_498_000)).toBe(true);
  expect(kept(0, 1_600, 1_497_000)).toBe(false);
});

test("a restarted router's epoch begins again, and so does that of one restarted long ago", () => {
  expect(kept(7_000, 3, 30_000)).toBe(false);
  expect(kept(7_000, 7_010, 30_000)).toBe(false);
  expect(kept(2 ** 32 - 1, 0, 30_000)).toBe(false);
});
