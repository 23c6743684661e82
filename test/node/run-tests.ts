// Runs test files under Node.js. They are bundled with what they import: each edge is its twin for Node.js (package.json,
// `imports`), and "bun:test" is bun-test.ts.

import { basename, join } from "node:path";

import { type Folder, newFolder } from "../harness/folder.ts";
import { root, run } from "../harness/program.ts";

/** What tests use of Bun itself. */
const BUN = "test/node/bun.ts";

interface Tests {
  /** Paths in the repository. */
  readonly files: readonly string[];
  /** That the tests start, which find them beside themselves. */
  readonly programs?: readonly string[];
}

export interface TestResult {
  readonly passed: number;
  /** What was printed, if a test has failed or was not run. */
  readonly failures: string;
}

/** Runs all tests of these files with a Node.js, some files at a time. */
export async function runTests(node: string, tests: Tests): Promise<TestResult> {
  using folder = newFolder();
  const [, ...files] = await bundle(folder, [BUN, ...tests.files], tests.programs);
  const { stdout, stderr, status } = await run(
    [node, "--test", "--test-reporter=tap", "--test-concurrency=2", ...files],
    // What programs print on stderr is compared.
    { cwd: folder.path, env: { NODE_OPTIONS: "--disable-warning=ExperimentalWarning" } },
  );
  const count = (what: string) => Number(new RegExp(`^# ${what} (\\d+)$`, "m").exec(stdout)?.[1]);
  const isFine = status === 0 && count("fail") === 0 && count("cancelled") === 0;
  return { passed: count("pass"), failures: isFine ? "" : failuresIn(stdout) + stderr };
}

function failuresIn(report: string): string {
  const blocks = report.split(/^(?= *(?:not )?ok )/m).filter((block) => /^ *not ok/.test(block));
  return blocks.join("");
}

/**
 * Bundles files of the repository for Node.js. Returns the paths of what was made of them.
 *
 * @param programs that they start, which they find beside themselves
 */
export async function bundle(
  folder: Folder,
  files: readonly string[],
  programs: readonly string[] = [],
): Promise<string[]> {
  folder.write("package.json", '{ "type": "module" }');
  const outdir = join(folder.path, "bundle");
  // The thread that searches a log is a program of its own as well.
  const started = ["src/log/sqlite/search-worker.ts", ...programs];
  const { success, logs } = await Bun.build({
    entrypoints: [...started, ...files].map((path) => join(root, path)),
    target: "node",
    splitting: true,
    naming: "[name].[ext]",
    banner: files.includes(BUN) ? 'import "./bun.js";' : "",
    outdir,
    plugins: [
      {
        name: "bun:test",
        setup(build) {
          build.onResolve({ filter: /^bun:test$/ }, () => ({
            path: join(root, "test/node/bun-test.ts"),
          }));
        },
      },
    ],
  });
  if (!success) throw new Error(logs.map(String).join("\n"));
  return files.map((file) => join(outdir, basename(file).replace(/\.ts$/, ".js")));
}
