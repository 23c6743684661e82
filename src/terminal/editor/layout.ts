// Where the line being typed stands on the screen, as rows, and the cursor in them. Rows are broken here rather than by
// the terminal: at the window's edge, between two graphemes. Text stands in its logical order, right-to-left text
// too: a terminal that reorders it (VTE, Konsole) does that within the row. Pure.

import type { DisplayWidth } from "../display-width.ts";
import { type Row, type Span, span, type Style } from "../rows.ts";
import { visibleLine, visibleText } from "../visible-text.ts";
import type { Editing, Search } from "./editing.ts";
import { searchPrompt } from "./history-search.ts";
import { splitGraphemes } from "./line-buffer.ts";

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

/** Columns of a tab. It has one width wherever it stands. */
const TAB = "    ";

/** Wider prompts have no rows indented below them. */
const MAX_INDENT = 16;

/** Stands for what is wider than a whole row. */
const TOO_WIDE = "?";

/** The line in a window. A newline begins a row; all rows but the first are indented by the prompt's width. */
export function layOutEditor(
  { line, search }: Pick<Editing, "line" | "search">,
  { prompt, columns, maxRows, width }: EditorWindow,
): EditorLayout {
  const { text, cursor } = line;
  const rows = createRows(columns, indentBelow(prompt, columns, width), width);
  let cursorAt: { row: number; column: number } | null = null;
  const match = search === null ? null : matchIn(search);

  for (const { text: part, style } of search === null ? prompt : [span(searchPrompt(search))]) {
    for (const grapheme of splitGraphemes(visibleLine(part).replaceAll("\t", "^I")))
      rows.add(grapheme, style);
  }
  let offset = 0;
  for (const grapheme of splitGraphemes(text)) {
    const isNewline = grapheme === "\n";
    const shown = grapheme === "\t" ? TAB : isNewline ? "" : visibleText(grapheme);
    const style = match !== null && offset >= match.from && offset < match.to ? "match" : "plain";
    rows.makeRoom(shown);
    if (offset === cursor) cursorAt = rows.end;
    if (isNewline) rows.begin();
    // The visible name of a control character may be broken, a letter may not.
    for (const piece of shown === grapheme ? [shown] : shown) rows.add(piece, style);
    offset += grapheme.length;
  }
  rows.makeRoom("");
  const { row, column } = cursorAt ?? rows.end;
  const all = rows.all;
  const most = Math.max(1, maxRows);
  const first = Math.max(0, Math.min(row - most + 1, all.length - most));
  return { rows: all.slice(first, first + most), cursorRow: row - first, cursorColumn: column };
}

/** Rows being filled from left to right; the cursor always has a column of its own behind what is in them. */
function createRows(columns: number, indent: number, width: DisplayWidth) {
  const all: Row[] = [];
  let row: Span[] = [];
  let filled = 0;
  /** Columns of the row that nothing was added to yet. */
  let empty = 0;

  function begin(): void {
    all.push(row);
    row = indent > 0 ? [span(" ".repeat(indent))] : [];
    filled = indent;
    empty = indent;
  }

  /** Begins a row if this doesn't fit behind what is there. */
  function makeRoom(shown: string): void {
    if (filled > empty && filled + Math.max(width(shown), 1) > columns) begin();
  }

  function add(shown: string, style: Style): void {
    makeRoom(shown);
    const fits = width(shown) <= columns - filled;
    const text = fits ? shown : TOO_WIDE;
    const last = row.at(-1);
    if (last !== undefined && last.style === style)
      row[row.length - 1] = span(last.text + text, style);
    else row.push(span(text, style));
    filled += width(text);
  }

  return {
    begin,
    makeRoom,
    add,
    get end() {
      return { row: all.length, column: filled };
    },
    get all(): readonly Row[] {
      return [...all, row];
    },
  };
}

/** A long prompt, or one in a narrow window, would leave too little room beside it. */
function indentBelow(prompt: Row, columns: number, width: DisplayWidth): number {
  const indent = prompt.reduce((sum, { text }) => sum + width(text), 0);
  return indent <= MAX_INDENT && indent * 2 <= columns ? indent : 0;
}

function matchIn({ term, offset, found }: Search): { from: number; to: number } | null {
  return found && term !== "" ? { from: offset, to: offset + term.length } : null;
}
