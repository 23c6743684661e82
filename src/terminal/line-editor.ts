// A line editor on a real terminal: what arrives is drawn above the line being typed, which keeps its
// text and its cursor. Obeys the keys of line-keys.ts, has live-area.ts draw; knows nothing of
// conversations.

import { emitKeypressEvents } from "node:readline";
import type { ReadStream, WriteStream } from "node:tty";

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
}

// Bracketed paste is DEC private mode 2004 (xterm ctlseqs).
const PASTE_BRACKETS_ON = "\x1b[?2004h";
const PASTE_BRACKETS_OFF = "\x1b[?2004l";

export function openLineEditor(
  input: ReadStream,
  output: WriteStream,
  handlers: LineEditorHandlers,
): LineEditor {
  const area = createLiveArea(output);
  let editing = START;
  let prompt = "";
  let pending: readonly string[] = [];
  let drawing = false;
  let open = true;

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
    }
  }

  function takeTerminal(): void {
    input.setRawMode(true);
    output.write(PASTE_BRACKETS_ON);
  }

  function giveTerminalBack(): void {
    output.write(PASTE_BRACKETS_OFF);
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
    close,
    [Symbol.dispose]: close,
  };
}
