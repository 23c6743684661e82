// README's demo on real terminals, and the examples of docs/library.md as programs: both do what the documents
// show.

import { afterAll, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join as joinPath } from "node:path";

import { join, type RoomEvent } from "../../src/index.ts";
import { open } from "../../src/server.ts";
import { blocks, commandOf, enter, unwrapped, withoutVarying } from "../harness/documents.ts";
import { newFolder } from "../harness/folder.ts";
import { compileForNode, newLibraryFolder } from "../harness/library.ts";
import { testWithNode, testWithStoringNode } from "../harness/node.ts";
import { END_TO_END_TIMEOUT, testWith } from "../harness/peer-programs.ts";
import { newPerson } from "../harness/person.ts";
import { reservePort } from "../harness/ports.ts";
import { run, start } from "../harness/program.ts";
import { openScreen, type Screen, withoutTimes } from "../harness/screen.ts";
import { until } from "../harness/until.ts";

// Programs of the documents import the library as people's do.
const folder = await newLibraryFolder();
afterAll(() => folder[Symbol.dispose]());

/** The command that runs a program of a document. */
async function commandFor(runtime: "Bun" | "Node.js", name: string, program: readonly string[]) {
  writeFileSync(joinPath(folder.path, `${name}.ts`), program.join("\n"));
  if (runtime === "Bun") return [process.execPath, joinPath(folder.path, `${name}.ts`)];
  return ["node", joinPath(folder.path, await compileForNode(folder, `${name}.ts`))];
}

const COLUMNS = 80;
const ROWS = 40;
/** ms (docs/protocol.md s. 15.1). */
const KEEP_ALIVE = 20_000;

/** Waits for a row, which may be of any time. */
const shows = (screen: Screen, row: string) =>
  screen.until(row, (rows) => withoutTimes(rows).includes(row));

/** The status line of Ana's screen once the program is there. */
const withParrot = (rows: string[]) =>
  /^ main {2}ana, (log, parrot|parrot, log) {2}ok$/.test(rows.at(-1) ?? "");

/** Who says what in a row of a transcript. */
function messageIn(row: string): { speaker: string; text: string } | null {
  const [, speaker, text] = /^\d\d:\d\d[ !]*(\w+) (.+)$/.exec(row) ?? [];
  return speaker === undefined || text === undefined ? null : { speaker, text };
}

/** Waits for a row that begins with `prefix`, and returns the rest of it. */
async function printedAfter(screen: Screen, prefix: string): Promise<string> {
  const rows = await screen.until(prefix, (shown) => shown.some((row) => row.startsWith(prefix)));
  return rows.find((row) => row.startsWith(prefix))?.slice(prefix.length) ?? "";
}

