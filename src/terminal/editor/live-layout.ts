// The rows at the bottom of the screen that are drawn anew with every change: lines that are on their
// way to the other end, and below them the line being typed. Pure.

import { type LineBuffer, lineOf } from "./line-buffer.ts";
import { type Layout, layOut } from "./line-layout.ts";

export interface Live {
  /** Lines on their way, oldest first. */
  readonly pending: readonly string[];
  /** What stands before each of them. */
  readonly pendingPrompt: string;
  readonly prompt: string;
  readonly line: LineBuffer;
}

export interface LiveLayout extends Layout {
  /** How many of the rows, from the first, are those of lines on their way. */
  readonly pendingRows: number;
}

/** Lays all of it out on a window of `columns` by `maxRows`, half of it for lines on their way. */
export function layOutLive(live: Live, columns: number, maxRows: number): LiveLayout {
  const { pending, pendingPrompt, prompt, line } = live;
  const above = layOutPending(pendingPrompt, pending, columns, Math.floor(maxRows / 2));
  const typed = layOut(prompt, line, columns, maxRows - above.length);
  return {
    rows: [...above, ...typed.rows],
    cursorRow: above.length + typed.cursorRow,
    cursorColumn: typed.cursorColumn,
    pendingRows: above.length,
  };
}

/** The newest lines that have room, and how many more there are; of one too long, its beginning. */
export function layOutPending(
  prompt: string,
  lines: readonly string[],
  columns: number,
  maxRows: number,
): readonly string[] {
  const rows: string[] = [];
  let more = lines.length;
  while (more > 0) {
    // Whatever is left out takes a row to say so.
    const room = maxRows - rows.length - (more > 1 ? 1 : 0);
    const its = layOutEntered(prompt, lines[more - 1] ?? "", columns);
    if (room <= 0 || (its.length > room && rows.length > 0)) break;
    rows.unshift(...its.slice(0, room));
    more -= 1;
  }
  if (more > 0 && maxRows > 0) rows.unshift(`… ${more} more on their way`.slice(0, columns));
  return rows;
}

/** The rows of a line that is typed no more, all of them: none is kept free for the cursor. */
export function layOutEntered(prompt: string, text: string, columns: number): readonly string[] {
  const { rows } = layOut(prompt, lineOf(text), columns, Infinity);
  return rows.length > 1 && rows.at(-1) === "" ? rows.slice(0, -1) : rows;
}
