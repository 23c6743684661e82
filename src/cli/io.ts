// The real `Io`: this process's own streams, environment and signals. Everything is looked up when it is asked
// for, because each stream takes milliseconds to load.

import { CharlaError, systemCode } from "../errors.ts";
import {
  Interruption,
  type Io,
  type Output,
  SIGNAL_STATUS,
  type SignalName,
} from "../terminal/io.ts";
import { terminalOutput } from "./terminal-output.ts";

/** Set for a program that `startDetached` has started, and that reports on a descriptor. */
export const DETACHED_VARIABLE = "CHARLA_DETACHED";
export const REPORT_DESCRIPTOR = 3;
/**
 * The same signal within so many ms is one: the terminal, `kill %1` and systemd send it to all processes of a job, and
 * then the launcher (bin/charla.cjs), npm and others pass theirs on.
 */
const SIGNAL_ECHO = 100;
/** An invitation in the environment: other users cannot read it there. */
export const INVITATION_VARIABLE = "CHARLA_INVITATION";

/** On disposal nothing reads stdin any more: it would keep the program running. */
export function processIo(): Io & Disposable {
  let interrupted: AbortSignal | null = null;
  let hasStdin = false;
  let stdout: Output | null = null;
  let stderr: Output | null = null;
  const terminals = new Map<number, Output>();
  const env = { ...process.env };
  // Other programs that this one starts need not know it.
  delete process.env[INVITATION_VARIABLE];
  const isDetached = env[DETACHED_VARIABLE] !== undefined;
  delete process.env[DETACHED_VARIABLE];

  /** One stream for one terminal, so that what is written stays in order. */
  function ownTerminal(descriptor: 1 | 2): Output {
    const { fstatSync } = process.getBuiltinModule("node:fs");
    const device = fstatSync(descriptor).rdev;
    const stream = descriptor === 1 ? process.stdout : process.stderr;
    const output = terminals.get(device) ?? terminalOutput(stream, `/proc/self/fd/${descriptor}`);
    terminals.set(device, output);
    return output;
  }

  return {
    get stdin() {
      hasStdin = true;
      return process.stdin;
    },
    get stdout() {
      stdout ??= isTerminalAt(1)
        ? ownTerminal(1)
        : Object.assign(process.stdout, { isPipe: isPipe(1) });
      return stdout;
    },
    get stderr() {
      stderr ??= isTerminalAt(2)
        ? ownTerminal(2)
        : isDetached
          ? withTimes(process.stderr)
          : process.stderr;
      return stderr;
    },
    env,
    get cwd() {
      return workingFolder();
    },
    get isService() {
      // Not imported: it takes 2 ms to load, and few commands ask.
      const { fstatSync } = process.getBuiltinModule("node:fs");
      return !process.stdin.isTTY && fstatSync(0).isCharacterDevice();
    },
    print: printLine,
    get signal() {
      interrupted ??= abortOnInterruption(onProcessSignal, (status) => process.exit(status));
      return interrupted;
    },
    startDetached: async (output) => (await import("./detached.ts")).startDetached(output),
    report: isDetached ? reportToStarter : null,
    onSignal: onProcessSignal,
    [Symbol.dispose]() {
      if (hasStdin) process.stdin.destroy();
    },
  };
}

/** @throws {CharlaError} FILE_NOT_READABLE */
function workingFolder(): string {
  try {
    return process.cwd();
  } catch (cause) {
    if (systemCode(cause) !== "ENOENT") throw cause;
    throw new CharlaError(
      "FILE_NOT_READABLE",
      "the folder that you are in was deleted",
      "change to one that exists, as with cd, and try again",
      { cause },
    );
  }
}

/** Not with console.log, which says nothing of what could not be written. */
async function printLine(line: string): Promise<void> {
  try {
    await Bun.write(Bun.stdout, `${line}\n`);
  } catch (error) {
    if (!(error instanceof Error) || systemCode(error) === "") throw error;
    const { stdoutError } = await import("../terminal/output-stream.ts");
    throw stdoutError(error);
  }
}

function isTerminalAt(descriptor: number): boolean {
  return process.getBuiltinModule("node:tty").isatty(descriptor);
}

function isPipe(descriptor: number): boolean {
  const { fstatSync } = process.getBuiltinModule("node:fs");
  try {
    return fstatSync(descriptor).isFIFO();
  } catch (error) {
    // It was closed before the start.
    if (systemCode(error) !== "EBADF") throw error;
    return false;
  }
}

/** The starter reads to the end. */
function reportToStarter(line: string): void {
  const { closeSync, writeSync } = process.getBuiltinModule("node:fs");
  try {
    writeSync(REPORT_DESCRIPTOR, line);
  } catch (error) {
    // The starter was interrupted meanwhile: the server goes on without it.
    if (systemCode(error) !== "EPIPE") throw error;
  } finally {
    closeSync(REPORT_DESCRIPTOR);
  }
}

/** For a program that writes to a log: each line after the time at which it was written. */
function withTimes(output: Output): Output {
  const { Writable } = process.getBuiltinModule("node:stream");
  return new Writable({
    decodeStrings: false,
    write(lines: string, _encoding, done) {
      const time = new Date().toISOString();
      output.write(lines.replaceAll(/^(?=.)/gm, `${time} `), done);
    },
  });
}

function onProcessSignal(signal: SignalName, handler: () => void): Disposable {
  let last = -Infinity;
  function listener(): void {
    const isEcho = performance.now() - last < SIGNAL_ECHO;
    last = performance.now();
    if (!isEcho) handler();
  }
  process.on(signal, listener);
  return { [Symbol.dispose]: () => void process.off(signal, listener) };
}

/** `Io.signal`: the first SIGINT or SIGTERM aborts it, every later one calls `exit`. */
export function abortOnInterruption(
  onSignal: Io["onSignal"],
  exit: (status: number) => void,
): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    onSignal(name, () => {
      if (controller.signal.aborted) exit(SIGNAL_STATUS[name]);
      else controller.abort(new Interruption(name));
    });
  }
  return controller.signal;
}
