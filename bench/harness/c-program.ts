// Compiles a C program of bench/ when it is needed.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface CProgram extends Disposable {
  readonly path: string;
  /** Runs it, and returns the numbers that it prints. */
  run(...options: readonly number[]): number[];
}

/** Null if this machine has no C compiler. */
export function compile(source: string): CProgram | null {
  const compiler = Bun.which("cc");
  if (compiler === null) return null;
  const folder = mkdtempSync(join(tmpdir(), "charla-bench-"));
  const program = join(folder, "program");
  runToEnd([compiler, "-O2", "-o", program, source]);
  return {
    path: program,
    run: (...options) =>
      runToEnd([program, ...options.map(String)])
        .split(/\s+/)
        .map(Number),
    [Symbol.dispose]() {
      rmSync(folder, { recursive: true });
    },
  };
}

function runToEnd(command: string[]): string {
  const { exitCode, stdout } = Bun.spawnSync(command, { stderr: "inherit" });
  if (exitCode !== 0) throw new Error(`${command.join(" ")} ended with ${exitCode}`);
  return stdout.toString().trim();
}
