// A room with two terminals (each a tmux of its own), and how a terminal shows which messages are delivered.

import { expect } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";

import { charla, runCharla } from "../harness/in-process.ts";
import { LOOPBACKS } from "../harness/loopback.ts";
import { testWith } from "../harness/peer-programs.ts";
import { newPerson, type Person } from "../harness/person.ts";
import { openScreen, type Screen, typedRow, withoutTimes } from "../harness/screen.ts";
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
  await screen.until(
    "the room",
    (rows) => withoutTimes(rows).join("/") === ">/ main  ben, ana  ok  direct, # ms",
  );
  opened.move();
  return screen;
}

/** A screen with a server of hers, which other programs of hers find. */
async function openServer(ana: Person, ...options: readonly string[]): Promise<Screen> {
  await using opened = new AsyncDisposableStack();
  const screen = opened.use(await openScreen(COLUMNS, 20, { as: ana }));
  const command = ["charla --server -n ana --bind 127.0.0.1 --port 0", ...options].join(" ");
  enter(screen, `clear; ${command}`);
  await screen.until("the prompt", prompts);
  await until("her invitation", () => existsSync(join(ana.data, "invitation")));
  opened.move();
  return screen;
}

const INVITATION = "-- invite with: ";
const isInvitation = (row: string) => row.startsWith(INVITATION);
const prompts = (rows: string[]) => typedRow(rows) === ">";
/** Waits for a row, which may be of any time. */
const shows = (screen: Screen, row: string) =>
  screen.until(row, (rows) => withoutTimes(rows).includes(row));

for (const host of LOOPBACKS) {
  onTerminal(
    `two people talk after one joins with the invitation that the other's server prints, over ${host}`,
    async () => {
      await using ana = await openScreen(COLUMNS);
      await using ben = await openScreen(COLUMNS);
      enter(ana, `clear; charla --server -n ana --bind ${host} --port 0; echo status=$?`);
      const opened = await ana.until("the invitation", (rows) => rows.some(isInvitation));
      const invitation = opened.find(isInvitation)?.slice(INVITATION.length) ?? "";

      // Exactly as printed: it is quoted for a shell.
      enter(ben, `clear; ${invitation} -n ben; echo status=$?`);
      await ben.until("the prompt", prompts);
      const joined = await shows(ana, "-- ##:## ben joined");
      expect(joined.at(-1)).toBe(" main  ana, ben  ok");

      enter(ben, "hello Ana, are you there?");
      // She is mentioned.
      await shows(ana, "##:##!ben hello Ana, are you there?");
      ben.type("I have half a");
      await ben.until("half a line", (rows) => typedRow(rows) === "> I have half a");
      enter(ana, "I am. 日本 👋");
      const heard = await shows(ben, "##:## ana I am. 日本 👋");
      expect(withoutTimes(heard).slice(-4)).toEqual([
        "##:## ben hello Ana, are you there?",
        "##:## ana I am. 日本 👋",
        "> I have half a",
        " main  ben, ana  ok  direct, # ms",
      ]);
      enter(ben, " line");
      await shows(ana, "##:## ben I have half a line");
      enter(ben, "bye");
      const benSaw = await ben.until("Ben's end", (rows) => rows.slice(-2).join() === "status=0,$");
      expect(withoutTimes(benSaw).slice(-5)).toEqual([
        "##:## ben I have half a line",
        "##:## ben bye",
        "-- ##:## you left",
        "status=0",
        "$",
      ]);
      const anaSaw = await shows(ana, "-- ##:## ben left");
      expect(anaSaw.slice(-2)).toEqual([">", " main  ana  ok"]);
      ana.press("C-d");
      await ana.until("Ana's end", (rows) => rows.includes("status=0"));
    },
  );
}

