// The line editor as a state machine: a key or another event in, the next state and what to do out. The keys
// that edit the line are in line-keys.ts. Pure.

import { candidateList, type Completion } from "./completion.ts";
import type { EditorLines } from "./layout.ts";
import type { LineBuffer } from "./line-buffer.ts";
import { type Command, type Editing, type Key, NOTHING_TYPED, press } from "./line-keys.ts";

export interface EditorState {
  readonly editing: Editing;
  readonly prompt: string;
  /** Lines on their way to the other end, oldest first. */
  readonly pending: readonly string[];
  /** The line as the last Tab left it: Tab again lists the candidates. */
  readonly tabbed: LineBuffer | null;
}

export type EditorEvent =
  | { readonly type: "key"; readonly key: Key }
  | { readonly type: "prompt"; readonly text: string }
  | { readonly type: "pending"; readonly lines: readonly string[] }
  /** The answer to "complete" for that line. */
  | { readonly type: "completion"; readonly line: LineBuffer; readonly completion: Completion };

export type EditorAction =
  | Command
  | { readonly type: "focus"; readonly focused: boolean }
  /** A line leaves the editor and stays on the screen, after its prompt. */
  | { readonly type: "print-entered"; readonly prompt: string; readonly text: string }
  | { readonly type: "print-note"; readonly text: string };

/** What a terminal sends when it gets the focus and when it loses it (xterm ctlseqs, "FocusIn/FocusOut"). */
const FOCUS: Readonly<Record<string, boolean>> = { "\x1b[I": true, "\x1b[O": false };

export const START: EditorState = {
  editing: NOTHING_TYPED,
  prompt: "",
  pending: [],
  tabbed: null,
};

export function update(state: EditorState, event: EditorEvent): [EditorState, EditorAction | null] {
  switch (event.type) {
    case "key":
      return pressKey(state, event.key);
    case "prompt":
      return [{ ...state, prompt: event.text }, null];
    case "pending":
      return [{ ...state, pending: event.lines }, null];
    case "completion":
      // The line may have changed while the completion was looked up.
      return event.line === state.editing.line ? complete(state, event.completion) : [state, null];
  }
}

/** What is drawn of the state. */
export function view({ pending, prompt, editing }: EditorState): EditorLines {
  return { pending, prompt, line: editing.line };
}

function pressKey(state: EditorState, key: Key): [EditorState, EditorAction | null] {
  const focused = FOCUS[key.sequence ?? ""];
  if (focused !== undefined && state.editing.paste === null) {
    return [state, { type: "focus", focused }];
  }
  const [editing, command] = press(state.editing, key);
  const next = { ...state, editing };
  if (command?.type === "interrupt" && command.text !== "") {
    // As in a shell, Ctrl-C drops the line, which stays on the screen.
    const { prompt } = state;
    return [next, { type: "print-entered", prompt, text: `${command.text}^C` }];
  }
  return [next, command];
}

function complete(state: EditorState, completion: Completion): [EditorState, EditorAction | null] {
  const { line, candidates } = completion;
  const isAgain = state.tabbed === state.editing.line && line === state.tabbed;
  return [
    { ...state, editing: { ...state.editing, line }, tabbed: line },
    isAgain && candidates.length > 1
      ? { type: "print-note", text: candidateList(completion) }
      : null,
  ];
}
