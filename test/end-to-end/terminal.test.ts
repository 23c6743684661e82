// charla on a real terminal (a tmux of its own): the line being typed stays when messages arrive, keys work as in a
// shell, and the terminal's settings are restored at the end.

import { describe, expect, test } from "bun:test";

import { ownIdentity } from "../../src/identity/private-files.ts";
import { join } from "../../src/index.ts";
import { charla } from "../harness/in-process.ts";
import { END_TO_END_TIMEOUT, fullTestWith, testWith } from "../harness/peer-programs.ts";
import { environment, newPerson } from "../harness/person.ts";
import { MAIN, type Program, root } from "../harness/program.ts";
import { openScreen, type Screen, typedRow, withoutTimes as timeless } from "../harness/screen.ts";
import { PLAIN, type Wire, WIRES } from "../harness/wires.ts";

/** Without times and ports. */
const withoutTimes = (rows: readonly string[]) =>
  timeless(rows).map((row) => row.replace(/^ 127\.0\.0\.1:\d+/, " 127.0.0.1:#"));

const onTerminal = (title: string, body: () => Promise<void>) => testWith(["tmux"], title, body);
const onTerminalInFull: typeof onTerminal = (title, body) => fullTestWith(["tmux"], title, body);

/** A server, and a client on a screen that has joined it and sent "hi". */
async function talkOnScreen(
  wire: Wire,
  columns?: number,
  ...args: string[]
): Promise<{ screen: Screen; peer: Program; endForAll(): Promise<void> } & AsyncDisposable> {
  await using opened = new AsyncDisposableStack();
  const ana = opened.use(newPerson());
  const peer = opened.use(charla([...wire.server, "--port", "0", ...args], { as: ana }));
  const [, port = ""] = await peer.until("stderr", /listening on \S*:(\d+)/);
  const screen = opened.use(await openScreen(columns));
  const joining = ["charla", "-q", ...wire.client, ...args, `127.0.0.1:${port}`].join(" ");
  screen.type(`clear; ${joining}; echo status=$?`);
  screen.press("Enter");
  await screen.until("the prompt", (rows) => typedRow(rows) === ">");
  screen.type("hi");
  screen.press("Enter");
  await peer.until("stdout", "hi\n");
  await screen.until("that it was sent", (rows) => /^\d\d:\d\d /.test(rows[0] ?? ""));
  const talk = opened.move();
  async function endForAll(): Promise<void> {
    if (wire.wire === "plain") return peer.type("bye\n");
    const [invitation = ""] = await peer.until("stderr", /charla:\/\/[^\s']+/);
    const owner = join(invitation, { name: "ana", identity: ownIdentity(ana.env).keyPair });
    await owner.say("that was all");
    await owner.close();
  }
  return { screen, peer, endForAll, [Symbol.asyncDispose]: () => talk.disposeAsync() };
}

/** In a room a second time, once charla asks for that; again if it is still asking, since two presses may be read at once. */
async function leaveWithCtrlC(screen: Screen): Promise<void> {
  // Within 10 ms of another it would be the same press.
  await Bun.sleep(100);
  screen.press("C-c");
  let pressed = performance.now();
  await screen.until("the status", (rows) => {
    const asks = rows.at(-1) === " press Ctrl-C again to leave";
    if (asks && performance.now() - pressed > 100) {
      screen.press("C-c");
      pressed = performance.now();
    }
    return rows.includes("status=130");
  });
}

for (const wire of WIRES) {
  // What is on the screen is drawn, and a line edited, by the same code on both wires.
  const onEither = wire === PLAIN ? onTerminalInFull : onTerminal;
  const received = (text: string) => `##:## ${wire.from}${text}`;
  const sent = (text: string) => `##:## ${wire.own}${text}`;
  /** In windows of less than 60 columns, names have rows of their own. */
  const inNarrow = (row: string) =>
    wire === PLAIN ? [row] : [row.slice(0, 9), `        ${row.slice(10)}`];
  /** Of a client that has heard of the server. */
  const status = wire === PLAIN ? " 127.0.0.1:#  ok" : " main  ben, ana  ok  direct, # ms";

  describe(`on the ${wire.wire} wire an incoming message`, () => {
    onTerminal(
      "a message is drawn above the line being typed, which keeps its text and cursor",
      async () => {
        await using talk = await talkOnScreen(wire);
        const { screen, peer } = talk;
        screen.type("half typed");
        screen.press("Left", "Left", "Left");
        await screen.until("the line", (rows) => typedRow(rows) === "> half typed");
        peer.type("first\nsecond\n");
        const rows = await screen.until("both messages", (shown) =>
          withoutTimes(shown).includes(received("second")),
        );
        const messages = [sent("hi"), received("first"), received("second")];
        expect(withoutTimes(rows)).toEqual([...messages, "> half typed", status]);
        await screen.until("the cursor", async () => (await screen.cursor()).column === 9);
        expect(await screen.cursor()).toEqual({ column: 9, row: 3 });
        screen.type("X");
        screen.press("Enter");
        await peer.until("stdout", "half tyXped\n");
      },
    );

    onEither(
      "a message leaves wide characters, emoji and accents of the typed line in place",
      async () => {
        await using talk = await talkOnScreen(wire);
        const { screen, peer } = talk;
        screen.type("日本 👋 é");
        screen.press("Left", "Left", "Left");
        peer.type("何か 👩‍👩‍👧\n");
        const rows = await screen.until("the message", (shown) =>
          withoutTimes(shown).some((row) => row.startsWith(received(""))),
        );
        expect(withoutTimes(rows)).toEqual([
          sent("hi"),
          received("何か 👩‍👩‍👧"),
          "> 日本 👋 é",
          status,
        ]);
        // "> " 2, 日本 4, space 1: the cursor is on the hand.
        await screen.until("the cursor", async () => (await screen.cursor()).column === 7);
        screen.press("DC", "Enter");
        await peer.until("stdout", "日本  é\n");
      },
    );

    onEither("a message leaves a typed line of several rows in place", async () => {
      await using talk = await talkOnScreen(wire, 40);
      const { screen, peer } = talk;
      const long = "0123456789".repeat(9);
      screen.type(long);
      // The last column stays free.
      const typed = [`> ${long.slice(0, 37)}`, `  ${long.slice(37, 74)}`, `  ${long.slice(74)}`];
      await screen.until("the rows", (rows) => rows.slice(-4, -1).join() === typed.join());
      screen.press("Home");
      peer.type("hello\n");
      const rows = await screen.until("the message", (shown) =>
        withoutTimes(shown).includes(inNarrow(received("hello")).at(-1) ?? ""),
      );
      const messages = [sent("hi"), received("hello")].flatMap(inNarrow);
      expect(withoutTimes(rows)).toEqual([...messages, ...typed, status]);
      await screen.until("the cursor", async () => (await screen.cursor()).column === 2);
      expect(await screen.cursor()).toEqual({ column: 2, row: messages.length });
      screen.press("Enter");
      await peer.until("stdout", `${long}\n`);
    });

    onEither(
      "control sequences in a message cannot move the cursor or change the screen",
      async () => {
        await using talk = await talkOnScreen(wire);
        const { screen, peer } = talk;
        peer.type("\x1b[2J\x1b[1;1Hgone?\x07\n");
        const rows = await screen.until("the message", (shown) => shown.length > 3);
        const shown = received("^[[2J^[[1;1Hgone?^G");
        expect(withoutTimes(rows)).toEqual([sent("hi"), shown, ">", status]);
      },
    );
  });

  describe(`on the ${wire.wire} wire the keys`, () => {
    onEither("the keys of a shell edit the line, and the arrows recall sent lines", async () => {
      await using talk = await talkOnScreen(wire);
      const { screen, peer } = talk;
      screen.type("one two three");
      screen.press("C-w", "C-a", "C-k", "C-y", "C-y", "M-b", "M-d", "Enter");
      await peer.until("stdout", "one two one  \n");
      screen.press("Up", "Up", "Enter");
      await peer.until("stdout", `one two one  \n${wire.fromClient}hi\n`);
      screen.type("draft");
      screen.press("Up", "Down", "Enter");
      await peer.until("stdout", `\n${wire.fromClient}draft\n`);
    });

    onTerminal(
      "a paste of several lines is sent only on Enter, each line as a message",
      async () => {
        await using talk = await talkOnScreen(wire);
        const { screen, peer } = talk;
        screen.paste("first line\nsecond line");
        await screen.until("the paste", (rows) => typedRow(rows) === "  second line");
        expect(withoutTimes(await screen.rows())).toEqual([
          sent("hi"),
          "> first line",
          "  second line",
          wire === PLAIN ? " 127.0.0.1:#  connecting" : status,
        ]);
        expect(peer.stdout).toBe(`${wire.fromClient}hi\n`);
        screen.press("Enter");
        const lines =
          wire === PLAIN ? "first line\nsecond line\n" : "ben: first line\n  second line\n";
        await peer.until("stdout", `${wire.fromClient}hi\n${lines}`);
      },
    );

    const twice = wire === PLAIN ? "" : ", the second time,";
    onTerminal(
      `Ctrl-C drops the line, and on an empty line${twice} leaves with status 130`,
      async () => {
        await using talk = await talkOnScreen(wire);
        const { screen } = talk;
        screen.type("never mind");
        screen.press("C-c");
        await screen.until(
          "a new line",
          (rows) => typedRow(rows) === ">" && rows.includes("   > never mind^C"),
        );
        await leaveWithCtrlC(screen);
      },
    );

    onEither("Ctrl-D deletes within a line, and on an empty one leaves with status 0", async () => {
      await using talk = await talkOnScreen(wire);
      const { screen } = talk;
      screen.type("ab");
      screen.press("C-a", "C-d");
      await screen.until("one letter", (rows) => typedRow(rows) === "> b");
      screen.press("C-d", "C-d");
      await screen.until("the status", (rows) => rows.includes("status=0"));
    });
  });

  describe(`on the ${wire.wire} wire the terminal`, () => {
    for (const [how, leave] of [
      ["bye", (screen: Screen) => screen.press("b", "y", "e", "Enter")],
      ["Ctrl-C", leaveWithCtrlC],
      ["Ctrl-D", (screen: Screen) => screen.press("C-d")],
    ] as const) {
      onEither(`the terminal's settings are restored after ${how}`, async () => {
        await using talk = await talkOnScreen(wire);
        const { screen, peer } = talk;
        await leave(screen);
        await screen.until("the shell", (rows) => rows.at(-1) === "$");
        expect(await screen.settings()).toContain(" icanon ");
        expect(await screen.settings()).toContain(" echo ");
        screen.type("printf 'pa''ste'");
        screen.press("Enter");
        await screen.until("what was typed", (rows) => rows.some((row) => row.startsWith("paste")));
        await peer[Symbol.asyncDispose]();
      });
    }

    onTerminal(
      "the terminal's settings are restored after the other end has ended the conversation",
      async () => {
        await using talk = await talkOnScreen(wire);
        const { screen } = talk;
        screen.type("half a line");
        await screen.until("the line", (rows) => typedRow(rows) === "> half a line");
        await talk.endForAll();
        await screen.until("the shell", (rows) => rows.includes("status=0") && rows.at(-1) === "$");
        expect(await screen.settings()).toContain(" icanon ");
      },
    );

    test(
      "a terminal that hangs up ends charla",
      async () => {
        let shown = "";
        const ready = Promise.withResolvers<void>();
        await using terminal = new Bun.Terminal({
          data(_terminal, bytes) {
            shown += new TextDecoder().decode(bytes);
            if (shown.includes("listening on ")) ready.resolve();
          },
        });
        using somebody = newPerson();
        const program = Bun.spawn([process.execPath, MAIN, ...wire.server, "--port", "0"], {
          cwd: root,
          env: { ...environment, ...somebody.env, TERM: "xterm" },
          terminal,
        });
        await ready.promise;
        terminal.write("half a li");
        terminal.close();
        // The end of input and SIGHUP race: either may end it.
        expect([0, 129]).toContain(await program.exited);
      },
      END_TO_END_TIMEOUT,
    );

    onEither("the line is redrawn when the window changes size", async () => {
      await using talk = await talkOnScreen(wire, 60);
      const { screen, peer } = talk;
      const long = "0123456789".repeat(7);
      screen.type(long);
      await screen.until("two rows", (rows) => typedRow(rows) === `  ${long.slice(57)}`);
      screen.resize(40, 20);
      await screen.until("narrower rows", (rows) => typedRow(rows) === `  ${long.slice(37)}`);
      const typed = [`> ${long.slice(0, 37)}`, `  ${long.slice(37)}`];
      // The terminal has wrapped the rows itself, and may have scrolled what was above them.
      expect(withoutTimes(await screen.allRows()).slice(0, -1)).toEqual([sent("hi"), ...typed]);
      peer.type("ok\n");
      await screen.until("the message", (shown) =>
        withoutTimes(shown).includes(inNarrow(received("ok")).at(-1) ?? ""),
      );
      const messages = [sent("hi"), ...inNarrow(received("ok"))];
      expect(withoutTimes(await screen.allRows())).toEqual([...messages, ...typed, status]);
    });

    onTerminal(
      "Ctrl-Z restores the terminal, and after fg the line is there as it was",
      async () => {
        await using talk = await talkOnScreen(wire);
        const { screen, peer } = talk;
        screen.type("still here");
        await screen.until("the line", (rows) => typedRow(rows) === "> still here");
        screen.press("C-z");
        await screen.until("the shell", (rows) => rows.at(-1) === "$");
        expect(await screen.settings()).toContain(" icanon ");
        screen.type("fg");
        screen.press("Enter");
        await screen.until("the line again", (rows) => typedRow(rows) === "> still here");
        screen.press("Enter");
        await peer.until("stdout", "still here\n");
      },
    );
  });
}

describe("turn-taking", () => {
  onTerminal("with --turns the prompt says whose turn it is", async () => {
    await using talk = await talkOnScreen(PLAIN, 60, "--turns");
    const { screen, peer } = talk;
    await screen.until("their turn", (rows) => typedRow(rows) === "(their turn) >");
    screen.type("too early");
    screen.press("Enter");
    await screen.until(
      "what waits for its turn",
      (rows) =>
        withoutTimes(rows).at(-3) === "  …   > too early" && typedRow(rows) === "(their turn) >",
    );
    expect(peer.stdout).toBe("hi\n");
    peer.type("now you\n");
    await peer.until("stdout", "hi\ntoo early\n");
    const rows = await screen.until(
      "their turn after the answer",
      (shown) =>
        withoutTimes(shown).includes("##:## < now you") &&
        withoutTimes(shown).includes("##:## > too early") &&
        typedRow(shown) === "(their turn) >",
    );
    expect(withoutTimes(rows)).toEqual([
      "##:## > hi",
      "##:## < now you",
      "##:## > too early",
      "(their turn) >",
      " 127.0.0.1:#  ok",
    ]);
  });
});
