// A room with two terminals (each a tmux of its own), and how a terminal shows which messages are delivered.

import { expect } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";

import { charla } from "../harness/in-process.ts";
import { LOOPBACKS } from "../harness/loopback.ts";
import { testWith } from "../harness/peer-programs.ts";
import { newPerson } from "../harness/person.ts";
import { openScreen, type Screen } from "../harness/screen.ts";
import {
  type SealedServer,
  startSealedServer,
  startSealedServerProcess,
} from "../harness/sealed-server.ts";
import { until } from "../harness/until.ts";

const onTerminal = (title: string, body: () => Promise<void>) => testWith(["tmux"], title, body);

/** Wide enough for an invitation on one row. */
const COLUMNS = 140;

function enter(screen: Screen, line: string): void {
  screen.type(line);
  screen.press("Enter");
}

/** A screen with a client that has joined `server`. */
async function joinOnScreen(server: SealedServer, styled: boolean): Promise<Screen> {
  await using opened = new AsyncDisposableStack();
  const screen = opened.use(await openScreen(COLUMNS, 20, { styled }));
  enter(screen, `clear; charla -q -n ben '${server.invitation}'; echo status=$?`);
  await screen.until("the prompt", (rows) => rows.at(-1) === ">");
  opened.move();
  return screen;
}

const isInvitation = (row: string) => row.startsWith("invite with: ");
const prompts = (rows: string[]) => rows.at(-1) === ">";

for (const host of LOOPBACKS) {
  onTerminal(
    `two people talk after one joins with the invitation that the other's server prints, over ${host}`,
    async () => {
      await using ana = await openScreen(COLUMNS);
      await using ben = await openScreen(COLUMNS);
      enter(ana, `clear; charla --server -n ana --bind ${host} --port 0; echo status=$?`);
      const opened = await ana.until("the invitation", (rows) => rows.some(isInvitation));
      const invitation = opened.find(isInvitation)?.slice(13) ?? "";

      // Exactly as printed: it is quoted for a shell.
      enter(ben, `clear; ${invitation} -n ben; echo status=$?`);
      await ben.until("the prompt", prompts);
      await ana.until("Ben", (rows) => rows.includes("ben joined"));

      enter(ben, "hello Ana, are you there?");
      await ana.until("Ben's words", (rows) => rows.includes("ben: hello Ana, are you there?"));
      ben.type("I have half a");
      await ben.until("half a line", (rows) => rows.at(-1) === "> I have half a");
      enter(ana, "I am. 日本 👋");
      const heard = await ben.until("Ana's words", (rows) => rows.includes("ana: I am. 日本 👋"));
      expect(heard.slice(-3)).toEqual([
        "> hello Ana, are you there?",
        "ana: I am. 日本 👋",
        "> I have half a",
      ]);
      enter(ben, " line");
      await ana.until("the whole line", (rows) => rows.includes("ben: I have half a line"));
      enter(ben, "bye");
      const benSaw = await ben.until("Ben's end", (rows) => rows.includes("status=0"));
      expect(benSaw.slice(-5)).toEqual([
        "> I have half a line",
        "> bye",
        "the conversation is over: you left",
        "status=0",
        "$",
      ]);
      const anaSaw = await ana.until("that Ben left", (rows) => rows.includes("ben left"));
      expect(anaSaw.at(-1)).toBe(">");
      ana.press("C-d");
      await ana.until("Ana's end", (rows) => rows.includes("status=0"));
    },
  );
}

onTerminal(
  "a line is dim until it is delivered, and the seconds without contact are counted",
  async () => {
    await using server = await startSealedServerProcess();
    await using screen = await joinOnScreen(server, true);
    enter(screen, "hello");
    // A line that is still being typed looks the same, so wait for the empty prompt.
    await screen.until(
      "that it has arrived",
      (rows) => prompts(rows) && screen.styledRows().includes("> hello"),
    );

    server.signal("SIGSTOP");
    enter(screen, "are you asleep?");
    await screen.until("the dim line", () =>
      screen.styledRows().some((row) => row.startsWith("\x1b[2m> are you asleep?")),
    );
    screen.type("half typed");
    await screen.until("the silence", (rows) =>
      /^\(no contact for \d+ s\) > half typed$/.test(rows.at(-1) ?? ""),
    );
    const [seconds] = /\d+/.exec(screen.rows().at(-1) ?? "") ?? ["0"];
    await screen.until("the next second", (rows) => {
      const [now] = /\d+/.exec(rows.at(-1) ?? "") ?? ["0"];
      return Number(now) > Number(seconds);
    });
    server.signal("SIGCONT");
    const rows = await screen.until("the contact", (shown) => shown.at(-1) === "> half typed");
    expect(rows).toEqual(["> hello", "> are you asleep?", "> half typed"]);
    // Contact is restored before the server has the line on its disk.
    await screen.until("that it has arrived", () =>
      screen.styledRows().includes("> are you asleep?"),
    );
    screen.press("Enter");
    await server.until("stdout", "ben: hello\nben: are you asleep?\nben: half typed\n");
  },
);

onTerminal("without styles a line that is not delivered is marked in words", async () => {
  await using server = await startSealedServerProcess();
  await using screen = await joinOnScreen(server, false);
  server.signal("SIGSTOP");
  enter(screen, "one");
  enter(screen, "two");
  await screen.until("what is on its way", (rows) => rows.at(-2) === "(on its way) > two");
  expect(screen.rows()).toEqual(["(on its way) > one", "(on its way) > two", ">"]);
  server.signal("SIGCONT");
  await screen.until("that it has arrived", (rows) => rows.join("|") === "> one|> two|>");
});

// The acknowledgment, which may be delayed by 25 ms, travels with the answer.
onTerminal("an immediate answer is drawn below the question", async () => {
  await using server = await startSealedServer();
  await using screen = await joinOnScreen(server, false);
  enter(screen, "question");
  await server.until("stdout", "question\n");
  server.type("answer\n");
  const rows = await screen.until("both", (shown) => shown.length === 3 && prompts(shown));
  expect(rows).toEqual(["> question", "ana: answer", ">"]);
});

onTerminal(
  "an immediate answer to the server's owner is drawn below the question, too",
  async () => {
    using ana = newPerson();
    await using screen = await openScreen(COLUMNS, 20, { as: ana });
    enter(screen, "clear; charla --server -q -n ana --bind 127.0.0.1 --port 0");
    await screen.until("the prompt", prompts);
    await until("her invitation", () => existsSync(join(ana.data, "invitation")));
    await using client = charla(["-n", "ben"], { as: ana });
    client.type("ask me\n");
    await screen.until("Ben", (rows) => rows.includes("ben: ask me"));
    enter(screen, "question");
    await client.until("stdout", "question\n");
    client.type("answer\n");
    const rows = await screen.until("both", (shown) => shown.length === 4 && prompts(shown));
    expect(rows).toEqual(["ben: ask me", "> question", "ben: answer", ">"]);
  },
);
