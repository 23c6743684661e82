// Where the editor's lines stand on the screen: lines being sent, below them the line being typed, and the
// cursor. Rows are broken here rather than by the terminal. Pure.

import { displayWidth } from "../display-width.ts";
import { visibleText } from "../visible-text.ts";
import { atEnd, type LineBuffer, splitGraphemes } from "./line-buffer.ts";

export interface Layout {
  readonly rows: readonly string[];
  /** Counted from the first row and the first column, both 0. */
  readonly cursorRow: number;
  readonly cursorColumn: number;
}

/** What is drawn anew with every change. */
export interface EditorLines {
  /** Lines on their way to the other end, oldest first. */
  readonly pending: readonly string[];
  readonly prompt: string;
  readonly line: LineBuffer;
}

interface EditorLayout extends Layout {
  /** How many of the rows, from the first, belong to pending lines. */
  readonly pendingRows: number;
}

/** Columns of a tab. It has one width wherever it stands. */
const TAB = "    ";

/** All lines in a window of `columns` by `maxRows`; pending lines get at most half of it. */
export function layOutEditor(
  { pending, prompt, line }: EditorLines,
  pendingPrompt: string,
  columns: number,
  maxRows: number,
): EditorLayout {
  const above = layOutPending(pendingPrompt, pending, columns, Math.floor(maxRows / 2));
  const typed = layOutLine(prompt, line, columns, maxRows - above.length);
  return {
    rows: [...above, ...typed.rows],
    cursorRow: above.length + typed.cursorRow,
    cursorColumn: typed.cursorColumn,
    pendingRows: above.length,
  };
}

/** The newest lines that fit, and how many more there are; if even one is too long, its beginning. */
export function layOutPending(
  prompt: string,
  lines: readonly string[],
  columns: number,
  maxRows: number,
): readonly string[] {
  const rows: string[] = [];
  let hidden = lines.length;
  while (hidden > 0) {
    // The count of hidden lines takes a row.
    const free = maxRows - rows.length - (hidden > 1 ? 1 : 0);
    const next = layOutEntered(prompt, lines[hidden - 1] ?? "", columns);
    if (free <= 0 || (next.length > free && rows.length > 0)) break;
    rows.unshift(...next.slice(0, free));
    hidden -= 1;
  }
  if (hidden > 0 && maxRows > 0) rows.unshift(`… ${hidden} more on their way`.slice(0, columns));
  return rows;
}

/** All rows of a line that is no longer edited: none is kept free for the cursor. */
export function layOutEntered(prompt: string, text: string, columns: number): readonly string[] {
  const { rows } = layOutLine(prompt, atEnd(text), columns, Infinity);
  return rows.length > 1 && rows.at(-1) === "" ? rows.slice(0, -1) : rows;
}

/**
 * The line being typed in a window of `columns` by `maxRows`. If it needs more rows, those around the
 * cursor are shown; a newline (from a paste) begins a new row.
 */
export function layOutLine(
  prompt: string,
  line: LineBuffer,
  columns: number,
  maxRows: number,
): Layout {
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
    const added = displayWidth(shown);
    // A full row also makes way for the cursor, which needs a column of its own.
    if (width > 0 && width + Math.max(added, 1) > columns) breakRow();
    row += shown;
    width += added;
  };

  for (const grapheme of splitGraphemes(prompt)) add(grapheme);
  for (const grapheme of splitGraphemes(line.text)) {
    const isNewline = grapheme === "\n";
    const shown = grapheme === "\t" ? TAB : isNewline ? "" : visibleText(grapheme);
    if (width > 0 && width + Math.max(displayWidth(shown), 1) > columns) breakRow();
    if (offset === line.cursor) cursor = { row: rows.length, column: width };
    if (isNewline) breakRow();
    // The visible name of a control character may be broken, a letter may not.
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

/** Into how many rows a terminal of so many columns breaks a row: never within a letter. */
function brokenRows(row: string, columns: number): number {
  let rows = 1;
  let width = 0;
  for (const grapheme of splitGraphemes(row)) {
    const added = displayWidth(grapheme);
    if (width + added > columns) {
      rows += 1;
      width = 0;
    }
    width += added;
  }
  return rows;
}
