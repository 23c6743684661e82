// The line being typed, and what editing keys do to it, one grapheme at a time. Pure: no screen, no keyboard.

import { boundaryFrom, boundaryTo, splitGraphemes } from "../graphemes.ts";

/** A text and the cursor's position in it, in UTF-16 units, always between two graphemes. */
export interface LineBuffer {
  readonly text: string;
  readonly cursor: number;
}

export const EMPTY: LineBuffer = { text: "", cursor: 0 };

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
  const between = startOf(NO_WORD, text, cursor);
  return { text, cursor: boundaryTo(text, startOf(WORD, text, between)) };
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

/** To the beginning of the row that the cursor is in: rows end at newlines. */
export function moveToRowStart({ text, cursor }: LineBuffer): LineBuffer {
  return { text, cursor: text.slice(0, cursor).lastIndexOf("\n") + 1 };
}

export function moveToRowEnd({ text, cursor }: LineBuffer): LineBuffer {
  const end = text.indexOf("\n", cursor);
  return { text, cursor: end === -1 ? text.length : end };
}

/** What Ctrl-U cuts: at the beginning of a row, the newline before it. */
export function moveToRowStartOrBack(line: LineBuffer): LineBuffer {
  const start = moveToRowStart(line);
  return start.cursor === line.cursor ? moveLeft(line) : start;
}

/** What Ctrl-K cuts: at the end of a row, the newline. */
export function moveToRowEndOrOn(line: LineBuffer): LineBuffer {
  const end = moveToRowEnd(line);
  return end.cursor === line.cursor ? moveRight(line) : end;
}

/** Graphemes between the beginning of the row and the cursor. */
export function columnOf(line: LineBuffer): number {
  return splitGraphemes(line.text.slice(moveToRowStart(line).cursor, line.cursor)).length;
}

/** To that column of the row above (-1) or below (1), or to its end if it is shorter; null if there is no such row. */
export function moveToRow(line: LineBuffer, step: -1 | 1, column: number): LineBuffer | null {
  const { text } = line;
  const edge = step === -1 ? moveToRowStart(line).cursor : moveToRowEnd(line).cursor;
  if (edge === (step === -1 ? 0 : text.length)) return null;
  const start = step === -1 ? moveToRowStart({ text, cursor: edge - 1 }).cursor : edge + 1;
  const row = text.slice(start, moveToRowEnd({ text, cursor: start }).cursor);
  return { text, cursor: start + splitGraphemes(row).slice(0, column).join("").length };
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
  const blanks = startOf(BLANK, text, cursor);
  return { text, cursor: boundaryTo(text, startOf(NO_BLANK, text, blanks)) };
}

/** The last word of a text, up to a blank; null if there is none. */
export function lastBlankWord(text: string): string | null {
  const end = startOf(BLANK, text, text.length);
  const start = startOf(NO_BLANK, text, end);
  return start === end ? null : text.slice(start, end);
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

/** Exchanges the word before the cursor with the one under or after it; at the end, the last two. */
export function transposeWords(line: LineBuffer): LineBuffer {
  const { text, cursor } = line;
  const words = Array.from(text.matchAll(/[\p{L}\p{N}\p{M}_]+/gu), ({ index, 0: word }) => ({
    start: index,
    end: index + word.length,
  }));
  const next = words.findIndex(({ end }) => end > cursor);
  const right = words.at(next);
  const left = words[(next === -1 ? words.length - 1 : next) - 1];
  if (left === undefined || right === undefined) return line;
  const between = text.slice(left.end, right.start);
  const exchanged = text.slice(right.start, right.end) + between + text.slice(left.start, left.end);
  const changed = text.slice(0, left.start) + exchanged + text.slice(right.end);
  return { text: changed, cursor: boundaryFrom(changed, right.end) };
}

/** Changes the letters from the cursor to the end of the word, and moves there. */
export function changeWord(line: LineBuffer, change: (word: string) => string): LineBuffer {
  const end = moveWordRight(line).cursor;
  const changed = change(line.text.slice(line.cursor, end));
  const text = line.text.slice(0, line.cursor) + changed + line.text.slice(end);
  return { text, cursor: boundaryFrom(text, line.cursor + changed.length) };
}

export function capitalized(word: string): string {
  return word.toLowerCase().replace(/[\p{L}\p{N}]/u, (letter) => letter.toUpperCase());
}

/** A place in a text, moved to the nearest one between two graphemes at or before it. */
export function placeAt(text: string, index: number): LineBuffer {
  return { text, cursor: boundaryTo(text, index) };
}

const WORD = /[\p{L}\p{N}\p{M}_]/u;
const NO_WORD = /[^\p{L}\p{N}\p{M}_]/u;
const BLANK = /\s/u;
const NO_BLANK = /\S/u;

/**
 * Where the characters of a kind begin that stand before `end`. An expression that ends with `$` would be tried from each
 * character on, which takes minutes in a long text.
 */
function startOf(kind: RegExp, text: string, end: number): number {
  let start = end;
  while (start > 0) {
    const low = text.charCodeAt(start - 1);
    const isPair = low >= 0xdc00 && low <= 0xdfff && (text.codePointAt(start - 2) ?? 0) > 0xffff;
    const from = start - (isPair ? 2 : 1);
    if (!kind.test(text.slice(from, start))) break;
    start = from;
  }
  return start;
}
