// `npm test`: format, lint, types, then every test; the last line counts them all together.
// Arguments go to `bun test`, and then only the tests run: `npm test -- wire`.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { installWhatIsMissing, program, root } from "./install.mjs";

installWhatIsMissing();

const checks = [
  { title: "format", name: "bun", args: ["fmt", "--check"] },
  { title: "lint", name: "oxlint", args: ["--type-aware", "--deny-warnings"] },
  { title: "types", name: "bun", args: ["check"] },
];
const chosen = process.argv.slice(2);
const counts = { passed: 0, failed: 0, skipped: 0 };

function run(name, args) {
  return spawnSync(program(name), args, { cwd: root, stdio: "inherit" }).status ?? 1;
}

if (chosen.length === 0) {
  for (const { title, name, args } of checks) {
    process.stdout.write(`\n== ${title}\n`);
    counts[run(name, args) === 0 ? "passed" : "failed"] += 1;
  }
}

process.stdout.write("\n== tests\n");
const folder = mkdtempSync(join(tmpdir(), "charla-test-"));
const report = join(folder, "junit.xml");
const status = run("bun", ["test", "--reporter=junit", `--reporter-outfile=${report}`, ...chosen]);
try {
  const totals = /<testsuites [^>]*>/.exec(readFileSync(report, "utf8"))?.[0] ?? "";
  const total = (name) => Number(new RegExp(` ${name}="(\\d+)"`).exec(totals)?.[1] ?? 0);
  counts.failed += total("failures");
  counts.skipped += total("skipped");
  counts.passed += total("tests") - total("failures") - total("skipped");
} catch {
  process.stdout.write("no test report was written\n");
} finally {
  rmSync(folder, { recursive: true, force: true });
}
// A crash of the runner, or a file that does not load, fails no test of its own: it still counts.
if (status !== 0 && counts.failed === 0) counts.failed += 1;

if (counts.skipped > 0) process.stdout.write(`\n${counts.skipped} skipped\n`);
process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed\n`);
process.exit(counts.failed > 0 ? 1 : 0);
