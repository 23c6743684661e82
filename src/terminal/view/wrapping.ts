// Breaks text into rows: between words where it can (in the spirit of UAX #14), never within a grapheme, and an
// address only if it is wider than a row. Knows no window; whatever stands beside the text is the caller's. Pure.

import type { DisplayWidth } from "../display-width.ts";
import { splitGraphemes } from "../graphemes.ts";
import { type Row, rowText, type Span, span, TAB } from "../rows.ts";
import { isolated } from "../visible-text.ts";
import { findLinks, type Link } from "./links.ts";

/** What rows may fill. */
export interface Space {
  /** At least 1. */
  readonly columns: number;
  readonly width: DisplayWidth;
}

/** First strong isolate and its end (UAX #9 s. 2). */
const FSI = "\u2068";
const PDI = "\u2069";
const ISOLATE = /[\u2068\u2069]/g;

const ASCII = /^[ -~]*$/;
/** Spaces at which a row may end; not those that forbid it. */
const SPACE = /^[ \u1680\u2000-\u2006\u2008-\u200a\u205f\u3000]$/;
/** What may stand at either side of a break (UAX #14, classes ID, CJ and EB). */
const IDEOGRAPH =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}\p{Script=Yi}\p{Emoji_Presentation}\u3000-\u303f\uff00-\uffef]/u;
/** What never begins a row: closing and small characters (classes CL, CP, EX, IS, NS, CJ, IN). */
const NOT_FIRST =
  /^[\p{Pe}\p{Pf}!,.:;?%°·…‥\u3001\u3002\u3005\u301c\u303b\u3041\u3043\u3045\u3047\u3049\u3063\u3083\u3085\u3087\u308e\u3095\u3096\u309b-\u309e\u30a0\u30a1\u30a3\u30a5\u30a7\u30a9\u30c3\u30e3\u30e5\u30e7\u30ee\u30f5\u30f6\u30fb-\u30fe\uff01\uff0c\uff0e\uff1a\uff1b\uff1f\uff5e\uff61\uff64\uff65]/u;
