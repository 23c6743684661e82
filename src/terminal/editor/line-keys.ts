// Which key does what to the line being typed, as in a shell (readline's emacs keys). Pure: a key and the editing state
// in, the next state and a command for the terminal out.

import type { Key } from "../input/input-event.ts";
import type { Completion } from "./completion.ts";
import { candidateList } from "./completion.ts";
import { changeLine, type Editing, type EditorCommand, OTHER } from "./editing.ts";
import {
  acceptSearch,
  beginSearch,
  cancelSearch,
  extendTerm,
  searchOn,
  shortenTerm,
} from "./history-search.ts";
import {
  atEnd,
  capitalized,
  changeWord,
  columnOf,
  cut,
  EMPTY,
  insert,
  lastBlankWord,
  type LineBuffer,
  moveBlankWordLeft,
  moveLeft,
  moveRight,
  moveToEnd,
  moveToRow,
  moveToRowEnd,
  moveToRowEndOrOn,
  moveToRowStart,
  moveToRowStartOrBack,
  moveToStart,
  moveWordLeft,
  moveWordRight,
  transpose,
  transposeWords,
} from "./line-buffer.ts";
import { recallAt, remember } from "./line-history.ts";
import { NOTHING_TO_UNDO, redoChange, undoChange } from "./undo.ts";

/** Pieces kept to bring back, as in readline. */
const MAX_CUTS = 10;

type Pressed = [Editing, EditorCommand | null];
type Action = (editing: Editing) => Pressed;
type Move = (line: LineBuffer) => LineBuffer;

/** The state after `key`, and the command it gave, if any. */
export function press(editing: Editing, key: Key): Pressed {
  const [next, command] =
    editing.search === null ? pressKey(editing, key) : pressInSearch(editing, key);
  // A key that follows nothing in particular ends what the last one has begun.
  return [next.last === editing.last ? { ...next, last: OTHER } : next, command];
}

/** A paste is inserted whole: its newlines don't enter lines, and its control characters aren't keys. */
export function paste(editing: Editing, text: string): Editing {
  if (text === "") return editing;
  const pasted = text.replaceAll(/\r\n?/g, "\n");
  const next =
    editing.search === null
      ? changeLine(editing, insert(editing.line, pasted))
      : extendTerm(editing, editing.search, pasted);
  return { ...next, last: OTHER };
}

/**
 * The answer to "complete" for the line `asked`; it counts for nothing if the line has changed since.
 *
 * @returns also the candidates to show, once Tab was pressed twice; null if there is nothing to choose from
 */
export function complete(
  editing: Editing,
  asked: LineBuffer,
  completion: Completion,
): [Editing, candidates: string | null] {
  const { last } = editing;
  if (editing.line !== asked || last.type !== "tab") return [editing, null];
  const { line, candidates } = completion;
  if (line !== asked) return [changeLine(editing, line), null];
  if (!last.again || candidates.length < 2) return [editing, null];
  // The first Tab's answer may be late, and come after the second Tab: that one's shows them no second time.
  return [{ ...editing, last: { type: "tab", again: false } }, candidateList(completion)];
}

function pressKey(editing: Editing, key: Key): Pressed {
  const pressed = chord(key);
  if (editing.last.type === "quote") return typed(editing, quoted(key));
  if (editing.last.type === "prefix") {
    const action =
      AFTER_PREFIX.get(pressed) ?? (pressed === "ctrl+c" ? ACTIONS.get(pressed) : undefined);
    return action?.(editing) ?? [editing, null];
  }
  const action = ACTIONS.get(pressed);
  if (action !== undefined) return action(editing);
  return typed(editing, textOf(key));
}

function pressInSearch(editing: Editing, key: Key): Pressed {
  const { search } = editing;
  if (search === null) return [editing, null];
  const pressed = chord(key);
  switch (pressed) {
    case "ctrl+r":
      return [searchOn(editing, search, -1), null];
    case "ctrl+s":
      return [searchOn(editing, search, 1), null];
    case "backspace":
    case "ctrl+h":
      return [shortenTerm(editing, search), null];
    case "ctrl+g":
    case "ctrl+c":
      return [cancelSearch(editing, search), null];
    case "escape":
    case "ctrl+j":
      return [acceptSearch(editing, search), null];
  }
  const text = textOf(key);
  if (text !== "") return [extendTerm(editing, search, text), null];
  // A key that does nothing else doesn't end the search.
  if (!ACTIONS.has(pressed)) return [editing, null];
  const accepted = acceptSearch(editing, search);
  // Nobody who searches wants to leave.
  const leaves = pressed === "ctrl+d" && accepted.line.text === "";
  return leaves ? [accepted, null] : pressKey(accepted, key);
}

