// Installs the dependencies when they are missing or older than the lock file, and finds Bun among
// them. Runs on bare Node.js: nothing here may need what it installs.
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

const lock = join(root, "package-lock.json");
// npm writes this file last, so it is there, and newer than the lock file, only after a whole install.
const installed = join(root, "node_modules", ".package-lock.json");

/** Runs `npm ci` unless the installed tree is already the lock file's; exits when npm fails. */
export function installWhatIsMissing() {
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  process.stderr.write("Installing what charla needs (once)...\n");
  const npm = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    // npm's own report is not this program's output: stdout stays clean for pipes.
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
  if (npm.status !== 0) {
    process.stderr.write("charla: npm ci failed\nhint: see npm's message above\n");
    process.exit(npm.status ?? 1);
  }
}

/** The path of a program that a dependency brings, such as `bun`. */
export function program(name) {
  const suffix = process.platform === "win32" ? ".cmd" : "";
  return join(root, "node_modules", ".bin", name + suffix);
}
