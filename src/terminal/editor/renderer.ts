// Draws the editor at the bottom of a terminal's screen, in place, and prints whole lines above it. Knows
// nothing of keys, or of what the lines are for.

import type { Output } from "../io.ts";
import { DIM, styled, unstyled } from "../output-stream.ts";
import {
  type EditorLines,
  type Layout,
  layOutEditor,
  layOutEntered,
  layOutPending,
  rowsAboveCursor,
} from "./renderer-layout.ts";

// ECMA-48 s. 8.3.
const ERASE_BELOW = "\x1b[J";
const CLEAR_SCREEN = "\x1b[H\x1b[2J";
const up = (rows: number) => (rows > 0 ? `\x1b[${rows}A` : "");
const right = (columns: number) => (columns > 0 ? `\x1b[${columns}C` : "");

const NOTHING_DRAWN: Layout = { rows: [""], cursorRow: 0, cursorColumn: 0 };

/** @param styles whether pending lines can be dim; otherwise their prompt says what they are */
export function createRenderer(output: Output, styles: boolean) {
  let drawn = NOTHING_DRAWN;
  const style = styles ? styled : unstyled;
  const pendingPrompt = styles ? "> " : "(on its way) > ";

  function windowSize(): { columns: number; rows: number } {
    // A terminal that doesn't know its size is taken for a VT100, 80 by 24.
    return { columns: output.columns || 80, rows: output.rows || 24 };
  }

  /** Erases what was drawn and leaves the cursor at its first column. */
  function erasure(): string {
    const rows = rowsAboveCursor(drawn, windowSize().columns);
    drawn = NOTHING_DRAWN;
    return `${up(rows)}\r${ERASE_BELOW}`;
  }

  function drawing(lines: EditorLines): string {
    const { columns, rows } = windowSize();
    const layout = layOutEditor(lines, pendingPrompt, columns, rows);
    const shown = layout.rows.map((row, index) =>
      index < layout.pendingRows ? style(DIM, row) : row,
    );
    const back = up(layout.rows.length - 1 - layout.cursorRow);
    drawn = layout;
    return `${shown.join("\r\n")}${back}\r${right(layout.cursorColumn)}`;
  }

  /** Prints rows that stay, above the editor. */
  function printAbove(rows: readonly string[], lines: EditorLines): void {
    output.write(`${erasure()}${rows.join("\r\n")}\r\n${drawing(lines)}`);
  }

  return {
    draw(lines: EditorLines): void {
      output.write(erasure() + drawing(lines));
    },
    printAbove,
    /** Prints a line that stays, above the editor: one that was typed after `prompt`. */
    printEntered(prompt: string, text: string, lines: EditorLines): void {
      printAbove(layOutEntered(prompt, text, windowSize().columns), lines);
    },
    printNote(text: string, lines: EditorLines): void {
      printAbove([style(DIM, text)], lines);
    },
    erase(): void {
      output.write(erasure());
    },
    /** Erases the editor, except for the pending lines, which stay as they are. */
    eraseTyped(pending: readonly string[]): void {
      const rows = layOutPending(pendingPrompt, pending, windowSize().columns, Infinity);
      output.write(erasure() + rows.map((row) => `${style(DIM, row)}\r\n`).join(""));
    },
    /** Another program has written to the terminal: what was drawn is not there any more. */
    forget(): void {
      drawn = NOTHING_DRAWN;
    },
    clearScreen(): void {
      drawn = NOTHING_DRAWN;
      output.write(CLEAR_SCREEN);
    },
  };
}
