// The edge: this program, started once more, as a process that outlives the terminal: in a session of its own (setsid) and
// with /dev/null as its stdin.

import { spawn } from "node:child_process";
import { closeSync } from "node:fs";
import { Readable } from "node:stream";

import { DETACHED_VARIABLE, REPORT_DESCRIPTOR } from "./io.ts";

/** `Io.startDetached` */
export async function startDetached(output: number): Promise<string | null> {
  const args = [...process.execArgv, ...ownScript(), ...process.argv.slice(2)];
  const child = spawn(process.execPath, args, {
    detached: true,
    stdio: ["ignore", output, output, "pipe"],
    env: { ...process.env, [DETACHED_VARIABLE]: "1" },
  });
  closeSync(output);
  child.unref();
  const pipe = child.stdio[REPORT_DESCRIPTOR];
  let text = "";
  if (pipe instanceof Readable) {
    for await (const chunk of pipe) text += String(chunk);
  }
  return text === "" ? null : text;
}

/** Nothing for a compiled program, whose files are inside the executable. */
function ownScript(): string[] {
  const [, script = ""] = process.argv;
  return script.startsWith("/$bunfs/") ? [] : [script];
}
