import { expect, test } from "bun:test";

import { Terminal } from "@xterm/headless";

import { displayWidth } from "../../../src/terminal/display-width.ts";
import { measuredWidth, PROBES } from "../../../src/terminal/output/measured-width.ts";
import { sampleTexts } from "./sample-texts.ts";

/** Widths of a terminal that draws text so. */
function learn(drawn: (text: string) => number) {
  return measuredWidth(new Map(PROBES.map((probe) => [probe, drawn(probe)])));
}

/** A C library's wcwidth, as it would be with the runtime's tables. */
function addedUp(text: string): number {
  return Array.from(text).reduce(
    (sum, character) => sum + (/\p{M}/u.test(character) ? 0 : displayWidth(character)),
    0,
  );
}

test("a terminal that draws as the runtime measures is measured as the runtime does", () => {
  const width = learn(displayWidth);
  const wrong = sampleTexts(2_000, 1).filter((text) => width(text) !== displayWidth(text));
  expect(wrong).toEqual([]);
});

test("a terminal that adds up code points is measured so", () => {
  const width = learn(addedUp);
  expect(width("👍🏽")).toBe(4);
  expect(width("❤️")).toBe(1);
  expect(width("👩‍👩‍👧")).toBe(6);
  const wrong = sampleTexts(2_000, 2).filter((text) => width(text) !== addedUp(text));
  expect(wrong).toEqual([]);
});

test("plain text costs no more than looking at its characters", () => {
  const width = learn(displayWidth);
  expect(width("")).toBe(0);
  expect(width("plain text, “quoted” — and so on …")).toBe(34);
  expect(width("漢字かなカナ한글")).toBe(16);
});

test("xterm.js, which knows Unicode 6, is measured as it draws", async () => {
  const terminal = new Terminal({ cols: 400, rows: 4, allowProposedApi: true });
  /** The columns that each text takes, by the cursor's position after it. */
  async function drawn(texts: readonly string[]): Promise<readonly number[]> {
    const columns: number[] = [];
    const reports = terminal.onData((report) => {
      columns.push(Number(/(\d+)R$/.exec(report)?.[1]) - 1);
    });
    const written = texts.map((text) => `\r\x1b[K${text}\x1b[6n`).join("");
    await new Promise<void>((resolve) => terminal.write(written, resolve));
    reports.dispose();
    return columns;
  }
  const probed = await drawn(PROBES);
  const width = measuredWidth(new Map(PROBES.map((probe, index) => [probe, probed[index] ?? 0])));
  const samples = sampleTexts(2_000, 3);
  // Each alone, and in rows of words of several.
  const texts = samples.flatMap((text, index) => [
    text,
    Array.from({ length: 8 }, (_, next) => samples[(index + next * 37) % 2_000]).join("x "),
  ]);
  const columns = await drawn(texts);
  const wrong = texts.flatMap((text, index) =>
    width(text) === columns[index] ? [] : [`${text}: ${width(text)}, drawn ${columns[index]}`],
  );
  expect(columns).toHaveLength(4_000);
  expect(wrong).toEqual([]);
});
