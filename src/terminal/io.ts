// What a program has of the place where it was started: its three streams, its environment, its working
// folder and the signals sent to it. Commands take it as an argument, so that tests run them in their own
// process. src/cli/io.ts makes the real one.

import type { Readable, Writable } from "node:stream";

/** Standard input: a terminal, or anything else that bytes come from. */
export interface Input extends Readable {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
}

export interface TerminalInput extends Input {
  readonly isTTY: true;
  setRawMode(raw: boolean): unknown;
}

export function isTerminal(input: Input): input is TerminalInput {
  return input.isTTY === true;
}

/** Standard output or standard error. */
export interface Output extends Writable {
  readonly isTTY?: boolean;
  /** Another program reads it, which may write to the terminal itself, as `cat` does. */
  readonly isPipe?: boolean;
  /** Of a terminal that knows its size. */
  readonly columns?: number;
  readonly rows?: number;
  /** Asks the terminal (TIOCGWINSZ) and, if the size is another one, emits "resize"; Node.js and Bun have it, undocumented. */
  _refreshSize?(): void;
}

export type SignalName = "SIGINT" | "SIGTERM" | "SIGHUP";

/** Exit statuses of programs that a signal has ended: 128 and its number (POSIX sh, 2.8.2). */
export const SIGNAL_STATUS: Readonly<Record<SignalName, number>> = {
  SIGHUP: 129,
  SIGINT: 130,
  SIGTERM: 143,
};

/**
 * Why `Io.signal` was aborted, or what ends a conversation whose output nobody reads. It ends a command that doesn't catch it, and
 * nothing is printed.
 */
export class Interruption extends Error {
  override readonly name = "Interruption";
  readonly exitStatus: number;

  constructor(signal: SignalName) {
    super(`interrupted by ${signal}`);
    this.exitStatus = SIGNAL_STATUS[signal];
  }
}

export interface Io {
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder that relative paths start from. */
  readonly cwd: string;
  /**
   * Nobody types: stdin is a device that is no terminal, such as the /dev/null of a service. A pipe and a
   * file are somebody's words.
   */
  readonly isService: boolean;
  /**
   * Prints a line on stdout without loading the stream, which takes 10 ms.
   *
   * @throws {CharlaError} STDOUT_CLOSED, STDOUT_FAILED
   */
  print(line: string): Promise<void>;
  /**
   * Aborted by the first SIGINT or SIGTERM, with an `Interruption`; the second ends the program at once.
   * A command that never reads this property is ended by the first.
   */
  readonly signal: AbortSignal;
  /**
   * Starts this program again, with the same arguments, in a session of its own and without input, so that it goes on when
   * the terminal closes.
   *
   * @param output an open file, for what it prints; closed here
   * @returns the line that it reports; null if it ends without one
   */
  startDetached(output: number): Promise<string | null>;
  /** In a program that was started so: reports a line to the one that waits for it. Null in any other. */
  readonly report: ((line: string) => void) | null;
  /** Calls `handler` each time that signal comes, until it is disposed of. */
  onSignal(signal: SignalName, handler: () => void): Disposable;
}

/** Calls `handler` with the exit status of each signal to end; SIGTERM asks for that, so it is no failure. */
export function onSignalToEnd(
  io: Pick<Io, "onSignal">,
  handler: (status: number, signal: SignalName) => void,
): Disposable {
  const signals = new DisposableStack();
  signals.use(io.onSignal("SIGINT", () => handler(SIGNAL_STATUS.SIGINT, "SIGINT")));
  signals.use(io.onSignal("SIGHUP", () => handler(SIGNAL_STATUS.SIGHUP, "SIGHUP")));
  signals.use(io.onSignal("SIGTERM", () => handler(0, "SIGTERM")));
  return signals;
}
