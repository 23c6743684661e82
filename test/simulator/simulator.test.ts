// The promise of the sealed wire (docs/protocol.md s. 1), held in all weathers: each message once, in
// order, whole; or both ends know why not. `npm run simulate` runs more seeds than this.

import { expect, test } from "bun:test";

import { FULL_SIZE } from "../harness/full-size.ts";
import { simulate } from "./run.ts";

const SEEDS = FULL_SIZE ? 20_000 : 200;

test(
  `${SEEDS} sessions in weather from fair to foul keep the promise`,
  () => {
    const outcomes = Array.from({ length: SEEDS }, (_, index) => simulate(index + 1));
    const faults = outcomes.filter(({ fault }) => fault !== null);
    expect(faults.map(({ seed, fault }) => `seed ${seed}: ${fault}`)).toEqual([]);
    // A simulator in which nothing arrived would keep the promise as well.
    const delivered = outcomes.filter(({ result }) => result === "delivered").length;
    expect(delivered).toBeGreaterThan(SEEDS * 0.8);
    expect(delivered).toBeLessThan(SEEDS);
  },
  SEEDS * 300,
);

test("a seed is the same run each time", () => {
  expect(simulate(7)).toEqual(simulate(7));
});