onTerminal(
  "a message is dim until it is delivered, and the seconds without contact are counted",
  async () => {
    await using server = await startSealedServerProcess();
    await using screen = await joinOnScreen(server, true);
    const [dim, plain, own] = ["\x1b[38;5;243m", "\x1b[39m", "\x1b[38;5;30m"];
    const arrived = (text: string) => `${dim}##:##${plain} ${own}ben${plain} ${text}`;
    const styledRows = async () =>
      (await screen.styledRows()).map((row) =>
        row.replace(/\d\d:\d\d/, "##:##").replace(/38;5;\d+mben/, "38;5;30mben"),
      );
    enter(screen, "hello");
    await screen.until("that it has arrived", async () =>
      (await styledRows()).includes(arrived("hello")),
    );

    server.signal("SIGSTOP");
    enter(screen, "are you asleep?");
    await screen.until("the dim message", async () =>
      (await screen.styledRows()).includes(
        `${dim}  …  ${plain} ${dim}ben${plain} ${dim}are you asleep?`,
      ),
    );
    screen.type("half typed");
    await screen.until("the silence", (rows) =>
      /^ main {2}ben, ana {2}no contact for \d+ s$/.test(rows.at(-1) ?? ""),
    );
    expect(typedRow(await screen.rows())).toBe("> half typed");
    const [seconds] = /\d+/.exec((await screen.rows()).at(-1) ?? "") ?? ["0"];
    await screen.until("the next second", (rows) => {
      const [now] = /\d+/.exec(rows.at(-1) ?? "") ?? ["0"];
      return Number(now) > Number(seconds);
    });
    server.signal("SIGCONT");
    await screen.until(
      "the contact",
      (shown) => withoutTimes(shown).at(-1) === " main  ben, ana  ok  direct, # ms",
    );
    // Contact is restored before the server has the message on its disk.
    await screen.until("that it has arrived", async () =>
      (await styledRows()).includes(arrived("are you asleep?")),
    );
    expect(withoutTimes(await screen.rows())).toEqual([
      "##:## ben hello",
      "##:## ben are you asleep?",
      "> half typed",
      " main  ben, ana  ok  direct, # ms",
    ]);
    screen.press("Enter");
    await server.until("stdout", "ben: hello\nben: are you asleep?\nben: half typed\n");
  },
);

onTerminal("a message that is not delivered has no time yet", async () => {
  await using server = await startSealedServerProcess();
  await using screen = await joinOnScreen(server, false);
  server.signal("SIGSTOP");
  enter(screen, "one");
  enter(screen, "two");
  const status = " main  ben, ana  ok  direct, # ms";
  await screen.until("what is on its way", (rows) => rows.at(-3) === "  …   ben two");
  expect(withoutTimes(await screen.rows())).toEqual([
    "  …   ben one",
    "  …   ben two",
    ">",
    status,
  ]);
  server.signal("SIGCONT");
  await shows(screen, "##:## ben two");
  expect(withoutTimes(await screen.rows())).toEqual([
    "##:## ben one",
    "##:## ben two",
    ">",
    status,
  ]);
});

// The acknowledgment, which may be delayed by 25 ms, travels with the answer.
onTerminal("an immediate answer is drawn below the question", async () => {
  await using server = await startSealedServer();
  await using screen = await joinOnScreen(server, false);
  enter(screen, "question");
  await server.until("stdout", "question\n");
  server.type("answer\n");
  const rows = await screen.until("both", (shown) => shown.length === 4 && prompts(shown));
  expect(withoutTimes(rows)).toEqual([
    "##:## ben question",
    "##:## ana answer",
    ">",
    " main  ben, ana  ok  direct, # ms",
  ]);
});

onTerminal(
  "an immediate answer to the server's owner is drawn below the question, too",
  async () => {
    using ana = newPerson();
    await using screen = await openServer(ana, "-q");
    await using client = charla(["-n", "ben"], { as: ana });
    client.type("ask me\n");
    await shows(screen, "##:## ben ask me");
    enter(screen, "question");
    await client.until("stdout", "question\n");
    client.type("answer\n");
    const rows = await screen.until("both", (shown) => shown.length === 5 && prompts(shown));
    expect(withoutTimes(rows)).toEqual([
      "##:## ben ask me",
      "##:## ana question",
      "##:## ben answer",
      ">",
      // The client is another window of hers.
      " main  ana  ok",
    ]);
  },
);

onTerminal(
  "of many missed messages the last hundred are shown, and how many more there are",
  async () => {
    using ana = newPerson();
    await using screen = await openServer(ana);
    enter(screen, "/join lunch");
    await screen.until("the other room", (rows) => rows.at(-1) === " lunch  ana  ok");
    await using client = charla(["-n", "ben"], { as: ana });
    client.type(Array.from({ length: 103 }, (_, index) => `m${index}\n`).join(""));
    client.endInput();
    expect(await client.exited).toBe(0);
    enter(screen, "/join main");
    await shows(screen, "##:## ben m102");
    const rows = withoutTimes(await screen.allRows());
    const first = rows.indexOf("##:## ben m3");
    expect(rows.slice(first - 3, first)).toEqual([
      "-- ##:## 3 earlier messages that you missed are not shown",
      "   hint: /history shows them",
      "-- earlier --",
    ]);
    expect(rows).not.toContain("##:## ben m2");
  },
);

