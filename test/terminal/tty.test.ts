// A terminal that stops, goes on and ends in every way: it is as it was found then, and works again after `fg`. On a real
// terminal, a tmux of the test's own.

import { describe, expect } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { testWith } from "../harness/peer-programs.ts";
import { root } from "../harness/program.ts";
import { openScreen, type Screen } from "../harness/screen.ts";
import { until } from "../harness/until.ts";

const onTerminal = (title: string, body: () => Promise<void>) =>
  testWith(["tmux", "bash"], title, body);

interface Held extends AsyncDisposable {
  readonly screen: Screen;
  /** The terminal's settings before. */
  readonly found: string;
  readonly pidFile: string;
  kill(this: void, signal: NodeJS.Signals): void;
  /** Waits until a row is this. */
  row(this: void, text: string): Promise<string[]>;
}

/** held-terminal.ts in a shell with job control that sets the modes of the terminal when it comes back to it. */
async function hold(): Promise<Held> {
  await using opened = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "charla-held-"));
  opened.defer(() => rmSync(folder, { recursive: true, force: true }));
  const pidFile = join(folder, "pid");
  const screen = opened.use(await openScreen(80, 24));
  screen.type("exec env PS1='# ' bash --norc --noprofile --noediting");
  screen.press("Enter");
  await screen.until("bash", (rows) => rows.at(-1) === "#");
  const found = await screen.settings();
  const program = join(root, "test/terminal/held-terminal.ts");
  screen.type(`clear; '${process.execPath}' '${program}' '${pidFile}'; echo status=$?`);
  screen.press("Enter");
  const row = (text: string) => screen.until(text, (rows) => rows.includes(text));
  await row("ready");
  const moved = opened.move();
  return {
    screen,
    found,
    pidFile,
    row,
    kill: (signal) => void process.kill(Number(readFileSync(pidFile, "utf8")), signal),
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
}

const isRaw = async (screen: Screen) => (await screen.settings()).includes(" -icanon");

/** The program is gone: the terminal is as it was found, and a paste has no brackets. */
async function expectFound({ screen, found }: Held): Promise<void> {
  await screen.until("the shell", (rows) => rows.at(-1)?.startsWith("#") === true);
  expect(await screen.settings()).toBe(found);
  screen.paste("echo pasted");
  await screen.until("a bare paste", (rows) => rows.at(-1) === "# echo pasted");
}

/** It is the program's again: it reads keys, and pastes have brackets. */
async function expectHeld({ screen, row }: Held): Promise<void> {
  expect(await isRaw(screen)).toBe(true);
  screen.press("a");
  await row("key a");
  screen.paste("one");
  await row('pasted "one"');
}

/** bash may say first that a job has stopped. */
const isEmpty = (rows: string[]) => rows.at(-1) === "#" && !rows.includes("returned");

async function resume({ screen }: Held): Promise<void> {
  screen.type("clear");
  screen.press("Enter");
  await screen.until("an empty screen", isEmpty);
  screen.type("fg");
  screen.press("Enter");
  await screen.until("its return", (rows) => rows.includes("returned"));
}

describe("a terminal is as it was found when the program", () => {
  onTerminal("gives it back", async () => {
    await using held = await hold();
    await expectHeld(held);
    held.screen.press("c");
    await held.row("status=0");
    await expectFound(held);
  });

  for (const [what, key, status] of [
    ["exits", "x", 0],
    ["throws", "t", 1],
    ["leaves a rejection unhandled", "r", 1],
  ] as const) {
    onTerminal(what, async () => {
      await using held = await hold();
      held.screen.press(key);
      await held.row(`status=${status}`);
      await expectFound(held);
    });
  }

  for (const signal of ["SIGQUIT", "SIGUSR1", "SIGALRM"] as const) {
    onTerminal(`is ended by ${signal}`, async () => {
      await using held = await hold();
      held.kill(signal);
      await held.screen.until("the end", (rows) => rows.some((row) => /status=1\d\d/.test(row)));
      await expectFound(held);
      // Its user was asked to tidy up.
      expect(existsSync(`${held.pidFile}.killed`)).toBe(true);
    });
  }
});

