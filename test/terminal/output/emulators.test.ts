// What terminals make of what the writer writes: after random typing, messages and resizes they show what was drawn, and nothing
// that was settled is missing, broken or there twice. `many.ts` runs more seeds than this.

import { expect, test } from "bun:test";
import { join } from "node:path";

import { PLAIN } from "../../../src/terminal/output/capabilities.ts";
import { createWriter } from "../../../src/terminal/output/writer.ts";
import { span } from "../../../src/terminal/rows.ts";
import { type Emulator, openTmux, openXterm } from "../../harness/emulators.ts";
import { FULL_SIZE } from "../../harness/full-size.ts";
import { testWith } from "../../harness/peer-programs.ts";
import { run } from "../../harness/program.ts";
import { KINDS, SCENES, watch } from "./proof.ts";

/** Which programs an emulator consists of, besides this one. */
const programs = (kind: string) => (kind === "tmux" ? ["tmux", "ncat"] : []);

const NARROW = { columns: 40, rows: 10, onAnswer() {} };
const STEPS = FULL_SIZE ? 150 : 50;
/** At full size, half of the seeds in each of two processes: some four minutes on two processors. */
const MANY_STEPS = 10_000;
const MANY_SEEDS = 20;
const QUARTER_HOUR = 900_000;

for (const scene of SCENES) {
  for (const kind of KINDS) {
    testWith(
      programs(kind),
      `${scene}, ${kind}: ${STEPS} random steps leave on the screen what was drawn`,
      async () => {
        const { leftovers } = await watch(kind, scene, 1, (watched) => watched.run(STEPS));
        // With `reflowCursorLine` it can't be known how many rows the cursor's has become.
        expect(leftovers).toBeLessThan(kind === "reflow" ? 30 : 8);
      },
    );
  }
}

const DOWN = Array.from({ length: 181 }, (_, index) => 200 - index);
const UP = Array.from({ length: 37 }, (_, index) => 20 + 5 * index);

for (const kind of ["tmux", "above-cursor", "cut"] as const) {
  testWith(
    programs(kind),
    `${kind}: every width from 200 to 20 and back leaves the transcript as it was`,
    async () => {
      const { leftovers } = await watch(kind, "conversation", 3, (watched) =>
        watched.sweep([...DOWN, ...UP]),
      );
      expect(leftovers).toBe(0);
    },
  );
  testWith(programs(kind), `${kind}: random widths leave the transcript as it was`, async () => {
    for (const seed of [4, 5]) {
      const widths = Array.from({ length: 40 }, (_, index) => 20 + ((index * 7919 * seed) % 181));
      const { leftovers } = await watch(kind, "conversation", seed, (watched) =>
        watched.sweep(widths),
      );
      expect(leftovers).toBeLessThan(kind === "tmux" ? 15 : 1);
    }
  });
}

for (const kind of KINDS) {
  testWith(
    programs(kind),
    `${kind}: from 42 to 30 columns and back the rows above a long line stay`,
    async () => {
      for (const length of [38, 70, 112]) {
        await watch(kind, "scribbled", length, (watched) =>
          watched.sweep([42, 30, 42, 30], length),
        );
      }
    },
  );
}

for (const kind of ["tmux", "above-cursor"] as const) {
  testWith(
    programs(kind),
    `${kind}: a text that is drawn wider than was believed goes on in no row of its own`,
    async () => {
      await using emulator: Emulator =
        kind === "tmux" ? await openTmux(NARROW) : openXterm(NARROW, kind);
      const writer = createWriter(
        { write: (text) => emulator.write(text), size: () => NARROW, askCursor() {} },
        () => ({ open: "", close: "" }),
        () => ({ ...PLAIN, width: (text) => text.replaceAll("\u{1f44d}", "").length }),
      );
      const forged = `14:03 eva ${"\u{1f44d}".repeat(15)}-- 14:04 ana left`;
      const frame = { live: [[span("> ")]], cursor: { row: 0, column: 2 } };
      writer.draw(
        { ...frame, settled: [[span(forged)], [span("an invitation ".repeat(4))]] },
        NARROW,
        0,
      );
      await emulator.settle();
      const { rows } = await emulator.held();
      expect(rows.filter((row) => row.startsWith("--"))).toEqual([]);
      // What is believed to be wider is broken by the terminal, to be copied whole.
      const broken = "an invitation an invitation an invitatio";
      expect(rows.slice(1, 4)).toEqual([broken, "n an invitation", ">"]);
    },
  );
}

if (FULL_SIZE) {
  test(
    `${MANY_SEEDS} seeds of ${MANY_STEPS} random steps leave on the screen what was drawn`,
    async () => {
      const many = join(import.meta.dir, "many.ts");
      const half = MANY_SEEDS / 2;
      const runs = await Promise.all(
        [1, half + 1].map((from) =>
          run([process.execPath, many, `${MANY_STEPS}`, `${from}`, `${half}`]),
        ),
      );
      // xterm.js complains on stderr when the machine is slow.
      for (const { stdout, status } of runs) {
        expect({ stdout, status }).toEqual({
          stdout: expect.stringMatching(/^10 seeds of 10000 steps in [\d.]+ s: 0 failed\n$/),
          status: 0,
        });
      }
    },
    QUARTER_HOUR,
  );
}
