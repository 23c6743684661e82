// Where the line being typed stands on the screen, as rows, and the cursor in them. Rows are broken here rather than by
// the terminal: at the window's edge, between two graphemes. Text stands in its logical order, right-to-left text
// too: a terminal that reorders it (VTE, Konsole) does that within the row. Pure.

import type { DisplayWidth } from "../display-width.ts";
import { boundaryTo, splitGraphemes } from "../graphemes.ts";
import { type Row, type Span, span, type Style, TAB } from "../rows.ts";
import { visibleLine, visibleText } from "../visible-text.ts";
import type { Editing, Search } from "./editing.ts";
import { searchPrompt } from "./history-search.ts";

export interface EditorLayout {
  readonly rows: readonly Row[];
  /** Counted from the first row and the first column, both 0. */
  readonly cursorRow: number;
  readonly cursorColumn: number;
}

export interface EditorWindow {
  /** What stands before the line; a search has a prompt of its own. */
  readonly prompt: Row;
  readonly columns: number;
  /** Of a longer line the rows around the cursor are shown. */
  readonly maxRows: number;
  readonly width: DisplayWidth;
}

/** Wider prompts have no rows indented below them. */
const MAX_INDENT = 16;

/** Stands for what is wider than a whole row. */
const TOO_WIDE = "?";

/**
 * Text in which every character is a grapheme of one column, and that is long enough to be worth looking for. The one
 * before another character is left out: it may have a mark on it.
 */
const PLAIN_RUN = /[ -~]{16,}(?![^\n -~])/g;

/**
 * UTF-16 units of a row of the text that are laid out at once; the next ones begin a row of their own. So the time of a key does
 * not grow with the text: only the pieces in the window are laid out. Few messages are that long.
 */
const PIECE = 4_096;
/** Units around the end of a piece that are looked at for the end of a grapheme. */
const AROUND = 64;

/** The line in a window. A newline begins a row; all rows but the first are indented by the prompt's width. */
export function layOutEditor(
  { line, search }: Pick<Editing, "line" | "search">,
  { prompt, columns, maxRows, width }: EditorWindow,
): EditorLayout {
  const { text, cursor } = line;
  const before = search === null ? prompt : [span(searchPrompt(search))];
  const indent = indentBelow(prompt, columns, width);
  const match = search === null ? null : matchIn(search);
  const isNewline = (place: number) => text[place] === "\n";
  const layOut = (from: number, to: number) => {
    const rows = createRows(columns, indent, width, from > 0);
    if (from === 0) addPrompt(rows, before);
    return layOutPiece(rows, text, { from, to }, cursor, match);
  };
  const most = Math.max(1, maxRows);
  let top = pieceStart(text, cursor);
  let last = top;
  let bottom = pieceEnd(text, last);
  const { rows, end } = layOut(last, bottom);
  let { row } = end;
  while (top > 0 && row < most - 1) {
    const from = pieceStart(text, top - 1);
    const above = layOut(from, top).rows;
    rows.unshift(...above);
    row += above.length;
    top = from;
  }
  // Behind a newline at the end of the text there is an empty piece.
  while (rows.length < most && (bottom < text.length || (last < bottom && isNewline(bottom - 1)))) {
    last = bottom;
    bottom = pieceEnd(text, last);
    rows.push(...layOut(last, bottom).rows);
  }
  const first = Math.max(0, row - most + 1);
  return {
    rows: rows.slice(first, first + most),
    cursorRow: row - first,
    cursorColumn: end.column,
  };
}

/** Where the piece begins that this place belongs to: behind a newline, or behind so many units. */
function pieceStart(text: string, at: number): number {
  const line = at === 0 ? 0 : text.lastIndexOf("\n", at - 1) + 1;
  const whole = Math.floor((at - line) / PIECE);
  // The next one may begin a little before its place.
  const next = cutAt(text, line + (whole + 1) * PIECE);
  if (next <= at) return next;
  return whole === 0 ? line : cutAt(text, line + whole * PIECE);
}

/** Where the piece ends that begins there: behind its newline, if it has one. */
function pieceEnd(text: string, start: number): number {
  const line = start === 0 ? 0 : text.lastIndexOf("\n", start - 1) + 1;
  const newline = text.indexOf("\n", start);
  const end = newline === -1 ? text.length : newline + 1;
  const pieces = Math.round((start - line) / PIECE) + 1;
  return Math.min(end, cutAt(text, line + pieces * PIECE));
}

/** A place moved to the beginning of a grapheme. */
function cutAt(text: string, place: number): number {
  if (place >= text.length) return place;
  const from = place - AROUND;
  return from + boundaryTo(text.slice(from, place + AROUND), AROUND);
}

type Rows = ReturnType<typeof createRows>;

function addPrompt(rows: Rows, prompt: Row): void {
  for (const { text, style } of prompt) {
    for (const grapheme of splitGraphemes(visibleLine(text).replaceAll("\t", "^I"))) {
      rows.add(grapheme, style);
    }
  }
}

