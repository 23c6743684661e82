// `charla doctor`: checks this machine, or the path to a server, and says what to do about problems.

import { formatCheck, formatCheckAsJson } from "../doctor/report.ts";
import { checkServer } from "../doctor/server.ts";
import { checkThisMachine } from "../doctor/this-machine.ts";
import { usageError } from "../errors.ts";
import type { Io } from "../terminal/io.ts";
import { mayStyle } from "../terminal/output-stream.ts";
import { createPrinter } from "../terminal/printer.ts";
import { printerOptions, quoteWord } from "./command-options.ts";
import { readWhere, refuseBroken } from "./invitation-input.ts";
import { type CommandLine, helpFor } from "./options.ts";

/** @returns the exit status: 1 when there is a problem */
export async function doctor(commandLine: CommandLine, io: Io): Promise<number> {
  const { words, flags } = commandLine;
  const [written, more] = words;
  if (more !== undefined) {
    refuseBroken(words);
    throw usageError(
      `doctor checks one server at a time, and not ${quoteWord(more)} as well`,
      helpFor("doctor"),
    );
  }
  const where = await readWhere(written, commandLine, io);
  const printer = createPrinter(io, printerOptions(commandLine));
  const coloured = mayStyle(io, io.stdout);
  let status = 0;
  for await (const check of where === undefined
    ? checkThisMachine(io.env)
    : checkServer(where, io.env)) {
    if (check.status === "problem") status = 1;
    if (flags.has("json")) await printer.print(formatCheckAsJson(check));
    else if (check.status !== "ok" || !flags.has("quiet"))
      await printer.print(formatCheck(check, coloured));
  }
  return status;
}