testWith(
  ["tmux", "ncat"],
  "README's demo prints what README shows",
  async () => {
    const [ana = [], ben = [], build = [], log = [], history = []] = blocks("README.md", "console");
    const [parrot = []] = blocks("README.md", "ts");
    using person = newPerson();
    await using one = await openScreen(COLUMNS, ROWS, { as: person });
    await using other = await openScreen(COLUMNS, ROWS);
    await using third = await openScreen(COLUMNS, ROWS);
    await using fourth = await openScreen(COLUMNS, ROWS);

    // On a free port, since 12345 may be in use on this machine; --name, since the tests' user is not called Ana.
    const pid = joinPath(person.data, "..", "pid");
    const port = await reservePort();
    const open = `clear; sh -c 'echo $$ >${pid}; exec ${commandOf(ana)} --port ${port} --name ana'`;
    enter(one, `mkdir -p ${joinPath(pid, "..")}; ${open}`);
    const opened = await one.until("the invitation", (rows) => rows.at(-1) === " main  ana  ok");
    const [invitation = ""] = /charla:\/\/[^'\s]+/.exec(unwrapped(opened).join("\n")) ?? [];
    const joining = (block: readonly string[]) =>
      commandOf(block).replace(/charla:\/\/\S+/, `'${invitation}'`);

    enter(other, `clear; ${joining(ben)} --name ben`);
    await shows(one, "-- ##:## ben joined");
    // Ben's block has all messages in order.
    for (const row of ben.slice(1)) {
      const message = messageIn(row);
      if (message?.speaker === "ana") enter(one, message.text);
      if (message?.speaker === "ben") enter(other, message.text);
      if (message?.speaker === "build") enter(third, `clear; ${joining(build)}`);
      const [shown = ""] = withoutTimes([row]);
      await shows(other, shown);
      // Before the next message: a message gets its final place only when it is stored.
      const onAnas = withoutTimes(ana).find((other) => message && other.endsWith(message.text));
      if (onAnas !== undefined) await shows(one, onAnas);
      // Before it has left, the status lines and notices are others.
      if (message?.speaker !== "build") continue;
      await one.until("the build to leave", (rows) => rows.at(-1) === " main  ana, ben  ok");
      await other.until(
        "the build to leave",
        (rows) => withoutTimes(rows).at(-1) === " main  ben, ana  ok  direct, # ms",
      );
    }
    const benSaw = await other.until("Ben's end", (rows) => rows.at(-1) === "$");
    const buildSaw = await third.until("the build's end", (rows) => rows.at(-1) === "$");
    const anaSaw = await shows(one, "-- ##:## ben left");
    expect(withoutVarying(anaSaw)).toEqual(withoutVarying(ana.slice(1)));
    expect(withoutVarying(benSaw.slice(0, -1))).toEqual(withoutVarying(ben.slice(1)));
    expect(withoutVarying(buildSaw.slice(0, -1))).toEqual(withoutVarying(build.slice(1)));

    enter(fourth, `clear; ${joining(log)}`);
    const logSaw = await shows(fourth, log.at(-1) ?? "");
    expect(logSaw).toEqual(log.slice(1));
    const answer = await commandFor("Bun", "parrot", parrot);
    await using program = start([...answer, invitation]);
    await one.until("the program", withParrot);
    enter(one, "parrot: who is a clever bird?");
    await shows(one, "##:## parrot who is a clever bird?");

    // The server is killed and started again: all members reconnect, and no message is missing.
    process.kill(Number(readFileSync(pid, "utf8")), "SIGKILL");
    // Nothing has erased the status line: the shell writes over it.
    await one.until("Ana's shell", (rows) => rows.at(-1)?.startsWith("$") === true);
    enter(fourth, "are you there?");
    // A killed program leaves the terminal in raw mode, and this shell, unlike others, does not reset it.
    one.type("stty sane");
    one.press("C-j");
    await until("the terminal is reset", async () => / icrnl\b/.test(await one.settings()));
    enter(one, open);
    await one.until("what was said meanwhile", (rows) =>
      rows.some((row) => /^\d\d:\d\d +log are you there\?$/.test(row)),
    );
    // A program that only listens may notice the restart as late as its next keep-alive (docs/protocol.md s. 15.1).
    await one.until("the program to reconnect", withParrot, KEEP_ALIVE + 5_000);
    enter(one, "parrot: and how are you?");
    await shows(one, "##:## parrot and how are you?");
    await fourth.until("the answer", (rows) =>
      rows.some((row) => row.includes('"and how are you?"')),
    );
    const numbers = (await fourth.rows()).flatMap((row) => /"sequence":(\d+)/.exec(row)?.[1] ?? []);
    expect(numbers).toEqual(["1", "2", "3", "4", "5", "6", "7", "8", "9"]);

    fourth.press("C-d");
    await fourth.until("the end of the log", (rows) => rows.at(-1) === "$");
    enter(one, "/close");
    await one.until("the question", (rows) =>
      rows.some((row) => row.startsWith("   /close again ends the conversation")),
    );
    enter(one, "/close");
    await one.until("Ana's shell", (rows) => rows.at(-1) === "$");
    enter(one, `clear; ${commandOf(history)}`);
    // The screen is not cleared yet when the keys have just been pressed.
    const found = await one.until(
      "what was found",
      (rows) => /^\d{4}-/.test(rows[0] ?? "") && rows.at(-1) === "$",
    );
    expect(withoutVarying(found.slice(0, -1))).toEqual(withoutVarying(history.slice(1)));
    expect(await program.exited).toBe(0);
  },
  2 * END_TO_END_TIMEOUT,
);

for (const runtime of ["Bun", "Node.js"] as const) {
  test(
    `README's parrot repeats under ${runtime} what is said to it, and not again at its next start`,
    async () => {
      const [parrot = []] = blocks("README.md", "ts");
      const command = await commandFor(runtime, "repeating-parrot", parrot);
      await using server = await open({ bind: "127.0.0.1" });
      const invitation = server.invitation("main");
      await using ana = join(invitation, { name: "ana" });
      const events = ana.events[Symbol.asyncIterator]();
      const repeated: string[] = [];
      for (const said of ["one", "two"]) {
        await using _parrot = start([...command, invitation]);
        await nextOf(events, "joined");
        await ana.say(`parrot: ${said}`);
        repeated.push((await nextOf(events, "message")).text);
      }
      expect(repeated).toEqual(["one", "two"]);
    },
    END_TO_END_TIMEOUT,
  );
}

async function nextOf<Type extends RoomEvent["type"]>(
  events: AsyncIterator<RoomEvent>,
  type: Type,
): Promise<Extract<RoomEvent, { type: Type }>> {
  for (;;) {
    const { done, value } = await events.next();
    if (done === true) throw new Error(`the end before "${type}"`);
    if (isOfType(value, type)) return value;
  }
}

function isOfType<Type extends RoomEvent["type"]>(
  event: RoomEvent,
  type: Type,
): event is Extract<RoomEvent, { type: Type }> {
  return event.type === type;
}

testWith(
  ["tmux", "ncat"],
  "README's single message on the plain wire prints what README shows",
  async () => {
    const [receiving = [], sending = []] = blocks("README.md", "console").slice(-2);
    await using one = await openScreen(COLUMNS);
    await using other = await openScreen(COLUMNS);
    enter(one, `clear; ${commandOf(receiving)} --port 0`);
    const port = await printedAfter(one, "listening on [::]:");
    enter(other, `clear; ${commandOf(sending).replace(/\b12345\b/, port)}`);
    const received = await one.until("the message", (rows) => rows.at(-1) === "$");
    expect(withoutVarying(received.slice(0, -1))).toEqual(withoutVarying(receiving.slice(1)));
  },
);

const printed = [
  "ben said hello\nben said bye\n",
  "0 messages are for the next run\n",
  "they said hello\nthey said bye\nit is over: heard-bye\n",
  "members: 1\nit is over: left\n",
  "asked: how are you?\nanswered: true\n",
];
for (const [index, example] of blocks("docs/library.md", "ts").entries()) {
  const title = `example ${index + 1} of docs/library.md runs under`;
  const runs = async (runtime: "Bun" | "Node.js", program: string) => {
    const [, file = ""] = await commandFor(runtime, `example-${index + 1}`, example);
    await using server = await open({ bind: "127.0.0.1" });
    using place = newFolder();
    const ended = await run([program, file, server.invitation("main")], { cwd: place.path });
    expect(ended).toEqual({ stdout: printed[index] ?? "", stderr: "", status: 0 });
  };
  test(`${title} Bun`, () => runs("Bun", process.execPath), END_TO_END_TIMEOUT);
  const opens = example.some((line) => line.includes("await open("));
  // A server needs a newer Node.js than what joins it.
  const underNode = opens ? testWithStoringNode : testWithNode;
  underNode(`${title} Node.js`, (node) => runs("Node.js", node));
}
