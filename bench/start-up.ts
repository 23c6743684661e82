// How long charla takes to start: as an executable, beside ncat and beside a program that only prints a line, compiled in the
// same way; and as npm installs it, where Node.js starts it. All print their version.

import { cpSync, linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { dirname, join } from "node:path";

interface Result {
  readonly succeeded: boolean;
  readonly output: string;
}
interface Bundler {
  bundleProgram: (folder: string) => Result;
  compileProgram: (file: string, more?: string[], sources?: string[]) => Result;
}

const ROUNDS = 200;
const root = join(import.meta.dir, "..");
const { bundleProgram, compileProgram }: Bundler = await import(join(root, "scripts/bundle.mjs"));
const { PACKAGES }: { PACKAGES: Record<string, string[]> } = await import(
  join(root, "bin/charla.cjs")
);

if (Bun.which("ncat") === null) {
  console.error("ncat is missing\nhint: install it (Debian: apt-get install ncat)");
  process.exit(1);
}
const folder = mkdtempSync(join(tmpdir(), "charla-start-up-"));
try {
  measure(folder);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function measure(folder: string): void {
  const source = join(folder, "bare.ts");
  writeFileSync(source, `console.log("bare 1.0.0");\n`);
  writeFileSync(join(folder, "nothing.cjs"), "");
  build(compileProgram(join(folder, "bare"), [], [source]));
  build(compileProgram(join(folder, "charla")));
  const launcher = install(join(folder, "node_modules"));

  const commands = new Map([
    ["ncat", ["ncat", "--version"]],
    ["a bare console.log", [join(folder, "bare")]],
    ["charla", [join(folder, "charla"), "--version"]],
    ["node, an empty file", ["node", join(folder, "nothing.cjs")]],
    ["charla from npm", ["node", launcher, "--version"]],
  ]);
  const times = new Map(Array.from(commands.keys(), (name) => [name, [] as number[]]));
  // In turns, so that other load on the machine affects all; the first round fills the caches.
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [name, command] of commands) {
      const elapsed = time(command);
      if (round > 0) times.get(name)?.push(elapsed);
    }
  }

  console.log(`start-up (--version), ms, ${ROUNDS} runs each, taken in turns`);
  console.log(`machine: ${cpus().length} x ${cpus()[0]?.model ?? "unknown"}, Bun ${Bun.version}`);
  console.log(`load: ${loadavg()[0]?.toFixed(1)}`);
  for (const [name, all] of times) {
    const row = [0, 0.25, 0.5, 0.75].map((part) => quantile(all, part).toFixed(1).padStart(6));
    console.log(`${name.padEnd(20)} least ${row[0]}, quartiles ${row.slice(1).join("")}`);
  }
  const median = (name: string) => quantile(times.get(name) ?? [], 0.5);
  const ours = median("charla");
  console.log(`charla / ncat                ${(ours / median("ncat")).toFixed(2)}`);
  console.log(`charla / a bare console.log  ${(ours / median("a bare console.log")).toFixed(2)}`);
  console.log(`from npm - charla            ${(median("charla from npm") - ours).toFixed(1)} ms`);
}

/** Puts the package where npm would; the runtime is this one. */
function install(modules: string): string {
  const charla = join(modules, "charla");
  const [name = ""] = PACKAGES[`${process.platform} ${process.arch}`] ?? [];
  const runtime = join(modules, "@oven", `bun-${name}`, "bin", "bun");
  for (const folder of [charla, dirname(runtime)]) mkdirSync(folder, { recursive: true });
  for (const part of ["bin", "package.json"]) {
    cpSync(join(root, part), join(charla, part), { recursive: true });
  }
  build(bundleProgram(join(charla, "dist", "program")));
  try {
    linkSync(process.execPath, runtime);
  } catch {
    // Another file system.
    cpSync(process.execPath, runtime);
  }
  return join(charla, "bin", "charla.cjs");
}

function build({ succeeded, output }: Result): void {
  if (!succeeded) throw new Error(output);
}

/** Milliseconds of one run, from before it is started until it has ended. */
function time(command: string[]): number {
  // Node.js would read the certificates in that file at each start.
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: undefined };
  const start = performance.now();
  const { exitCode } = Bun.spawnSync(command, { env, stdout: "ignore", stderr: "ignore" });
  if (exitCode !== 0) throw new Error(`${command.join(" ")} ended with ${exitCode}`);
  return performance.now() - start;
}

function quantile(times: number[], part: number): number {
  const sorted = times.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}
