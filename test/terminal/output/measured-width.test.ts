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
  const terminal = new Terminal({ cols: 80, rows: 4, allowProposedApi: true });
  async function drawn(text: string): Promise<number> {
    await new Promise<void>((resolve) => terminal.write(`\r\x1b[K${text}`, resolve));
    return terminal.buffer.active.cursorX;
  }
  const widths = new Map<string, number>();
  for (const probe of PROBES) widths.set(probe, await drawn(probe));
  const width = measuredWidth(widths);
  const wrong: string[] = [];
  for (const text of sampleTexts(2_000, 3)) {
    const columns = await drawn(text);
    if (width(text) !== columns) wrong.push(`${text}: ${width(text)}, drawn ${columns}`);
  }
  expect(wrong).toEqual([]);
});
