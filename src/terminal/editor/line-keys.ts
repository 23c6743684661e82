// Which key does what to the line being typed, as in a shell (readline's emacs keys), and the lines entered before. Pure:
// a key and the editing state in, the next state and a command for the editor out.

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

/** A key as `node:readline` decodes it (emitKeypressEvents). */
export interface Key {
  readonly name?: string | undefined;
  readonly sequence?: string | undefined;
  readonly ctrl?: boolean;
  readonly meta?: boolean;
}

/** Lines kept to recall; the oldest goes first. */
const MAX_LINES = 1_000;

/** Lines entered before, recalled with the arrow keys. */
export interface LineHistory {
  readonly lines: readonly string[];
  /** Which line is shown; `lines.length` is the line being typed. */
  readonly at: number;
  /** The line being typed, while an older one is shown. */
  readonly draft: string;
}

export const NO_HISTORY: LineHistory = { lines: [], at: 0, draft: "" };

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
  const action = ACTIONS.get(chord(key));
  if (action !== undefined) return action(editing);
  return [isText(key) ? type(editing, key.sequence) : editing, null];
}

type Action = (editing: Editing) => [Editing, Command | null];
type Move = (line: LineBuffer) => LineBuffer;

function move(to: Move): Action {
  return (editing) => [{ ...editing, line: to(editing.line) }, null];
}

function erase(to: Move): Action {
  return move((line) => cut(line, to).line);
}

function cutOut(to: Move): Action {
  return (editing) => {
    const { line, piece } = cut(editing.line, to);
    return [{ ...editing, line, cutting: piece === "" ? editing.cutting : piece }, null];
  };
}

function browse(step: -1 | 1): Action {
  return (editing) => {
    const found = recall(editing.history, editing.line.text, step);
    if (found === null) return [editing, null];
    return [{ ...editing, history: found.history, line: atEnd(found.line) }, null];
  };
}

/** Only an entered line is remembered. */
function finishLine(command: "enter" | "interrupt"): Action {
  return (editing) => {
    const { text } = editing.line;
    const history = remember(editing.history, command === "enter" ? text : "");
    return [
      { ...editing, line: EMPTY, history },
      { type: command, text },
    ];
  };
}

function endOrErase(editing: Editing): [Editing, Command | null] {
  return editing.line.text === "" ? [editing, { type: "end" }] : erase(moveRight)(editing);
}

const KEYS: readonly (readonly [keys: string, Action])[] = [
  ["paste-start", (editing) => [{ ...editing, paste: "" }, null]],
  ["return enter", finishLine("enter")],
  ["ctrl+c", finishLine("interrupt")],
  ["ctrl+d", endOrErase],
  ["ctrl+z", (editing) => [editing, { type: "suspend" }]],
  ["ctrl+l", (editing) => [editing, { type: "clear-screen" }]],
  ["tab", (editing) => [editing, { type: "complete", line: editing.line }]],
  ["left ctrl+b", move(moveLeft)],
  ["right ctrl+f", move(moveRight)],
  ["meta+b meta+left ctrl+left", move(moveWordLeft)],
  ["meta+f meta+right ctrl+right", move(moveWordRight)],
  ["home ctrl+a", move(moveToStart)],
  ["end ctrl+e", move(moveToEnd)],
  ["ctrl+t", move(transpose)],
  ["up ctrl+p", browse(-1)],
  ["down ctrl+n", browse(1)],
  ["backspace ctrl+h", erase(moveLeft)],
  ["delete", erase(moveRight)],
  ["ctrl+u", cutOut(moveToStart)],
  ["ctrl+k", cutOut(moveToEnd)],
  ["ctrl+w", cutOut(moveBlankWordLeft)],
  ["meta+backspace", cutOut(moveWordLeft)],
  ["meta+d", cutOut(moveWordRight)],
  ["ctrl+y", (editing) => [type(editing, editing.cutting), null]],
];
const ACTIONS: ReadonlyMap<string, Action> = new Map(
  KEYS.flatMap(([keys, action]) => keys.split(" ").map((key) => [key, action] as const)),
);

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

/** A paste is inserted whole: its newlines don't enter lines, and its control characters aren't keys. */
function pasteKey(editing: Editing, paste: string, key: Key): Editing {
  if (key.name !== "paste-end") return { ...editing, paste: paste + (key.sequence ?? "") };
  const text = paste.replaceAll(/\r\n?/g, "\n");
  return type({ ...editing, paste: null }, text);
}

/** Adds an entered line, unless it is empty or repeats the last one; the line being typed is shown again. */
export function remember({ lines }: LineHistory, line: string): LineHistory {
  const kept = line === "" || line === lines.at(-1) ? lines : [...lines, line].slice(-MAX_LINES);
  return { lines: kept, at: kept.length, draft: "" };
}

/** One line back (-1) or forward (1) from `shown`; null if there is none. */
export function recall(
  history: LineHistory,
  shown: string,
  step: -1 | 1,
): { history: LineHistory; line: string } | null {
  const at = history.at + step;
  const newest = history.lines.length;
  if (at < 0 || at > newest) return null;
  const draft = history.at === newest ? shown : history.draft;
  return {
    history: { ...history, at, draft },
    line: at === newest ? draft : (history.lines[at] ?? ""),
  };
}
