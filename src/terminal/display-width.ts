// How many columns text takes on a terminal: two for a wide character, none for a combining one. The
// edge to the runtime, which has Unicode's tables (UAX #11, UTS #51).

/** Blanks between the columns of a table. */
const GAP = "  ";

/** Columns of a text without control characters, on the terminal at hand. */
export type DisplayWidth = (text: string) => number;

/** The same after the runtime's tables, where no terminal was asked. */
export function displayWidth(text: string): number {
  return Bun.stringWidth(text);
}

/** Whether a terminal may be set up to draw a character narrow or wide (UAX #11, "Ambiguous"). */
export function isAmbiguous(character: string): boolean {
  return Bun.stringWidth(character, { ambiguousIsNarrow: false }) > Bun.stringWidth(character);
}

/**
 * A table with its columns aligned. If a line would be wider than the window, what follows the first
 * cell of each row goes on a line of its own.
 */
export function layOutTable(rows: readonly (readonly string[])[], columns: number): string[] {
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
  return rows.flatMap(([first = "", ...others]) => {
    const rest = others.filter((cell) => cell !== "").join(GAP);
    return rest === "" ? [first] : [first, GAP + rest];
  });
}
