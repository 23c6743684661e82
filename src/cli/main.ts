#!/usr/bin/env bun
// charla, the program: gives the command this process's streams and signals, and exits with the command's status.

import { Interruption } from "../terminal/io.ts";
import { charla } from "./charla.ts";
import { processIo } from "./io.ts";

// Loaded only where it is needed, but before anything else.
if (process.argv.some((argument) => /charla:\/\//i.test(argument))) {
  (await import("./own-arguments.ts")).hideInvitations();
}
try {
  using io = processIo();
  process.exitCode = await charla(process.argv.slice(2), io);
} catch (error) {
  if (!(error instanceof Interruption)) throw error;
  process.exit(error.exitStatus);
}
