// Terminals whose screen and scrollback a test can read: xterm.js in the test's own process, and tmux. What a program would write
// goes in, what the terminal answers comes out; there is no program and no pseudo-terminal of ours between.

import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Terminal } from "@xterm/headless";

import type { Narrowing } from "../../src/terminal/output/narrowing.ts";
import { startTmux } from "./tmux.ts";

/** What an emulator holds: scrollback and screen. */
export interface Held {
  /** Each row of the scrollback and of the screen; no trailing blanks. */
  readonly rows: readonly string[];
  /** The same rows, those that the emulator itself has broken joined again. */
  readonly lines: readonly string[];
  /** Counted from the first of `rows`. */
  readonly cursor: { readonly row: number; readonly column: number };
}

export interface Emulator extends AsyncDisposable {
  readonly name: string;
  readonly narrowing: Narrowing;
  write(text: string): void;
  resize(columns: number, rows: number): Promise<void>;
  /** Resolves once all that was written is on the screen, and all answers to it have been handed over. */
  settle(): Promise<void>;
  /** @param rows only the last so many */
  held(rows?: number): Promise<Held>;
  /** Empties the screen and the scrollback; the cursor is in the upper left corner. */
  reset(): Promise<void>;
}

interface EmulatorOptions {
  readonly columns: number;
  readonly rows: number;
  /** What the terminal answers. */
  readonly onAnswer: (text: string) => void;
}

/** What is behind the interface of xterm.js, as far as it is used here. */
interface Core {
  writeSync(text: string): void;
  readonly buffer: {
    readonly lines: {
      readonly length: number;
      get(index: number): { resize(columns: number, cell: unknown): void } | undefined;
    };
    getNullCell(): unknown;
  };
}

const SCROLLBACK = 100_000;

/** "above-cursor" is xterm.js as it comes; "reflow" breaks the cursor's row too; "cut" is how it behaves on an old Windows. */
export function openXterm(
  { columns, rows, onAnswer }: EmulatorOptions,
  kind: "above-cursor" | "reflow" | "cut",
): Emulator {
  const terminal = new Terminal({
    cols: columns,
    rows,
    scrollback: SCROLLBACK,
    allowProposedApi: true,
    logLevel: "off",
    reflowCursorLine: kind === "reflow",
    ...(kind === "cut" ? { windowsPty: { backend: "conpty", buildNumber: 19_000 } } : {}),
  });
  terminal.onData(onAnswer);
  // `write` takes a turn of the event loop for each call, which is most of the time of ten thousand steps.
  // oxlint-disable-next-line no-unsafe-type-assertion
  const { _core: core } = terminal as unknown as { _core: Core };

  function held(last = Infinity): Held {
    const buffer = terminal.buffer.active;
    const found: string[] = [];
    const lines: string[] = [];
    let open: string | null = null;
    const first = Math.max(0, buffer.length - last);
    for (let index = first; index < buffer.length; index += 1) {
      const line = buffer.getLine(index);
      if (line === undefined) continue;
      const isContinued =
        index + 1 < buffer.length && buffer.getLine(index + 1)?.isWrapped === true;
      const text: string = line.translateToString(true);
      found.push(text.trimEnd());
      open = (open ?? "") + (isContinued ? text.padEnd(text === "" ? terminal.cols : 0) : text);
      if (isContinued) continue;
      lines.push(open.trimEnd());
      open = null;
    }
    const cursor = { row: buffer.baseY + buffer.cursorY - first, column: buffer.cursorX };
    return { rows: found, lines, cursor };
  }

  return {
    name: `xterm.js (${kind})`,
    narrowing: kind === "cut" ? "cut" : "above-cursor",
    write: (text) => core.writeSync(text),
    async resize(toColumns, toRows) {
      terminal.resize(toColumns, toRows);
      if (kind !== "cut") return;
      // There it only hides what is beyond the edge, unlike the terminals that it stands for here.
      const { lines } = core.buffer;
      for (let index = 0; index < lines.length; index += 1) {
        lines.get(index)?.resize(toColumns, core.buffer.getNullCell());
      }
    },
    async settle() {},
    held: async (last) => held(last),
    async reset() {
      terminal.reset();
    },
    async [Symbol.asyncDispose]() {
      terminal.dispose();
    },
  };
}

/** A tmux server of the test's own, with one window, in which ncat passes the bytes on. */
export async function openTmux({ columns, rows, onAnswer }: EmulatorOptions): Promise<Emulator> {
  await using opened = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "charla-tmux-"));
  opened.defer(() => rmSync(folder, { recursive: true, force: true }));
  const relay = join(folder, "relay");
  const connected = Promise.withResolvers<Socket>();
  const server = createServer(connected.resolve);
  opened.defer(() => void server.close());
  await new Promise<void>((resolve) => {
    server.listen(relay, resolve);
  });
  const size = ["-x", String(columns), "-y", String(rows)];
  const shell = `stty raw -echo; exec ncat -U '${relay}'`;
  const settings = { "history-limit": String(SCROLLBACK), status: "off" };
  const tmux = opened.use(await startTmux(join(folder, "tmux"), [...size, shell], {}, settings));
  // Else every byte comes back twice.
  await tmux.run("refresh-client", "-f", "no-output");
  const socket = await connected.promise;
  opened.defer(() => void socket.destroy());

  // DSR 5 is answered after everything that was written before it.
  const READY = "\x1b[0n";
  let unread = "";
  const waiting: (() => void)[] = [];
  socket.setEncoding("utf8");
  socket.on("data", (text: string) => {
    unread += text;
    for (let end = unread.indexOf(READY); end !== -1; end = unread.indexOf(READY)) {
      const before = unread.slice(0, end);
      unread = unread.slice(end + READY.length);
      if (before !== "") onAnswer(before);
      waiting.shift()?.();
    }
  });

  function settle(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.push(resolve);
    socket.write("\x1b[5n");
    return promise;
  }

  const emulator = {
    name: "tmux",
    narrowing: "reflow",
    write: (text) => void socket.write(text),
    async resize(toColumns, toRows) {
      await settle();
      await tmux.run("resize-window", "-x", String(toColumns), "-y", String(toRows));
    },
    settle,
    async held(last = Infinity) {
      await settle();
      const format = "#{history_size} #{pane_height} #{cursor_y} #{cursor_x}";
      const [position = ""] = await tmux.run("display", "-p", format);
      const [size = 0, height = 0, row = 0, column = 0] = position.split(" ").map(Number);
      const history = Math.min(size, Math.max(0, last - height));
      const from = ["-S", `-${history}`, "-E", "-"];
      const shown = await tmux.run("capture-pane", "-p", ...from);
      const joined = await tmux.run("capture-pane", "-p", "-J", ...from);
      return {
        rows: shown.map((text) => text.trimEnd()),
        lines: joined.map((text) => text.trimEnd()),
        cursor: { row: history + row, column },
      };
    },
    async reset() {
      socket.write("\x1bc\x1b[H\x1b[2J");
      await settle();
      await tmux.run("clear-history");
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  } satisfies Emulator;
  const stack = opened.move();
  await settle();
  return emulator;
}