onTerminal(
  "a server that is started again shows its invitation below what was said before",
  async () => {
    using ana = newPerson();
    {
      await using server = await startSealedServer(["--bind", "127.0.0.1", "-n", "ana"], {
        as: ana,
      });
      const input = Array.from({ length: 30 }, (_, index) => `m${index}\n`).join("");
      expect((await runCharla([server.invitation, "-n", "ben"], { as: ana, input })).status).toBe(
        0,
      );
    }
    await using screen = await openScreen(80, 24, { as: ana });
    enter(screen, "clear; charla --server -n ana --bind 127.0.0.1 --port 0");
    await screen.until("the prompt", prompts);
    await shows(screen, "-- invite with:");
    const rows = withoutTimes(await screen.rows());
    expect(rows.indexOf("-- invite with:")).toBeGreaterThan(
      rows.findIndex((row) => row.endsWith("m29")),
    );
    expect(rows.filter((row) => row === "-- invite with:")).toHaveLength(1);
  },
);

onTerminal("Ctrl-Z in the window of a server says that it stops the server", async () => {
  await using screen = await openScreen(COLUMNS, 20);
  enter(screen, "clear; charla --server -n ana --bind 127.0.0.1 --port 0 --ephemeral");
  await screen.until("the prompt", prompts);
  screen.press("C-z");
  const rows = withoutTimes(await screen.until("the shell", (shown) => shown.at(-1) === "$"));
  const said = rows.indexOf("-- ##:## the server is stopped, and nobody can talk until fg");
  expect(said).toBeGreaterThan(0);
  expect(rows[said + 1]).toBe("   hint: charla --server --background needs no window");
  enter(screen, "fg");
  await screen.until("the prompt", prompts);
  enter(screen, "/close");
  const question = "   /close again ends the conversation for everybody; /quit does, too";
  await screen.until("the question", (shown) => shown.includes(question));
});

onTerminal(
  "an owner who comes back to a room is shown what they missed there, and nothing twice",
  async () => {
    using ana = newPerson();
    await using screen = await openServer(ana);
    await using client = charla(["-n", "ben", "-v"], { as: ana });
    client.type("before\n");
    await shows(screen, "##:## ben before");
    enter(screen, "/join lunch");
    await screen.until("the other room", (rows) => rows.at(-1) === " lunch  ana  ok");
    client.type("meanwhile\n");
    await client.until("stderr", "delivered: meanwhile\n");
    enter(screen, "/join main");
    await screen.until("the first room", (rows) => rows.at(-1) === " main  ana  ok");
    client.type("after\n");
    await shows(screen, "##:## ben after");
    const rows = withoutTimes(await screen.rows());
    expect(rows.slice(rows.indexOf("##:## ben before"))).toEqual([
      "##:## ben before",
      '-- ##:## you are ana in lunch, nobody else is here yet; "bye" leaves',
      '-- ##:## you are ana in main, nobody else is here yet; "bye" leaves',
      "-- earlier --",
      "##:## ben meanwhile",
      "-- now --",
      "##:## ben after",
      ">",
      " main  ana  ok",
    ]);
  },
);

