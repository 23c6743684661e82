// Hole punching between all pairs of kinds: which of them a direct way exists for.

import { expect, test } from "bun:test";
import { join } from "node:path";

import { FULL_SIZE } from "../harness/full-size.ts";
import { ALL_KINDS, canMeet } from "./kinds.ts";
import type { Side } from "./lab.ts";
import { testInLab } from "./machine.ts";
import { drawMatrix, type Outcome, runMatrix } from "./matrix.ts";

const PROGRAM = [process.execPath, join(import.meta.dirname, "hole-punching.ts")];
const PORT = "9000";

/** On a busy machine the two may start too far apart: where there should be a way, it is looked for again. */
async function punch(ana: Side, ben: Side, relay: Side): Promise<Outcome> {
  const outcome = await punchOnce(ana, ben, relay);
  const again = outcome.way === null && canMeet(ana.kind, ben.kind);
  return again ? punchOnce(ana, ben, relay) : outcome;
}

async function punchOnce(ana: Side, ben: Side, relay: Side): Promise<Outcome> {
  const name = `${ana.kind} ${ben.kind}`;
  const heard = await Promise.all(
    [ana, ben].map(async (side) => {
      const address = side.kind === "ipv6-only" ? relay.outer.ipv6 : relay.outer.ipv4;
      const { stdout } = await side.run([...PROGRAM, "punch", `${address}`, PORT, name]);
      const ms = /after (\d+) ms/.exec(stdout)?.[1];
      return ms === undefined ? null : Number(ms);
    }),
  );
  const [one = null, other = null] = heard;
  if (one === null || other === null) return { way: null, ms: null };
  return { way: "direct", ms: Math.max(one, other) };
}

test("the table has a row for each kind of ana's, and a column for each of ben's", () => {
  const table = drawMatrix(
    ["open", "home"],
    [
      { ana: "open", ben: "open", way: "direct", ms: 12.4 },
      {
        ana: "open",
        ben: "home",
        way: "relay",
        ms: 45.6,
        moved: { way: "direct", ms: 789.4 },
      },
      { ana: "home", ben: "open", way: null, ms: null },
    ],
  );
  expect(table.split("\n")).toEqual([
    "| ana ↓ ben → | open | home |",
    "| --- | --- | --- |",
    "| open | direct, 12 ms | relay, 46 ms; direct, 789 ms |",
    "| home | – |  |",
  ]);
});

if (FULL_SIZE) {
  testInLab(
    "holes are punched between all networks but those that block UDP, symmetric ones, and those without a common family",
    ["miniupnpd", "tinyproxy"],
    async () => {
      const kinds = ALL_KINDS;
      const pairs = await runMatrix({
        kinds,
        async prepare(relay, _anas, stack) {
          const server = stack.use(relay.start([...PROGRAM, "introduce", PORT]));
          await server.until("stdout", "ready");
          return punch;
        },
      });
      console.log(drawMatrix(kinds, pairs));
      const reached = pairs.map(({ ana, ben, way }) => `${ana} ${ben} ${way}`).toSorted();
      const expected = kinds
        .flatMap((ana) =>
          kinds.map((ben) => `${ana} ${ben} ${canMeet(ana, ben) ? "direct" : null}`),
        )
        .toSorted();
      expect(reached).toEqual(expected);
    },
  );
}
