// `npm test`: all tests and, at the same time, format, lint and types; the last line counts them all.
// `npm test -- session` runs only the test files whose path contains `session`. With `--full`, the proofs whose size can
// be chosen are larger: more seeds, kills and datagrams. Without it, other options are those of `bun test`.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";

import { bundleProgram, compileProgram } from "./bundle.mjs";
import { installWhatIsMissing, program, root } from "./install.mjs";

installWhatIsMissing();

/** The garbage collector of the linter's types is a third of its work; more memory than this they get only with it. */
const WITHOUT_COLLECTION = { GOGC: "off", GOMEMLIMIT: "2GiB" };
const CHECKS = [
  {
    title: "lint",
    name: "oxlint",
    args: ["--type-aware", "--deny-warnings"],
    env: WITHOUT_COLLECTION,
  },
  { title: "format", name: "bun", args: ["fmt", "--check"] },
  { title: "types", name: "bun", args: ["check"] },
  { title: "types on Node.js 20", name: "bun", args: ["check", "-p", "tsconfig.library.json"] },
  { title: "types in a browser", name: "bun", args: ["check", "-p", "web/tsconfig.json"] },
];
/** Files run at a time: four for each processor, because many tests wait for a clock or another program. */
const WORKERS = 4 * availableParallelism();
/** Files with labs run at a time: they wait for timers most of the time, and some check how long a path takes. */
const LABS = 1 + availableParallelism();
/** Large proofs that keep one processor busy, or wait most of the time for what they have stopped: two at a time. */
const PAIRS = ["protocol/", "relay/outage", "server/", "simulator/rooms", "terminal/input/"];
/** The default time limit of a test, in ms: long, for a busy machine. */
const TIMEOUT = 30_000;
/** A file system in memory (POSIX shared memory), and the free bytes that it must have. */
const MEMORY = "/dev/shm";
const ENOUGH_MEMORY = 2 ** 30;

const given = process.argv.slice(2);
const isFull = given.includes("--full");
const chosen = given.filter((arg) => arg !== "--full");
const isWhole = chosen.every((arg) => arg.startsWith("-"));
const folder = temporaryFolder();
process.on("exit", removeFolder);
// Tests that are interrupted must not go on, and fill it again.
const children = new Set();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, interrupt);
const environment = {
  ...process.env,
  ...(isFull ? { CHARLA_TEST_SIZE: "full" } : {}),
  // What a test leaves there is removed with it.
  TMPDIR: folder,
};
// The first of them runs while the program is built.
const checking = isWhole ? runChecks() : Promise.resolve([]);
Object.assign(environment, {
  CHARLA_TEST_MAIN: bundle(join(folder, "program")),
  ...(isFull ? {} : compile(join(folder, "charla"))),
});
const counts = { passed: 0, failed: 0, skipped: 0, assertions: 0 };
const { files, labs, pairs, proofs } = isFull
  ? splitTests()
  : { files: chosen, labs: [], pairs: [], proofs: [] };
const tests = isFull && files.length === 0 ? null : runTests(files, WORKERS);
// Their output is printed after that of the tests, where it is seen.
const checks = await checking;
await tests;
if (labs.length > 0) await runTests(labs, LABS);
if (pairs.length > 0) await runTests(pairs, 2);
if (proofs.length > 0) await runTests(proofs, 1);
for (const { title, output, passed } of checks) {
  process.stdout.write(`\n== ${title}\n${output}`);
  counts[passed ? "passed" : "failed"] += 1;
}

if (counts.skipped > 0) process.stdout.write(`\n${counts.skipped} skipped`);
process.stdout.write(`\n${counts.assertions} assertions\n`);
process.stdout.write(`${counts.passed} passed, ${counts.failed} failed\n`);
process.exit(counts.failed > 0 ? 1 : 0);

/**
 * Where tests write: in memory, where there is enough, because thousands of small files and their fsyncs take a fifth of
 * the time of processors, and wait for the disk. A full run is on the disk.
 */
function temporaryFolder() {
  if (!isFull && hasEnough(MEMORY)) {
    const inMemory = mkdtempSync(join(MEMORY, "charla-test-"));
    if (runsPrograms(inMemory)) return inMemory;
    rmSync(inMemory, { recursive: true });
  }
  return mkdtempSync(join(tmpdir(), "charla-test-"));
}

function removeFolder() {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  } catch (error) {
    process.stderr.write(`${folder} is left behind: ${error.message}\n`);
  }
}

