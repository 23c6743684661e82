// charla in the test's own process, with the interface of a process in program.ts but without the 100 ms that one takes
// to start. Not for what only a process has: a terminal, real signals, stdin from a file, a working folder, SIGKILL.

import { PassThrough, Writable } from "node:stream";

import { charla as runCommandLine } from "../../src/cli/charla.ts";
import { abortOnInterruption } from "../../src/cli/io.ts";
import { Interruption, type Io, SIGNAL_STATUS, type SignalName } from "../../src/terminal/io.ts";
import { environment, newPerson } from "./person.ts";
import { type Program, root, type StartOptions, type Transcript, watchPrinted } from "./program.ts";

/** How long a program may take to end at the end of a scope, in ms. */
const GOODBYE = 1_000;

/** Starts charla; it is interrupted at the end of the scope if it is still running. */
export function charla(args: readonly string[], options: StartOptions = {}): Program {
  const stranger = options.as === undefined ? newPerson() : null;
  const env = { ...environment, NO_COLOR: "1", ...(options.as ?? stranger)?.env, ...options.env };
  const printed = watchPrinted(`charla ${args.join(" ")}`);
  const stdin = new PassThrough();
  const handlers = new Map<SignalName, Set<() => void>>();
  const { promise: exited, resolve, reject } = Promise.withResolvers<number>();
  let over = false;

  const onSignal: Io["onSignal"] = (name, handler) => {
    const own = handlers.get(name) ?? new Set();
    handlers.set(name, own.add(handler));
    return { [Symbol.dispose]: () => void own.delete(handler) };
  };
  let interrupted: AbortSignal | null = null;
  const io: Io = {
    stdin,
    stdout: recorder((text) => printed.add("stdout", text)),
    stderr: recorder((text) => printed.add("stderr", text)),
    env,
    cwd: options.cwd ?? root,
    isService: false,
    startDetached() {
      throw new Error("--background needs a process");
    },
    report: null,
    print: async (line) => printed.add("stdout", `${line}\n`),
    get signal() {
      interrupted ??= abortOnInterruption(onSignal, finish);
      return interrupted;
    },
    onSignal,
  };

  function finish(status: number): void {
    if (over) return;
    over = true;
    stranger?.[Symbol.dispose]();
    resolve(status);
    printed.end();
  }

  runCommandLine(args, io).then(finish, (error: unknown) => {
    if (error instanceof Interruption) return finish(error.exitStatus);
    // A bug in charla: it is thrown where the test waits for the end.
    printed.add("stderr", String(error));
    reject(error);
    finish(1);
  });
  if (options.input !== undefined) stdin.end(options.input);

  return {
    pid: process.pid,
    get stdout() {
      return printed.stdout;
    },
    get stderr() {
      return printed.stderr;
    },
    type: (text) => void stdin.write(text),
    endInput: () => void stdin.end(),
    until: printed.until,
    signal(name) {
      if (!isHandled(name)) throw new Error(`${name} needs a process`);
      const own = handlers.get(name);
      if (own === undefined || own.size === 0) finish(SIGNAL_STATUS[name]);
      else for (const handler of Array.from(own)) handler();
    },
    exited,
    async [Symbol.asyncDispose]() {
      if (over) return;
      this.signal("SIGTERM");
      await Promise.race([exited, Bun.sleep(GOODBYE)]);
      finish(SIGNAL_STATUS.SIGTERM);
    },
  };
}

/** Runs charla to its end: `input` is all of its standard input (nothing, by default). */
export async function runCharla(
  args: readonly string[],
  options: StartOptions = {},
): Promise<Transcript> {
  await using program = charla(args, { input: "", ...options });
  const status = await program.exited;
  return { stdout: program.stdout, stderr: program.stderr, status };
}

function isHandled(name: NodeJS.Signals): name is SignalName {
  return Object.hasOwn(SIGNAL_STATUS, name);
}

function recorder(add: (text: string) => void): Writable {
  const decoder = new TextDecoder();
  return new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      add(decoder.decode(chunk, { stream: true }));
      done();
    },
  });
}
