// What the tests use of Bun itself, for those that are bundled to run under Node.js (run-tests.ts), which imports this first.

import { spawn, spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { constants as system } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout } from "node:timers/promises";

interface SpawnOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** With pipes on all three streams, as the tests want them. */
function spawnWithPipes([name = "", ...args]: string[], { cwd, env }: SpawnOptions) {
  const child = spawn(name, args, { cwd, env, stdio: "pipe" });
  // It may end without reading all that it is given.
  child.stdin.on("error", () => {});
  const exited = new Promise<number>((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (status, signal) =>
      resolve(status ?? 128 + (signal === null ? 0 : system.signals[signal])),
    );
  });
  return {
    pid: child.pid,
    stdin: {
      write: (text: string | Uint8Array) => child.stdin.write(text),
      flush: () => {},
      end: () => child.stdin.end(),
    },
    stdout: child.stdout,
    stderr: child.stderr,
    exited,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
  };
}

function which(name: string): string | null {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

Object.assign(globalThis, {
  Bun: {
    sleep: async (ms: number) => await setTimeout(ms),
    spawn: spawnWithPipes,
    spawnSync: ([name = "", ...args]: string[]) => ({ exitCode: spawnSync(name, args).status }),
    which,
  },
});
