// A program under test, or its peer, as a process with pipes on its three streams: prints are recorded and waited
// for, and it is ended by its process id. Knows nothing of what programs print.

import { join } from "node:path";

import { environment, newPerson, type Person } from "./person.ts";

/** How long a test waits for output, in ms: long, for a busy 2-core machine. */
const PATIENCE = 20_000;

export const root = join(import.meta.dirname, "..", "..");

/** charla's source; `npm test` has bundled it, for each start of the source costs as much again as what it then does. */
export const MAIN = process.env["CHARLA_TEST_MAIN"] ?? join(root, "src/cli/main.ts");

/** What starts charla: a short `npm test` has made one executable file of it, which starts in half the time. */
const executable = process.env["CHARLA_TEST_PROGRAM"];
export const CHARLA: readonly string[] =
  executable === undefined ? [process.execPath, MAIN] : [executable];

export interface Program extends AsyncDisposable {
  readonly pid: number;
  /** Everything printed so far. */
  readonly stdout: string;
  readonly stderr: string;
  /** Writes to its standard input. */
  type(text: string | Uint8Array): void;
  /** Closes its standard input. */
  endInput(): void;
  /** Resolves with the match once `stream` contains `pattern`; rejects at the end of the program, or after `patience` ms. */
  until(
    stream: "stdout" | "stderr",
    pattern: string | RegExp,
    patience?: number,
  ): Promise<RegExpMatchArray>;
  signal(name: NodeJS.Signals): void;
  /** The exit status, or 128 and the signal's number as in a shell, once all output is read. */
  readonly exited: Promise<number>;
}

/** A program that was run to its end. */
export interface Transcript {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
}

export interface StartOptions {
  cwd?: string;
  /** Who starts it; by default a new person. */
  as?: Person;
  env?: Record<string, string | undefined>;
  /** The whole standard input; without it, the input stays open for `type`. */
  input?: string | Uint8Array;
}

/** Starts a program with pipes on all three streams. */
export function start(command: readonly string[], options: StartOptions = {}): Program {
  const stranger = options.as === undefined ? newPerson() : null;
  const { env } = options.as ?? stranger ?? {};
  const child = Bun.spawn([...command], {
    cwd: options.cwd ?? root,
    env: { ...environment, NO_COLOR: "1", ...env, ...options.env },
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  const printed = watchPrinted(command.join(" "));
  let over = false;

  async function collect(stream: "stdout" | "stderr"): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of child[stream]) {
      printed.add(stream, decoder.decode(chunk, { stream: true }));
    }
  }
  const exited = Promise.all([child.exited, collect("stdout"), collect("stderr")]).then(
    ([status]) => {
      over = true;
      stranger?.[Symbol.dispose]();
      printed.end();
      return status;
    },
  );

  if (options.input !== undefined) {
    void child.stdin.write(options.input);
    void child.stdin.end();
  }

  return {
    pid: child.pid,
    get stdout() {
      return printed.stdout;
    },
    get stderr() {
      return printed.stderr;
    },
    type(text) {
      void child.stdin.write(text);
      void child.stdin.flush();
    },
    endInput() {
      void child.stdin.end();
    },
    until: printed.until,
    signal(name) {
      child.kill(name);
    },
    exited,
    async [Symbol.asyncDispose]() {
      if (!over) child.kill("SIGKILL");
      await exited;
    },
  };
}

/** The output of a program, and those who wait for more of it. */
export interface Printed extends Pick<Program, "stdout" | "stderr" | "until"> {
  add(stream: "stdout" | "stderr", text: string): void;
  /** There will be no more output. */
  end(): void;
}

/** @param title the program in error messages */
export function watchPrinted(title: string): Printed {
  const text = { stdout: "", stderr: "" };
  const watchers = new Set<() => void>();
  let over = false;
  const look = () => {
    for (const watcher of watchers) watcher();
  };
  return {
    get stdout() {
      return text.stdout;
    },
    get stderr() {
      return text.stderr;
    },
    add(stream, more) {
      text[stream] += more;
      look();
    },
    end() {
      over = true;
      look();
    },
    until(stream, pattern, patience = PATIENCE) {
      return new Promise((resolve, reject) => {
        const settle = () => {
          watchers.delete(watcher);
          clearTimeout(timer);
        };
        const fail = (why: string) => {
          settle();
          reject(
            new Error(
              `${why} before ${title} printed ${String(pattern)} on ${stream}` +
                `\n--- stdout\n${text.stdout}\n--- stderr\n${text.stderr}`,
            ),
          );
        };
        const timer = setTimeout(() => fail(`${patience} ms passed`), patience);
        const watcher = () => {
          const match = find(text[stream], pattern);
          if (match !== null) {
            settle();
            resolve(match);
          } else if (over) fail("it ended");
        };
        watchers.add(watcher);
        watcher();
      });
    },
  };
}

function find(text: string, pattern: string | RegExp): RegExpMatchArray | null {
  if (typeof pattern !== "string") return text.match(pattern);
  return text.includes(pattern) ? [pattern] : null;
}

/** Starts charla. */
export function charla(args: readonly string[], options: StartOptions = {}): Program {
  return start([...CHARLA, ...args], options);
}

/** Runs a program to its end: `input` is all of its standard input (nothing, by default). */
export async function run(
  command: readonly string[],
  options: StartOptions = {},
): Promise<Transcript> {
  await using program = start(command, { input: "", ...options });
  const status = await program.exited;
  return { stdout: program.stdout, stderr: program.stderr, status };
}

/** Runs charla to its end. */
export function runCharla(
  args: readonly string[],
  options: StartOptions = {},
): Promise<Transcript> {
  return run([...CHARLA, ...args], options);
}
