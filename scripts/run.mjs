// Runs a program of a build to its end, and prints what it says only if it fails.
import { spawn } from "node:child_process";

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
