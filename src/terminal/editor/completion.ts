// What Tab makes of the line being typed: the end of a command's name, of a person's, of a room's. Pure.

import { displayWidth } from "../display-width.ts";
import { shownName } from "../shown-name.ts";
import { insert, type LineBuffer, splitGraphemes } from "./line-buffer.ts";

export interface Completion {
  readonly line: LineBuffer;
  /** What it may be meant to be; more than one, where that is not clear yet. */
  readonly candidates: readonly string[];
}

export interface Completable {
  /** Without their slash. */
  readonly commands: readonly string[];
  readonly people: readonly string[];
  readonly rooms: readonly string[];
}

/** Candidates that are told by name. */
const MAX_TOLD = 60;

const JOIN = /^\/join\s+(\S*)$/;

/** Whether it is a room's name that is being typed. */
export function isRoomTyped({ text, cursor }: LineBuffer): boolean {
  return JOIN.test(text.slice(0, cursor));
}

export function complete(line: LineBuffer, { commands, people, rooms }: Completable): Completion {
  const before = line.text.slice(0, line.cursor);
  const room = JOIN.exec(before)?.[1];
  if (room !== undefined) return finish(line, room, beginningWith(room, rooms), " ");
  const command = /^\/(?!\/)\S*$/.exec(before)?.[0];
  if (command !== undefined) {
    const all = commands.map((name) => `/${name}`);
    return finish(line, command, beginningWith(command, all), " ");
  }
  return completePerson(line, before, people);
}

/** Candidates in one line, as many as one may want to read. */
export function listed({ candidates }: Completion): string {
  const more = candidates.length - MAX_TOLD;
  const told = candidates.slice(0, MAX_TOLD).map(shownName).join("  ");
  return more > 0 ? `${told}  and ${more} more` : told;
}

/** Names may have blanks: of what stands before the cursor, the longest beginning of a name counts. */
function completePerson(line: LineBuffer, before: string, people: readonly string[]): Completion {
  for (const { index } of before.matchAll(/(?<!\S)\S/g)) {
    const typed = before.slice(index);
    const candidates = beginningWith(typed, people);
    if (candidates.length > 0) return finish(line, typed, candidates, index === 0 ? ": " : " ");
  }
  return { line, candidates: [] };
}

function beginningWith(typed: string, all: readonly string[]): string[] {
  const its = fold(typed);
  return all.filter((name) => fold(name).startsWith(its)).toSorted(byLetters.compare);
}

const byLetters = new Intl.Collator("und");

/** Writes what all candidates have in common in place of what was typed, and `end` behind the only one. */
function finish(
  line: LineBuffer,
  typed: string,
  candidates: readonly string[],
  end: string,
): Completion {
  const [first, ...others] = candidates;
  if (first === undefined) return { line, candidates };
  const common = others.reduce(commonBeginning, first);
  // It may have one that is longer in one spelling and shorter in another.
  if (others.length > 0 && displayWidth(common) <= displayWidth(typed)) return { line, candidates };
  const start = line.cursor - typed.length;
  const after = line.text.slice(line.cursor);
  const missing = others.length > 0 || after.startsWith(end.trimEnd() || end) ? "" : end;
  const without = { text: line.text.slice(0, start) + after, cursor: start };
  return { line: insert(without, common + missing), candidates };
}

function commonBeginning(one: string, other: string): string {
  const others = splitGraphemes(other);
  const its = splitGraphemes(one);
  const end = its.findIndex((grapheme, index) => fold(grapheme) !== fold(others[index] ?? ""));
  return end === -1 ? one : its.slice(0, end).join("");
}

function fold(text: string): string {
  return text.normalize("NFC").toLowerCase();
}
