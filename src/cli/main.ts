#!/usr/bin/env bun
// charla, the program: gives the command this process's streams and signals, and exits with the command's status.

import { Interruption } from "../terminal/io.ts";
import { charla } from "./charla.ts";
import { processIo } from "./io.ts";

try {
  process.exitCode = await charla(process.argv.slice(2), processIo());
} catch (error) {
  if (!(error instanceof Interruption)) throw error;
  process.exit(error.exitStatus);
}
