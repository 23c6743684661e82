#!/usr/bin/env bun
// charla, the program: this process's streams and signals given to the command, and its exit status given to
// whoever started it.

import { Interruption } from "../terminal/io.ts";
import { charla } from "./charla.ts";
import { processIo } from "./io.ts";

try {
  process.exitCode = await charla(process.argv.slice(2), processIo());
} catch (error) {
  if (!(error instanceof Interruption)) throw error;
  process.exit(error.exitStatus);
}
