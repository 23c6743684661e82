// The driver of a conversation on a terminal: its modes, its keys, what it draws and when.

import { describe, expect, test } from "bun:test";
import { PassThrough, Writable } from "node:stream";

import type { ConversationEvent } from "../../src/chat/events.ts";
import { CharlaError } from "../../src/errors.ts";
import { cpuTime } from "../harness/cpu-time.ts";
import { newFolder } from "../harness/folder.ts";
import { shortest } from "../harness/shortest.ts";
import { startTalk } from "./scripted-talk.ts";
import { openVirtualStage, type VirtualStage } from "./stage.ts";

const message = (text: string): ConversationEvent => ({
  type: "message",
  from: "192.0.2.1:5000",
  text,
});
const person = (name: string) => ({ name, fingerprint: `key of ${name}`, away: false });
const enters = (...others: string[]): ConversationEvent => ({
  type: "entered",
  room: "main",
  name: "ana",
  owner: true,
  last: 0,
  members: ["ana", ...others].map(person),
});
let sequence = 0;
const says = (from: string, text: string): ConversationEvent => {
  sequence += 1;
  const { fingerprint } = person(from);
  return { type: "message", from, text, sequence, time: Date.now(), fingerprint };
};
const delivered: ConversationEvent = { type: "delivered", text: "", sequence: 1, time: Date.now() };

const NOBODY = " nobody is here yet";

/** At its prompt. */
async function openAtPrompt(
  options: Parameters<typeof openVirtualStage>[0] = {},
): Promise<VirtualStage> {
  const stage = openVirtualStage(options);
  await stage.ends(">", options.room === true ? " connecting" : NOBODY);
  return stage;
}

describe("the terminal", () => {
  test("is in raw mode and reports pastes and its focus while the conversation lasts", async () => {
    await using stage = await openAtPrompt();
    expect(stage.isRaw()).toBe(true);
    expect(stage.written()).toContain("\x1b[?2004h");
    expect(stage.written()).toContain("\x1b[?1004h");
    stage.press("C-d");
    expect(await stage.exited).toBe(0);
    expect(stage.isRaw()).toBe(false);
    expect(stage.written()).toContain("\x1b[?2004l");
    expect(stage.written()).toContain("\x1b[?1004l");
  });

  test("has nothing on it in the end but what was printed", async () => {
    await using stage = await openAtPrompt();
    stage.emit(message("hello"));
    stage.type("a draft");
    await stage.ends("> a draft", " ok");
    stage.signal("SIGTERM");
    await stage.exited;
    const rows = await stage.until("the end", (shown) => shown.at(-1) === "status=0");
    expect(rows.map((row) => row.replace(/\d\d:\d\d/, "14:05"))).toEqual([
      "14:05 < hello",
      "-- 14:05 you left",
      "status=0",
    ]);
  });

  test("that takes no more output ends the input", async () => {
    await using stage = await openAtPrompt();
    stage.hangUp();
    expect(await stage.exited).toBe(0);
  });

  test("has the title of the room while the conversation lasts", async () => {
    await using stage = await openAtPrompt({ room: true });
    expect(stage.title()).toBe("charla");
    stage.emit(enters("ben"));
    await stage.ends(">", " main  ana, ben  ok");
    expect(stage.title()).toBe("charla: main");
    expect(stage.written()).toContain("\x1b[22;0t");
    stage.type("\x1b[O");
    stage.emit(says("ben", "psst"));
    await stage.until("the message", (rows) => rows.some((row) => row.endsWith("psst")));
    expect(stage.title()).toBe("(1) charla: main");
    stage.press("C-d");
    await stage.exited;
    expect(stage.written()).toContain("\x1b[23;0t");
  });
});

