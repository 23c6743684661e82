// Ctrl-R and Ctrl-S: an incremental search of the lines entered before, as in readline. Each letter that is typed
// searches on from where the last one was found. Pure.

import { changeLine, type Editing, OTHER, type Search } from "./editing.ts";
import { placeAt } from "./line-buffer.ts";
import { keepEdits, lineAt } from "./line-history.ts";

/** A search of older (-1) or newer (1) lines, from the cursor on. */
export function beginSearch(editing: Editing, direction: -1 | 1): Editing {
  const { line, history } = editing;
  return {
    ...editing,
    history: keepEdits(history, line.text),
    search: {
      term: "",
      direction,
      offset: line.cursor,
      found: true,
      start: { line, history },
      shorter: null,
    },
  };
}

/** More of the term was typed. */
export function extendTerm(editing: Editing, search: Search, added: string): Editing {
  const term = search.term + added;
  return find(editing, { ...search, term, shorter: editing }, search.offset);
}

/** Takes back the last letter of the term, and what was found since. */
export function shortenTerm(editing: Editing, search: Search): Editing {
  return search.shorter === null ? editing : { ...search.shorter, last: OTHER };
}

/** Ctrl-R or Ctrl-S again: the next one in that direction; without a term the last one is searched. */
export function searchOn(editing: Editing, search: Search, direction: -1 | 1): Editing {
  const turned = { ...search, direction };
  if (search.term !== "") return find(editing, turned, search.offset + direction);
  const { lastTerm } = editing;
  const next = { ...editing, search: turned };
  return lastTerm === "" ? next : extendTerm(next, turned, lastTerm);
}

/** The line that was found is the one being typed. */
export function acceptSearch(editing: Editing, search: Search): Editing {
  const { line, history } = editing;
  return changeLine(cancelSearch(editing, search), line, null, history);
}

/** The line before the search is back. */
export function cancelSearch(editing: Editing, search: Search): Editing {
  const { start, term } = search;
  return { ...editing, ...start, search: null, lastTerm: term === "" ? editing.lastTerm : term };
}

/** Characters of a term that are shown: the end of a longer one. */
const MAX_SHOWN = 1_000;

/** What stands before the line that was found, instead of the prompt. */
export function searchPrompt({ term: whole, direction, found }: Search): string {
  const what = direction === -1 ? "search" : "search forward";
  const term = whole.length > MAX_SHOWN ? `…${whole.slice(-MAX_SHOWN).toWellFormed()}` : whole;
  return `(${found ? "" : "failed "}${what}) '${term}': `;
}

/** @param from where in the line shown the search goes on; what begins there counts */
function find(editing: Editing, search: Search, from: number): Editing {
  const { term, direction } = search;
  const { history, line } = editing;
  const findIn = matcher(term);
  let at = history.at;
  let text = line.text;
  let offset = findIn(text, direction, from);
  while (offset === -1) {
    at += direction;
    if (at < 0 || at > history.lines.length)
      return { ...editing, search: { ...search, found: false } };
    const other = lineAt(history, at);
    // Lines that repeat what is shown would look as if the key did nothing.
    if (other === line.text) continue;
    text = other;
    offset = findIn(text, direction, direction === -1 ? text.length : 0);
  }
  return {
    ...editing,
    history: { ...history, at },
    line: placeAt(text, offset),
    search: { ...search, offset, found: true },
  };
}

/** Where the term begins at or before (-1), or at or after (1), a place; -1 if nowhere. Small letters find capitals. */
function matcher(term: string): (text: string, direction: -1 | 1, from: number) => number {
  const fold = term === term.toLowerCase();
  return (text, direction, from) => {
    const lower = text.toLowerCase();
    // A few letters become longer, and offsets would be wrong.
    const searched = fold && lower.length === text.length ? lower : text;
    if (direction === 1) return searched.indexOf(term, Math.max(0, from));
    return from < 0 ? -1 : searched.lastIndexOf(term, from);
  };
}
