import { describe, expect, test } from "bun:test";

import {
  type EditorAction,
  type EditorEvent,
  type EditorState,
  START,
  update,
  view,
} from "../../../src/terminal/editor/editor-state.ts";

const typing = (text: string): EditorEvent[] =>
  Array.from(text, (sequence) => ({ type: "key", key: { sequence } }));
const ctrl = (name: string): EditorEvent => ({ type: "key", key: { name, ctrl: true } });
const key = (name: string, sequence = ""): EditorEvent => ({
  type: "key",
  key: { name, sequence },
});

/** The state after these events, and what was to be done. */
function after(...events: EditorEvent[]): { state: EditorState; actions: EditorAction[] } {
  const actions: EditorAction[] = [];
  let state = START;
  for (const event of events) {
    const [next, action] = update(state, event);
    state = next;
    if (action !== null) actions.push(action);
  }
  return { state, actions };
}

/** The answer to Tab: the line becomes `text`, or stays the same. */
const completion = (state: EditorState, text: string, ...candidates: string[]): EditorEvent => {
  const { line } = state.editing;
  const completed = text === line.text ? line : { text, cursor: text.length };
  return { type: "completion", line, completion: { line: completed, candidates } };
};

test("prompt, pending lines and the line being typed are what is drawn", () => {
  const { state } = after(
    { type: "prompt", text: "> " },
    { type: "pending", lines: ["one"] },
    ...typing("ab"),
  );
  expect(view(state)).toEqual({ prompt: "> ", pending: ["one"], line: { text: "ab", cursor: 2 } });
});

describe("a key", () => {
  test("that enters the line gives its text, and leaves it empty", () => {
    const { state, actions } = after(...typing("ab"), key("return"));
    expect(actions).toEqual([{ type: "enter", text: "ab" }]);
    expect(view(state).line).toEqual({ text: "", cursor: 0 });
  });

  test("Ctrl-C interrupts on an empty line, and on any other drops it and leaves it on the screen", () => {
    expect(after(ctrl("c")).actions).toEqual([{ type: "interrupt", text: "" }]);
    const { state, actions } = after({ type: "prompt", text: "> " }, ...typing("ab"), ctrl("c"));
    expect(actions).toEqual([{ type: "print-entered", prompt: "> ", text: "ab^C" }]);
    expect(view(state).line.text).toBe("");
  });

  test.each([
    ["d", "end"],
    ["z", "suspend"],
    ["l", "clear-screen"],
  ] as const)("Ctrl-%s is the action %s", (name, type) => {
    expect(after(ctrl(name)).actions).toEqual([{ type }]);
  });
});

describe("a report of the focus", () => {
  test("is an action, and is not typed", () => {
    const { state, actions } = after(key("undefined", "\u001b[O"), key("undefined", "\u001b[I"));
    expect(actions).toEqual([
      { type: "focus", focused: false },
      { type: "focus", focused: true },
    ]);
    expect(view(state).line.text).toBe("");
  });

  test("is text in a paste", () => {
    const { state, actions } = after(
      key("paste-start"),
      key("undefined", "\u001b[I"),
      key("paste-end"),
    );
    expect(actions).toEqual([]);
    expect(view(state).line.text).toBe("\u001b[I");
  });
});

describe("Tab", () => {
  const tab = key("tab", "\t");

  test("asks what the line may be completed to, and takes the answer", () => {
    const { state, actions } = after(...typing("an"), tab);
    expect(actions).toEqual([{ type: "complete", line: { text: "an", cursor: 2 } }]);
    const [next, action] = update(state, completion(state, "ana: ", "ana"));
    expect(view(next).line).toEqual({ text: "ana: ", cursor: 5 });
    expect(action).toBeNull();
  });

  test("lists the candidates the second time, if there are several", () => {
    const { state } = after(...typing("an"), tab);
    const [once, first] = update(state, completion(state, "an", "ana", "anselm"));
    expect(first).toBeNull();
    const [twice] = update(once, tab);
    const [, second] = update(twice, completion(twice, "an", "ana", "anselm"));
    expect(second).toEqual({ type: "print-note", text: "ana  anselm" });
    const [, only] = update(twice, completion(twice, "an", "an"));
    expect(only).toBeNull();
  });

  test("does nothing if the line has changed by the time of the answer", () => {
    const { state } = after(...typing("an"), tab);
    const answer = completion(state, "ana: ", "ana");
    const [changed] = update(state, { type: "key", key: { sequence: "x" } });
    expect(update(changed, answer)).toEqual([changed, null]);
  });
});
