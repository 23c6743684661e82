// The test's side of scripted-talk.ts and scripted-room.ts: it makes events happen, and receives the messages
// that are sent.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import type { ConversationEvent } from "../../src/chat/events.ts";
import type { TalkOptions } from "../../src/terminal/talk.ts";
import { root } from "../harness/program.ts";
import { openScreen, type Screen } from "../harness/screen.ts";

export interface Script extends Disposable {
  /** The program that follows it. */
  readonly command: string[];
  /** Messages sent, oldest first. */
  readonly sent: readonly string[];
  emit(...events: ConversationEvent[]): void;
  /** Resolves once so many messages in all have been sent. */
  received(count: number): Promise<void>;
}

/** For a program yet to start. */
export async function openScript(
  options: Partial<TalkOptions> = {},
  program: "scripted-talk" | "scripted-room" = "scripted-talk",
): Promise<Script> {
  const folder = mkdtempSync(join(tmpdir(), "charla-script-"));
  const path = join(folder, "socket");
  const sent: string[] = [];
  let arrival = Promise.withResolvers<void>();
  let write = (line: string): void => void unsent.push(line);
  const unsent: string[] = [];
  const server = createServer((socket) => {
    createInterface(socket).on("line", (line) => {
      const text: string = JSON.parse(line);
      sent.push(text);
      arrival.resolve();
      arrival = Promise.withResolvers();
    });
    write = (line) => void socket.write(line);
    for (const line of unsent) write(line);
  });
  await new Promise<void>((resolve) => {
    server.listen(path, resolve);
  });
  return {
    command: [
      process.execPath,
      join(root, `test/terminal/${program}.ts`),
      path,
      JSON.stringify(options),
    ],
    sent,
    emit(...events) {
      for (const event of events) write(`${JSON.stringify(event)}\n`);
    },
    async received(count) {
      while (sent.length < count) await arrival.promise;
    },
    [Symbol.dispose]() {
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export interface Stage extends AsyncDisposable {
  readonly screen: Screen;
  readonly script: Script;
  /** The rows in sight with what makes them dim: "\x1b[2m". */
  styledRows(): string[];
  /** Whether the terminal was rung. */
  wasRung(): boolean;
}

/** The program on a screen, at its prompt. */
export async function openStage({
  columns = 60,
  rows = 20,
  colour = false,
  options = {},
  room = false,
}: {
  columns?: number;
  rows?: number;
  colour?: boolean;
  options?: Partial<TalkOptions>;
  /** Whether it is a room's. */
  room?: boolean;
} = {}): Promise<Stage> {
  const script = await openScript(options, room ? "scripted-room" : "scripted-talk");
  const screen = await openScreen(columns, rows);
  const folder = mkdtempSync(join(tmpdir(), "charla-stage-"));
  const command = script.command.map((word) => `'${word}'`).join(" ");
  const environment = colour ? "env -u NO_COLOR " : "";
  screen.type(`echo "$TMUX" >${folder}/tmux; clear; ${environment}${command}; echo status=$?`);
  screen.press("Enter");
  await screen.until("the prompt", (shown) => shown.join("") === ">");
  const [socket = ""] = readFileSync(join(folder, "tmux"), "utf8").split(",");
  const tmux = (...args: string[]) =>
    Bun.spawnSync(["tmux", "-S", socket, ...args]).stdout.toString();
  return {
    screen,
    script,
    styledRows: () => tmux("capture-pane", "-p", "-e").trimEnd().split("\n"),
    wasRung: () => tmux("display", "-p", "#{window_bell_flag}").trim() === "1",
    async [Symbol.asyncDispose]() {
      await screen[Symbol.asyncDispose]();
      script[Symbol.dispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