function interrupt() {
  const ended = Array.from(children, (child) => once(child, "close"));
  for (const child of children) child.kill();
  void Promise.all(ended).then(() => process.exit(1));
}

function hasEnough(path) {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize >= ENOUGH_MEMORY;
  } catch {
    return false;
  }
}

/** In containers it is often mounted with `noexec`. */
function runsPrograms(path) {
  const script = join(path, "program.sh");
  writeFileSync(script, "#!/bin/sh\n", { mode: 0o700 });
  return spawnSync(script).status === 0;
}

/**
 * The test files whose path contains one of the given names, apart from those of the large proofs: most of these take
 * all processors, and are run alone, because their programs have to answer each other in time. Labs wait more than they work.
 */
function splitTests() {
  const files = readdirSync(join(root, "test"), { recursive: true })
    .map((path) => `./test/${path.replaceAll("\\", "/")}`)
    .filter((path) => path.endsWith(".test.ts"))
    .filter((path) => chosen.length === 0 || chosen.some((name) => path.includes(name)));
  const proofs = files.filter(isProof);
  return {
    files: files.filter((path) => !proofs.includes(path)),
    labs: proofs.filter(isLab),
    pairs: proofs.filter(isPaired),
    proofs: proofs.filter((path) => !isLab(path) && !isPaired(path)),
  };
}

/** The program that tests start hundreds of times, in few files; they start its source if it cannot be built. */
function bundle(folder) {
  const main = bundleProgram(folder).succeeded ? [folder, "main.js"] : [root, "src/cli/main.ts"];
  return join(...main);
}

/** One executable file, which starts in half the time of the bundle; a full run starts the bundle. */
function compile(file) {
  return compileProgram(file).succeeded ? { CHARLA_TEST_PROGRAM: file } : {};
}

function isProof(path) {
  return readFileSync(join(root, path), "utf8").includes("/full-size.ts");
}

function isLab(path) {
  return path.startsWith("./test/nat-lab/") || path === "./test/end-to-end/lan.test.ts";
}

function isPaired(path) {
  return PAIRS.some((start) => path.startsWith(`./test/${start}`));
}

/** @param selected paths, names in paths, or other options of `bun test` */
async function runTests(selected, workers) {
  const report = join(folder, `${workers}.xml`);
  const tests = run("bun", [
    "test",
    `--parallel=${workers}`,
    // Each file in a world of its own loads charla anew, and warms it up: a tenth of the time of processors.
    ...(isFull ? [] : ["--no-isolate"]),
    `--timeout=${TIMEOUT}`,
    // Slow files are started first. `npm test -- --update-timings` writes the file anew.
    `--timings=${join(root, "test", "timings.json")}`,
    "--reporter=junit",
    `--reporter-outfile=${report}`,
    ...selected,
  ]);
  const status = await tests.ended;
  const { passed = 0, failed = 0, skipped = 0, assertions = 0 } = readReport(report);
  counts.passed += passed;
  // A crash of the runner, or a file that doesn't load, is no failed test in the report, but counts as one.
  counts.failed += status !== 0 && failed === 0 ? 1 : failed;
  counts.skipped += skipped;
  counts.assertions += assertions;
}

/** One after the other, because the tests need the processors too. */
async function runChecks() {
  const done = [];
  for (const { title, name, args, env } of CHECKS) {
    const check = run(name, args, "pipe", env);
    const passed = (await check.ended) === 0;
    done.push({ title, output: check.output(), passed });
  }
  return done;
}

function run(name, args, stdio = "inherit", env = {}) {
  const child = spawn(program(name), args, {
    cwd: root,
    env: { ...environment, ...env },
    stdio: ["ignore", stdio, stdio],
  });
  children.add(child);
  child.on("close", () => children.delete(child));
  const pieces = [];
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (piece) => pieces.push(piece));
  return {
    /** The exit status, once all is read. */
    ended: new Promise((resolve) => {
      child.on("error", () => resolve(1));
      child.on("close", (code) => resolve(code ?? 1));
    }),
    output: () => Buffer.concat(pieces).toString(),
  };
}

function readReport(report) {
  try {
    const totals = /<testsuites [^>]*>/.exec(readFileSync(report, "utf8"))?.[0] ?? "";
    const total = (name) => Number(new RegExp(` ${name}="(\\d+)"`).exec(totals)?.[1] ?? 0);
    const [failed, skipped] = [total("failures"), total("skipped")];
    const passed = total("tests") - failed - skipped;
    return { passed, failed, skipped, assertions: total("assertions") };
  } catch {
    process.stdout.write("no test report was written\n");
    return {};
  }
}
