// What is drawn on a terminal, as data: rows of spans, each with its meaning. Knows no escape sequence and no
// colour; output/theme.ts has both.

/** What a span of text means; the theme of a terminal decides how that looks. */
export type Style =
  | "plain"
  /** Of less weight: times, notices, a message that is not stored yet. */
  | "dim"
  | "strong"
  /** The mark of an error. */
  | "error"
  /** A message that names this person. */
  | "mention"
  | "invitation"
  /** The status line below the input. */
  | "status"
  /** What Ctrl-R found in a line. */
  | "match"
  /** The modules of a QR code: black on white, on every screen. */
  | "code"
  /** The name of a person, by the number of their colour (state/colours.ts). */
  | { readonly person: number };

export interface Span {
  /** Without control characters, tabs and newlines. */
  readonly text: string;
  readonly style: Style;
  /** An address to open with a click, where the terminal can (OSC 8). */
  readonly link?: string;
}

/** From left to right, never wider than the window, but for a settled one that is copied whole: the terminal breaks that. */
export type Row = readonly Span[];

/** Bytes of a link, which is ASCII: terminals such as VTE and iTerm2 ignore a longer one. */
export const MAX_LINK = 2_083;

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Everything that one change shows. */
export interface Frame {
  /** Rows that stay on the screen, oldest first; each is printed once, above the live ones. */
  readonly settled: readonly Row[];
  /** Rows that are drawn anew with each change: at most as many as the window has. */
  readonly live: readonly Row[];
  /** In the live rows, counted from 0. */
  readonly cursor: { readonly row: number; readonly column: number };
}

/** What a tab is shown as: it has one width wherever it stands. */
export const TAB = "    ";

export function span(text: string, style: Style = "plain"): Span {
  return { text, style };
}

export function rowText(row: Row): string {
  return row.map(({ text }) => text).join("");
}
