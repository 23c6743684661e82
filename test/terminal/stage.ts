// A conversation that the test makes up, on a terminal in the test's own process: xterm.js without a window. As fast as a
// terminal can be; what needs a real one is on a screen of tmux (script.ts).

import { EventEmitter } from "node:events";
import { PassThrough, Writable } from "node:stream";

import { Terminal } from "@xterm/headless";

import type { ConversationEvent } from "../../src/chat/events.ts";
import type { CharlaError } from "../../src/errors.ts";
import type { SignalName } from "../../src/terminal/io.ts";
import type { TalkOptions } from "../../src/terminal/talk.ts";
import { createInbox, type Inbox } from "./script.ts";
import { startTalk } from "./scripted-talk.ts";

/** How long a test waits for the screen to show something, ms: long, for a busy 2-core machine. */
const PATIENCE = 20_000;
/** How often it looks, ms. */
const LOOK_EVERY = 5;

const KEYS: Readonly<Record<string, string>> = {
  Enter: "\r",
  Tab: "\t",
  Up: "\x1b[A",
  Down: "\x1b[B",
  Right: "\x1b[C",
  Left: "\x1b[D",
  Escape: "\x1b",
};

export interface VirtualStage extends Inbox, AsyncDisposable {
  emit(...events: ConversationEvent[]): void;
  /** The events throw. */
  fail(error: CharlaError): void;
  signal(name: SignalName): void;
  /** The terminal takes no more output. */
  hangUp(): void;
  /** The terminal takes no output, as a stopped tmux does, until the result is disposed of. */
  stopReading(): Disposable;
  /** Text, as if it was typed. */
  type(text: string): void;
  /** Keys by name: "Enter", "Left", "C-c". */
  press(...keys: string[]): void;
  paste(text: string): void;
  enter(...lines: string[]): void;
  resize(columns: number, rows: number): void;
  /** The rows in sight, up to the last that is not empty; no trailing blanks. */
  rows(): string[];
  /** What is in the scrollback and in sight. */
  allRows(): string[];
  cursor(): { column: number; row: number };
  /** How often the bell has rung. */
  bells(): number;
  title(): string;
  /** Everything that was written to the terminal. */
  written(): string;
  /** What of that was written before the program last took the terminal. */
  writtenBefore(): string;
  isRaw(): boolean;
  /** The terminal answers what it has been asked so far. */
  answer(): void;
  /** What the terminal sent while the program didn't read. */
  leftToShell(): string;
  /** Waits until `seen` is true of the rows, and returns them. */
  until(what: string, seen: (rows: string[]) => boolean): Promise<string[]>;
  /** Waits until these are the last rows. */
  ends(...rows: string[]): Promise<string[]>;
  /** The exit status. */
  readonly exited: Promise<number>;
}

