// `node scripts/build-library.mjs [--no-types] [FOLDER]`: what other programs import of the package, by default in
// dist/library. JavaScript for Bun in bun/ and for Node.js in node/, which differ in their edges alone (`imports` in
// package.json), and declarations for both in types/.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { root } from "./install.mjs";
import { runTool } from "./run.mjs";

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
/** Files in src/: what `exports` in package.json names. */
const ENTRIES = Object.values(manifest.exports)
  .map(({ types }) => /^\.\/dist\/library\/types\/(\w+)\.d\.ts$/.exec(types)?.[1])
  .map((name) => `${name}.ts`);
/** The thread that searches a log is a program of its own, which is found beside the code that starts it. */
const THREADS = ["log/sqlite/search-worker.ts"];

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { "no-types": { type: "boolean" } },
  });
  const [folder = join(root, "dist", "library")] = positionals;
  const build = values["no-types"] ? bundleLibrary : buildLibrary;
  const { succeeded, output } = build(folder);
  if (!succeeded) process.stderr.write(output);
  process.exitCode = succeeded ? 0 : 1;
}

/** Builds all of it; what was in the folder is removed. */
export function buildLibrary(folder) {
  // The names of its files depend on what is in them: old ones would stay.
  rmSync(folder, { recursive: true, force: true });
  const bundled = bundleLibrary(folder);
  return bundled.succeeded ? declareLibrary(folder) : bundled;
}

/** The JavaScript alone: half a second. */
export function bundleLibrary(folder) {
  for (const target of ["bun", "node"]) {
    const options = `--target=${target} --format=esm --splitting`;
    // Not `--packages=external`, to which the twins (`#udp-socket`) are packages as well.
    const external = Object.keys(manifest.dependencies).map((name) => `--external=${name}`);
    const naming = ["--entry-naming", "[name].[ext]", "--outdir", join(folder, target)];
    const files = [...ENTRIES, ...THREADS].map((file) => join("src", file));
    const built = runTool("bun", [
      "build",
      ...options.split(" "),
      ...external,
      ...naming,
      ...files,
    ]);
    if (!built.succeeded) return built;
    nameErrors(join(folder, target));
  }
  return { succeeded: true, output: "" };
}

/** The bundler calls a class that is exported CharlaError2, and this is what stack traces would show. */
function nameErrors(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    writeFileSync(path, readFileSync(path, "utf8").replaceAll(/\bCharlaError2\b/g, "CharlaError"));
  }
}

/** The declarations alone. Types are checked elsewhere: `bun check`, and `bun check -p tsconfig.library.json`. */
function declareLibrary(folder) {
  const work = mkdtempSync(join(tmpdir(), "charla-types-"));
  try {
    const declared = join(work, "types");
    const config = join(work, "tsconfig.json");
    const compilerOptions = {
      noEmit: false,
      declaration: true,
      emitDeclarationOnly: true,
      noCheck: true,
      rootDir: join(root, "src"),
      outDir: declared,
      typeRoots: [join(root, "node_modules")],
    };
    const files = ENTRIES.map((file) => join(root, "src", file));
    const project = { extends: join(root, "tsconfig.json"), compilerOptions, include: [], files };
    writeFileSync(config, JSON.stringify(project));
    const emitted = runTool("tsc", ["-p", config]);
    if (emitted.succeeded) copyReached(declared, join(folder, "types"));
    return emitted;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Copies the declarations that the entries import, and those that these import; the others describe nothing public. */
function copyReached(from, to) {
  const reached = new Set(ENTRIES.map((file) => join(from, file.replace(/\.ts$/, ".d.ts"))));
  for (const path of reached) {
    const text = readFileSync(path, "utf8").replaceAll(
      /((?:from|import)\s*\(?")(\.[^"]+)\.ts"/g,
      (_whole, before, name) => {
        reached.add(join(dirname(path), `${name}.d.ts`));
        // Resolved by every compiler without options, unlike a name that ends in .ts.
        return `${before}${name}.js"`;
      },
    );
    const copy = join(to, relative(from, path));
    mkdirSync(dirname(copy), { recursive: true });
    writeFileSync(copy, text);
  }
}