function move(to: Move): Action {
  return (editing) => [{ ...editing, line: to(editing.line) }, null];
}

function change(to: Move): Action {
  return (editing) => [changeLine(editing, to(editing.line)), null];
}

function erase(to: Move): Action {
  return (editing) => [changeLine(editing, cut(editing.line, to).line, "erase"), null];
}

/** Pieces cut one after the other are one piece. */
function cutOut(to: Move): Action {
  return (editing) => {
    const { line, piece } = cut(editing.line, to);
    const { cuts, last } = editing;
    if (piece === "") return [last.type === "cut" ? keepLast(editing) : editing, null];
    const joined = last.type === "cut" ? (cuts.at(-1) ?? "") : "";
    const isBefore = line.cursor < editing.line.cursor;
    const next = isBefore ? piece + joined : joined + piece;
    const older = last.type === "cut" ? cuts.slice(0, -1) : cuts;
    return [
      {
        ...changeLine(editing, line),
        cuts: [...older, next].slice(-MAX_CUTS),
        last: { type: "cut" },
      },
      null,
    ];
  };
}

function bringBack(editing: Editing): Pressed {
  return yank(editing, editing.line, editing.cuts.length - 1);
}

function bringBackOlder(editing: Editing): Pressed {
  const { last, cuts } = editing;
  if (last.type !== "yank") return [editing, null];
  return yank(editing, last.base, last.index === 0 ? cuts.length - 1 : last.index - 1);
}

function yank(editing: Editing, base: LineBuffer, index: number): Pressed {
  const piece = editing.cuts[index];
  if (piece === undefined) return [editing, null];
  const last = { type: "yank", base, index } as const;
  return [{ ...changeLine(editing, insert(base, piece)), last }, null];
}

/** Alt-.: the last word of the line entered last; again, of the one before. */
function addLastWord(editing: Editing): Pressed {
  const { history, last } = editing;
  const base = last.type === "last-word" ? last.base : editing.line;
  for (
    let at = (last.type === "last-word" ? last.at : history.lines.length) - 1;
    at >= 0;
    at -= 1
  ) {
    const word = lastBlankWord(history.lines[at] ?? "");
    if (word === null) continue;
    return [
      { ...changeLine(editing, insert(base, word)), last: { type: "last-word", base, at } },
      null,
    ];
  }
  return [last.type === "last-word" ? keepLast(editing) : editing, null];
}

/** The next key goes on with what the last ones have begun. */
function keepLast(editing: Editing): Editing {
  return { ...editing, last: { ...editing.last } };
}

/** Up and down: first between the rows of the line, then between lines. */
function moveRow(step: -1 | 1): Action {
  return (editing) => {
    const { last } = editing;
    const column = last.type === "row" ? last.column : columnOf(editing.line);
    const line = moveToRow(editing.line, step, column);
    if (line === null) return browse(step)(editing);
    return [{ ...editing, line, last: { type: "row", column } }, null];
  };
}

function browse(step: -1 | 1): Action {
  return browseTo(({ at }) => at + step);
}

function browseTo(place: (history: Editing["history"]) => number): Action {
  return (editing) => {
    const found = recallAt(editing.history, editing.line.text, place(editing.history));
    if (found === null) return [editing, null];
    return [changeLine(editing, atEnd(found.line), null, found.history), null];
  };
}

function enter(editing: Editing): Pressed {
  const { text } = editing.line;
  const history = remember(editing.history, text);
  return [
    { ...editing, line: EMPTY, history, undo: NOTHING_TO_UNDO },
    { type: "enter", text },
  ];
}

/** The line isn't remembered, but can be undone. */
function interrupt(editing: Editing): Pressed {
  const history = remember(editing.history, "");
  return [
    changeLine(editing, EMPTY, null, history),
    { type: "interrupt", text: editing.line.text },
  ];
}

function endOrErase(editing: Editing): Pressed {
  return editing.line.text === "" ? [editing, { type: "end" }] : erase(moveRight)(editing);
}

function undo(editing: Editing): Pressed {
  const { line, history } = editing;
  const undone = undoChange(editing.undo, { line, history });
  return [undone === null ? editing : { ...editing, ...undone.snapshot, undo: undone.undo }, null];
}

function redo(editing: Editing): Pressed {
  const { line, history } = editing;
  const redone = redoChange(editing.undo, { line, history });
  return [redone === null ? editing : { ...editing, ...redone.snapshot, undo: redone.undo }, null];
}