describe("a program that is stopped", () => {
  for (const [how, stop] of [
    ["with Ctrl-Z", ({ screen }: Held) => screen.press("C-z")],
    ["with kill -TSTP", ({ kill }: Held) => kill("SIGTSTP")],
  ] as const) {
    onTerminal(`${how} gives the terminal back, and has it again after fg`, async () => {
      await using held = await hold();
      for (let times = 0; times < 2; times += 1) {
        stop(held);
        await held.screen.until("the stop", (rows) => rows.some((row) => /Stopped/.test(row)));
        await expectFound(held);
        held.screen.press("Enter");
        await resume(held);
        await expectHeld(held);
        expect((await held.screen.rows()).filter((row) => row === "returned")).toHaveLength(1);
      }
      held.screen.press("c");
      await held.screen.until("the end", (rows) => rows.at(-1) === "#");
      await expectFound(held);
    });
  }

  onTerminal("with kill -STOP has the terminal again after fg", async () => {
    await using held = await hold();
    held.kill("SIGSTOP");
    await held.screen.until("the stop", (rows) => rows.some((row) => /Stopped/.test(row)));
    // bash has set its own modes.
    expect(await isRaw(held.screen)).toBe(false);
    await resume(held);
    await expectHeld(held);
    held.screen.press("c");
    await held.screen.until("the end", (rows) => rows.at(-1) === "#");
    await expectFound(held);
  });

  onTerminal("in the background has the terminal only once it is in the foreground", async () => {
    await using held = await hold();
    held.screen.press("C-z");
    await held.screen.until("the stop", (rows) => rows.some((row) => /Stopped/.test(row)));
    held.screen.type("bg; until jobs | grep Stopped; do sleep 0.01; done; clear; echo again");
    held.screen.press("Enter");
    await held.screen.until("another stop", (rows) => rows.join() === "again,#");
    expect(await held.screen.settings()).toBe(held.found);
    await resume(held);
    await expectHeld(held);
  });
});

onTerminal("a program that can't be stopped, in a job without a shell, goes on", async () => {
  await using held = await hold();
  held.screen.press("x");
  await held.row("status=0");
  rmSync(held.pidFile);
  const program = join(root, "test/terminal/held-terminal.ts");
  held.screen.type(`exec '${process.execPath}' '${program}' '${held.pidFile}'`);
  held.screen.press("Enter");
  await until("the program is there", () => existsSync(held.pidFile));
  held.screen.press("C-z");
  await held.row("returned");
  await expectHeld(held);
});

onTerminal("another program that is lent the terminal finds it as it was", async () => {
  await using held = await hold();
  held.screen.press("l");
  await held.row("returned");
  expect((await held.screen.rows()).map((row) => row.trim())).toContain("icanon");
  await expectHeld(held);
});

onTerminal("SIGQUIT is for the program that was lent the terminal", async () => {
  await using held = await hold();
  held.screen.press("k");
  await held.row("lent");
  held.kill("SIGQUIT");
  // Of two signals at once the later may be reported first.
  await held.row("SIGQUIT");
  held.kill("SIGHUP");
  await held.row("returned");
  await expectHeld(held);
});

onTerminal("SIGQUIT is for that program even if it is reported after its end", async () => {
  await using held = await hold();
  held.screen.press("q");
  await held.row("late SIGQUIT");
  expect(await held.screen.rows()).toContain("returned");
  await expectHeld(held);
});

onTerminal("a terminal that hangs up is the end", async () => {
  await using held = await hold();
  const pid = Number(readFileSync(held.pidFile, "utf8"));
  held.screen.hangUp();
  await until("the program noticed", () => existsSync(`${held.pidFile}.hung-up`));
  await until("the program ended", () => !isRunning(pid));
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
