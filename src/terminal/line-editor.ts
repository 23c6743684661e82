// A line editor on a real terminal: what arrives is drawn above the line being typed, which keeps its
// text and its cursor. Draws what line-layout.ts lays out, obeys the keys of line-keys.ts; knows
// nothing of conversations.

import { emitKeypressEvents } from "node:readline";
import type { ReadStream, WriteStream } from "node:tty";

import { lineOf } from "./line-buffer.ts";
import { type Command, type Key, press, START } from "./line-keys.ts";
import { type Layout, layOut, rowsAboveCursor } from "./line-layout.ts";

export interface LineEditor extends Disposable {
  /** What stands before the line being typed. */
  setPrompt(prompt: string): void;
  /** Writes whole lines above the line being typed. */
  printAbove(text: string): void;
  /** Leaves the terminal as it was found. */
  close(): void;
}

export interface LineEditorHandlers {
  onLine: (text: string) => void;
  /** Ctrl-C on an empty line; on any other it drops the line, as a shell does. */
  onInterrupt: () => void;
  /** Ctrl-D on an empty line, or the terminal is gone. */
  onEnd: () => void;
}

// ECMA-48 s. 8.3; bracketed paste is DEC private mode 2004 (xterm ctlseqs).
const PASTE_BRACKETS_ON = "\x1b[?2004h";
const PASTE_BRACKETS_OFF = "\x1b[?2004l";
const ERASE_BELOW = "\x1b[J";
const CLEAR_SCREEN = "\x1b[H\x1b[2J";
const up = (rows: number) => (rows > 0 ? `\x1b[${rows}A` : "");
const right = (columns: number) => (columns > 0 ? `\x1b[${columns}C` : "");

const NOTHING_DRAWN: Layout = { rows: [""], cursorRow: 0, cursorColumn: 0 };

export function openLineEditor(
  input: ReadStream,
  output: WriteStream,
  handlers: LineEditorHandlers,
): LineEditor {
  let editing = START;
  let prompt = "";
  let drawn = NOTHING_DRAWN;
  let drawing = false;
  let open = true;

  function size(): { columns: number; rows: number } {
    // A terminal that does not know its size is taken for the classic one (VT100).
    return { columns: output.columns || 80, rows: output.rows || 24 };
  }

  /** Takes the line off the screen and stands at its first column. */
  function erased(): string {
    const rows = rowsAboveCursor(drawn, size().columns);
    drawn = NOTHING_DRAWN;
    return `${up(rows)}\r${ERASE_BELOW}`;
  }

  function drawnLine(): string {
    const { columns, rows } = size();
    drawn = layOut(prompt, editing.line, columns, rows);
    const back = up(drawn.rows.length - 1 - drawn.cursorRow);
    return `${drawn.rows.join("\r\n")}${back}\r${right(drawn.cursorColumn)}`;
  }

  /** A terminal that has hung up takes nothing more (EIO): that is the end of the input. */
  function onHangUp(): void {
    if (open) handlers.onEnd();
  }

  function draw(): void {
    drawing = false;
    if (open) output.write(erased() + drawnLine());
  }

  /** Draws once for all the keys that arrived together. */
  function drawSoon(): void {
    if (drawing) return;
    drawing = true;
    queueMicrotask(draw);
  }

  /** Leaves the line on the screen as it stands, and goes on below it. */
  function settle(text: string, mark = ""): void {
    const { columns, rows } = size();
    const whole = layOut(prompt, lineOf(text), columns, rows);
    output.write(`${erased()}${whole.rows.join("\r\n")}${mark}\r\n`);
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
        if (text !== "") settle(text);
        handlers.onLine(text);
        break;
      case "interrupt":
        if (text === "") handlers.onInterrupt();
        else settle(text, "^C");
        break;
      case "end":
        handlers.onEnd();
        break;
      case "suspend":
        suspend();
        break;
      case "clear-screen":
        drawn = NOTHING_DRAWN;
        output.write(CLEAR_SCREEN);
        break;
    }
  }

  function takeTerminal(): void {
    input.setRawMode(true);
    output.write(PASTE_BRACKETS_ON);
  }

  function giveTerminalBack(): void {
    output.write(erased() + PASTE_BRACKETS_OFF);
    try {
      input.setRawMode(false);
    } catch {
      // It has hung up: there is no terminal left to give back.
    }
  }

  /** Ctrl-Z stops the whole job, as the terminal itself would; `fg` continues it. */
  function suspend(): void {
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
    printAbove(text) {
      const lines = text.split("\n").join("\r\n");
      output.write(`${erased()}${lines}\r\n${drawnLine()}`);
    },
    close,
    [Symbol.dispose]: close,
  };
}
