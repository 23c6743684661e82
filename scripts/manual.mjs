// `node scripts/manual.mjs`: dist/manual/, with the man page and the completion scripts of bash, zsh and fish. The same
// sources make the same files, on every machine and at any time.
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { installWhatIsMissing, root } from "./install.mjs";
import { runTool } from "./run.mjs";

/**
 * Writes charla.1 and completions/ into `folder`, which is emptied first.
 *
 * @returns {string} the folder
 * @throws if they can't be made
 */
export function makeManual(folder = join(root, "dist", "manual")) {
  rmSync(folder, { recursive: true, force: true });
  const args = [join(root, "scripts", "man-page.ts"), folder, String(releaseTime())];
  const { succeeded, output } = runTool("bun", args);
  if (!succeeded) throw new Error(`man-page.ts failed\n${output}`);
  return folder;
}

/** Seconds since 1970: SOURCE_DATE_EPOCH, the day of this version in the changelog, or that of the last commit. */
function releaseTime() {
  const given = Number(process.env.SOURCE_DATE_EPOCH ?? Number.NaN);
  if (Number.isSafeInteger(given)) return given;
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const headings = readFileSync(join(root, "CHANGELOG.md"), "utf8").match(/^## .*$/gm) ?? [];
  const heading = headings.find((line) => line.includes(version)) ?? "";
  const [day] = /\d{4}-\d{2}-\d{2}/.exec(heading) ?? [];
  if (day !== undefined) return Date.parse(day) / 1_000;
  const git = spawnSync("git", ["log", "-1", "--format=%ct"], { cwd: root, encoding: "utf8" });
  return git.status === 0 ? Number(git.stdout) : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  installWhatIsMissing();
  makeManual();
}
