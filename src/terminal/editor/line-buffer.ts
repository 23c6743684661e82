// The line being typed, and what editing keys do to it, one user-perceived character (grapheme,
// UAX #29) at a time. Pure: no screen, no keyboard.

/** A text and the cursor's position in it, in UTF-16 units, always between two graphemes. */
export interface LineBuffer {
  readonly text: string;
  readonly cursor: number;
}

export const EMPTY: LineBuffer = { text: "", cursor: 0 };

const graphemes = new Intl.Segmenter("und", { granularity: "grapheme" });

export function splitGraphemes(text: string): string[] {
  return Array.from(graphemes.segment(text), ({ segment }) => segment);
}

export function atEnd(text: string): LineBuffer {
  return { text, cursor: text.length };
}

export function insert({ text, cursor }: LineBuffer, added: string): LineBuffer {
  const joined = text.slice(0, cursor) + added + text.slice(cursor);
  // The added text may have joined its neighbour (an accent, the next part of an emoji).
  return { text: joined, cursor: boundaryFrom(joined, cursor + added.length) };
}

export function moveLeft({ text, cursor }: LineBuffer): LineBuffer {
  return { text, cursor: boundaryTo(text, Math.max(0, cursor - 1)) };
}

export function moveRight({ text, cursor }: LineBuffer): LineBuffer {
  return { text, cursor: boundaryFrom(text, Math.min(cursor + 1, text.length)) };
}

export function moveWordLeft({ text, cursor }: LineBuffer): LineBuffer {
  const before = /[\p{L}\p{N}\p{M}_]*[^\p{L}\p{N}\p{M}_]*$/u.exec(text.slice(0, cursor));
  return { text, cursor: boundaryTo(text, before?.index ?? 0) };
}

export function moveWordRight({ text, cursor }: LineBuffer): LineBuffer {
  const word = /^[^\p{L}\p{N}\p{M}_]*[\p{L}\p{N}\p{M}_]*/u.exec(text.slice(cursor))?.[0] ?? "";
  return { text, cursor: boundaryFrom(text, cursor + word.length) };
}

export function moveToStart({ text }: LineBuffer): LineBuffer {
  return { text, cursor: 0 };
}

export function moveToEnd({ text }: LineBuffer): LineBuffer {
  return atEnd(text);
}

/** Cuts out what lies between the cursor and where `move` takes it. */
export function cut(
  line: LineBuffer,
  move: (line: LineBuffer) => LineBuffer,
): { line: LineBuffer; piece: string } {
  const end = move(line).cursor;
  const [from, to] = end < line.cursor ? [end, line.cursor] : [line.cursor, end];
  const text = line.text.slice(0, from) + line.text.slice(to);
  // Two graphemes may have become one, such as the halves of a flag.
  return { line: { text, cursor: boundaryFrom(text, from) }, piece: line.text.slice(from, to) };
}

/** Back over spaces, then over everything that isn't one: what Ctrl-W cuts in a shell. */
export function moveBlankWordLeft({ text, cursor }: LineBuffer): LineBuffer {
  return { text, cursor: boundaryTo(text, /\S*\s*$/u.exec(text.slice(0, cursor))?.index ?? 0) };
}

/** Exchanges the grapheme before the cursor with the one under it, or the last two at the end. */
export function transpose(line: LineBuffer): LineBuffer {
  const right = line.cursor === line.text.length ? moveLeft(line) : line;
  const left = moveLeft(right);
  const end = moveRight(right).cursor;
  if (left.cursor === right.cursor || end === right.cursor) return line;
  const before = line.text.slice(left.cursor, right.cursor);
  const under = line.text.slice(right.cursor, end);
  const text = line.text.slice(0, left.cursor) + under + before + line.text.slice(end);
  return { text, cursor: boundaryFrom(text, end) };
}

/** The nearest boundary between two graphemes at or after `index`. */
function boundaryFrom(text: string, index: number): number {
  const at = graphemes.segment(text).containing(index);
  if (at === undefined || at.index === index) return index;
  return at.index + at.segment.length;
}

/** The nearest boundary between two graphemes at or before `index`. */
function boundaryTo(text: string, index: number): number {
  return graphemes.segment(text).containing(index)?.index ?? index;
}
