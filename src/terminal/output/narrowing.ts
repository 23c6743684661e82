// Where the rows that were drawn on a terminal stand after its window got another width. Terminals differ in that: most break rows
// that have become too long (tmux, screen, kitty, VTE), some cut them off (xterm, the Linux console). Pure.

import type { DisplayWidth } from "../display-width.ts";
import { splitGraphemes } from "../graphemes.ts";
import type { Size } from "../rows.ts";
import type { Capabilities } from "./capabilities.ts";

export interface Position {
  readonly row: number;
  readonly column: number;
}

/** What was drawn: no row was broken then. */
export interface DrawnRows {
  readonly rows: readonly { readonly text: string }[];
  readonly cursor: Position;
  readonly size: Size;
  /** In the window, the first of the rows; null if it isn't known. */
  readonly top: number | null;
}

export type Narrowing = Capabilities["narrowing"];

const NARROWINGS: readonly Narrowing[] = ["reflow", "cut", "above-cursor"];

/**
 * How many rows above the cursor belong to what was drawn: as the terminal is believed to treat rows or, if the cursor isn't where
 * that would have left it, as others do. If none of them explains where it is, the fewest: a row may be left over, but none of
 * those above is erased.
 *
 * @param sizes of the window since it was drawn, the present one last
 * @param answer where the terminal says its cursor is, counted from 0; null if it didn't say
 */
export function rowsAboveCursor(
  drawn: DrawnRows,
  sizes: readonly Size[],
  believed: Narrowing,
  width: DisplayWidth,
  answer: Position | null,
): number {
  const { columns } = sizes.at(-1) ?? drawn.size;
  const ways = [believed, ...NARROWINGS.filter((narrowing) => narrowing !== believed)].flatMap(
    (narrowing) => cursorsAfter(drawn, sizes, narrowing, width),
  );
  const [first] = ways;
  if (first === undefined) return 0;
  if (answer === null) return first.row;
  // A cursor that waits at the end of a full row for the next letter may be reported right of the window (tmux).
  const reported = Math.min(answer.column, columns - 1);
  const found = ways.find(({ column }) => column === reported);
  const rows = found?.row ?? Math.min(...ways.map(({ row }) => row));
  // What the terminal has moved to the scrollback is out of reach.
  return Math.min(rows, answer.row);
}

/** Where the cursor may be then: its row counted from the first of the rows. */
function cursorsAfter(
  drawn: DrawnRows,
  sizes: readonly Size[],
  narrowing: Narrowing,
  width: DisplayWidth,
): readonly Position[] {
  const { rows, cursor, size } = drawn;
  if (narrowing === "above-cursor") {
    const usual = cursorInXterm(drawn, sizes, width, false);
    // With `reflowCursorLine` the cursor is higher after narrowing and widening: no row above may be erased there either.
    const { row } = sizes.length > 1 ? cursorInXterm(drawn, sizes, width, true) : usual;
    return [{ row: Math.min(row, usual.row), column: usual.column }];
  }
  if (narrowing === "cut") {
    const narrowest = Math.min(...sizes.map(({ columns }) => columns));
    return [{ row: cursor.row, column: Math.min(cursor.column, narrowest - 1) }];
  }
  // Rows that were broken are joined again, so that only the present size counts.
  const { columns } = sizes.at(-1) ?? size;
  const above = rows
    .slice(0, cursor.row)
    .reduce((sum, { text }) => sum + breakRow(text, columns, width).length, 0);
  const { text = "" } = rows[cursor.row] ?? {};
  const padded = text + " ".repeat(Math.max(0, cursor.column - width(text)));
  // Right of the end of its row it goes to the end of the last piece (tmux), or stays so far to the right.
  return [text, padded].map((whole) => {
    const { row, column } = positionIn(breakRow(whole, columns, width), cursor.column, width);
    return { row: above + row, column: Math.min(column, columns - 1) };
  });
}

/**
 * Where xterm.js leaves the cursor (Buffer.resize): from the bottom up it breaks rows that are too long, except the cursor's, and
 * moves the cursor down for each row that it adds, also below it, after which it takes another row for the cursor's. A window that
 * becomes lower loses the rows below the cursor first.
 *
 * @param breaksOwn its option `reflowCursorLine`
 */
function cursorInXterm(
  { rows, cursor, size, top }: DrawnRows,
  sizes: readonly Size[],
  width: DisplayWidth,
  breaksOwn: boolean,
): Position {
  let { row, column } = cursor;
  let before = size;
  let blanks = top === null ? 0 : Math.max(0, size.rows - top - rows.length);
  // Each row of `rows` is a line of one or more pieces.
  let lines: readonly (readonly string[])[] = rows.map(({ text }) => [text]);
  for (const now of sizes) {
    for (let lost = before.rows - now.rows; lost > 0; lost -= 1) {
      if (blanks > 0) blanks -= 1;
      else if (lines.flat().length > row + 1) lines = withoutLastRow(lines);
    }
    // With the cursor in its last row, rows come back from the scrollback.
    if (now.rows > before.rows && (blanks > 0 || lines.flat().length > row + 1)) {
      blanks += now.rows - before.rows;
    }
    column = Math.min(column, now.columns - 1);
    const rowBefore = row;
    let start = lines.flat().length;
    lines = lines
      .toReversed()
      .map((line) => {
        start -= line.length;
        const isNarrower = now.columns < before.columns;
        if (now.columns === before.columns) return line;
        const at = (isNarrower ? row : rowBefore) - start;
        if (!breaksOwn && at >= 0 && at < line.length) {
          return line.map((text) => breakRow(text, now.columns, width)[0] ?? "");
        }
        const broken = breakRow(line.join(""), now.columns, width);
        row += broken.length - line.length;
        return broken;
      })
      .toReversed();
    before = now;
  }
  return { row, column };
}

function withoutLastRow(lines: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const last = lines.at(-1) ?? [];
  const others = lines.slice(0, -1);
  return last.length > 1 ? [...others, last.slice(0, -1)] : others;
}

/** The rows of so many columns into which a row is broken: never within a letter. */
function breakRow(text: string, columns: number, width: DisplayWidth): readonly string[] {
  const rows = [""];
  let used = 0;
  for (const grapheme of splitGraphemes(text)) {
    const added = width(grapheme);
    if (used + added > columns) {
      rows.push("");
      used = 0;
    }
    rows[rows.length - 1] += grapheme;
    used += added;
  }
  return rows;
}

/** Where a column of the whole row is in the broken ones: at most at the end of the last. */
function positionIn(broken: readonly string[], column: number, width: DisplayWidth): Position {
  let rest = column;
  for (const [row, text] of broken.entries()) {
    const used = width(text);
    if (rest < used) return { row, column: rest };
    if (row < broken.length - 1) rest -= used;
    else return { row, column: used };
  }
  return { row: 0, column: 0 };
}
