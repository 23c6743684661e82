// A terminal that doesn't read what is written to it: the conversation goes on, nothing is lost, and signals are heard.

import { expect, test } from "bun:test";
import { EventEmitter } from "node:events";
import { PassThrough, Writable } from "node:stream";

import type { ConversationEvent } from "../../src/chat/events.ts";
import { Interruption, type SignalName } from "../../src/terminal/io.ts";
import { startTalk } from "./scripted-talk.ts";
import { openVirtualStage } from "./stage.ts";

const message = (number: number): ConversationEvent => ({
  type: "message",
  from: "ben",
  fingerprint: "SHA256:ben",
  text: `message ${number}.`,
  sequence: number,
  time: Date.UTC(2026, 2, 1, 12),
});

const entered: ConversationEvent = {
  type: "entered",
  room: "main",
  name: "ana",
  owner: false,
  last: 0,
  members: [],
};

const COUNT = 1_000;
const messages = Array.from({ length: COUNT }, (_, index) => message(index + 1));

async function openRoom() {
  const stage = openVirtualStage({ room: true });
  stage.emit(entered);
  await stage.until("the room", (rows) => rows.at(-1)?.includes("main") === true);
  return stage;
}

test("what came while the terminal did not read is shown afterwards, once and in order", async () => {
  await using stage = await openRoom();
  {
    using _stopped = stage.stopReading();
    stage.emit(...messages);
    const before = stage.written();
    // Keys are read, and messages sent.
    stage.enter("meanwhile");
    await stage.received(1);
    expect(stage.written()).toBe(before);
  }
  await stage.until("the last message", (rows) =>
    rows.some((row) => row.endsWith(` message ${COUNT}.`)),
  );
  const shown = stage.allRows().flatMap((row) => / message (\d+)\.$/.exec(row)?.[1] ?? []);
  expect(shown).toEqual(messages.map((_, index) => String(index + 1)));
});

test("only the newest frame is written to a terminal that reads again", async () => {
  await using stage = await openRoom();
  const before = stage.written().length;
  {
    using _stopped = stage.stopReading();
    for (let typed = 1; typed <= 20; typed += 1) {
      stage.type("x");
      // All together take the time of several frames.
      await Bun.sleep(5);
    }
  }
  await stage.until("the letters", (rows) => rows.at(-2) === `> ${"x".repeat(20)}`);
  // One frame that was begun, and one for all the others.
  expect(stage.written().slice(before).match(/x+/g)?.length).toBeLessThanOrEqual(2);
});

test("a key that was pressed while many messages came is shown before them", async () => {
  await using stage = await openRoom();
  const before = stage.written().length;
  {
    using _stopped = stage.stopReading();
    // Three turns with time for a frame each, although none can be written.
    stage.type("z");
    await Bun.sleep(20);
    stage.emit(...messages);
    await Bun.sleep(20);
    stage.type("q");
    await Bun.sleep(20);
  }
  await stage.until("the last message", (rows) =>
    rows.some((row) => row.endsWith(` message ${COUNT}.`)),
  );
  const [untilKey = ""] = stage.written().slice(before).split("q");
  expect(untilKey).not.toContain("message");
});

test("a signal to end is heard although the terminal does not read", async () => {
  const stage = await openRoom();
  using _stopped = stage.stopReading();
  stage.emit(...messages);
  stage.signal("SIGHUP");
  expect(await stage.exited).toBe(129);
  expect(stage.isRaw()).toBe(false);
});

test("a signal ends the conversation soon although the terminal does not read, however much waits", async () => {
  const stage = await openRoom();
  using _stopped = stage.stopReading();
  stage.emit(...Array.from({ length: 10 }, () => messages).flat());
  await Bun.sleep(50);
  const start = performance.now();
  stage.signal("SIGTERM");
  expect(await stage.exited).toBe(0);
  // 200 ms, where nobody else uses the machine.
  expect(performance.now() - start).toBeLessThan(900);
  expect(stage.isRaw()).toBe(false);
});

test("a terminal that reads again in time gets everything that came before a signal", async () => {
  const stage = await openRoom();
  const stopped = stage.stopReading();
  stage.emit(...messages);
  stage.signal("SIGTERM");
  await Bun.sleep(60);
  stopped[Symbol.dispose]();
  expect(await stage.exited).toBe(0);
  await stage.until("the end", (rows) => rows.at(-1) === "status=0");
  expect(stage.allRows().filter((row) => row.includes(" message "))).toHaveLength(COUNT);
});

test("a terminal that reads slowly gets everything before the program ends", async () => {
  const stage = await openRoom();
  const stopped = stage.stopReading();
  stage.emit(...messages);
  stage.press("C-d");
  // It would have ended by then, if it did not wait for the terminal.
  await Bun.sleep(100);
  stopped[Symbol.dispose]();
  expect(await stage.exited).toBe(0);
  await stage.until("the end", (rows) => rows.at(-1) === "status=0");
  const shown = stage.allRows().filter((row) => row.includes(" message "));
  expect(shown).toHaveLength(COUNT);
  expect(stage.isRaw()).toBe(false);
});

test("a program in a pipe that does not read holds the messages back, and a signal ends the conversation", async () => {
  const signals = new EventEmitter();
  const stdout = Object.assign(new Writable({ write() {} }), { isPipe: true as const });
  const io = {
    stdin: new PassThrough(),
    stdout,
    stderr: new PassThrough(),
    env: {},
    onSignal(name: SignalName, handler: () => void) {
      signals.on(name, handler);
      return { [Symbol.dispose]: () => void signals.off(name, handler) };
    },
  };
  let unread = 0;
  const talk = startTalk(io, () => {}, true, { onUnread: () => (unread += 1) });
  talk.emit(entered);
  for (const event of messages) talk.emit(event);
  // It would have taken them all by then.
  await Bun.sleep(50);
  // The others wait in the conversation, which loses none.
  expect(stdout.writableLength).toBeLessThan(100);
  signals.emit("SIGTERM");
  const end: unknown = await talk.exited.catch((error: unknown) => error);
  expect(end).toBeInstanceOf(Interruption);
  expect(end).toHaveProperty("exitStatus", 143);
  expect(unread).toBeGreaterThan(0);
});
