// Installs the dependencies if they are missing or older than the lock file, and finds the programs among them.
// Runs on Node.js alone: nothing here may need a dependency.
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

const lock = join(root, "package-lock.json");
// npm writes this file last: it is newer than the lock file only after a complete installation.
const installed = join(root, "node_modules", ".package-lock.json");

/** Runs `npm ci` if the lock file is newer than what is installed; exits if npm fails. */
export function installWhatIsMissing() {
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  process.stderr.write("Installing what charla needs (once)...\n");
  const npm = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    // npm prints on stderr: stdout is for this program's own output.
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
  if (npm.status !== 0) {
    process.stderr.write("charla: npm ci failed\nhint: see npm's message above\n");
    process.exit(npm.status ?? 1);
  }
}

/** The path of a program in a dependency, such as `bun`. */
export function program(name) {
  const suffix = process.platform === "win32" ? ".cmd" : "";
  return join(root, "node_modules", ".bin", name + suffix);
}
