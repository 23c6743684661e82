// Where the line being typed stands on the screen: its rows, broken by us rather than by the terminal,
// and the cursor among them. Pure.

import { displayWidth } from "../display-width.ts";
import { visibleText } from "../visible-text.ts";
import { type LineBuffer, splitGraphemes } from "./line-buffer.ts";

export interface Layout {
  readonly rows: readonly string[];
  /** Counted from the first row and the first column, both 0. */
  readonly cursorRow: number;
  readonly cursorColumn: number;
}

/** Columns of a tab: it stands where it is typed, so it has one width. */
const TAB = "    ";

/**
 * Lays the line out on a window of `columns` by `maxRows`. A line that needs more rows shows those
 * around the cursor; a newline (from a paste) begins a row of its own.
 */
export function layOut(prompt: string, line: LineBuffer, columns: number, maxRows: number): Layout {
  const rows: string[] = [];
  let row = "";
  let width = 0;
  let cursor: { row: number; column: number } | null = null;
  let offset = 0;

  const breakRow = () => {
    rows.push(row);
    row = "";
    width = 0;
  };
  const add = (shown: string) => {
    const wide = displayWidth(shown);
    // A full row also makes way for the cursor, which needs a column of its own.
    if (width > 0 && width + Math.max(wide, 1) > columns) breakRow();
    row += shown;
    width += wide;
  };

  for (const grapheme of splitGraphemes(prompt)) add(grapheme);
  for (const grapheme of splitGraphemes(line.text)) {
    const isNewline = grapheme === "\n";
    const shown = grapheme === "\t" ? TAB : isNewline ? "" : visibleText(grapheme);
    if (width > 0 && width + Math.max(displayWidth(shown), 1) > columns) breakRow();
    if (offset === line.cursor) cursor = { row: rows.length, column: width };
    if (isNewline) breakRow();
    // The name of a character that is not shown itself may be broken, a letter may not.
    for (const piece of shown === grapheme ? [shown] : shown) add(piece);
    offset += grapheme.length;
  }
  if (width >= columns) breakRow();
  cursor ??= { row: rows.length, column: width };
  rows.push(row);

  const first = Math.max(0, Math.min(cursor.row - maxRows + 1, rows.length - maxRows));
  return {
    rows: rows.slice(first, first + maxRows),
    cursorRow: cursor.row - first,
    cursorColumn: cursor.column,
  };
}

/**
 * How many rows above the cursor's a layout takes once the window is `columns` wide: a terminal that
 * became narrower has broken the rows it showed.
 */
export function rowsAboveCursor(layout: Layout, columns: number): number {
  const above = layout.rows
    .slice(0, layout.cursorRow)
    .reduce((sum, row) => sum + brokenRows(row, columns), 0);
  return above + Math.floor(layout.cursorColumn / columns);
}

/** How many rows a terminal of so many columns makes of a row: it does not break a letter. */
function brokenRows(row: string, columns: number): number {
  let rows = 1;
  let width = 0;
  for (const grapheme of splitGraphemes(row)) {
    const wide = displayWidth(grapheme);
    if (width + wide > columns) {
      rows += 1;
      width = 0;
    }
    width += wide;
  }
  return rows;
}
