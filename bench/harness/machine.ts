// What a figure depends on: the machine and the runtime it was taken with.

import { cpus } from "node:os";

/** A line for the head of every report. */
export const machine = `machine: ${cpus().length} x ${cpus()[0]?.model ?? "unknown"}, Bun ${Bun.version}`;
