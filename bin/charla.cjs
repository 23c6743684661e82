#!/usr/bin/env node
// `charla` as npm installs it: starts the bundled program with the runtime, Bun, of which npm has installed the package for this
// platform. For Node.js 20.4 or newer and nothing else, and so plain JavaScript; CommonJS starts 10 ms sooner than a module.
"use strict";

const { accessSync, closeSync, constants, existsSync, openSync, readSync } = require("node:fs");
const { join } = require("node:path");

/** By `process.platform` and `process.arch`: packages `@oven/bun-*` whose programs run there, the best first. */
const PACKAGES = {
  "linux x64": ["linux-x64", "linux-x64-musl"],
  "linux arm64": ["linux-aarch64", "linux-aarch64-musl"],
  // A Node.js for x64 on Apple's processors runs beside programs for either.
  "darwin x64": ["darwin-x64", "darwin-aarch64"],
  "darwin arm64": ["darwin-aarch64"],
  "win32 x64": ["windows-x64"],
  "win32 arm64": ["windows-aarch64"],
};

/** Not those of job control: Ctrl-Z, `fg` and `kill %1` reach all processes of a job, and each must stop by itself. */
const ENDING_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"];

/** By `process.arch`: the machine in the header of an ELF file (System V ABI, "e_machine"). */
const MACHINES = { x64: 62, arm64: 183 };

/** The runtime reads nothing of the folder it is started in: no .env, bunfig.toml or tsconfig.json. */
const OWN_SETTINGS = [
  "--no-env-file",
  "--no-install",
  `--config=${join(__dirname, "bunfig.toml")}`,
  `--tsconfig-override=${join(__dirname, "tsconfig.json")}`,
];

/**
 * @param resolve finds a file of a package, or throws
 * @param isMusl whether this system's C library is musl; asked only if both kinds are installed, for it takes some ms
 * @returns the path of the runtime, or null if no package for this platform is installed
 */
function findRuntime(platform, arch, resolve = require.resolve, isMusl = usesMusl) {
  const file = platform === "win32" ? "bin/bun.exe" : "bin/bun";
  const found = (PACKAGES[`${platform} ${arch}`] ?? []).flatMap(
    (name) => tryTo(resolve, `@oven/bun-${name}/${file}`) ?? [],
  );
  if (found.length > 1 && platform === "linux" && isMusl()) return found[1];
  return found[0] ?? findMovedRuntime(resolve);
}

/** The package `bun`, which somebody else needs here, moves the program of the platform's package into itself. */
function findMovedRuntime(resolve) {
  const manifest = tryTo(resolve, "bun/package.json");
  if (manifest === null) return null;
  const wanted = require("../package.json").optionalDependencies["@oven/bun-linux-x64"];
  return require(manifest).version === wanted ? tryTo(resolve, "bun/bin/bun.exe") : null;
}

function tryTo(act, argument) {
  try {
    return act(argument);
  } catch {
    return null;
  }
}

/**
 * Why the system would not start a file; null if it would. It is looked at first because Node.js aborts where execve fails, and
 * because spawn may run it as a script.
 */
function findFault(file) {
  let head;
  try {
    accessSync(file, constants.X_OK);
    head = readHead(file);
  } catch (error) {
    return error.message;
  }
  if (process.platform !== "linux") return null;
  const script = /^#! *(\S+)/.exec(head);
  const isProgram = head.startsWith("\x7fELF") && head.charCodeAt(18) === MACHINES[process.arch];
  if (script === null && !isProgram) return `${file} is no program for this processor`;
  // Of an ELF file, the loader of the C library (PT_INTERP): that of musl is missing where the system has another.
  const [, interpreter] = script ?? /(\/[^\0]*\/ld-[^\0]*)/.exec(head) ?? [];
  const isMissing = interpreter !== undefined && !existsSync(interpreter);
  return isMissing ? `${file} needs ${interpreter}, which is missing` : null;
}

/** The first 4 KiB: the headers and the name of the interpreter. */
function readHead(file) {
  const head = Buffer.alloc(4096);
  const descriptor = openSync(file);
  try {
    return head.latin1Slice(0, readSync(descriptor, head));
  } finally {
    closeSync(descriptor);
  }
}

function usesMusl() {
  process.report.excludeNetwork = true;
  return process.report.getReport().header.glibcVersionRuntime === undefined;
}

/** Runs a program of charla's to its end, with this process's streams and signals; this process ends as it did. */
function launch(program, args) {
  // Among these there may be an invitation, and other users can see them; the program covers its own.
  process.title = "charla";
  const runtime = findRuntime(process.platform, process.arch);
  if (runtime === null)
    return fail("its runtime, the package of Bun for this platform, is missing");
  const fault = findFault(runtime);
  if (fault !== null) return fail(`its runtime can't be started: ${fault}`);
  // Bun takes the first "--" for its own.
  const words = [...OWN_SETTINGS, program, "--", ...args];
  // Best is no process between the shell and charla; Node.js 22.15 was the first that could do that.
  if (process.execve === undefined) return start(runtime, words);
  // Node.js warns that this is new, on the stderr of people who can't help it.
  process.removeAllListeners("warning");
  // The environment is its default by the manual; Node.js 22.15 to 22.18, at least, gave an empty one (nodejs/node, 60029).
  process.execve(runtime, [runtime, ...words], process.env);
}

function start(runtime, words) {
  let child;
  // A terminal sends them to both, `kill` only to this process: charla takes two in a row for one. On Windows only a console
  // sends any, and to both; there, kill() would end charla at once.
  const pass = (signal) => process.platform === "win32" || child.kill(signal);
  // Set before the child exists: a signal that comes while it is being started is passed on then.
  for (const signal of ENDING_SIGNALS) process.on(signal, pass);
  child = require("node:child_process").spawn(runtime, words, { stdio: "inherit" });
  child.on("error", (error) => fail(`its runtime can't be started: ${error.message}`));
  child.on("exit", (code, signal) => {
    leaveTerminal();
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

/** At its end Node.js restores the terminal's settings, and aborts if its window was closed meanwhile. */
function leaveTerminal() {
  const { isatty } = require("node:tty");
  for (const descriptor of [0, 1, 2]) {
    if (!isatty(descriptor)) tryTo(closeSync, descriptor);
  }
}

function fail(reason) {
  process.stderr.write(
    `charla: ${reason} (${process.platform} ${process.arch})\n` +
      "hint: npm install --global --include=optional charla, on Linux, macOS or Windows, x64 or arm64\n",
  );
  process.exitCode = 1;
}

module.exports = { PACKAGES, findRuntime, launch };

if (require.main === module) {
  launch(join(__dirname, "..", "dist", "program", "main.js"), process.argv.slice(2));
}
