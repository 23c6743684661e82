// How many columns a text takes on a terminal: wide characters two, combining ones none. The
// terminal's edge to the runtime, which knows Unicode's tables (UAX #11, UTS #51).

/** Columns of a text without control characters. */
export function displayWidth(text: string): number {
  return Bun.stringWidth(text);
}
