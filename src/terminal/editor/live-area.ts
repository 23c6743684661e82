// The bottom of a terminal's screen, drawn anew in place, while what is printed goes above it. Draws
// what live-layout.ts lays out; knows nothing of keys, or of what the lines are for.

import type { Output } from "../io.ts";
import { DIM, styler } from "../style.ts";
import { type Layout, rowsAboveCursor } from "./line-layout.ts";
import { layOutEntered, layOutLive, layOutPending, type Live } from "./live-layout.ts";

export type LiveContents = Omit<Live, "pendingPrompt">;

export interface LiveArea {
  draw(contents: LiveContents): void;
  /** Writes whole lines above it. */
  printAbove(text: string, contents: LiveContents): void;
  /** Writes a line above it that was typed after `prompt`. */
  settle(prompt: string, text: string, contents: LiveContents): void;
  /** Takes it off the screen. */
  erase(): void;
  /** Takes it off the screen but for the lines on their way, which stay as they are. */
  eraseTyped(pending: readonly string[]): void;
  clearScreen(): void;
}

// ECMA-48 s. 8.3.
const ERASE_BELOW = "\x1b[J";
const CLEAR_SCREEN = "\x1b[H\x1b[2J";
const up = (rows: number) => (rows > 0 ? `\x1b[${rows}A` : "");
const right = (columns: number) => (columns > 0 ? `\x1b[${columns}C` : "");

const NOTHING_DRAWN: Layout = { rows: [""], cursorRow: 0, cursorColumn: 0 };

export function createLiveArea(output: Output, styled: boolean): LiveArea {
  let drawn = NOTHING_DRAWN;
  const dim = styler(DIM, styled);
  const pendingPrompt = styled ? "> " : "(on its way) > ";

  function size(): { columns: number; rows: number } {
    // A terminal that does not know its size is taken for the classic one (VT100).
    return { columns: output.columns || 80, rows: output.rows || 24 };
  }

  /** Takes it off the screen and stands at its first column. */
  function erased(): string {
    const rows = rowsAboveCursor(drawn, size().columns);
    drawn = NOTHING_DRAWN;
    return `${up(rows)}\r${ERASE_BELOW}`;
  }

  function drawnAnew(contents: LiveContents): string {
    const { columns, rows } = size();
    const layout = layOutLive({ ...contents, pendingPrompt }, columns, rows);
    const shown = layout.rows.map((row, index) => (index < layout.pendingRows ? dim(row) : row));
    const back = up(layout.rows.length - 1 - layout.cursorRow);
    drawn = layout;
    return `${shown.join("\r\n")}${back}\r${right(layout.cursorColumn)}`;
  }

  function printRows(rows: readonly string[], contents: LiveContents): void {
    output.write(`${erased()}${rows.join("\r\n")}\r\n${drawnAnew(contents)}`);
  }

  return {
    draw(contents) {
      output.write(erased() + drawnAnew(contents));
    },
    printAbove(text, contents) {
      printRows(text.split("\n"), contents);
    },
    settle(prompt, text, contents) {
      printRows(layOutEntered(prompt, text, size().columns), contents);
    },
    erase() {
      output.write(erased());
    },
    eraseTyped(pending) {
      const rows = layOutPending(pendingPrompt, pending, size().columns, Infinity);
      output.write(erased() + rows.map((row) => `${dim(row)}\r\n`).join(""));
    },
    clearScreen() {
      drawn = NOTHING_DRAWN;
      output.write(CLEAR_SCREEN);
    },
  };
}