describe("answers of the terminal", () => {
  test("that are late are not typed, and correct the widths by which the line is drawn", async () => {
    await using stage = openVirtualStage({ answersAfter: Infinity });
    stage.type("1️⃣x");
    await stage.ends("> 1️⃣x", NOBODY);
    // As the runtime measures; xterm.js draws a keycap in one column.
    expect(stage.cursor()).toEqual({ column: 5, row: 0 });
    stage.answer();
    await stage.until("the answers", () => stage.cursor().column === 4);
    await stage.ends("> 1️⃣x", NOBODY);
    stage.type("y");
    await stage.ends("> 1️⃣xy", NOBODY);
    expect(stage.cursor()).toEqual({ column: 5, row: 0 });
    stage.answer();
    expect(stage.leftToShell()).toBe("");
  });

  test("about widths are not mixed up with those about the cursor after a resize", async () => {
    await using stage = openVirtualStage({ answersAfter: Infinity });
    stage.type("1️⃣x");
    await stage.ends("> 1️⃣x", NOBODY);
    stage.resize(60, 20);
    stage.answer();
    await stage.until("the answers", () => stage.cursor().column === 4);
    await stage.ends("> 1️⃣x", NOBODY);
    stage.resize(50, 20);
    stage.type("y");
    await stage.ends("> 1️⃣xy", NOBODY);
    expect(stage.cursor()).toEqual({ column: 5, row: 0 });
  });

  test("are awaited at the end, so that they are not left to the shell", async () => {
    await using stage = openVirtualStage({ answersAfter: Infinity });
    stage.signal("SIGTERM");
    stage.type("too late");
    // Without the wait it would end now.
    await stage.until("the end", (rows) => rows.some((row) => row.includes("you left")));
    await Bun.sleep(20);
    stage.answer();
    expect(await stage.exited).toBe(0);
    expect(stage.leftToShell()).toBe("");
    expect(stage.isRaw()).toBe(false);
    const rows = await stage.until("the shell", (shown) => shown.includes("status=0"));
    expect(rows).toHaveLength(2);
  });

  test("are awaited for a second at most, and not once the terminal has hung up", async () => {
    const start = performance.now();
    await using silent = openVirtualStage({ answersAfter: Infinity });
    silent.signal("SIGTERM");
    await silent.exited;
    const waited = performance.now() - start;
    expect(waited).toBeGreaterThan(900);
    // The machine may be busy.
    expect(waited).toBeLessThan(10_000);
    const untilGone = await shortest(800, async () => {
      await using gone = openVirtualStage({ answersAfter: Infinity });
      gone.hangUp();
      await gone.exited;
    });
    expect(untilGone).toBeLessThan(800);
  });
});

describe("keys", () => {
  test("that arrive together are drawn once", async () => {
    await using stage = await openAtPrompt();
    const before = stage.written().length;
    stage.type("ab");
    await stage.ends("> ab", NOBODY);
    expect(stage.written().slice(before).split("a").length).toBe(2);
    expect(stage.cursor()).toEqual({ column: 4, row: 0 });
    stage.press("Left");
    await stage.until("the cursor", () => stage.cursor().column === 3);
  });

  test("are drawn before the event loop turns", async () => {
    await using stage = await openAtPrompt();
    const before = stage.written().length;
    stage.type("a");
    // These come before timers, immediates and what the system reports.
    for (let tick = 0; tick < 20; tick += 1) {
      await new Promise((resolve) => process.nextTick(resolve));
    }
    expect(stage.written().slice(before)).toContain("a");
  });

  test("enter lines, interrupt and end", async () => {
    await using stage = await openAtPrompt();
    stage.type("one\rtwo\x03\x03");
    await stage.until("the dropped line", (rows) => rows.includes("   > two^C"));
    await Bun.sleep(30);
    stage.type("\x03");
    expect(await stage.exited).toBe(130);
    expect(stage.sent).toEqual(["one"]);
  });

  test("are not read any more once the conversation is over", async () => {
    await using stage = await openAtPrompt();
    stage.press("C-d");
    await stage.exited;
    stage.enter("one");
    await turn();
    expect(stage.sent).toEqual([]);
  });
});

