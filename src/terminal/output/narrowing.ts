// Where the rows that were drawn on a terminal stand after its window got another width. Terminals differ in that: most break rows
// that have become too long (tmux, kitty, VTE, foot), some cut them off (xterm, the Linux console, screen). Pure.

import type { DisplayWidth } from "../display-width.ts";
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
}

export type Narrowing = Capabilities["narrowing"];

const NARROWINGS: readonly Narrowing[] = ["reflow", "cut", "above-cursor"];

/**
 * How many rows above the cursor belong to what was drawn, in a window of so many columns: as the terminal is believed to treat
 * rows or, if the cursor isn't where that would have left it, as others do. If none of them explains where it is, the fewest: a
 * row may be left over, but none of those above is erased.
 *
 * @param answer where the terminal says its cursor is, counted from 0; null if it didn't say
 */
export function rowsAboveCursor(
  drawn: DrawnRows,
  columns: number,
  believed: Narrowing,
  width: DisplayWidth,
  answer: Position | null,
): number {
  const ways = [believed, ...NARROWINGS.filter((narrowing) => narrowing !== believed)].flatMap(
    (narrowing) => cursorsAfter(drawn, columns, narrowing, width),
  );
  const [first] = ways;
  if (first === undefined) return 0;
  if (answer === null) return first.row;
  // A cursor that waits at the end of a full row for the next letter may be reported right of the window (tmux).
  const reported = Math.min(answer.column, columns - 1);
  const fits = ways.find(({ row, column }) => column === reported && row <= answer.row);
  return fits?.row ?? Math.min(answer.row, ...ways.map(({ row }) => row));
}

/** Where the cursor may be then: its row counted from the first of the rows. */
function cursorsAfter(
  { rows, cursor }: DrawnRows,
  columns: number,
  narrowing: Narrowing,
  width: DisplayWidth,
): readonly Position[] {
  const clamped = Math.min(cursor.column, columns - 1);
  if (narrowing === "cut") return [{ row: cursor.row, column: clamped }];
  const broken = rows.map(({ text }) => brokenRows(text, columns, width));
  const above = broken.slice(0, cursor.row).reduce((sum, { length }) => sum + length, 0);
  if (narrowing === "reflow") {
    // Right of the end of its row it goes to the end of the last piece (tmux), or stays so far to the right.
    const { text = "" } = rows[cursor.row] ?? {};
    const padded = text + " ".repeat(Math.max(0, cursor.column - width(text)));
    return [broken[cursor.row] ?? [0], brokenRows(padded, columns, width)].map((pieces) => {
      const { row, column } = positionIn(pieces, cursor.column);
      return { row: above + row, column: Math.min(column, columns - 1) };
    });
  }
  // xterm.js moves the cursor down for each row that it adds, also for those below it; then it breaks the cursor's row too.
  const below = broken.slice(cursor.row + 1).reduce((sum, { length }) => sum + length - 1, 0);
  const own = below > 0 ? (broken[cursor.row]?.length ?? 1) - 1 : 0;
  return [{ row: above + below + own, column: clamped }];
}

/** The widths of the rows into which a row is broken: never within a letter. */
function brokenRows(text: string, columns: number, width: DisplayWidth): readonly number[] {
  const rows: number[] = [];
  let used = 0;
  for (const { segment } of GRAPHEMES.segment(text)) {
    const added = width(segment);
    if (used + added > columns) {
      rows.push(used);
      used = 0;
    }
    used += added;
  }
  return [...rows, used];
}

/** Where a column of the whole row is in the broken ones: at most at the end of the last. */
function positionIn(broken: readonly number[], column: number): Position {
  let rest = column;
  for (const [row, used] of broken.entries()) {
    if (rest < used) return { row, column: rest };
    if (row < broken.length - 1) rest -= used;
    else return { row, column: used };
  }
  return { row: 0, column: 0 };
}

const GRAPHEMES = new Intl.Segmenter("en", { granularity: "grapheme" });
