#!/usr/bin/env bun
// charla, the program: finds the command, runs it, and turns what it says into an exit status. Loads
// nothing that the command does not need: `charla --version` starts in a few milliseconds.

import { CharlaError } from "../errors.ts";
import { type CommandLine, readCommandLine, wantsEvents } from "./options.ts";

async function run(commandLine: CommandLine): Promise<number> {
  const { command, flags } = commandLine;
  if (flags.has("help")) {
    const { HELP } = await import("./help.ts");
    // console writes at once and, unlike process.stdout, needs no stream (10 ms to load).
    console.log(HELP[flags.has("server") ? "server" : command].trimEnd());
    return 0;
  }
  if (flags.has("version")) {
    const { version } = await import("./version.ts");
    console.log(`charla ${version}`);
    return 0;
  }
  switch (command) {
    case "chat":
      return (await import("./chat.ts")).chat(commandLine);
    case "send":
      return (await import("./send.ts")).send(commandLine);
    case "receive":
      return (await import("./receive.ts")).receive(commandLine);
    case "history":
      return (await import("./history.ts")).history(commandLine);
    case "doctor":
      return (await import("./doctor.ts")).doctor(commandLine);
    case "serve":
      return (await import("./serve.ts")).serve(commandLine);
    case "get":
      return (await import("./get.ts")).get(commandLine);
    case "id":
      return (await import("./id.ts")).id(commandLine);
  }
}

try {
  process.exitCode = await run(readCommandLine(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof CharlaError)) throw error;
  const { createPresenter } = await import("../terminal/presenter.ts");
  const json = wantsEvents(process.argv.slice(2));
  await createPresenter({ json, quiet: false, verbose: false }).error(error);
  process.exitCode = error.exitStatus;
}