/** The rows of a part of the text, and where the cursor is in them; if it is not there, their end. */
function layOutPiece(
  rows: Rows,
  text: string,
  { from, to }: { readonly from: number; readonly to: number },
  cursor: number,
  match: { from: number; to: number } | null,
): { readonly rows: Row[]; readonly end: { readonly row: number; readonly column: number } } {
  let cursorAt: { row: number; column: number } | null = null;
  let offset = from;

  function addGrapheme(grapheme: string, style: Style): void {
    rows.makeRoom(grapheme);
    if (cursorAt === null && offset >= cursor) cursorAt = rows.end;
    rows.add(grapheme, style);
    offset += grapheme.length;
  }

  function addRun(run: string, style: Style): void {
    const split = cursor - offset;
    if (split >= 0 && split < run.length) {
      rows.addRun(run.slice(0, split), style);
      rows.makeRoom("");
      cursorAt = rows.end;
      rows.addRun(run.slice(split), style);
    } else rows.addRun(run, style);
    offset += run.length;
  }

  for (const { part, style } of styledParts(text, from, to, match)) {
    let done = 0;
    for (const { index, 0: run } of part.matchAll(PLAIN_RUN)) {
      for (const grapheme of splitGraphemes(part.slice(done, index))) addGrapheme(grapheme, style);
      addRun(run, style);
      done = index + run.length;
    }
    for (const grapheme of splitGraphemes(part.slice(done))) addGrapheme(grapheme, style);
  }
  // The row below a newline is the next piece's.
  if (to > from && text[to - 1] === "\n") return { rows: rows.begun, end: cursorAt ?? rows.end };
  if (to === text.length) rows.makeRoom("");
  return { rows: rows.all, end: cursorAt ?? rows.end };
}

/** What a grapheme is shown as: more than one piece may be broken between them, as a letter may not. */
interface Shown {
  readonly pieces: readonly { readonly text: string; readonly width: number }[];
  readonly width: number;
}

/** Most texts have few different graphemes, and these take long to measure. */
const KNOWN = new WeakMap<DisplayWidth, Map<string, Shown>>();
const MAX_KNOWN = 4_096;
/** A letter with very many marks is not kept. */
const MAX_KNOWN_LENGTH = 64;

function knownFor(width: DisplayWidth): Map<string, Shown> {
  const known = KNOWN.get(width) ?? new Map<string, Shown>();
  KNOWN.set(width, known);
  return known;
}

/**
 * Rows being filled from left to right; the cursor always has a column of its own behind what is in them.
 *
 * @param isBelow whether the first is indented too
 */
function createRows(columns: number, indent: number, width: DisplayWidth, isBelow: boolean) {
  const all: Row[] = [];
  let row: Span[] = [];
  let filled = 0;
  /** Columns of the row that nothing was added to yet. */
  let empty = 0;
  /** What is to be added to the row as one span. */
  let open = "";
  let openStyle: Style = "plain";
  const known = knownFor(width);
  if (isBelow) indentRow();

  function shownAs(grapheme: string): Shown {
    const before = known.get(grapheme);
    if (before !== undefined) return before;
    const visible = grapheme === "\t" ? TAB : grapheme === "\n" ? "" : visibleText(grapheme);
    const texts = visible === grapheme ? [visible] : Array.from(visible);
    const pieces = texts.map((text) => ({ text, width: width(text) }));
    const shown = { pieces, width: pieces.reduce((sum, piece) => sum + piece.width, 0) };
    if (grapheme.length > MAX_KNOWN_LENGTH) return shown;
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(grapheme, shown);
    return shown;
  }

  function begin(): void {
    closeSpan();
    all.push(row);
    row = [];
    indentRow();
  }

  function indentRow(): void {
    open = " ".repeat(indent);
    openStyle = "plain";
    filled = indent;
    empty = indent;
  }

  function closeSpan(): void {
    if (open !== "") row.push(span(open, openStyle));
    open = "";
  }

  /** Begins a row if these columns don't fit behind what is there. */
  function makeRoomFor(needed: number): void {
    if (filled > empty && filled + Math.max(needed, 1) > columns) begin();
  }

  function append(text: string, style: Style, needed: number): void {
    if (style !== openStyle) closeSpan();
    openStyle = style;
    open += text;
    filled += needed;
  }

  return {
    /** Begins a row if this doesn't fit; "" stands for the cursor. */
    makeRoom(grapheme: string): void {
      makeRoomFor(shownAs(grapheme).width);
    },
    add(grapheme: string, style: Style): void {
      if (grapheme === "\n") return begin();
      for (const piece of shownAs(grapheme).pieces) {
        makeRoomFor(piece.width);
        if (piece.width <= columns - filled) append(piece.text, style, piece.width);
        else append(TOO_WIDE, style, TOO_WIDE.length);
      }
    },
    addRun(run: string, style: Style): void {
      let rest = run;
      while (rest !== "") {
        makeRoomFor(1);
        const part = rest.slice(0, Math.max(1, columns - filled));
        append(part, style, part.length);
        rest = rest.slice(part.length);
      }
    },
    get end() {
      return { row: all.length, column: filled };
    },
    get all(): Row[] {
      closeSpan();
      return [...all, row];
    },
    /** Without the last. */
    get begun(): Row[] {
      return all;
    },
  };
}

/** Of a part of the text: what is before a match, in it, and behind it. */
function styledParts(
  text: string,
  from: number,
  to: number,
  match: { from: number; to: number } | null,
): { part: string; style: Style }[] {
  if (match === null) return [{ part: text.slice(from, to), style: "plain" }];
  const begin = Math.min(Math.max(from, match.from), to);
  const end = Math.min(Math.max(from, match.to), to);
  return [
    { part: text.slice(from, begin), style: "plain" },
    { part: text.slice(begin, end), style: "match" },
    { part: text.slice(end, to), style: "plain" },
  ];
}

/** A long prompt, or one in a narrow window, would leave too little room beside it. */
function indentBelow(prompt: Row, columns: number, width: DisplayWidth): number {
  const indent = prompt.reduce((sum, { text }) => sum + width(text), 0);
  return indent <= MAX_INDENT && indent * 2 <= columns ? indent : 0;
}

function matchIn({ term, offset, found }: Search): { from: number; to: number } | null {
  return found && term !== "" ? { from: offset, to: offset + term.length } : null;
}
