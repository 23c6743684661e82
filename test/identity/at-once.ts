// Many programs that do the same thing at the same moment: each says that it is ready, and waits for
// the end of its stdin, which all get together.

import { join } from "node:path";

import { start } from "../harness/program.ts";

/** Runs a program of this folder `count` times at once, and returns what each printed after "ready". */
export async function runAtOnce(program: string, argsOf: (index: number) => string[], count = 12) {
  await using stack = new AsyncDisposableStack();
  const programs = Array.from({ length: count }, (_, index) =>
    stack.use(start([process.execPath, join(import.meta.dir, program), ...argsOf(index)])),
  );
  for (const each of programs) await each.until("stdout", "ready\n");
  for (const each of programs) each.endInput();
  for (const each of programs) await each.exited;
  return programs.map(({ stdout, stderr }) => stdout.replace("ready\n", "") + stderr);
}

/** In such a program: says that it is ready, and returns when all are. */
export async function everyoneIsReady(): Promise<void> {
  console.log("ready");
  await Bun.stdin.text();
}
