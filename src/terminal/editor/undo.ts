// Undo and redo: the states before each change, and after it. Letters typed one after the other are one change, up
// to the next word, as are letters erased one after the other. Pure.

import type { LineBuffer } from "./line-buffer.ts";
import type { LineHistory } from "./line-history.ts";

/** What a change changes, and undo brings back. */
export interface Snapshot {
  readonly line: LineBuffer;
  readonly history: LineHistory;
}

export interface UndoRecord {
  /** The states before each change, oldest first. */
  readonly past: readonly Snapshot[];
  /** The states that were undone; the last one is the next to come back. */
  readonly future: readonly Snapshot[];
  /** The last change, if the next one may belong to it. */
  readonly open: OpenChange | null;
}

interface OpenChange {
  readonly kind: ChangeKind;
  /** Keys that it is made of. */
  readonly keys: number;
  /** The line that it left: once the cursor has moved, it is another one. */
  readonly line: LineBuffer;
}

/** Changes that belong together when they follow each other. */
export type ChangeKind = "type" | "erase";

/** Changes that can be undone; older ones are forgotten. */
const MAX_CHANGES = 200;
/** UTF-16 units in all of them: a few megabytes, when a long text was pasted and is edited. */
const MAX_UNITS = 2_000_000;
/** Keys in one change, as in Emacs. */
const MAX_KEYS = 20;

export const NOTHING_TO_UNDO: UndoRecord = { past: [], future: [], open: null };

/**
 * The record after a change from `before` to `after`.
 *
 * @param kind null for a change by itself
 */
export function recordChange(
  { past, open }: UndoRecord,
  before: Snapshot,
  after: LineBuffer,
  kind: ChangeKind | null,
): UndoRecord {
  const continued =
    open !== null &&
    open.kind === kind &&
    open.line === before.line &&
    open.keys < MAX_KEYS &&
    !(kind === "type" && beginsWord(before.line, after));
  const keys = continued ? open.keys + 1 : 1;
  return {
    past: continued ? past : newest([...past, before]),
    future: [],
    open: kind === null ? null : { kind, keys, line: after },
  };
}

/** The state before the last change; null if there is none. */
export function undoChange(
  { past, future }: UndoRecord,
  now: Snapshot,
): { readonly undo: UndoRecord; readonly snapshot: Snapshot } | null {
  const snapshot = past.at(-1);
  if (snapshot === undefined) return null;
  return { snapshot, undo: { past: past.slice(0, -1), future: [...future, now], open: null } };
}

/** The state before the last undo; null if something was changed since, or nothing was undone. */
export function redoChange(
  { past, future }: UndoRecord,
  now: Snapshot,
): { readonly undo: UndoRecord; readonly snapshot: Snapshot } | null {
  const snapshot = future.at(-1);
  if (snapshot === undefined) return null;
  return { snapshot, undo: { past: [...past, now], future: future.slice(0, -1), open: null } };
}

/** Whether what was typed is the first letter of a word. */
function beginsWord(before: LineBuffer, after: LineBuffer): boolean {
  return (
    /\s$/u.test(before.text.slice(0, before.cursor)) && /^\S/u.test(after.text.slice(before.cursor))
  );
}

function newest(past: readonly Snapshot[]): readonly Snapshot[] {
  let units = 0;
  let first = past.length;
  while (first > 0 && past.length - first < MAX_CHANGES) {
    units += past[first - 1]?.line.text.length ?? 0;
    if (units > MAX_UNITS) break;
    first -= 1;
  }
  return first === 0 ? past : past.slice(first);
}
