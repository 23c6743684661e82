// Lists in columns that stay aligned whatever is written in them. Pure.

import { displayWidth } from "../display-width.ts";

const GAP = "  ";

/**
 * Each row's cells under those of the row before. Where the window is too narrow for that, what stands after
 * the first cell gets a line of its own.
 */
export function inColumns(rows: readonly (readonly string[])[], columns: number): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) {
      widths[index] = Math.max(widths[index] ?? 0, displayWidth(cell));
    }
  }
  const lines = rows.map((row) =>
    row
      .map((cell, index) => cell + " ".repeat((widths[index] ?? 0) - displayWidth(cell)))
      .join(GAP)
      .trimEnd(),
  );
  if (lines.every((line) => displayWidth(line) <= columns)) return lines;
  return rows.flatMap(([first = "", ...more]) => {
    const rest = more.filter((cell) => cell !== "").join(GAP);
    return rest === "" ? [first] : [first, GAP + rest];
  });
}
