// What Tab does to a word being typed: the letters that all candidates have in common, or the only
// candidate whole. Knows nothing of where candidates come from. Pure.

import { splitGraphemes } from "../graphemes.ts";
import { visibleName } from "../visible-text.ts";
import { insert, type LineBuffer } from "./line-buffer.ts";

export interface Completion {
  /** The line that Tab leaves; the same object if nothing could be added. */
  readonly line: LineBuffer;
  /** What the word may become; more than one if that is still open. */
  readonly candidates: readonly string[];
}

/** Candidates shown by name; of more, how many there are is enough. */
const MAX_SHOWN = 60;

const collator = new Intl.Collator("und");

/** Those that begin as `typed` does, in upper or lower case, sorted. */
export function startingWith(typed: string, all: readonly string[]): string[] {
  const start = fold(typed);
  return all.filter((name) => fold(name).startsWith(start)).toSorted(collator.compare);
}

/**
 * Replaces `typed`, which stands before the cursor, by what all candidates have in common. If there is only
 * one, `end` follows it.
 */
export function completeWord(
  line: LineBuffer,
  typed: string,
  candidates: readonly string[],
  end: string,
): Completion {
  const [first, ...others] = candidates;
  if (first === undefined) return { line, candidates };
  const common = others.reduce(commonStart, first);
  // Spellings differ in length, so letters are counted: fewer would take some back.
  if (others.length > 0 && splitGraphemes(common).length <= splitGraphemes(typed).length) {
    return { line, candidates };
  }
  const start = line.cursor - typed.length;
  const after = line.text.slice(line.cursor);
  const missing = others.length > 0 || after.startsWith(end.trimEnd() || end) ? "" : end;
  const without = { text: line.text.slice(0, start) + after, cursor: start };
  return { line: insert(without, common + missing), candidates };
}

export function candidateList({ candidates }: Completion): string {
  const more = candidates.length - MAX_SHOWN;
  const shown = candidates.slice(0, MAX_SHOWN).map(visibleName).join("  ");
  return more > 0 ? `${shown}  and ${more} more` : shown;
}

function commonStart(one: string, other: string): string {
  const [ones, others] = [splitGraphemes(one), splitGraphemes(other)];
  const end = ones.findIndex((grapheme, index) => fold(grapheme) !== fold(others[index] ?? ""));
  return end === -1 ? one : ones.slice(0, end).join("");
}

function fold(text: string): string {
  return text.normalize("NFC").toLowerCase();
}