const KEYS: readonly (readonly [keys: string, Action])[] = [
  ["return ctrl+j ctrl+m", enter],
  ["meta+return shift+return", change((line) => insert(line, "\n"))],
  ["ctrl+c", interrupt],
  ["ctrl+d", endOrErase],
  ["ctrl+z", (editing) => [editing, { type: "suspend" }]],
  ["ctrl+l", (editing) => [editing, { type: "clear-screen" }]],
  [
    "tab ctrl+i",
    (editing) => {
      const { line, last } = editing;
      const again = last.type === "tab";
      return [
        { ...editing, last: { type: "tab", again } },
        { type: "complete", line },
      ];
    },
  ],
  ["left ctrl+b", move(moveLeft)],
  ["right ctrl+f", move(moveRight)],
  ["meta+b meta+left ctrl+left", move(moveWordLeft)],
  ["meta+f meta+right ctrl+right", move(moveWordRight)],
  ["home ctrl+a", move(moveToRowStart)],
  ["end ctrl+e", move(moveToRowEnd)],
  ["ctrl+home", move(moveToStart)],
  ["ctrl+end", move(moveToEnd)],
  ["ctrl+t", change(transpose)],
  ["meta+t", change(transposeWords)],
  ["meta+u", change((line) => changeWord(line, (word) => word.toUpperCase()))],
  ["meta+l", change((line) => changeWord(line, (word) => word.toLowerCase()))],
  ["meta+c", change((line) => changeWord(line, capitalized))],
  ["up", moveRow(-1)],
  ["down", moveRow(1)],
  ["ctrl+p", browse(-1)],
  ["ctrl+n", browse(1)],
  ["meta+<", browseTo(() => 0)],
  ["meta+>", browseTo(({ lines }) => lines.length)],
  ["meta+. meta+_", addLastWord],
  ["ctrl+r", (editing) => [beginSearch(editing, -1), null]],
  ["ctrl+s", (editing) => [beginSearch(editing, 1), null]],
  ["backspace ctrl+h", erase(moveLeft)],
  ["delete", erase(moveRight)],
  ["ctrl+u", cutOut(moveToRowStartOrBack)],
  ["ctrl+k", cutOut(moveToRowEndOrOn)],
  ["ctrl+w", cutOut(moveBlankWordLeft)],
  ["meta+backspace ctrl+backspace", cutOut(moveWordLeft)],
  ["meta+d meta+delete ctrl+delete", cutOut(moveWordRight)],
  ["ctrl+y", bringBack],
  ["meta+y", bringBackOlder],
  // Ctrl-/ and Ctrl-7 send the same as Ctrl-_ on most terminals; the kitty keyboard protocol tells them apart.
  ["ctrl+_ ctrl+/ ctrl+- ctrl+7", undo],
  // As in fish; readline has no redo.
  ["meta+/", redo],
  ["ctrl+v ctrl+q", (editing) => [{ ...editing, last: { type: "quote" } }, null]],
  ["ctrl+x", (editing) => [{ ...editing, last: { type: "prefix" } }, null]],
];

/** Behind Ctrl-X. */
const PREFIXED: readonly (readonly [keys: string, Action])[] = [
  ["ctrl+e", (editing) => [editing, { type: "edit", text: editing.line.text }]],
  ["ctrl+u", undo],
  ["ctrl+r", redo],
  ["backspace", cutOut(moveToRowStartOrBack)],
];

const ACTIONS = byChord(KEYS);
const AFTER_PREFIX = byChord(PREFIXED);

function byChord(table: typeof KEYS): ReadonlyMap<string, Action> {
  return new Map(
    table.flatMap(([keys, action]) => keys.split(" ").map((key) => [key, action] as const)),
  );
}

/** Shift makes another key of few: a letter means the same in both cases. */
function chord({ name, ctrl, meta, shift }: Key): string {
  const shifted = shift && (name === "return" || name === "tab");
  return `${ctrl ? "ctrl+" : ""}${meta ? "meta+" : ""}${shifted ? "shift+" : ""}${name}`;
}

/** What a key types; "" for one that types nothing. */
function textOf({ text, ctrl, meta }: Key): string {
  return ctrl || meta || /^\p{Cc}/u.test(text) ? "" : text;
}

function typed(editing: Editing, text: string): Pressed {
  return [text === "" ? editing : changeLine(editing, insert(editing.line, text), "type"), null];
}

/** What a key types behind Ctrl-V: a control character, or what it types anyway. */
function quoted(key: Key): string {
  const { name, ctrl, meta } = key;
  if (name === "return") return "\n";
  if (name === "tab") return "\t";
  if (name === "escape") return "\u001b";
  if (name === "backspace") return "\u007f";
  if (!ctrl || meta) return textOf(key);
  // Ctrl makes of @, A to Z, [, \, ], ^ and _ the characters from 0 to 31 (ECMA-6).
  const code = name.toUpperCase().charCodeAt(0);
  return name.length === 1 && code >= 0x40 && code <= 0x5f ? String.fromCharCode(code & 0x1f) : "";
}