/** What never ends one: opening characters (class OP). */
const NOT_LAST = /^[\p{Ps}\p{Pi}]/u;
const HYPHEN = /^[-\u2010\u2013]$/;
/** One that is absolute, or of the home folder or this one: to be copied, it stays whole like an address. */
const PATH = /(?<![^\s"'(])(?:~|\.{1,2})?\/\S+/g;
const LETTER = /^\p{L}/u;
const LETTER_OR_DIGIT = /^[\p{L}\p{N}]/u;
/** Scripts without spaces between words (class SA). */
const UNSPACED = /[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const words = new Intl.Segmenter("und", { granularity: "word" });

/**
 * The rows of a text; newlines begin one. Each keeps its own direction, whatever its neighbours are.
 *
 * @param spans visible text, but for tabs and newlines
 */
export function wrap(spans: readonly Span[], { columns, width }: Space): Row[] {
  const lines = splitLines(spans, columns, width);
  return lines.flatMap((line) => {
    const text = rowText(line);
    const isDirected = text.includes(FSI) || isolated(text) !== text;
    // Marks of direction take no room where they are understood.
    const marks = isDirected ? 2 * (width(FSI) + width(PDI)) : 0;
    const linked = linkedSpans(line, text);
    const ranges = breakLine(text, linked.links, Math.max(1, columns - marks), width);
    const slice = slicer(linked.spans);
    const rows = ranges.map(({ lead, from, to }) => {
      const row = slice(from, to);
      if (lead > 0) row.unshift(span(" ".repeat(lead)));
      return row;
    });
    return isDirected ? withDirections(rows) : rows;
  });
}

/** The text, or as much of it as there is room for and an ellipsis. */
export function clip(text: string, { columns, width }: Space): string {
  if (width(text) <= columns) return text;
  const free = columns - width("…");
  if (free < 0) return "";
  let clipped = "";
  let used = 0;
  for (const grapheme of splitGraphemes(text)) {
    used += width(grapheme);
    if (used > free) break;
    clipped += grapheme;
  }
  return `${clipped}…`;
}

/** Lines without tabs, nor graphemes that are wider than a row. */
function splitLines(spans: readonly Span[], columns: number, width: DisplayWidth): Span[][] {
  const lines: Span[][] = [[]];
  for (const part of spans) {
    const [first = "", ...others] = part.text.replaceAll("\t", TAB).split("\n");
    const add = (text: string) => {
      const isSafe = ASCII.test(text) || (columns >= WIDEST && !LONG_GRAPHEME.test(text));
      const fitting = isSafe ? text : narrowed(text, columns, width);
      if (fitting !== "") lines.at(-1)?.push({ ...part, text: fitting });
    };
    add(first);
    for (const other of others) {
      lines.push([]);
      add(other);
    }
  }
  return lines;
}

/** Columns of the widest grapheme in use: a family of four people on a terminal that draws them side by side, and more. */
const WIDEST = 24;
/** What may be a wider one: graphemes have no bound (UAX #29), and two columns at most for each character of an honest terminal. */
const LONG_GRAPHEME = /\P{ASCII}{11}/u;

function narrowed(text: string, columns: number, width: DisplayWidth): string {
  return splitGraphemes(text)
    .map((grapheme) => (width(grapheme) > columns ? "?" : grapheme))
    .join("");
}

function linkedSpans(
  line: readonly Span[],
  text: string,
): { readonly spans: readonly Span[]; readonly links: readonly Link[] } {
  const links = text.includes(":") ? findLinks(text) : [];
  if (links.length === 0) return { spans: line, links };
  const spans: Span[] = [];
  const slice = slicer(line);
  let end = 0;
  for (const { from, to, address } of links) {
    spans.push(...slice(end, from));
    for (const { text: part, style } of slice(from, to)) {
      spans.push({ text: part, style, link: address });
    }
    end = to;
  }
  spans.push(...slice(end, text.length));
  return { spans, links };
}

/** Gives what stands from one offset to another; never asked for what is before the last `from`. */
function slicer(spans: readonly Span[]): (from: number, to: number) => Span[] {
  let first = 0;
  /** Of the first span. */
  let start = 0;
  return (from, to) => {
    let length = spans[first]?.text.length ?? Infinity;
    while (start + length <= from) {
      start += length;
      first += 1;
      length = spans[first]?.text.length ?? Infinity;
    }
    const cut: Span[] = [];
    let offset = start;
    for (let index = first; index < spans.length && offset < to; index += 1) {
      const part = spans[index];
      if (part === undefined) break;
      const text = part.text.slice(Math.max(0, from - offset), to - offset);
      if (text !== "") cut.push({ ...part, text });
      offset += part.text.length;
    }
    return cut;
  };
}

/** A row: columns left free before it, and which part of the line it has. */
interface Range {
  readonly lead: number;
  readonly from: number;
  readonly to: number;
}

interface Word {
  readonly from: number;
  /** Behind its letters, and behind the blanks that follow them. */
  readonly to: number;
  readonly end: number;
  readonly width: number;
  readonly blanks: number;
}

function breakLine(
  text: string,
  links: readonly Link[],
  columns: number,
  width: DisplayWidth,
): readonly Range[] {
  const isAscii = ASCII.test(text);
  const whole = text.trimEnd();
  if ((isAscii ? whole.length : width(whole)) <= columns) {
    return [{ lead: 0, from: 0, to: whole.length }];
  }
  const units = isAscii ? Array.from(text) : splitGraphemes(text);
  const measure: DisplayWidth = isAscii ? (part) => part.length : width;
  const [first, ...others] = splitWords(units, measure, breaksIn(text, units, links));
  // The indentation of a line is that of its further rows too.
  const isIndented = first !== undefined && first.to === first.from;
  const widest = isAscii ? 1 : units.reduce((most, unit) => Math.max(most, measure(unit)), 1);
  const lead = isIndented ? Math.min(first.blanks, Math.floor(columns / 2), columns - widest) : 0;
  const parts = isIndented || first === undefined ? others : [first, ...others];
  return fillRows(parts, text, links, columns - lead, measure).map(({ from, to }) => ({
    lead,
    from,
    to,
  }));
}

/** Whether a row may end behind each unit. */
function breaksIn(
  text: string,
  units: readonly string[],
  links: readonly Link[],
): (index: number, offset: number) => boolean {
  const wordStarts = UNSPACED.test(text)
    ? new Set(Array.from(words.segment(text), ({ index }) => index))
    : null;
  const paths = text.includes("/") ? Array.from(text.matchAll(PATH), rangeOfMatch) : [];
  let next = 0;
  let nextPath = 0;
  return (index, offset) => {
    const before = units[index] ?? "";
    const after = units[index + 1] ?? "";
    while ((links[next]?.to ?? Infinity) <= offset) next += 1;
    if ((links[next]?.from ?? Infinity) < offset) return false;
    if (HYPHEN.test(before)) {
      while ((paths[nextPath]?.to ?? Infinity) <= offset) nextPath += 1;
      if ((paths[nextPath]?.from ?? Infinity) < offset) return false;
      return LETTER_OR_DIGIT.test(units[index - 1] ?? "") && LETTER.test(after);
    }
    if (before < "\x80" && after < "\x80") return false;
    if (NOT_FIRST.test(after) || NOT_LAST.test(before)) return false;
    if (before === "\u200b" || before === "—") return true;
    if (IDEOGRAPH.test(before) || IDEOGRAPH.test(after)) return true;
    return wordStarts?.has(offset) === true && UNSPACED.test(before) && UNSPACED.test(after);
  };
}

function rangeOfMatch({ 0: matched, index }: RegExpExecArray) {
  return { from: index, to: index + matched.length };
}

function splitWords(
  units: readonly string[],
  measure: DisplayWidth,
  mayBreak: (index: number, offset: number) => boolean,
): Word[] {
  const found: Word[] = [];
  let word = { from: 0, to: 0, end: 0, width: 0, blanks: 0 };
  for (const [index, unit] of units.entries()) {
    const isSpace = SPACE.test(unit);
    const { end } = word;
    if (!isSpace && (word.end > word.to || (index > 0 && mayBreak(index - 1, end)))) {
      found.push(word);
      word = { from: end, to: end, end, width: 0, blanks: 0 };
    }
    word.end += unit.length;
    if (isSpace) word.blanks += measure(unit);
    else {
      word.to = word.end;
      word.width += measure(unit);
    }
  }
  found.push(word);
  return found;
}

function fillRows(
  parts: readonly Word[],
  text: string,
  links: readonly Link[],
  columns: number,
  measure: DisplayWidth,
): { readonly from: number; readonly to: number }[] {
  const rows: { from: number; to: number }[] = [];
  let row: { from: number; to: number; width: number } | null = null;
  /** Blanks before the next word. */
  let blanks = 0;

  const put = (from: number, to: number, added: number) => {
    if (row !== null && row.width + blanks + added <= columns) {
      row.to = to;
      row.width += blanks + added;
    } else {
      if (row !== null) rows.push(row);
      row = { from, to, width: added };
    }
    blanks = 0;
  };
  for (const word of parts) {
    if (word.width <= columns) put(word.from, word.to, word.width);
    else {
      // A row of its own: an address then is broken as seldom as it can be.
      if (row !== null) rows.push(row);
      row = null;
      for (const piece of pieces(word, links)) {
        const part = text.slice(piece.from, piece.to);
        const whole = measure(part);
        if (piece.isLink && whole <= columns) put(piece.from, piece.to, whole);
        else {
          let from = piece.from;
          for (const grapheme of splitGraphemes(part)) {
            put(from, from + grapheme.length, measure(grapheme));
            from += grapheme.length;
          }
        }
      }
    }
    ({ blanks } = word);
  }
  if (row !== null) rows.push(row);
  return rows;
}

/** The addresses in a word, and what stands beside them. */
function pieces({ from, to }: Word, links: readonly Link[]) {
  const found: { from: number; to: number; isLink: boolean }[] = [];
  let end = from;
  for (const link of links) {
    if (link.to <= from || link.from >= to) continue;
    if (link.from > end) found.push({ from: end, to: link.from, isLink: false });
    found.push({ from: link.from, to: link.to, isLink: true });
    end = link.to;
  }
  if (end < to) found.push({ from: end, to, isLink: false });
  return found;
}

/** Ends each isolate with its row and begins it again in the next; isolates letters that are in none. */
function withDirections(rows: readonly Row[]): Row[] {
  let open = 0;
  return rows.map((row) => {
    const text = rowText(row);
    const opened = FSI.repeat(open);
    for (const [mark] of text.matchAll(ISOLATE)) open = Math.max(0, open + (mark === FSI ? 1 : -1));
    const closed = PDI.repeat(open);
    const outside = (opened + text).replaceAll(/\u2068[^\u2068\u2069]*(?:\u2069|$)/g, "");
    const isBare = isolated(outside) !== outside;
    const start = (isBare ? FSI : "") + opened;
    const end = closed + (isBare ? PDI : "");
    return row.map((part, index) => ({
      ...part,
      text: (index === 0 ? start : "") + part.text + (index === row.length - 1 ? end : ""),
    }));
  });
}
