// The guarantee of the sealed wire (docs/protocol.md s. 1) under any conditions: each message arrives once, in
// order, unchanged, or both ends report why not. `npm run simulate` runs more seeds than this.

import { expect, test } from "bun:test";

import { FULL_SIZE } from "../harness/full-size.ts";
import { simulate } from "./run.ts";

const SEEDS = FULL_SIZE ? 20_000 : 200;

test(
  `${SEEDS} sessions under random conditions keep the guarantee`,
  () => {
    const outcomes = Array.from({ length: SEEDS }, (_, index) => simulate(index + 1));
    const faults = outcomes.filter(({ fault }) => fault !== null);
    expect(faults.map(({ seed, fault }) => `seed ${seed}: ${fault}`)).toEqual([]);
    // A simulator in which nothing arrived would keep the guarantee as well.
    const delivered = outcomes.filter(({ result }) => result === "delivered").length;
    expect(delivered).toBeGreaterThan(SEEDS * 0.8);
    expect(delivered).toBeLessThan(SEEDS);
  },
  SEEDS * 300,
);

test("a seed is the same run each time", () => {
  expect(simulate(7)).toEqual(simulate(7));
});
