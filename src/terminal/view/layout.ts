// What all items of the transcript share: the window, the columns that are charla's own, and texts with a hanging
// indent behind them. Pure.

import { type Row, type Span, span } from "../rows.ts";
import { type Space, wrap } from "./wrapping.ts";

/** The window, and what its messages share. */
export interface Layout extends Space {
  /** Of the column with the names (nameColumnWidth). */
  readonly nameColumns: number;
}

/** A window and what it can show. */
export interface ItemLayout extends Layout {
  readonly rows: number;
  /** Whether text can be black on white (style "code"). */
  readonly drawsCodes: boolean;
}

/** "14:03" and the mark of a mention or a blank: what peers wrote stands behind it. */
export const TIME_COLUMNS = 6;
/** Columns of a mark and the blank behind it. */
export const MARK_COLUMNS = 3;
/** Where the further rows of charla's own lines begin: what peers wrote in them never stands before it. */
export const OWN_INDENT = 6;

/** The text behind a head, and its further rows at the indent, which is as wide as the head is. */
export function hang(
  head: Row,
  body: readonly Span[],
  indent: number,
  { columns, width }: Space,
): Row[] {
  const rows = wrap(body, { columns: Math.max(1, columns - indent), width });
  const blanks = span(" ".repeat(indent));
  return rows.map((row, index) => {
    if (index === 0) return head.concat(row).filter(({ text }) => text !== "");
    return row.length === 0 || indent === 0 ? row : [blanks].concat(row);
  });
}

/** A line of charla's own: its mark, and its words with further rows indented. */
export function ownRows(
  mark: "   " | "-- " | "!! ",
  words: readonly Span[],
  layout: Layout,
  style: Span["style"] = "dim",
): Row[] {
  const { columns, width } = layout;
  if (columns <= MARK_COLUMNS) return hang([], [span(mark.trim(), style), ...words], 0, layout);
  const first = hang([], words, 0, { columns: columns - MARK_COLUMNS, width });
  const head = span(mark, mark === "   " ? "plain" : style);
  if (first.length === 1 || columns < 2 * OWN_INDENT) {
    return first.map((row, index) => [index === 0 ? head : span("   ")].concat(row));
  }
  // The further rows stand further in than the first.
  return hang([head], words, OWN_INDENT, layout);
}
