// How long the built charla takes to start, compared with ncat: `npm run build`, then `npm run bench`. Both only print
// their version; the ratio of their median times is the result.

import { cpus } from "node:os";
import { join } from "node:path";

const ROUNDS = 200;
const built = join(import.meta.dir, "..", "dist", "charla");

/** Milliseconds of one run, from before it is started until it has ended. */
function time(command: string[]): number {
  const start = performance.now();
  const { exitCode } = Bun.spawnSync(command, { stdout: "ignore", stderr: "ignore" });
  if (exitCode !== 0) throw new Error(`${command.join(" ")} ended with ${exitCode}`);
  return performance.now() - start;
}

function median(times: number[]): number {
  return times.toSorted((one, other) => one - other)[Math.floor(times.length / 2)] ?? 0;
}

if (!(await Bun.file(built).exists())) {
  console.error("dist/charla is missing\nhint: npm run build");
  process.exit(1);
}
if (Bun.which("ncat") === null) {
  console.error("ncat is missing\nhint: install it (Debian: apt-get install ncat)");
  process.exit(1);
}

const charla: number[] = [];
const ncat: number[] = [];
// In turns, so that other load on the machine affects both.
for (let round = 0; round < ROUNDS; round += 1) {
  charla.push(time([built, "--version"]));
  ncat.push(time(["ncat", "--version"]));
}

const [ours, theirs] = [median(charla), median(ncat)];
console.log(`start-up (--version), median of ${ROUNDS} runs each, taken in turns`);
console.log(`machine: ${cpus().length} x ${cpus()[0]?.model ?? "unknown"}, Bun ${Bun.version}`);
console.log(`ncat    ${theirs.toFixed(1)} ms`);
console.log(`charla  ${ours.toFixed(1)} ms, ${(ours / theirs).toFixed(2)} times ncat`);
