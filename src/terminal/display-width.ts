// How many columns text takes on a terminal: two for a wide character, none for a combining one. The
// edge to the runtime, which has Unicode's tables (UAX #11, UTS #51).

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