onTerminal(
  "a name that was chosen with /name is that of later windows and of charla send, unless --name says otherwise",
  async () => {
    using ana = newPerson();
    using ben = newPerson();
    const env = { USER: "ben" };
    await using owner = await openScreen(COLUMNS, 20, { as: ana });
    enter(owner, "clear; USER=ana charla --server --bind 127.0.0.1 --port 0; echo status=$?");
    const opened = await owner.until("the invitation", (rows) => rows.some(isInvitation));
    const [, invitation = ""] = /(charla:[^']+)/.exec(opened.find(isInvitation) ?? "") ?? [];
    await using screen = await openScreen(COLUMNS, 20, { as: ben });
    enter(screen, `clear; USER=ben charla '${invitation}'; echo status=$?`);
    await screen.until(
      "the room",
      (rows) => withoutTimes(rows).at(-1) === " main  ben, ana  ok  direct, # ms",
    );
    enter(screen, "/name Benno");
    await screen.until(
      "the name",
      (rows) => withoutTimes(rows).at(-1) === " main  Benno, ana  ok  direct, # ms",
    );
    enter(owner, "/name Ana María");
    await screen.until(
      "her name",
      (rows) => withoutTimes(rows).at(-1) === " main  Benno, Ana María  ok  direct, # ms",
    );

    await using second = charla([invitation], { as: ben, env });
    await second.until("stderr", "you are Benno in main, with Ana María\n");
    await using hers = charla([], { as: ana, env: { USER: "ana" } });
    await hers.until("stderr", "you are Ana María in main, with Benno\n");
    const sent = await runCharla(["send", "--to", invitation, "hello"], { as: ben, env });
    expect(sent.status).toBe(0);
    await hers.until("stdout", "Benno: hello\n");
    await using named = charla([invitation, "--name", "Benjamin"], { as: ben, env });
    await named.until("stderr", "you are Benjamin in main, with Ana María\n");
    // To others and on other servers they are who they were.
    using cy = newPerson();
    await using stranger = charla([invitation], { as: cy, env: { USER: "cy" } });
    await stranger.until("stderr", "you are cy in main, with ");
    await using other = await startSealedServer();
    await using there = charla([other.invitation], { as: ben, env });
    await there.until("stderr", "you are ben in main, with ana\n");

    owner.press("C-d");
    await owner.until("Ana's end", (rows) => rows.includes("status=0"));
    enter(owner, "clear; USER=ana charla --server --bind 127.0.0.1 --port 0");
    await shows(owner, '-- ##:## you are Ana María in main, nobody else is here yet; "bye" leaves');
  },
);

onTerminal(
  "what is said in a room that was left is on the status line at once, marked if it names one",
  async () => {
    await using server = await startSealedServer();
    await using screen = await openScreen(COLUMNS, 20);
    enter(screen, `clear; charla -n ben '${server.invitation}'`);
    await screen.until(
      "the room",
      (rows) => withoutTimes(rows).at(-1) === " main  ben, ana  ok  direct, # ms",
    );
    enter(screen, "/join lunch");
    await screen.until(
      "the other room",
      (rows) => withoutTimes(rows).at(-1) === " lunch  ben  ok  direct, # ms",
    );
    const start = performance.now();
    server.type("soup is ready\n");
    await screen.until(
      "the count",
      (rows) => withoutTimes(rows).at(-1) === " lunch  ben  ok  direct, # ms  main: 1 new",
    );
    server.type("Ben, are you there?\n");
    await screen.until(
      "the mark",
      (rows) => withoutTimes(rows).at(-1) === " lunch  ben  ok  direct, # ms  main: 2 new!",
    );
    // An older server would have been asked again by then.
    expect(performance.now() - start).toBeLessThan(8_000);
    enter(screen, "/join main");
    await shows(screen, "##:##!ana Ben, are you there?");
    expect(withoutTimes(await screen.rows()).slice(-5)).toEqual([
      "-- earlier --",
      "##:## ana soup is ready",
      "##:##!ana Ben, are you there?",
      ">",
      " main  ben, ana  ok  direct, # ms",
    ]);
  },
);

onTerminal(
  "what was read in one window is not shown again in another one that comes back, but by a program",
  async () => {
    const JOINED = " main  ben, ana  ok  direct, # ms";
    using ben = newPerson();
    await using server = await startSealedServer();
    await using first = await openScreen(COLUMNS, 20, { as: ben });
    await using second = await openScreen(COLUMNS, 20, { as: ben });
    const joins = `clear; charla -n ben '${server.invitation}'; echo status=$?`;
    for (const screen of [first, second]) {
      enter(screen, joins);
      await screen.until("the room", (rows) => withoutTimes(rows).at(-1) === JOINED);
    }
    server.type("one\n");
    await shows(second, "##:## ana one");
    second.press("C-d");
    await second.until("its end", (rows) => rows.includes("status=0"));
    server.type("two\n");
    await shows(first, "##:## ana two");
    server.type("three\n");
    await shows(first, "##:## ana three");
    // A message counts as shown once the next event is wanted, which may be a moment later.
    await Bun.sleep(100);
    enter(second, joins);
    await second.until("the room", (rows) => withoutTimes(rows).at(-1) === JOINED);
    server.type("four\n");
    await shows(second, "##:## ana four");
    expect(withoutTimes(await second.rows())).toEqual([
      '-- ##:## you are ben in main, with ana; "bye" leaves',
      "##:## ana four",
      ">",
      JOINED,
    ]);
    second.press("C-d");
    await second.until("its end", (rows) => rows.includes("status=0"));
    server.type("five\n");
    await shows(first, "##:## ana five");
    const piped = charla([server.invitation], { as: ben });
    await piped.until("stdout", "five\n");
    expect(piped.stdout).toBe("ana: five\n");
    piped.endInput();
    await piped.exited;
  },
);
