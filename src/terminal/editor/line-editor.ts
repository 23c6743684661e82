// A line editor on a real terminal: what arrives is drawn above the line being typed, which keeps its
// text and its cursor. Obeys the keys of line-keys.ts, has live-area.ts draw; knows nothing of
// conversations.

import { emitKeypressEvents } from "node:readline";

import type { Output, TerminalInput } from "../io.ts";
import { DIM, styler } from "../style.ts";
import { type Completion, listed } from "./completion.ts";
import type { LineBuffer } from "./line-buffer.ts";
import { type Command, type Key, press, START } from "./line-keys.ts";
import { createLiveArea } from "./live-area.ts";

export interface LineEditor extends Disposable {
  /** What stands before the line being typed. */
  setPrompt(prompt: string): void;
  /** Lines shown above it as on their way, oldest first; what is still there at the end stays. */
  setPending(lines: readonly string[]): void;
  /** Leaves a line on the screen for good, above all that: one that was typed after `prompt`. */
  settle(prompt: string, text: string): void;
  /** Writes whole lines above the line being typed. */
  printAbove(text: string): void;
  /** Rings, or whatever this terminal does to call somebody. */
  ring(): void;
  /** Leaves the terminal as it was found. */
  close(): void;
}

export interface LineEditorHandlers {
  /** A line was entered: it is gone from the screen, unless it is shown again. */
  onLine: (text: string) => void;
  /** Ctrl-C on an empty line; on any other it drops the line, as a shell does. */
  onInterrupt: () => void;
  /** Ctrl-D on an empty line, or the terminal is gone. */
  onEnd: () => void;
  /** What Tab makes of the line; where it has to be asked for, it counts while the line stays as it is. */
  onTab?: (line: LineBuffer) => Completion | Promise<Completion>;
  /** Somebody looks at the terminal, or away: told by those terminals that know. */
  onFocus?: (looking: boolean) => void;
}

// Bracketed paste is DEC private mode 2004, and telling of the focus 1004 (xterm ctlseqs).
const PASTE_BRACKETS_ON = "\x1b[?2004h";
const PASTE_BRACKETS_OFF = "\x1b[?2004l";
const FOCUS_ON = "\x1b[?1004h";
const FOCUS_OFF = "\x1b[?1004l";
const FOCUS: Readonly<Record<string, boolean>> = { "\x1b[I": true, "\x1b[O": false };

export function openLineEditor(
  input: TerminalInput,
  output: Output,
  styled: boolean,
  handlers: LineEditorHandlers,
): LineEditor {
  const area = createLiveArea(output, styled);
  let editing = START;
  let prompt = "";
  let pending: readonly string[] = [];
  let drawing = false;
  let open = true;
  /** The line as the last Tab left it: another lists what it may be meant to be. */
  let tabbed: LineBuffer | null = null;
  const dim = styler(DIM, styled);

  const contents = () => ({ pending, prompt, line: editing.line });

  /** A terminal that has hung up takes nothing more (EIO): that is the end of the input. */
  function onHangUp(): void {
    if (open) handlers.onEnd();
  }

  function draw(): void {
    drawing = false;
    if (open) area.draw(contents());
  }

  /** Draws once for all the keys that arrived together. */
  function drawSoon(): void {
    if (drawing) return;
    drawing = true;
    queueMicrotask(draw);
  }

  function settle(its: string, text: string): void {
    if (open) area.settle(its, text, contents());
  }

  function onKeypress(_text: string | undefined, key: Key): void {
    if (!open) return;
    const looking = FOCUS[key.sequence ?? ""];
    if (looking !== undefined && editing.paste === null) return handlers.onFocus?.(looking);
    const { text } = editing.line;
    const [next, command] = press(editing, key);
    editing = next;
    if (command !== null) obey(command, text);
    drawSoon();
  }

  function obey(command: Command, text: string): void {
    switch (command.type) {
      case "enter":
        handlers.onLine(text);
        break;
      case "interrupt":
        if (text === "") handlers.onInterrupt();
        else settle(prompt, `${text}^C`);
        break;
      case "end":
        handlers.onEnd();
        break;
      case "suspend":
        suspend();
        break;
      case "clear-screen":
        area.clearScreen();
        break;
      case "complete":
        complete();
        break;
    }
  }

  function complete(): void {
    const { line } = editing;
    const found = handlers.onTab?.(line);
    if (found instanceof Promise) {
      void found.then((its) => (open && editing.line === line ? apply(its) : undefined));
    } else if (found !== undefined) apply(found);
  }

  function apply(completion: Completion): void {
    const { line } = completion;
    const again = tabbed === editing.line && line === tabbed;
    if (again && completion.candidates.length > 1) {
      area.printAbove(dim(listed(completion)), contents());
    }
    editing = { ...editing, line };
    tabbed = line;
    drawSoon();
  }

  function takeTerminal(): void {
    input.setRawMode(true);
    output.write(PASTE_BRACKETS_ON + (handlers.onFocus === undefined ? "" : FOCUS_ON));
  }

  function giveTerminalBack(): void {
    output.write(PASTE_BRACKETS_OFF + (handlers.onFocus === undefined ? "" : FOCUS_OFF));
    try {
      input.setRawMode(false);
    } catch {
      // It has hung up: there is no terminal left to give back.
    }
  }

  /** Ctrl-Z stops the whole job, as the terminal itself would; `fg` continues it. */
  function suspend(): void {
    area.erase();
    giveTerminalBack();
    process.once("SIGCONT", () => {
      if (!open) return;
      takeTerminal();
      drawSoon();
    });
    process.kill(0, "SIGTSTP");
  }

  emitKeypressEvents(input);
  input.on("keypress", onKeypress);
  input.on("end", handlers.onEnd);
  output.on("resize", drawSoon);
  // It stays: what the last write meets is told after the editor has closed.
  output.on("error", onHangUp);
  takeTerminal();
  input.resume();
  drawSoon();

  function close(): void {
    if (!open) return;
    open = false;
    area.eraseTyped(pending);
    giveTerminalBack();
    input.off("keypress", onKeypress);
    input.off("end", handlers.onEnd);
    output.off("resize", drawSoon);
    input.pause();
  }

  return {
    setPrompt(text) {
      prompt = text;
      drawSoon();
    },
    setPending(lines) {
      pending = lines;
      drawSoon();
    },
    settle,
    printAbove(text) {
      area.printAbove(text, contents());
    },
    ring() {
      if (open) output.write("\x07");
    },
    close,
    [Symbol.dispose]: close,
  };
}
