// Where the line being typed stands on the screen, as rows, and the cursor in them. Rows are broken here rather than by
// the terminal: at the window's edge, between two graphemes. Text stands in its logical order, right-to-left text
// too: a terminal that reorders it (VTE, Konsole) does that within the row. Pure.

import type { DisplayWidth } from "../display-width.ts";
import { splitGraphemes } from "../graphemes.ts";
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

/** The line in a window. A newline begins a row; all rows but the first are indented by the prompt's width. */
export function layOutEditor(
  { line, search }: Pick<Editing, "line" | "search">,
  { prompt, columns, maxRows, width }: EditorWindow,
): EditorLayout {
  const { text, cursor } = line;
  const rows = createRows(columns, indentBelow(prompt, columns, width), width);
  const before = search === null ? prompt : [span(searchPrompt(search))];
  for (const { text: part, style } of before) {
    for (const grapheme of splitGraphemes(visibleLine(part).replaceAll("\t", "^I"))) {
      rows.add(grapheme, style);
    }
  }
  const match = search === null ? null : matchIn(search);
  let cursorAt: { row: number; column: number } | null = null;
  let offset = 0;

  function addGrapheme(grapheme: string, style: Style): void {
    rows.makeRoom(grapheme);
    if (offset === cursor) cursorAt = rows.end;
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

  for (const { part, style } of styledParts(text, match)) {
    let done = 0;
    for (const { index, 0: run } of part.matchAll(PLAIN_RUN)) {
      for (const grapheme of splitGraphemes(part.slice(done, index))) addGrapheme(grapheme, style);
      addRun(run, style);
      done = index + run.length;
    }
    for (const grapheme of splitGraphemes(part.slice(done))) addGrapheme(grapheme, style);
  }
  rows.makeRoom("");
  const { row, column } = cursorAt ?? rows.end;
  const all = rows.all;
  const most = Math.max(1, maxRows);
  const first = Math.max(0, Math.min(row - most + 1, all.length - most));
  return { rows: all.slice(first, first + most), cursorRow: row - first, cursorColumn: column };
}

/** What a grapheme is shown as: more than one piece may be broken between them, as a letter may not. */
interface Shown {
  readonly pieces: readonly { readonly text: string; readonly width: number }[];
  readonly width: number;
}

/** Rows being filled from left to right; the cursor always has a column of its own behind what is in them. */
function createRows(columns: number, indent: number, width: DisplayWidth) {
  const all: Row[] = [];
  let row: Span[] = [];
  let filled = 0;
  /** Columns of the row that nothing was added to yet. */
  let empty = 0;
  /** Most texts have few different graphemes, and these take long to measure. */
  const known = new Map<string, Shown>();

  function shownAs(grapheme: string): Shown {
    const before = known.get(grapheme);
    if (before !== undefined) return before;
    const visible = grapheme === "\t" ? TAB : grapheme === "\n" ? "" : visibleText(grapheme);
    const texts = visible === grapheme ? [visible] : Array.from(visible);
    const pieces = texts.map((text) => ({ text, width: width(text) }));
    const shown = { pieces, width: pieces.reduce((sum, piece) => sum + piece.width, 0) };
    known.set(grapheme, shown);
    return shown;
  }

  function begin(): void {
    all.push(row);
    row = indent > 0 ? [span(" ".repeat(indent))] : [];
    filled = indent;
    empty = indent;
  }

  /** Begins a row if these columns don't fit behind what is there. */
  function makeRoomFor(needed: number): void {
    if (filled > empty && filled + Math.max(needed, 1) > columns) begin();
  }

  function append(text: string, style: Style, needed: number): void {
    const last = row.at(-1);
    if (last !== undefined && last.style === style) {
      row[row.length - 1] = span(last.text + text, style);
    } else row.push(span(text, style));
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
    get all(): readonly Row[] {
      return [...all, row];
    },
  };
}

/** The text before a match, the match, and what follows. */
function styledParts(text: string, match: { from: number; to: number } | null) {
  if (match === null) return [{ part: text, style: "plain" }] as const;
  return [
    { part: text.slice(0, match.from), style: "plain" },
    { part: text.slice(match.from, match.to), style: "match" },
    { part: text.slice(match.to), style: "plain" },
  ] as const;
}

/** A long prompt, or one in a narrow window, would leave too little room beside it. */
function indentBelow(prompt: Row, columns: number, width: DisplayWidth): number {
  const indent = prompt.reduce((sum, { text }) => sum + width(text), 0);
  return indent <= MAX_INDENT && indent * 2 <= columns ? indent : 0;
}

function matchIn({ term, offset, found }: Search): { from: number; to: number } | null {
  return found && term !== "" ? { from: offset, to: offset + term.length } : null;
}
