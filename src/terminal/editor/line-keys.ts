// Which key does what to the line being typed, as in a shell (readline's emacs keys). Pure: a key and
// the editing state in, the next state and a command for the editor out.

import {
  atEnd,
  cut,
  EMPTY,
  insert,
  type LineBuffer,
  moveBlankWordLeft,
  moveLeft,
  moveRight,
  moveToEnd,
  moveToStart,
  moveWordLeft,
  moveWordRight,
  transpose,
} from "./line-buffer.ts";
import { type LineHistory, NO_HISTORY, recall, remember } from "./line-history.ts";

/** A key as `node:readline` decodes it (emitKeypressEvents). */
export interface Key {
  readonly name?: string | undefined;
  readonly sequence?: string | undefined;
  readonly ctrl?: boolean;
  readonly meta?: boolean;
}

export interface Editing {
  readonly line: LineBuffer;
  readonly history: LineHistory;
  /** The last piece cut, for Ctrl-Y. */
  readonly cutting: string;
  /** The text of a bracketed paste so far; null outside one. */
  readonly paste: string | null;
}

export type Command =
  /** The line was entered, and is empty again. */
  | { readonly type: "enter"; readonly text: string }
  /** Ctrl-C: the line was dropped. */
  | { readonly type: "interrupt"; readonly text: string }
  /** Ctrl-D on an empty line: the end of the input. */
  | { readonly type: "end" }
  | { readonly type: "suspend" }
  | { readonly type: "clear-screen" }
  /** Tab: asks what the line may be completed to. */
  | { readonly type: "complete"; readonly line: LineBuffer };

export const NOTHING_TYPED: Editing = {
  line: EMPTY,
  history: NO_HISTORY,
  cutting: "",
  paste: null,
};

/** The state after `key`, and the command it gave, if any. */
export function press(editing: Editing, key: Key): [Editing, Command | null] {
  if (editing.paste !== null) return [pasteKey(editing, editing.paste, key), null];
  const { line } = editing;
  const moveTo = (move: (line: LineBuffer) => LineBuffer): [Editing, null] => [
    { ...editing, line: move(line) },
    null,
  ];
  switch (chord(key)) {
    case "paste-start":
      return [{ ...editing, paste: "" }, null];
    case "return":
    case "enter":
      return enter(editing);
    case "ctrl+c":
      return [
        { ...editing, line: EMPTY, history: remember(editing.history, "") },
        { type: "interrupt", text: line.text },
      ];
    case "ctrl+d":
      return line.text === "" ? [editing, { type: "end" }] : erase(editing, moveRight);
    case "ctrl+z":
      return [editing, { type: "suspend" }];
    case "ctrl+l":
      return [editing, { type: "clear-screen" }];
    case "tab":
      return [editing, { type: "complete", line }];
    case "left":
    case "ctrl+b":
      return moveTo(moveLeft);
    case "right":
    case "ctrl+f":
      return moveTo(moveRight);
    case "meta+b":
    case "meta+left":
    case "ctrl+left":
      return moveTo(moveWordLeft);
    case "meta+f":
    case "meta+right":
    case "ctrl+right":
      return moveTo(moveWordRight);
    case "home":
    case "ctrl+a":
      return moveTo(moveToStart);
    case "end":
    case "ctrl+e":
      return moveTo(moveToEnd);
    case "ctrl+t":
      return moveTo(transpose);
    case "up":
    case "ctrl+p":
      return browse(editing, -1);
    case "down":
    case "ctrl+n":
      return browse(editing, 1);
    case "backspace":
    case "ctrl+h":
      return erase(editing, moveLeft);
    case "delete":
      return erase(editing, moveRight);
    case "ctrl+u":
      return cutOut(editing, moveToStart);
    case "ctrl+k":
      return cutOut(editing, moveToEnd);
    case "ctrl+w":
      return cutOut(editing, moveBlankWordLeft);
    case "meta+backspace":
      return cutOut(editing, moveWordLeft);
    case "meta+d":
      return cutOut(editing, moveWordRight);
    case "ctrl+y":
      return [type(editing, editing.cutting), null];
    default:
      return [isText(key) ? type(editing, key.sequence) : editing, null];
  }
}

function chord({ name, ctrl, meta }: Key): string {
  if (name === undefined) return "";
  return `${ctrl === true ? "ctrl+" : ""}${meta === true ? "meta+" : ""}${name}`;
}

function isText(key: Key): key is Key & { sequence: string } {
  if (key.ctrl === true || key.meta === true || key.sequence === undefined) return false;
  return !/^\p{Cc}/u.test(key.sequence);
}

function type(editing: Editing, text: string): Editing {
  return { ...editing, line: insert(editing.line, text) };
}

function enter(editing: Editing): [Editing, Command] {
  const { text } = editing.line;
  return [
    { ...editing, line: EMPTY, history: remember(editing.history, text) },
    { type: "enter", text },
  ];
}

function browse(editing: Editing, step: -1 | 1): [Editing, null] {
  const found = recall(editing.history, editing.line.text, step);
  if (found === null) return [editing, null];
  return [{ ...editing, history: found.history, line: atEnd(found.line) }, null];
}

type Move = (line: LineBuffer) => LineBuffer;

function erase(editing: Editing, move: Move): [Editing, null] {
  return [{ ...editing, line: cut(editing.line, move).line }, null];
}

function cutOut(editing: Editing, move: Move): [Editing, null] {
  const { line, piece } = cut(editing.line, move);
  return [{ ...editing, line, cutting: piece === "" ? editing.cutting : piece }, null];
}

/** A paste is inserted whole: its newlines don't enter lines, and its control characters aren't keys. */
function pasteKey(editing: Editing, paste: string, key: Key): Editing {
  if (key.name !== "paste-end") {
    return { ...editing, paste: paste + (key.sequence ?? "") };
  }
  const text = paste.replaceAll(/\r\n?/g, "\n");
  return type({ ...editing, paste: null }, text);
}
