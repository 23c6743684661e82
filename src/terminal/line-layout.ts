// Where the line being typed stands on the screen: its rows, broken by us rather than by the terminal,
// and the cursor among them. Pure.

import { displayWidth } from "./display-width.ts";
import { type LineBuffer, splitGraphemes } from "./line-buffer.ts";
import { visibleText } from "./visible-text.ts";

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
  let row = prompt;
  let width = displayWidth(prompt);
  let cursor: { row: number; column: number } | null = null;
  let offset = 0;

  const breakRow = () => {
    rows.push(row);
    row = "";
    width = 0;
  };
  for (const grapheme of splitGraphemes(line.text)) {
    const isNewline = grapheme === "\n";
    const shown = grapheme === "\t" ? TAB : isNewline ? "" : visibleText(grapheme);
    const wide = displayWidth(shown);
    // A full row also makes way for the cursor, which needs a column of its own.
    if (width > 0 && width + Math.max(wide, 1) > columns) breakRow();
    if (offset === line.cursor) cursor = { row: rows.length, column: width };
    if (isNewline) breakRow();
    row += shown;
    width += wide;
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
  const broken = (width: number) => Math.max(1, Math.ceil(width / columns));
  const above = layout.rows
    .slice(0, layout.cursorRow)
    .reduce((sum, row) => sum + broken(displayWidth(row)), 0);
  return above + Math.floor(layout.cursorColumn / columns);
}
