// A line editor on a real terminal: the driver of editor-state.ts, which decides, and renderer.ts, which
// draws. What is printed goes above the line being typed. Knows nothing of conversations.

import type { InputEvent } from "../input/input-event.ts";
import { readInput } from "../input/input-reader.ts";
import type { Output, TerminalInput } from "../io.ts";
import { FOCUS_REPORTS, PASTE_BRACKETS } from "../output/modes.ts";
import { holdTerminal } from "../tty.ts";
import type { Completion } from "./completion.ts";
import {
  type EditorAction,
  type EditorEvent,
  type ReadlineKey,
  START,
  update,
  view,
} from "./editor-state.ts";
import type { LineBuffer } from "./line-buffer.ts";
import { createRenderer } from "./renderer.ts";

export interface LineEditor extends Disposable {
  /** What stands before the line being typed. */
  setPrompt(prompt: string): void;
  /** Lines shown above it as on their way, oldest first; those left when it closes stay on the screen. */
  setPending(lines: readonly string[]): void;
  /** Prints a line that stays, above all that: one that was typed after `prompt`. */
  printEntered(prompt: string, text: string): void;
  printAbove(text: string): void;
  ring(): void;
  close(): void;
}

export interface LineEditorOptions {
  /** Whether text may be dim. */
  readonly styles: boolean;
  /** A line was entered. It is no longer on the screen, unless it is printed. */
  onLine: (text: string) => void;
  /** Ctrl-C on an empty line; on any other it drops the line, as a shell does. */
  onInterrupt: () => void;
  /** Ctrl-D on an empty line, or the terminal is gone. */
  onEnd: () => void;
  /** Tab. A promised completion is dropped if the line has changed by then. */
  onTab?: (line: LineBuffer) => Completion | Promise<Completion>;
  /** The terminal got the focus or lost it; not every terminal reports that. */
  onFocus?: (focused: boolean) => void;
}

export function openLineEditor(
  input: TerminalInput,
  output: Output,
  { styles, onLine, onInterrupt, onEnd, onTab, onFocus }: LineEditorOptions,
): LineEditor {
  const renderer = createRenderer(output, styles);
  let state = START;
  let drawing = false;
  let open = true;

  function dispatch(event: EditorEvent): void {
    const [next, action] = update(state, event);
    state = next;
    if (action !== null) perform(action);
    drawSoon();
  }

  function perform(action: EditorAction): void {
    switch (action.type) {
      case "enter":
        return onLine(action.text);
      case "interrupt":
        return onInterrupt();
      case "end":
        return onEnd();
      case "suspend":
        return terminal.suspend();
      case "clear-screen":
        return renderer.clearScreen();
      case "edit":
        return;
      case "complete":
        return complete(action.line);
      case "focus":
        return onFocus?.(action.focused);
      case "print-entered":
        return printEntered(action.prompt, action.text);
      case "print-note":
        return renderer.printNote(action.text, view(state));
    }
  }

  function draw(): void {
    drawing = false;
    if (open) renderer.draw(view(state));
  }

  /** Draws once for all keys that arrived together. */
  function drawSoon(): void {
    if (drawing) return;
    drawing = true;
    queueMicrotask(draw);
  }

  function printEntered(prompt: string, text: string): void {
    if (open) renderer.printEntered(prompt, text, view(state));
  }

  function complete(line: LineBuffer): void {
    const found = onTab?.(line);
    if (found instanceof Promise) {
      void found.then((completion) => {
        if (open) dispatch({ type: "completion", line, completion });
      });
    } else if (found !== undefined) dispatch({ type: "completion", line, completion: found });
  }

  function press(key: ReadlineKey): void {
    if (open) dispatch({ type: "key", key });
  }

  function onInput(event: InputEvent): void {
    if (event.type === "focus") onFocus?.(event.focused);
    else if (event.type === "paste") {
      press({ name: "paste-start" });
      press({ sequence: event.text });
      press({ name: "paste-end" });
    } else if (event.type === "key") {
      const { text, ...key } = event.key;
      press({ ...key, sequence: text });
    }
  }

  const reader = readInput(input, onInput);
  const terminal = holdTerminal(
    input,
    output,
    {
      released: () => renderer.erase(),
      returned() {
        renderer.forget();
        drawSoon();
      },
      hungUp: onEnd,
    },
    onFocus === undefined ? [PASTE_BRACKETS] : [PASTE_BRACKETS, FOCUS_REPORTS],
  );
  output.on("resize", drawSoon);
  input.resume();
  drawSoon();

  function close(): void {
    if (!open) return;
    open = false;
    renderer.eraseTyped(state.pending);
    terminal[Symbol.dispose]();
    reader[Symbol.dispose]();
    output.off("resize", drawSoon);
    input.pause();
  }

  return {
    setPrompt: (text) => dispatch({ type: "prompt", text }),
    setPending: (lines) => dispatch({ type: "pending", lines }),
    printEntered,
    printAbove: (text) => renderer.printAbove(text.split("\n"), view(state)),
    ring() {
      if (open) output.write("\x07");
    },
    close,
    [Symbol.dispose]: close,
  };
}