describe("what is printed", () => {
  test("goes above the line being typed", async () => {
    await using stage = await openAtPrompt({ columns: 30 });
    stage.type("ab");
    stage.emit(message("one\ntwo"));
    const rows = await stage.ends("> ab", " ok");
    expect(rows.slice(0, 2).map((row) => row.slice(5))).toEqual([" < one", "   two"]);
    expect(stage.cursor()).toEqual({ column: 4, row: 2 });
  });

  test("of what was not delivered stays on the screen with --quiet", async () => {
    await using stage = await openAtPrompt({ options: { quiet: true } });
    stage.enter("one", "two");
    await stage.received(2);
    stage.emit(delivered, { type: "ended", reason: "lost", unsaid: [] });
    await stage.exited;
    const rows = await stage.until("the end", (shown) => shown.at(-1) === "status=1");
    expect(rows.map((row) => row.replace(/^\d\d:\d\d/, "14:05"))).toEqual([
      "14:05 > one",
      "  …   > two",
      "status=1",
    ]);
  });

  test("is a bell with --bell, when one is named", async () => {
    await using stage = await openAtPrompt({ room: true, options: { bell: true } });
    stage.emit(enters("ben"), says("ben", "hello"));
    await stage.until("the message", (rows) => rows.some((row) => row.endsWith("hello")));
    expect(stage.bells()).toBe(0);
    stage.emit(says("ben", "ana?"));
    await stage.until("the next", (rows) => rows.some((row) => row.endsWith("ana?")));
    expect(stage.bells()).toBe(1);
  });
});

test("a terminal that takes no more for a while is waited for once, and then has everything", async () => {
  let written = "";
  let isFull = false;
  let goOn: (() => void) | null = null;
  const output = Object.assign(
    new Writable({
      highWaterMark: 1,
      write(chunk: Buffer, _encoding, done) {
        written += String(chunk);
        if (isFull) goOn = done;
        else done();
      },
    }),
    { isTTY: true as const, columns: 80, rows: 24 },
  );
  const stdin = Object.assign(new PassThrough(), { isTTY: true as const, setRawMode: () => {} });
  const io = { stdin, stdout: output, stderr: output, env: { TERM: "vt100" }, onSignal };
  const talk = startTalk(io, () => {}, true);
  while (!written.includes("connecting")) await turn();
  isFull = true;
  stdin.write("a");
  while (goOn === null) await turn();
  for (const letter of "bcdefghijklmno") {
    stdin.write(letter);
    await turn();
    await turn();
  }
  expect(output.listenerCount("drain")).toBe(1);
  isFull = false;
  (goOn as () => void)();
  while (!written.includes("bcdefghijklmno")) await turn();
  stdin.write("\x15\x04");
  await talk.exited;
});

describe("ten thousand messages at once", () => {
  const COUNT = 10_000;

  test("are written in order, and keys are drawn meanwhile", async () => {
    const written: string[] = [];
    const output = Object.assign(
      new Writable({
        write(chunk: Buffer, _encoding, done) {
          written.push(String(chunk));
          done();
        },
      }),
      { isTTY: true as const, columns: 80, rows: 24 },
    );
    const stdin = Object.assign(new PassThrough(), {
      isTTY: true as const,
      setRawMode: () => {},
    });
    const io = { stdin, stdout: output, stderr: output, env: { TERM: "vt100" }, onSignal };
    const talk = startTalk(io, () => {}, true);
    talk.emit(enters("ben"));
    const start = cpuTime();
    for (let index = 0; index < COUNT; index += 1) talk.emit(says("ben", `message ${index}.`));
    const isAllWritten = () => written.at(-1)?.includes(`message ${COUNT - 1}.`) === true;
    const waits: number[] = [];
    while (!isAllWritten()) {
      const pressed = cpuTime();
      const typed = `draft ${waits.length}`;
      stdin.write(`\x15${typed}`);
      while (!isAllWritten() && written.at(-1)?.includes(typed) !== true) await turn();
      waits.push(cpuTime() - pressed);
    }
    const took = cpuTime() - start;
    stdin.write("\x15\x04");
    await talk.exited;
    const numbers = written.join("").matchAll(/message (\d+)\./g);
    expect(Array.from(numbers, ([, number]) => Number(number))).toEqual(
      Array.from({ length: COUNT }, (_, index) => index),
    );
    // Of a processor it takes 0.4 s, and 10 ms for a key: bench/terminal.ts measures that. Here others may share its caches.
    expect(took).toBeLessThan(5_000);
    expect(waits.length).toBeGreaterThan(20);
    expect(waits.toSorted((one, other) => one - other)[waits.length >> 1]).toBeLessThan(100);
  });
});

