// charla's program as JavaScript for Bun, in one way for all: one executable file, the package for npm, and the tests.
// Needs nothing but Node.js, and Bun among the dependencies.
import { rmSync } from "node:fs";

import { runTool } from "./run.mjs";

// The thread that searches a log is a program of its own, which is found beside the code that starts it.
const PROGRAMS = ["src/cli/main.ts", "src/log/sqlite/search-worker.ts"];
// Not minified: that starts no faster, and stack traces stay readable. Split: otherwise each start loads every platform
// module that any command imports.
const BUNDLE = ["build", "--format=esm", "--splitting", "--entry-naming", "[name].[ext]"];
// charla must not read the .env and bunfig.toml of the folder it is started in.
const STRICT = ["--no-compile-autoload-dotenv", "--no-compile-autoload-bunfig"];

/** Writes main.js and what it loads into `folder`, which is emptied first: the names of the files depend on what is in them. */
export function bundleProgram(folder) {
  rmSync(folder, { recursive: true, force: true });
  return runTool("bun", [...BUNDLE, "--target=bun", ...PROGRAMS, "--outdir", folder]);
}

/**
 * Writes one executable file with the runtime inside.
 *
 * @param more further options of `bun build --compile`, such as another target
 * @param sources charla's, or of another program in the same way
 */
export function compileProgram(file, more = [], sources = PROGRAMS) {
  const options = ["--compile", "--bytecode", ...STRICT, ...more];
  return runTool("bun", [...BUNDLE, ...options, ...sources, "--outfile", file]);
}
