// The test's side of scripted-talk.ts: it makes events happen, and receives the messages that are sent. The program
// runs on a screen or in a pipe of the test's own process.

import { EventEmitter } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";

import type { ConversationEvent } from "../../src/chat/events.ts";
import type { CharlaError } from "../../src/errors.ts";
import type { SignalName } from "../../src/terminal/io.ts";
import type { TalkOptions } from "../../src/terminal/talk.ts";
import { type Printed, root, watchPrinted } from "../harness/program.ts";
import { openScreen, type Screen } from "../harness/screen.ts";
import { startTalk } from "./scripted-talk.ts";

export interface Inbox {
  /** Messages sent, oldest first. */
  readonly sent: readonly string[];
  /** Resolves once so many messages in all have been sent. */
  received(this: void, count: number): Promise<void>;
}

export interface Script extends Inbox, Disposable {
  /** The program that follows it. */
  readonly command: string[];
  emit(...events: ConversationEvent[]): void;
}

/** For a program yet to start. */
export async function openScript(
  options: Partial<TalkOptions> = {},
  isRoom = false,
): Promise<Script> {
  const folder = mkdtempSync(join(tmpdir(), "charla-script-"));
  const path = join(folder, "socket");
  const inbox = createInbox();
  let write = (line: string): void => void unsent.push(line);
  const unsent: string[] = [];
  const server = createServer((socket) => {
    createInterface(socket).on("line", (line) => {
      inbox.add(JSON.parse(line));
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
      join(root, "test/terminal/scripted-talk.ts"),
      path,
      JSON.stringify(options),
      ...(isRoom ? ["room"] : []),
    ],
    sent: inbox.sent,
    emit(...events) {
      for (const event of events) write(`${JSON.stringify(event)}\n`);
    },
    received: inbox.received,
    [Symbol.dispose]() {
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function createInbox(): Inbox & { add(this: void, text: string): void } {
  const sent: string[] = [];
  let arrival = Promise.withResolvers<void>();
  return {
    sent,
    add(text) {
      sent.push(text);
      arrival.resolve();
      arrival = Promise.withResolvers();
    },
    async received(count) {
      while (sent.length < count) await arrival.promise;
    },
  };
}

/** A conversation in a pipe, in the test's own process. */
export interface PipedTalk extends Inbox, Pick<Printed, "stdout" | "stderr" | "until"> {
  emit(...events: ConversationEvent[]): void;
  /** The events throw. */
  fail(error: CharlaError): void;
  signal(name: SignalName): void;
  /** The exit status. */
  readonly exited: Promise<number>;
}

/**
 * @param input all of standard input; without it, it stays open
 * @param unread nobody reads stdout: what is written there fails
 */
export function startPipedTalk({
  options = {},
  room = false,
  input,
  unread = false,
}: {
  options?: Partial<TalkOptions>;
  room?: boolean;
  input?: string;
  unread?: boolean;
}): PipedTalk {
  const printed = watchPrinted("the conversation");
  const inbox = createInbox();
  const signals = new EventEmitter();
  const stdin = new PassThrough();
  const output = (name: "stdout" | "stderr") =>
    new PassThrough({ encoding: "utf8" }).on("data", (text: string) => printed.add(name, text));
  if (input !== undefined) stdin.end(input);
  const io = {
    stdin,
    stdout: unread ? unreadOutput() : output("stdout"),
    stderr: output("stderr"),
    env: { NO_COLOR: "1" },
    onSignal(name: SignalName, handler: () => void) {
      signals.on(name, handler);
      return { [Symbol.dispose]: () => void signals.off(name, handler) };
    },
  };
  const talk = startTalk(io, inbox.add, room, options);
  return {
    get stdout() {
      return printed.stdout;
    },
    get stderr() {
      return printed.stderr;
    },
    until: printed.until,
    sent: inbox.sent,
    received: inbox.received,
    emit(...events) {
      for (const event of events) talk.emit(event);
    },
    fail: (error) => talk.fail(error),
    signal: (name) => void signals.emit(name),
    exited: talk.exited,
  };
}

/** Fails as the program's own stdout does, again and again, when its reader has gone. */
function unreadOutput(): PassThrough {
  const error = Object.assign(new Error("write EPIPE"), { code: "EPIPE" });
  return Object.assign(new PassThrough(), {
    write(_chunk: unknown, done: (cause: Error) => void) {
      queueMicrotask(() => done(error));
      return false;
    },
  });
}

export interface Stage extends AsyncDisposable {
  readonly screen: Screen;
  readonly script: Script;
}

/** The program on a screen, at its prompt. */
export async function openStage({
  columns = 60,
  rows = 20,
  styled = false,
  options = {},
  room = false,
}: {
  columns?: number;
  rows?: number;
  styled?: boolean;
  options?: Partial<TalkOptions>;
  /** Whether it is a room's. */
  room?: boolean;
} = {}): Promise<Stage> {
  await using opened = new AsyncDisposableStack();
  const script = opened.use(await openScript(options, room));
  const screen = opened.use(await openScreen(columns, rows, { styled }));
  const command = script.command.map((word) => `'${word}'`).join(" ");
  screen.type(`clear; ${command}; echo status=$?`);
  screen.press("Enter");
  await screen.until(
    "the prompt",
    (shown) =>
      shown.at(-2) === ">" && shown.at(-1) === (room ? " connecting" : " nobody is here yet"),
  );
  const stage = opened.move();
  return { screen, script, [Symbol.asyncDispose]: () => stage.disposeAsync() };
}
