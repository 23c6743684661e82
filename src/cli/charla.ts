// Finds the command, runs it, and turns what it returns or throws into an exit status. Loads nothing that
// the command doesn't need: `charla --version` starts in a few milliseconds.

import { CharlaError } from "../errors.ts";
import { Interruption, type Io, SIGNAL_STATUS } from "../terminal/io.ts";
import type { CommandName } from "./option-table.ts";
import { type CommandLine, pageOf, readCommandLine, wantsEvents } from "./options.ts";

/**
 * Runs a command line to its end.
 *
 * @param args what follows the program's name
 * @returns the exit status
 * @throws {Interruption} the command was ended by `io.signal`
 */
export async function charla(args: readonly string[], io: Io): Promise<number> {
  let command: CommandName | null = null;
  let shown = io;
  try {
    const typed = readCommandLine(args);
    ({ command } = typed);
    if (typed.flags.has("help") || typed.flags.has("version")) return await describe(typed, io);
    const commandLine = SETTABLE_COMMANDS.has(command)
      ? await (await import("./config/settings.ts")).withSettings(typed, io)
      : typed;
    if (commandLine.flags.has("no-color")) shown = withoutColours(io);
    return await run(commandLine, shown);
  } catch (error) {
    if (!(error instanceof CharlaError)) throw error;
    // The reader has enough, as `head` does: that is no failure.
    if (error.code === "STDOUT_CLOSED" && !isMessageLost(command)) return 0;
    const { createPrinter } = await import("../terminal/printer.ts");
    const json = wantsEvents(args);
    await createPrinter(shown, { json, quiet: false, verbose: false }).error(error);
    return error.exitStatus;
  }
}

/** --help and --version, which hold whatever else is written. */
async function describe(commandLine: CommandLine, io: Io): Promise<number> {
  if (commandLine.flags.has("help")) {
    const { helpText } = await import("./help.ts");
    await io.print(helpText(pageOf(commandLine)));
    return 0;
  }
  const { VERSION } = await import("./version.ts");
  await io.print(`charla ${VERSION}`);
  return 0;
}

/** Its streams stay unloaded until they are used. */
function withoutColours(io: Io): Io {
  const env = { ...io.env, NO_COLOR: "1" };
  return new Proxy(io, { get: (_, key) => (key === "env" ? env : Reflect.get(io, key)) });
}

async function run(commandLine: CommandLine, io: Io): Promise<number> {
  const { command } = commandLine;
  if (WAITING_COMMANDS.has(command)) endRowOfInterruption(io);
  switch (command) {
    case "chat":
      return (await import("./chat.ts")).chat(commandLine, io);
    case "send":
      return (await import("./send.ts")).send(commandLine, io);
    case "receive":
      return unlessAborted((await import("./receive.ts")).receive(commandLine, io), io.signal);
    case "history":
      return (await import("./history.ts")).history(commandLine, io);
    case "doctor":
      return unlessAborted((await import("./doctor.ts")).doctor(commandLine, io), io.signal);
    case "serve":
      return (await import("./serve.ts")).serve(commandLine, io);
    case "get":
      return (await import("./get.ts")).get(commandLine, io);
    case "relay":
      return (await import("./relay.ts")).relay(commandLine, io);
    case "stop":
      return unlessAborted((await import("./stop.ts")).stop(commandLine, io), io.signal);
    case "completion":
      return (await import("./completion.ts")).completion(commandLine, io);
    case "id":
      return (await import("./id.ts")).id(commandLine, io);
    case "config":
      return (await import("./config.ts")).config(commandLine, io);
  }
}

/** What these print can't be asked for again. */
function isMessageLost(command: CommandName | null): boolean {
  return command === "receive" || command === "send";
}

/** Those that settings are for; a mistake in the config file doesn't keep the others from anything. */
const SETTABLE_COMMANDS: ReadonlySet<CommandName> = new Set(["chat", "send", "serve", "get", "id"]);

/** Those that wait for something else than typed lines, on a terminal that echoes `^C`. */
const WAITING_COMMANDS: ReadonlySet<CommandName> = new Set([
  "serve",
  "get",
  "relay",
  "receive",
  "doctor",
]);

/** The shell's prompt then begins a row, rather than standing behind `^C`. */
function endRowOfInterruption(io: Io): void {
  const { signal } = io;
  const endRow = () => {
    const { reason } = signal;
    const isTyped = reason instanceof Interruption && reason.exitStatus === SIGNAL_STATUS.SIGINT;
    if (isTyped && io.stderr.isTTY === true) io.stderr.write("\n");
  };
  signal.addEventListener("abort", endRow, { once: true });
}

/** For commands with nothing to tidy up: an interruption ends them at once. */
function unlessAborted<T>(command: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    command.then(resolve, reject);
  });
}
