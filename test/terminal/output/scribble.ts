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
  ..."a b c d e f g h i j k l m n o p q r s t u v w x y z".split(" "),
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
    graphemes: false,
    keyboard: false,
    multiplexer: null,
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
  /** How often rows were left over that nobody could erase. */
  readonly leftovers: number;
  /** @throws an assertion of the test, with the seed and the step */
  run(steps: number): Promise<void>;
  /** Makes the window so wide, one after the other, with some messages on the screen and a draft. */
  sweep(widths: readonly number[]): Promise<void>;
}

export function createScribbler(
  emulator: Emulator,
  answers: { take(): string },
  start: Size,
  seed: number,
): Scribbler {
  const random = seeded(seed);
  const isXterm = emulator.narrowing === "above-cursor";
  /** Whether the writer knows what the emulator does. What xterm.js does with `reflowCursorLine` can't be told from what it does without. */
  let isExact = true;
  const pieces = emulator.name === "tmux" ? NARROW : WIDE;
  let size = start;
  let now = 0;
  let isSlack = random(2) === 0;
  let draft = "";
  let cursor = 0;
  let status = "main  ana, ben  ok";
  let settled: string[] = [];
  let unprinted: Row[] = [];
  let leftovers = 0;
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
    // The last column is left free: a row that fills the window is broken as soon as that becomes narrower.
    const columns = isSlack ? size.columns - 1 : size.columns;
    const rows = breakText(`> ${draft}`, columns);
    let [row, column] = [0, 2];
    for (const [index, text] of breakText(`> ${draft.slice(0, cursor)}`, columns).entries()) {
      [row, column] = [index, displayWidth(text)];
    }
    if (column === size.columns) [row, column] = [row + 1, 0];
    if (row === rows.length) rows.push("");
    // At most the window's rows: the last ones, with the cursor.
    const bound = Math.max(1, size.rows - 1);
    const first = Math.max(0, Math.min(row, rows.length - bound));
    const live = rows.slice(first, first + bound).map((text) => [span(text)]);
    if (size.rows > 1) live.push([span(breakText(status, columns)[0] ?? "")]);
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
      for (const [, row, column] of answers.take().matchAll(/\[(\d+);(\d+)R/g)) {
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
    isExact = emulator.name !== "xterm.js (reflow)" && (emulator.name === "tmux" || times === 1);
    for (let time = 0; time < times; time += 1) {
      const columns = 20 + random(random(3) === 0 ? 181 : 60);
      const rows = random(2) === 0 ? size.rows : 12 + random(MAX_ROWS - 12);
      size = { columns, rows };
      await emulator.resize(columns, rows);
      // xterm.js has to be followed step by step.
      if (isXterm || random(2) === 0) writer.resized(now);
    }
  }

  async function step(): Promise<string> {
    const kind = random(24);
    if (kind < 3) {
      await resize();
      return "resize";
    }
    if (kind < 5) {
      for (let count = 1 + random(3); count > 0; count -= 1) say();
      return "messages";
    }
    if (kind === 5) {
      for (const text of breakText(`> ${draft}`, size.columns)) unprinted.push([span(text)]);
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

  /** @param compared how many of the lines above the live rows; all of them at the end of an episode */
  function compare(held: Held, where: string, compared: number, isResized: boolean): void {
    const { live, cursor: at } = frame();
    const rows = live.map((row) => rowText(row).trimEnd());
    const top = held.cursor.row - at.row;
    expect(held.rows.slice(top), where).toEqual([
      ...rows,
      ...Array<string>(Math.max(0, held.rows.length - top - rows.length)).fill(""),
    ]);
    expect(held.cursor.column, where).toBe(at.column);

    const isCut = emulator.narrowing === "cut";
    const all = isCut ? held.rows : held.lines;
    const end = all.findLastIndex((line) => line !== "") + 1;
    const shown = all.slice(0, end - (rows.findLastIndex((text) => text !== "") + 1));
    const isAtTop = top <= held.rows.length - size.rows;
    if (isResized && (isAtTop || !isExact)) keepLeftover(shown);
    const count = Math.min(compared, Math.max(shown.length, settled.length));
    // What was beyond the edge of a window that became narrower is gone, and remains so.
    const lines = shown.slice(-count).map((line, index) => {
      const whole = settled.at(index - count) ?? "";
      return isCut && whole.startsWith(line) ? whole : line;
    });
    expect(lines, where).toEqual(settled.slice(-count));
  }

  /** Rows that nobody could erase stay above the live ones: then they are part of what is there. */
  function keepLeftover(shown: readonly string[]): void {
    if (shown[settled.length - 1] !== settled.at(-1)) return;
    const leftover = shown.slice(settled.length);
    if (leftover.length > 0) leftovers += 1;
    settled.push(...leftover);
  }

  /** What tmux moves to the scrollback when it breaks rows near the top of an empty screen, nobody can erase. */
  function fill(): void {
    for (let row = 0; row < MAX_ROWS; row += 1) unprinted.push([span(`before ${row}`)]);
  }

  return {
    get leftovers() {
      return leftovers;
    },
    async run(steps) {
      let trace: string[] = [];
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
          compare(held, where, isEnd ? Infinity : COMPARED, what === "resize");
        }
        if (!isEnd) continue;
        writer.erase();
        await emulator.reset();
        settled = [];
        trace = [];
        fill();
      }
    },
    async sweep(widths) {
      isSlack = true;
      fill();
      for (let count = 0; count < 20; count += 1) say();
      draft = someText(100);
      cursor = draft.length;
      await drawUntilDone();
      for (const [index, columns] of widths.entries()) {
        // In a room where nobody says anything the line being typed would climb, row by row, to the top of the window.
        if (index % 4 === 3) {
          say();
          await drawUntilDone();
        }
        size = { ...size, columns };
        await emulator.resize(columns, size.rows);
        writer.resized(now);
        await drawUntilDone();
        const where = `${emulator.name}, seed ${seed}, ${columns} columns`;
        compare(await emulator.held(), where, Infinity, true);
      }
    },
  };
}
