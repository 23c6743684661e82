// A person at a terminal, without the program: random typing, messages, pauses and resizes, laid out in the simplest way and drawn
// by the writer on an emulator; after each step the emulator must hold what was drawn, and nothing else.

import { expect } from "bun:test";

import { displayWidth } from "../../../src/terminal/display-width.ts";
import type { Capabilities } from "../../../src/terminal/output/capabilities.ts";
import { createWriter } from "../../../src/terminal/output/writer.ts";
import { type Frame, type Row, rowText, type Size, span } from "../../../src/terminal/rows.ts";
import type { Emulator, Held } from "../../harness/emulators.ts";
import { seeded } from "../../harness/random.ts";

/** Text on whose width all terminals agree. */
const NARROW = [
  ..."abcdefghijklmnopqrstuvwxyz",
  " ",
  "é",
  "ñ",
  "word ",
  "https://example.org/a/long/path ",
  "0123456789".repeat(3),
];

/** tmux 3.3a loses count of its rows when it joins some that had been broken before a wide letter. */
const WIDE = [...NARROW, "語", "日本"];

/** Rows of settled text that are compared after each step; all of them are compared at the end of an episode. */
const COMPARED = 40;
/** Steps after which the emulator is emptied, so that the comparison stays quick. */
const EPISODE = 250;
const MAX_ROWS = 32;

export function testCapabilities(emulator: Emulator): Capabilities {
  return {
    background: null,
    colours: 0,
    styles: false,
    synchronized: false,
    hyperlinks: false,
    title: false,
    clipboard: false,
    notification: null,
    narrowing: emulator.narrowing,
    width: displayWidth,
  };
}

/** Breaks text after so many columns, as an editor does: never within a letter. */
function breakText(text: string, columns: number): string[] {
  const rows = [""];
  let used = 0;
  for (const letter of text) {
    const added = displayWidth(letter);
    if (used + added > columns) {
      rows.push("");
      used = 0;
    }
    rows[rows.length - 1] += letter;
    used += added;
  }
  return rows;
}

export interface Scribbler {
  /** @throws an assertion of the test, with the seed and the step */
  run(steps: number): Promise<void>;
}

