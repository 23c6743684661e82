// The line being typed with everything that keys need to know of the ones before: older lines, what can be undone,
// what was cut, a search. Pure.

import { EMPTY, type LineBuffer } from "./line-buffer.ts";
import { historyOf, type LineHistory, NO_HISTORY, remember } from "./line-history.ts";
import {
  type ChangeKind,
  NOTHING_TO_UNDO,
  recordChange,
  type Snapshot,
  type UndoRecord,
} from "./undo.ts";

export interface Editing {
  readonly line: LineBuffer;
  readonly history: LineHistory;
  readonly undo: UndoRecord;
  /** Pieces that were cut, newest last, for Ctrl-Y and Alt-Y. */
  readonly cuts: readonly string[];
  /** Ctrl-R or Ctrl-S is going on; null otherwise. */
  readonly search: Search | null;
  /** What was searched last: Ctrl-R twice searches it again. */
  readonly lastTerm: string;
  /** What the last key means for the next one. */
  readonly last: LastKey;
}

/** A search of the lines entered before. The line shown is the one that was found. */
export interface Search {
  readonly term: string;
  /** Older lines (-1) or newer ones (1). */
  readonly direction: -1 | 1;
  /** Where the term begins in the line shown. */
  readonly offset: number;
  /** Whether the line shown has the whole term; if not, it is the last one that was found. */
  readonly found: boolean;
  /** The line before the search, to come back to. */
  readonly start: Snapshot;
  /** As it was before the last letter of the term was typed; null before the first. */
  readonly shorter: Editing | null;
}

export type LastKey =
  | { readonly type: "other" }
  /** A piece was cut: the next one is added to it. */
  | { readonly type: "cut" }
  /** A piece was brought back into `base`: Alt-Y takes an older one instead. */
  | { readonly type: "yank"; readonly base: LineBuffer; readonly index: number }
  /** The last word of the line at that place of the history was added to `base`: Alt-. takes an older one. */
  | { readonly type: "last-word"; readonly base: LineBuffer; readonly at: number }
  /** Up or Down: graphemes left of the cursor where that began. */
  | { readonly type: "row"; readonly column: number }
  /** Ctrl-X: the next key completes the command. */
  | { readonly type: "prefix" }
  /** Ctrl-V: the next key is typed, whatever it means. */
  | { readonly type: "quote" }
  /** Tab; `again` after another one. */
  | { readonly type: "tab"; readonly again: boolean };

export type EditorCommand =
  /** The line was entered, and is empty again. */
  | { readonly type: "enter"; readonly text: string }
  /** Ctrl-C: the line was dropped. */
  | { readonly type: "interrupt"; readonly text: string }
  /** Ctrl-D on an empty line: the end of the input. */
  | { readonly type: "end" }
  | { readonly type: "suspend" }
  | { readonly type: "clear-screen" }
  /** Ctrl-X Ctrl-E: the line is to be edited in an editor of the person's own; see `replaceText`. */
  | { readonly type: "edit"; readonly text: string }
  /** Tab: asks what the line may be completed to; see `complete`. */
  | { readonly type: "complete"; readonly line: LineBuffer };

export const OTHER: LastKey = { type: "other" };

export const NOTHING_TYPED: Editing = {
  line: EMPTY,
  history: NO_HISTORY,
  undo: NOTHING_TO_UNDO,
  cuts: [],
  search: null,
  lastTerm: "",
  last: OTHER,
};

/** @param lines those of earlier runs of the program, oldest first */
export function startEditing(lines: readonly string[]): Editing {
  return { ...NOTHING_TYPED, history: historyOf(lines) };
}

/** Changes the line so that it can be undone. What only moves the cursor is no change. */
export function changeLine(
  editing: Editing,
  line: LineBuffer,
  kind: ChangeKind | null = null,
  history: LineHistory = editing.history,
): Editing {
  const before = { line: editing.line, history: editing.history };
  const isSame = line.text === before.line.text && history.at === before.history.at;
  const undo = isSame ? editing.undo : recordChange(editing.undo, before, line, kind);
  return { ...editing, line, history, undo };
}

/** The line is empty, and what was on it can be recalled, as if it had been entered. */
export function setAside(editing: Editing): Editing {
  const history = remember(editing.history, editing.line.text);
  return { ...changeLine(editing, EMPTY, null, history), search: null, last: OTHER };
}

/** The whole line is another one: what an editor of the person's own has left. */
export function replaceText(editing: Editing, text: string): Editing {
  return { ...changeLine(editing, { text, cursor: text.length }), last: OTHER };
}
