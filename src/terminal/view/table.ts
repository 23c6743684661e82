// A table as rows of spans, with headings and its columns aligned. Pure.

import { type Row, type Span, span } from "../rows.ts";
import { hang, MARK_COLUMNS, OWN_INDENT } from "./layout.ts";
import type { Space } from "./wrapping.ts";

/** Blanks between the columns. */
const GAP = "  ";

/**
 * The table behind an indent, its headings in capitals. If a row would be wider than the window, there are no headings, and what
 * follows the first cell of each row goes on a row of its own, each cell behind its heading.
 *
 * @param cells visible text on one line each
 * @returns the rows of the headings, and those of each row of cells
 */
export function tableRows(
  headings: readonly string[],
  cells: readonly (readonly Span[])[],
  layout: Space,
): Row[][] {
  const { columns, width } = layout;
  const indent = columns < 3 * OWN_INDENT ? Math.min(MARK_COLUMNS, columns - 1) : OWN_INDENT;
  const further = Math.min(indent + GAP.length, columns - 1);
  const titles = headings.map((heading) => span(heading.toUpperCase(), "dim"));
  const table = [titles, ...cells];
  const widths: number[] = [];
  for (const row of table) {
    for (const [index, { text }] of row.entries()) {
      widths[index] = Math.max(widths[index] ?? 0, width(text));
    }
  }
  const rows = table.map((row) => aligned(row, widths, width));
  const isNarrow = rows.some(
    (row) => indent + row.reduce((sum, { text }) => sum + width(text), 0) > columns,
  );
  const blanks = span(" ".repeat(indent));
  if (!isNarrow) return rows.map((row) => [[blanks].concat(row)]);
  const parts = cells.map(([first, ...others]): Row[] => {
    const rest = others
      .map((cell, index) => labelled(headings[index + 1] ?? "", cell))
      .filter((row) => row.length > 0)
      .flatMap((row, index) => (index === 0 ? row : [span(GAP)].concat(row)));
    return [
      ...(first === undefined ? [] : hang([blanks], [first], indent, layout)),
      ...(rest.length === 0 ? [] : hang([span(" ".repeat(further))], rest, further, layout)),
    ];
  });
  return [[], ...parts];
}

function labelled(heading: string, cell: Span): Row {
  if (cell.text === "") return [];
  return heading === "" ? [cell] : [span(`${heading}: `, "dim"), cell];
}

/** Without blanks at the end. */
function aligned(row: readonly Span[], widths: readonly number[], width: Space["width"]): Row {
  const last = row.findLastIndex(({ text }) => text !== "");
  return row.slice(0, last + 1).flatMap((cell, index) => {
    if (index === last) return [cell];
    const gap = " ".repeat((widths[index] ?? 0) - width(cell.text)) + GAP;
    return cell.text === "" ? [span(gap)] : [cell, span(gap)];
  });
}