export function createScribbler(
  emulator: Emulator,
  answers: { take(): string },
  start: Size,
  seed: number,
  only?: { readonly resizes?: boolean },
): Scribbler {
  const random = seeded(seed);
  const pieces = emulator.name === "tmux" ? NARROW : WIDE;
  let size = start;
  let now = 0;
  let draft = "";
  let cursor = 0;
  let status = "main  ana, ben  ok";
  let settled: string[] = [];
  let unprinted: Row[] = [];
  const capabilities = testCapabilities(emulator);
  const writer = createWriter(
    {
      write: (text) => emulator.write(text),
      size: () => size,
      askCursor: () => emulator.write("\x1b[6n"),
    },
    () => ({ open: "", close: "" }),
    () => capabilities,
  );

  function frame(): Frame {
    const rows = breakText(`> ${draft}`, size.columns);
    let [row, column] = [0, 2];
    for (const [index, text] of breakText(`> ${draft.slice(0, cursor)}`, size.columns).entries()) {
      [row, column] = [index, displayWidth(text)];
    }
    if (column === size.columns) [row, column] = [row + 1, 0];
    if (row === rows.length) rows.push("");
    // At most the window's rows: the last ones, with the cursor.
    const bound = Math.max(1, size.rows - 1);
    const first = Math.max(0, Math.min(row, rows.length - bound));
    const live = rows.slice(first, first + bound).map((text) => [span(text)]);
    if (size.rows > 1) live.push([span(breakText(status, size.columns)[0] ?? "")]);
    return { settled: unprinted, live, cursor: { row: row - first, column } };
  }

  function draw(): boolean {
    const drawing = frame();
    if (!writer.draw(drawing, size, now)) return false;
    settled.push(...drawing.settled.map((row) => rowText(row).trimEnd()));
    unprinted = [];
    return true;
  }

  async function drawUntilDone(): Promise<void> {
    for (let round = 0; !draw(); round += 1) {
      if (round > 10) throw new Error("the writer draws nothing any more");
      await emulator.settle();
      for (const [, row, column] of answers.take().matchAll(/\x1b\[(\d+);(\d+)R/g)) {
        now += 1;
        writer.cursorAt(Number(row), Number(column), now);
      }
    }
  }

  function someText(length: number): string {
    let text = "";
    while (text.length < length) text += pieces[random(pieces.length)] ?? "";
    return text;
  }

  function say(): void {
    const rows = breakText(someText(1 + random(random(8) === 0 ? 400 : 60)), size.columns);
    for (const text of rows) unprinted.push([span(text)]);
  }

  async function resize(): Promise<void> {
    // Some resizes are so quick that the program hears of the last one only.
    const times = random(3) === 0 ? 1 + random(3) : 1;
    for (let time = 0; time < times; time += 1) {
      const columns = 20 + random(random(3) === 0 ? 181 : 60);
      const rows = random(2) === 0 ? size.rows : 12 + random(MAX_ROWS - 12);
      size = { columns, rows };
      await emulator.resize(columns, rows);
      if (random(2) === 0) writer.resized(now);
    }
  }

  async function step(): Promise<string> {
    const kind = random(only?.resizes === true ? 12 : 24);
    if (kind < 3) {
      await resize();
      return "resize";
    }
    if (kind < 5) {
      for (let count = 1 + random(3); count > 0; count -= 1) say();
      return "messages";
    }
    if (kind === 5) {
      unprinted.push([span(`> ${draft}`.slice(0, size.columns))]);
      [draft, cursor] = ["", 0];
      return "enter";
    }
    if (kind === 6) {
      status = `main  ${someText(random(40)).trim()}`;
      return "status";
    }
    if (kind === 7) {
      cursor = random(draft.length + 1);
      return "move";
    }
    if (kind === 8) {
      draft = draft.slice(0, Math.max(0, cursor - 1)) + draft.slice(cursor);
      cursor = Math.max(0, cursor - 1);
      return "backspace";
    }
    const added = someText(random(12) === 0 ? 40 : 1);
    if (draft.length > 120) return "nothing";
    draft = draft.slice(0, cursor) + added + draft.slice(cursor);
    cursor += added.length;
    return "type";
  }

  function compare(held: Held, where: string, compared: number): void {
    const { live, cursor: at } = frame();
    const expected = [...settled, ...live.map((row) => rowText(row).trimEnd())];
    const lines = held.lines.slice(0, held.lines.findLastIndex((line) => line !== "") + 1);
    const end = expected.findLastIndex((line) => line !== "") + 1;
    expect(lines.slice(-compared), where).toEqual(expected.slice(0, end).slice(-compared));
    const top = held.cursor.row - at.row;
    const shown = held.rows.slice(top, top + live.length);
    expect(shown, where).toEqual(live.map((row) => rowText(row).trimEnd()));
    expect(held.cursor.column, where).toBe(at.column);
  }

  return {
    async run(steps) {
      let trace: string[] = [];
      // What tmux moves to the scrollback when it breaks rows near the top of an empty screen, nobody can erase.
      const fill = () => {
        for (let row = 0; row < MAX_ROWS; row += 1) unprinted.push([span(`before ${row}`)]);
      };
      fill();
      for (let count = 0; count < steps; count += 1) {
        const what = await step();
        trace.push(`${what} ${size.columns}x${size.rows}`);
        now += random(20);
        await drawUntilDone();
        const where = `${emulator.name}, seed ${seed}, step ${count}: ${trace.slice(-6).join(", ")}`;
        const isEnd = count % EPISODE === EPISODE - 1;
        if (isEnd || emulator.name !== "tmux" || what === "resize" || count % 10 === 0) {
          const held = await emulator.held();
          // Where too long rows are cut off, old ones are not whole any more.
          const isCut = emulator.narrowing === "cut";
          compare(held, where, isCut ? frame().live.length : isEnd ? Infinity : COMPARED);
        }
        if (!isEnd) continue;
        writer.erase();
        await emulator.reset();
        settled = [];
        trace = [];
        fill();
      }
    },
  };
}
