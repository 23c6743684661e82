// The edge: this program, started once more, as a process that outlives the terminal: in a session of its own (setsid) and
// with /dev/null as its stdin.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync } from "node:fs";
import { Readable } from "node:stream";

import { CharlaError, describeCause } from "../errors.ts";
import { DETACHED_VARIABLE, REPORT_DESCRIPTOR } from "./io.ts";

/**
 * `Io.startDetached`
 *
 * @throws {CharlaError} NOT_RUNNING if the system can't start it
 */
export async function startDetached(output: number): Promise<string | null> {
  const args = [...process.execArgv, ...ownScript(), ...process.argv.slice(2)];
  const child = spawn(process.execPath, args, {
    detached: true,
    stdio: ["ignore", output, output, "pipe"],
    env: { ...process.env, [DETACHED_VARIABLE]: "1" },
  });
  closeSync(output);
  child.unref();
  if (child.pid === undefined) {
    const [cause]: unknown[] = await once(child, "error");
    throw new CharlaError(
      "NOT_RUNNING",
      `charla can't be started once more: ${describeCause(cause)}`,
      "if it was updated or moved meanwhile, run it again",
      { cause },
    );
  }
  const pipe = child.stdio[REPORT_DESCRIPTOR];
  let text = "";
  if (pipe instanceof Readable) {
    for await (const chunk of pipe) text += String(chunk);
  }
  return text === "" ? null : text;
}

/** Where a compiled program finds its files, which are inside the executable: on Windows a drive of its own. */
const INSIDE_EXECUTABLE = /^(?:\/\$bunfs|[A-Z]:[\\/]~BUN)[\\/]/;

/** Nothing for a compiled program. */
function ownScript(): string[] {
  const [, script = ""] = process.argv;
  // Bun takes the first "--" for its own.
  return INSIDE_EXECUTABLE.test(script) ? [] : [script, "--"];
}
