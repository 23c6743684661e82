// How quickly the screen follows: from a key to its letter on the screen, beside bash (readline) and irssi, and 10,000 messages that
// come at once, with the keys that are pressed meanwhile. Each program runs on a pseudo-terminal of its own, and what it writes
// goes through xterm.js, as in a terminal; only what can be read there counts.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Terminal } from "@xterm/headless";

import { seeded } from "../test/harness/random.ts";
import { machine } from "./harness/machine.ts";
import { quantile } from "./harness/quantiles.ts";

const KEYS = 400;
/** Between two keys, ms: a quick typist, and never in step with a timer of the program. */
const MIN_PAUSE = 12;
const MAX_PAUSE = 28;
/** Then the line is emptied. */
const LINE = 40;
const MESSAGES = 10_000;
const ROUNDS = 5;
const SIZE = { cols: 80, rows: 24 };
/** Letters of no word that is on the screen, and of no key's name. */
const LETTERS = ["q", "w", "x", "z"];
const KILL_LINE = "\x15";
const PATIENCE = 20_000;

const random = seeded(1);
const home = mkdtempSync(join(tmpdir(), "charla-bench-"));

interface Screen extends Disposable {
  write(text: string): void;
  /** Resolves with the time at which it is true of the rows, from the first to the last. */
  until(what: string, seen: (rows: () => string) => boolean): Promise<number>;
}

function openScreen(command: string[]): Screen {
  const xterm = new Terminal({ ...SIZE, scrollback: 1_000, allowProposedApi: true });
  const program = Bun.spawn(command, {
    env: {
      PATH: process.env["PATH"],
      HOME: home,
      TERM: "xterm-256color",
      LC_ALL: "C.UTF-8",
      PS1: "$ ",
    },
    terminal: {
      ...SIZE,
      data: (_terminal, data) => xterm.write(data, () => watchers.forEach((look) => look())),
    },
  });
  const { terminal } = program;
  if (terminal === undefined) throw new Error("no pseudo-terminal");
  xterm.onData((answer) => void terminal.write(answer));
  const watchers = new Set<() => void>();

  function rows(): string {
    const { active } = xterm.buffer;
    const shown = Array.from({ length: SIZE.rows }, (_, row) =>
      active.getLine(active.baseY + row)?.translateToString(true),
    );
    return shown.join("\n");
  }

  return {
    write: (text) => void terminal.write(text),
    until(what, seen) {
      const { promise, resolve, reject } = Promise.withResolvers<number>();
      const timer = setTimeout(
        () => reject(new Error(`timed out waiting for ${what}:\n${rows()}`)),
        PATIENCE,
      );
      const look = () => {
        if (!seen(rows)) return;
        watchers.delete(look);
        clearTimeout(timer);
        resolve(performance.now());
      };
      watchers.add(look);
      look();
      return promise;
    },
    [Symbol.dispose]() {
      program.kill("SIGKILL");
      terminal.close();
      xterm.dispose();
    },
  };
}

function randomLetter(): string {
  return LETTERS[random(LETTERS.length)] ?? "";
}

/** Presses keys one after the other until `enough`; returns the ms that each took. */
async function pressKeys(screen: Screen, enough: (count: number) => boolean): Promise<number[]> {
  const took: number[] = [];
  let line = "";
  while (!enough(took.length)) {
    if (line.length === LINE) {
      screen.write(KILL_LINE);
      const whole = line;
      await screen.until("an empty line", (rows) => !rows().includes(whole));
      line = "";
    }
    line += randomLetter();
    const expected = line;
    const start = performance.now();
    screen.write(line.slice(-1));
    const seen = await screen.until(`"${expected}"`, (rows) => rows().includes(expected));
    took.push(seen - start);
    await Bun.sleep(MIN_PAUSE + random(MAX_PAUSE - MIN_PAUSE));
  }
  screen.write(KILL_LINE);
  await screen.until("an empty line", (rows) => !rows().includes(line));
  return took;
}

function describe(took: readonly number[]): string {
  const [half, most, worst] = [0.5, 0.99, 1].map((part) => quantile(took, part).toFixed(1));
  return `p50 ${half} ms, p99 ${most} ms, at most ${worst} ms`;
}

async function ready(screen: Screen, prompt: RegExp): Promise<void> {
  await screen.until("the prompt", (rows) => prompt.test(rows()));
  await Bun.sleep(500);
}

const room = join(import.meta.dir, "terminal", "room.ts");
const programs = [
  { name: "charla", command: [process.execPath, room, `${MESSAGES}`], prompt: /^>/m },
  { name: "bash", command: ["bash", "--norc", "--noprofile", "-i"], prompt: /\$/m },
  { name: "irssi", command: ["irssi", `--home=${home}`], prompt: /\[\(status\)\]/m },
];

console.log(`a key on the screen, ${KEYS} keys on each, ${SIZE.cols}x${SIZE.rows}`);
console.log(machine);
for (const { name, command, prompt } of programs) {
  if (Bun.which(command[0] ?? "") === null) {
    console.log(`${name.padEnd(8)}not installed (Debian: apt-get install ${name})`);
    continue;
  }
  using screen = openScreen(command);
  await ready(screen, prompt);
  const took = await pressKeys(screen, (count) => count >= KEYS);
  console.log(`${name.padEnd(8)}${describe(took)}`);
}

console.log(`\n${MESSAGES} messages at once, ${ROUNDS} rounds, with keys meanwhile`);
const bursts: number[] = [];
const meanwhile: number[] = [];
for (let round = 0; round < ROUNDS; round += 1) {
  using screen = openScreen([process.execPath, room, `${MESSAGES}`]);
  await ready(screen, /^>/m);
  screen.write("burst");
  await screen.until("the word", (rows) => rows().includes("> burst"));
  const start = performance.now();
  screen.write("\r");
  let isOver = false;
  const keys = pressKeys(screen, () => isOver);
  const last = `message ${MESSAGES} `;
  const end = await screen.until("the last message", (rows) => rows().includes(last));
  isOver = true;
  bursts.push(end - start);
  meanwhile.push(...(await keys));
}
const [fewest, most] = [Math.min(...bursts), Math.max(...bursts)];
console.log(
  `charla  drawn in ${quantile(bursts, 0.5).toFixed(0)} ms (${fewest.toFixed(0)} to ${most.toFixed(0)})`,
);
console.log(`keys    ${describe(meanwhile)}, of ${meanwhile.length}`);
rmSync(home, { recursive: true, force: true });