export function openVirtualStage({
  columns = 80,
  rows = 24,
  styled = false,
  env = {},
  options = {},
  room = false,
  answersAfter = 0,
  piped = false,
}: {
  columns?: number;
  rows?: number;
  styled?: boolean;
  env?: Readonly<Record<string, string>>;
  options?: Partial<TalkOptions>;
  room?: boolean;
  /** How long the terminal takes to answer, ms; Infinity for one that doesn't answer before `answer` is called. */
  answersAfter?: number;
  /** Messages go through a program in a pipe, which writes them to the same terminal, as `cat` does. */
  piped?: boolean;
} = {}): VirtualStage {
  const terminal = new Terminal({
    cols: columns,
    rows,
    scrollback: 10_000,
    allowProposedApi: true,
    logLevel: "off",
  });
  let bells = 0;
  let title = "";
  let written = "";
  let isRaw = false;
  let writtenBefore = "";
  terminal.onBell(() => void (bells += 1));
  terminal.onTitleChange((changed) => void (title = changed));
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true as const,
    setRawMode(raw: boolean) {
      if (raw) writtenBefore = written;
      isRaw = raw;
    },
  });
  let leftToShell = "";
  function answer(data: string): void {
    if (stdin.destroyed || !isRaw) leftToShell += data;
    else stdin.write(data);
  }
  let held = "";
  terminal.onData((data) => {
    if (answersAfter === 0) answer(data);
    else if (answersAfter < Infinity) setTimeout(answer, answersAfter, data);
    else held += data;
  });
  let isReading = true;
  let read: (() => void) | null = null;
  const output = Object.assign(
    new Writable({
      // As in src/cli/terminal-output.ts.
      highWaterMark: 1,
      write(chunk: Buffer, _encoding, done) {
        const take = () => {
          written += String(chunk);
          terminal.write(chunk);
          done();
        };
        if (isReading) take();
        else read = take;
      },
    }),
    { isTTY: true as const, columns, rows },
  );
  const piping = Object.assign(
    new Writable({ write: (chunk: Buffer, _encoding, done) => void output.write(chunk, done) }),
    { isPipe: true as const },
  );
  const inbox = createInbox();
  const signals = new EventEmitter();
  const io = {
    stdin,
    stdout: piped ? piping : output,
    stderr: output,
    env: { TERM: "xterm-256color", ...(styled ? {} : { NO_COLOR: "1" }), ...env },
    onSignal(name: SignalName, handler: () => void) {
      signals.on(name, handler);
      return { [Symbol.dispose]: () => void signals.off(name, handler) };
    },
  };
  const talk = startTalk(io, inbox.add, room, options);
  const exited = talk.exited.then((status) => {
    if (!output.destroyed) output.write(`status=${status}\r\n`);
    return status;
  });

  function allRows(): string[] {
    const { active } = terminal.buffer;
    const all = Array.from({ length: active.length }, (_, index) =>
      (active.getLine(index)?.translateToString(true) ?? "").trimEnd(),
    );
    return all.slice(0, all.findLastIndex((row) => row !== "") + 1);
  }

  const stage: VirtualStage = {
    sent: inbox.sent,
    received: inbox.received,
    emit(...events) {
      for (const event of events) talk.emit(event);
    },
    fail: (error) => talk.fail(error),
    signal: (name) => void signals.emit(name),
    hangUp: () => void output.destroy(new Error("EIO")),
    stopReading() {
      isReading = false;
      return {
        [Symbol.dispose]() {
          isReading = true;
          read?.();
          read = null;
        },
      };
    },
    type: (text) => void stdin.write(text),
    press(...keys) {
      for (const key of keys) {
        const control = /^C-(.)$/.exec(key)?.[1];
        stdin.write(
          control === undefined
            ? (KEYS[key] ?? key)
            : String.fromCharCode(control.charCodeAt(0) & 0x1f),
        );
      }
    },
    paste: (text) => void stdin.write(`\x1b[200~${text.replaceAll("\n", "\r")}\x1b[201~`),
    enter(...lines) {
      for (const line of lines) stdin.write(`${line}\r`);
    },
    resize(toColumns, toRows) {
      terminal.resize(toColumns, toRows);
      Object.assign(output, { columns: toColumns, rows: toRows });
      output.emit("resize");
    },
    rows: () => allRows().slice(terminal.buffer.active.baseY),
    allRows,
    cursor: () => ({ column: terminal.buffer.active.cursorX, row: terminal.buffer.active.cursorY }),
    bells: () => bells,
    title: () => title,
    written: () => written,
    writtenBefore: () => writtenBefore,
    isRaw: () => isRaw,
    answer() {
      answer(held);
      held = "";
    },
    leftToShell: () => leftToShell,
    async until(what, seen) {
      const start = performance.now();
      for (;;) {
        const now = stage.rows();
        if (seen(now)) return now;
        if (performance.now() - start > PATIENCE) {
          throw new Error(`timed out waiting for ${what}; the screen shows:\n${now.join("\n")}`);
        }
        await Bun.sleep(LOOK_EVERY);
      }
    },
    ends: (...last) =>
      stage.until(
        last.join(" / "),
        (shown) => shown.slice(-last.length).join("\n") === last.join("\n"),
      ),
    exited,
    async [Symbol.asyncDispose]() {
      signals.emit("SIGTERM");
      await exited;
      terminal.dispose();
    },
  };
  return stage;
}
