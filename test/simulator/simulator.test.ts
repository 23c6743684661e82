// The guarantee of the sealed wire (docs/protocol.md s. 1) under any conditions: each message arrives once, in
// order, unchanged, or both ends report why not. `npm run simulate` runs more seeds than this.

import { expect, test } from "bun:test";
import { join } from "node:path";

import { FULL_SIZE } from "../harness/full-size.ts";
import { run } from "../harness/program.ts";
import { simulate } from "./run.ts";

const SEEDS = FULL_SIZE ? 200 : 20;
/** The part of them that delivers everything, at least; few of them differ more. */
const DELIVERED = FULL_SIZE ? 0.75 : 0.65;
/** At full size, half of them in each of two processes: six minutes on two processors. */
const MANY_SEEDS = 16_000;
const HALF_HOUR = 1_800_000;

test(`${SEEDS} sessions under random conditions keep the guarantee`, () => {
  const outcomes = Array.from({ length: SEEDS }, (_, index) => simulate(index + 1));
  const faults = outcomes.filter(({ fault }) => fault !== null);
  expect(faults.map(({ seed, fault }) => `seed ${seed}: ${fault}`)).toEqual([]);
  // A simulator in which nothing arrived would keep the guarantee as well. Some 17 % of the runs end: their networks are silent for
  // longer than a session lives, lose half of everything, or have somebody who claims that the responder speaks another wire.
  const delivered = outcomes.filter(({ result }) => result === "delivered").length;
  expect(delivered).toBeGreaterThan(SEEDS * DELIVERED);
  expect(delivered).toBeLessThan(SEEDS);
}, 180_000);

if (FULL_SIZE) {
  test(
    `${MANY_SEEDS} sessions under random conditions keep the guarantee`,
    async () => {
      const many = join(import.meta.dir, "many.ts");
      const half = MANY_SEEDS / 2;
      const runs = await Promise.all(
        [1, half + 1].map((from) =>
          run([process.execPath, many, "--from", `${from}`, "--seeds", `${half}`]),
        ),
      );
      for (const { stdout, stderr, status } of runs) {
        expect({ stdout, stderr, status }).toEqual({
          stdout: expect.stringMatching(
            new RegExp(`^${half} seeds in [\\d.]+ s: \\d+ delivered everything, 0 failed\n$`),
          ),
          stderr: "",
          status: 0,
        });
      }
    },
    HALF_HOUR,
  );
}

test("a seed gives the same run each time", () => {
  expect(simulate(7)).toEqual(simulate(7));
});