function onSignal(): Disposable {
  return { [Symbol.dispose]: () => {} };
}

/** One turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

test("while an editor has the terminal nothing is drawn, and no more is held than can be printed at once", async () => {
  using folder = newFolder();
  const VISUAL = `until [ -e '${folder.path}/done' ]; do sleep 0.02; done; :`;
  await using stage = await openAtPrompt({ room: true, env: { VISUAL } });
  using _done = { [Symbol.dispose]: () => folder.write("done", "") };
  stage.emit(enters("ben"));
  await stage.ends(">", " main  ana, ben  ok");
  stage.type("draft");
  stage.press("C-x", "C-e");
  await stage.until("the editor", (rows) => rows.at(-1)?.startsWith("--") === true);
  const COUNT = 6_000;
  for (let index = 0; index < COUNT; index += 1) stage.emit(says("ben", `message ${index}.`));
  // Time for many frames.
  await Bun.sleep(200);
  expect(stage.written()).not.toContain("message 0.");
  folder.write("done", "");
  await stage.until("the last message", () => {
    return stage.written().includes(`message ${COUNT - 1}.`);
  });
  const numbers = stage.written().matchAll(/message (\d+)\./g);
  expect(Array.from(numbers, ([, number]) => Number(number))).toEqual(
    Array.from({ length: COUNT }, (_, index) => index),
  );
  await stage.ends("> draft", " main  ana, ben  ok");
});

test("an error that ends the conversation is printed below its end", async () => {
  await using stage = await openAtPrompt();
  stage.fail(new CharlaError("NO_ANSWER", "no answer", "look for it"));
  expect(await stage.exited).toBe(1);
  expect(await stage.ends("!! no answer", "   hint: look for it", "status=1")).toHaveLength(3);
});

describe("an answer longer than the window", () => {
  test("is shown a page at a time, and the rest of it with Enter", async () => {
    await using stage = await openAtPrompt({ room: true, rows: 12 });
    stage.emit(enters());
    await stage.ends(">", " main  ana  ok");
    stage.enter("/help");
    await stage.until("a page", (rows) => / more rows: Enter/.test(rows.at(-2) ?? ""));
    const first = stage.allRows().length;
    stage.press("Enter");
    await stage.until("the next page", () => stage.allRows().length > first + 5);
    stage.press("q");
    await stage.ends(">", " main  ana  ok");
    stage.type("typed");
    await stage.ends("> typed", " main  ana  ok");
  });
});

async function keptAfter(end: (stage: VirtualStage) => void, typed: string): Promise<string[]> {
  const kept: string[] = [];
  const keptLines = { lines: ["recalled"], keep: (line: string) => void kept.push(line) };
  await using stage = await openAtPrompt({ room: true, options: { keptLines } });
  stage.type(typed);
  await stage.until("the draft", (rows) => rows.at(-2) === `> ${typed}`);
  end(stage);
  await stage.exited;
  return kept;
}

describe("a draft", () => {
  const ENDS: readonly (readonly [how: string, end: (stage: VirtualStage) => void])[] = [
    ["SIGTERM", (stage) => stage.signal("SIGTERM")],
    ["SIGHUP", (stage) => stage.signal("SIGHUP")],
    ["a window that is closed", (stage) => stage.hangUp()],
    [
      "the end of the conversation",
      (stage) => stage.emit({ type: "ended", reason: "peer-left", unsaid: [] }),
    ],
  ];
  for (const [how, end] of ENDS) {
    test(`is the newest line at the next start, after ${how}`, async () => {
      expect(await keptAfter(end, "half a thought")).toEqual(["half a thought"]);
    });
  }

  test("that begins with a blank, or was only recalled, is not kept", async () => {
    expect(await keptAfter((stage) => stage.signal("SIGTERM"), " secret")).toEqual([]);
    expect(await keptAfter((stage) => stage.signal("SIGTERM"), "recalled")).toEqual([]);
  });
});
