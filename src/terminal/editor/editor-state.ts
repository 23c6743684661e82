// The line editor as a state machine: a key or another event in, the next state and what to do out. The keys
// that edit the line are in line-keys.ts. Pure.

import type { Key } from "../input/input-event.ts";
import type { Completion } from "./completion.ts";
import { type Command, type Editing, NOTHING_TYPED } from "./editing.ts";
import { searchPrompt } from "./history-search.ts";
import type { LineBuffer } from "./line-buffer.ts";
import { complete, paste, press } from "./line-keys.ts";
import type { EditorLines } from "./renderer-layout.ts";

/** A key as `node:readline` decodes it (emitKeypressEvents). */
export interface ReadlineKey {
  readonly name?: string | undefined;
  readonly sequence?: string | undefined;
  readonly ctrl?: boolean;
  readonly meta?: boolean;
  readonly shift?: boolean;
}

export interface EditorState {
  readonly editing: Editing;
  readonly prompt: string;
  /** Lines on their way to the other end, oldest first. */
  readonly pending: readonly string[];
  /** The text of a bracketed paste so far; null outside one. */
  readonly paste: string | null;
}

export type EditorEvent =
  | { readonly type: "key"; readonly key: ReadlineKey }
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
  paste: null,
};

export function update(state: EditorState, event: EditorEvent): [EditorState, EditorAction | null] {
  switch (event.type) {
    case "key":
      return pressKey(state, event.key);
    case "prompt":
      return [{ ...state, prompt: event.text }, null];
    case "pending":
      return [{ ...state, pending: event.lines }, null];
    case "completion": {
      const [editing, shown] = complete(state.editing, event.line, event.completion);
      return [{ ...state, editing }, shown === null ? null : { type: "print-note", text: shown }];
    }
  }
}

/** What is drawn of the state. */
export function view({ pending, prompt, editing }: EditorState): EditorLines {
  const { line, search } = editing;
  return { pending, prompt: search === null ? prompt : searchPrompt(search), line };
}

function pressKey(state: EditorState, key: ReadlineKey): [EditorState, EditorAction | null] {
  if (state.paste !== null) {
    if (key.name !== "paste-end") {
      return [{ ...state, paste: state.paste + (key.sequence ?? "") }, null];
    }
    return [{ ...state, paste: null, editing: paste(state.editing, state.paste) }, null];
  }
  if (key.name === "paste-start") return [{ ...state, paste: "" }, null];
  const focused = FOCUS[key.sequence ?? ""];
  if (focused !== undefined) return [state, { type: "focus", focused }];
  const [editing, command] = press(state.editing, decoded(key));
  const next = { ...state, editing };
  if (command?.type === "interrupt" && command.text !== "") {
    // As in a shell, Ctrl-C drops the line, which stays on the screen.
    const { prompt } = state;
    return [next, { type: "print-entered", prompt, text: `${command.text}^C` }];
  }
  return [next, command];
}

function decoded({
  name = "",
  sequence = "",
  ctrl = false,
  meta = false,
  shift = false,
}: ReadlineKey): Key {
  if (name === "enter") return { name: "j", text: "", ctrl: true, meta, shift };
  if (sequence === "\x1f") return { name: "_", text: "", ctrl: true, meta, shift };
  const isText = !ctrl && !meta && !/^\p{Cc}/u.test(sequence);
  const unnamed = meta ? (sequence.at(-1) ?? "") : "";
  return { name: name === "" ? unnamed : name, text: isText ? sequence : "", ctrl, meta, shift };
}
