// What every figure depends on: the machine and the runtime.

import { cpus } from "node:os";

/** The first line of every report. */
export const machine = `machine: ${cpus().length} x ${cpus()[0]?.model ?? "unknown"}, Bun ${Bun.version}`;
