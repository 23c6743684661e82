// Where the rows that were drawn on a terminal stand after its window got another width. Terminals differ in that: most break rows
// that have become too long (tmux, kitty, VTE, foot), some cut them off (xterm, the Linux console, screen). Pure.

import type { DisplayWidth } from "../display-width.ts";
import type { Capabilities } from "./capabilities.ts";

export interface Position {
  readonly row: number;
  readonly column: number;
}

/** What was drawn: no row was broken then. */
export interface DrawnRows {
  readonly rows: readonly { readonly text: string }[];
  readonly cursor: Position;
}

export type Narrowing = Capabilities["narrowing"];

/** Where the cursor's row is then, counted from the first of the rows, and its column. */
export function cursorAfter(
  { rows, cursor }: DrawnRows,
  columns: number,
  narrowing: Narrowing,
  width: DisplayWidth,
): Position {
  const clamped = Math.min(cursor.column, columns - 1);
  if (narrowing === "cut") return { row: cursor.row, column: clamped };
  const broken = rows.map(({ text }) => brokenRows(text, columns, width));
  const above = broken.slice(0, cursor.row).reduce((sum, count) => sum + count, 0);
  if (narrowing === "reflow") {
    const own = broken[cursor.row] ?? 1;
    // At the end of a row that fills the window, the cursor waits there for the next letter.
    const row = Math.min(Math.floor(cursor.column / columns), own - 1);
    return { row: above + row, column: Math.min(cursor.column - row * columns, columns - 1) };
  }
  // xterm.js moves the cursor down for each row that it adds, also for those below it; then it breaks the cursor's row too.
  const below = broken.slice(cursor.row + 1).reduce((sum, count) => sum + count - 1, 0);
  const own = below > 0 ? (broken[cursor.row] ?? 1) - 1 : 0;
  return { row: above + below + own, column: clamped };
}

/**
 * The ways in which a terminal may have treated these rows, the believed one first, after where it says its cursor is. If none
 * explains that, the one with the fewest rows above the cursor: rather is a row left over than one too many erased.
 */
export function rowsAboveCursor(
  drawn: DrawnRows,
  columns: number,
  believed: Narrowing,
  width: DisplayWidth,
  answer: Position | null,
): number {
  const ways = [believed, ...NARROWINGS.filter((narrowing) => narrowing !== believed)].map(
    (narrowing) => cursorAfter(drawn, columns, narrowing, width),
  );
  const [first] = ways;
  if (answer === null || first === undefined) return first?.row ?? drawn.cursor.row;
  const fits = ways.find(({ row, column }) => column === answer.column && row <= answer.row);
  return fits?.row ?? Math.min(answer.row, ...ways.map(({ row }) => row));
}

const NARROWINGS: readonly Narrowing[] = ["reflow", "cut", "above-cursor"];

/** Into how many rows of so many columns a row is broken: never within a letter. */
function brokenRows(text: string, columns: number, width: DisplayWidth): number {
  let rows = 1;
  let used = 0;
  for (const { segment } of GRAPHEMES.segment(text)) {
    const added = width(segment);
    if (used + added > columns) {
      rows += 1;
      used = 0;
    }
    used += added;
  }
  return rows;
}

const GRAPHEMES = new Intl.Segmenter("en", { granularity: "grapheme" });
