// A scene drawn by the writer on an emulator, with resizes: after each step the emulator must hold what was drawn, and nothing
// else.

import { expect } from "bun:test";

import { createWriter } from "../../../src/terminal/output/writer.ts";
import { rowText, type Size } from "../../../src/terminal/rows.ts";
import type { Emulator, Held } from "../../harness/emulators.ts";
import { breakText } from "./random-text.ts";
import type { Scene } from "./scene.ts";

/** Lines above the live rows that are compared after each step; all of them are compared at the end of an episode. */
const COMPARED = 40;
/** Steps after which the emulator is emptied, so that the comparison stays quick. */
const EPISODE = 250;
const MIN_ROWS = 12;
const MAX_ROWS = 32;
const MIN_COLUMNS = 20;
const MAX_COLUMNS = 200;

export interface WatchedEmulator {
  /** How often rows were left over that nobody could erase. */
  readonly leftovers: number;
  /** @throws an assertion of the test, with the seed and the step */
  run(steps: number): Promise<void>;
  /** Makes the window so wide, one after the other, with messages on the screen and a line of so many letters being typed. */
  sweep(widths: readonly number[], length?: number): Promise<void>;
}

/** @param name of the run, for what it throws */
export function watchEmulator(
  emulator: Emulator,
  scene: Scene,
  answers: { take(): string },
  random: (below: number) => number,
  start: Size,
  name: string,
): WatchedEmulator {
  const isCut = emulator.narrowing === "cut";
  const isXterm = emulator.narrowing === "above-cursor";
  /** Whether the writer can know what the emulator did; what xterm.js does with `reflowCursorLine` looks as without. */
  let isExact = true;
  let size = start;
  let now = 0;
  let settled: string[] = [];
  let leftovers = 0;
  const writer = createWriter(
    {
      write: (text) => emulator.write(text),
      size: () => size,
      askCursor() {
        scene.expectCursor();
        emulator.write("\x1b[6n");
      },
    },
    () => ({ open: "", close: "" }),
    () => scene.capabilities,
  );

  function draw(): boolean {
    const frame = scene.frame();
    if (!writer.draw(frame, size, now)) return false;
    // What is wider than the window the terminal breaks itself, and joins again.
    const texts = frame.settled.map(rowText);
    const { width } = scene.capabilities;
    const rows = texts.flatMap((text) =>
      isCut && width(text) > size.columns ? breakText(text, size.columns) : [text],
    );
    settled.push(...rows.map((text) => text.trimEnd()));
    scene.drawn();
    return true;
  }

  async function drawUntilDone(): Promise<void> {
    for (let round = 0; scene.frame().settled.length > 0 || !draw(); round += 1) {
      draw();
      if (round > 100) throw new Error("the writer draws nothing any more");
      await emulator.settle();
      const positions = scene.positions(answers.take());
      for (const { row, column } of positions) {
        now += 1;
        writer.cursorAt(row, column, now);
      }
      if (positions.length > 0 || writer.deadline === null) continue;
      now = Math.max(now, writer.deadline);
      writer.expire(now);
    }
  }

  async function resizeTo(columns: number, rows: number): Promise<void> {
    size = { columns, rows };
    await emulator.resize(columns, rows);
    // The program hears of it before it draws.
    scene.resize(size);
  }

  async function resize(): Promise<void> {
    // Some resizes are so quick that the program hears of the last one only.
    const times = random(3) === 0 ? 1 + random(3) : 1;
    isExact = emulator.name !== "xterm.js (reflow)" && (!isXterm || times === 1);
    const before = size.columns;
    for (let time = 0; time < times; time += 1) {
      const chosen = MIN_COLUMNS + random(random(3) === 0 ? MAX_COLUMNS - MIN_COLUMNS + 1 : 60);
      // Of a window that is as wide again as it was nobody hears; tmux has moved a cursor right of its row's end to that end.
      const columns = chosen === before ? chosen + 1 : chosen;
      const rows = random(2) === 0 ? size.rows : MIN_ROWS + random(MAX_ROWS - MIN_ROWS);
      await resizeTo(columns, rows);
      // xterm.js has to be followed step by step.
      if (isXterm || random(2) === 0) writer.resized(now);
    }
  }

  /** xterm.js leaves the row on which it takes the cursor to be in pieces, and later joins them with the blanks behind each. */
  function plain(lines: readonly string[]): readonly string[] {
    return isXterm ? lines.map((line) => line.replaceAll(" ", "")) : lines;
  }

  /** @param compared how many of the lines above the live rows; all of them at the end of an episode */
  function compare(held: Held, where: string, compared: number, isResized: boolean): void {
    const { live, cursor: at } = scene.frame();
    const rows = live.map((row) => rowText(row).trimEnd());
    const top = held.cursor.row - at.row;
    expect(held.rows.slice(top), where).toEqual([
      ...rows,
      ...Array<string>(Math.max(0, held.rows.length - top - rows.length)).fill(""),
    ]);
    expect(held.cursor.column, where).toBe(at.column);

    const all = isCut ? held.rows : held.lines;
    const end = all.findLastIndex((line) => line !== "") + 1;
    const shown = all.slice(0, end - (rows.findLastIndex((text) => text !== "") + 1));
    const isAtTop = top <= held.rows.length - size.rows;
    if (isResized && (isAtTop || !isExact)) keepLeftover(shown);
    // The first line of a part may be the end of one.
    const count = Math.min(
      compared,
      compared === Infinity ? Math.max(shown.length, settled.length) : shown.length - 1,
    );
    // What was beyond the edge of a window that became narrower is gone, and remains so.
    const lines = shown.slice(-count).map((line, index) => {
      const whole = settled.at(index - count) ?? "";
      return isCut && whole.startsWith(line) ? whole : line;
    });
    expect(plain(lines), where).toEqual(plain(settled.slice(-count)));
  }

  /** Rows that nobody could erase stay above the live ones: then they are part of what is there. */
  function keepLeftover(shown: readonly string[]): void {
    const last = shown[settled.length - 1];
    if (last === undefined || settled.at(-1)?.startsWith(last) !== true) return;
    const leftover = shown.slice(settled.length);
    if (leftover.length > 0) leftovers += 1;
    settled.push(...leftover);
  }

  return {
    get leftovers() {
      return leftovers;
    },
    async run(steps) {
      let trace: string[] = [];
      scene.fill();
      for (let count = 0; count < steps; count += 1) {
        const isResize = random(8) === 0;
        if (isResize) await resize();
        const what = isResize ? "resize" : scene.step();
        trace.push(`${what} ${size.columns}x${size.rows}`);
        now += random(20);
        await drawUntilDone();
        const where = `${name}, step ${count}: ${trace.slice(-6).join(", ")}`;
        const isEnd = count % EPISODE === EPISODE - 1;
        if (isEnd || emulator.name !== "tmux" || isResize || count % 10 === 0) {
          // After a resize there may be rows that nobody could erase.
          const isWhole = isEnd || isResize;
          const held = await emulator.held(isWhole ? Infinity : size.rows + COMPARED);
          compare(held, where, isWhole ? Infinity : COMPARED, isResize);
        }
        if (!isEnd) continue;
        writer.erase();
        await emulator.reset();
        settled = [];
        trace = [];
        scene.fill();
      }
    },
    async sweep(widths, length = 100) {
      isExact = emulator.name !== "xterm.js (reflow)";
      scene.fill();
      for (let count = 0; count < 20; count += 1) scene.say();
      scene.beginLine(length);
      await drawUntilDone();
      for (const [index, columns] of widths.entries()) {
        // In a room where nobody says anything the line being typed would climb, row by row, to the top of the window.
        if (index % 4 === 3) {
          scene.say();
          await drawUntilDone();
        }
        await resizeTo(columns, size.rows);
        writer.resized(now);
        await drawUntilDone();
        compare(await emulator.held(Infinity), `${name}, ${columns} columns`, Infinity, true);
      }
    },
  };
}
