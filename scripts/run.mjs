// Runs a program of a build to its end, and keeps what it says for the case that it fails.
import { spawn, spawnSync } from "node:child_process";

import { program, root } from "./install.mjs";

/**
 * Runs a program of a dependency, such as `bun`, in the repository, and waits for it.
 *
 * @returns whether it succeeded, and what it printed
 */
export function runTool(name, args) {
  const { status, stdout, stderr, error } = spawnSync(program(name), args, {
    cwd: root,
    encoding: "utf8",
    // Its program is a script of cmd.exe there.
    shell: process.platform === "win32",
  });
  return { succeeded: status === 0, output: error?.message ?? stdout + stderr };
}

/**
 * @returns {Promise<string>} what it wrote to stdout
 * @throws if it can't be started, or its status is not 0
 */
export function run(name, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(name, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
    const stdout = [];
    const all = [];
    child.stdout.on("data", (piece) => stdout.push(piece));
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (piece) => all.push(piece));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) return resolve(Buffer.concat(stdout).toString());
      reject(
        new Error(`${name} ${args.join(" ")}: status ${code}\n${Buffer.concat(all).toString()}`),
      );
    });
  });
}
