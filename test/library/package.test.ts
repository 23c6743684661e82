// What npm would publish of the library, by the tools that check packages.

import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { newLibraryFolder } from "../harness/library.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { root, run } from "../harness/program.ts";

const tool = (name: string) => join(root, "node_modules", ".bin", name);

test("the JavaScript for Node.js needs nothing that Node.js 20 lacks and its types have", async () => {
  using folder = await newLibraryFolder();
  const built = join(folder.package, "dist", "library", "node");
  const files = readdirSync(built).map((name) => readFileSync(join(built, name), "utf8"));
  expect(files.length).toBeGreaterThan(2);
  expect(files.filter((text) => /\b(?:Async)?DisposableStack\b/.test(text))).toEqual([]);
});

test("an error that nobody catches is printed with its name, its code and what helps", async () => {
  using folder = await newLibraryFolder();
  folder.write("program.mjs", 'import { join } from "charla";\njoin("x", { name: "ana" });\n');
  for (const runtime of [process.execPath, "node"]) {
    const { stderr, status } = await run([runtime, "program.mjs"], { cwd: folder.path });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^(?:error|CharlaError): this is not an invitation/m);
    expect(stderr).toContain("an invitation looks like charla://");
    expect(stderr).toContain("INVALID_INVITATION");
    expect(stderr).not.toContain("CharlaError2");
  }
});

test(
  "publint and Are The Types Wrong find nothing to object to in the package",
  async () => {
    using folder = await newLibraryFolder(true);
    const cwd = folder.path;
    await run(["tar", "czf", "charla.tgz", "-C", "node_modules", "charla"], { cwd });
    const lint = await run(["node", tool("publint"), "run", "--strict", "charla.tgz"], { cwd });
    expect(lint.stdout).toEndWith("All good!\n");
    // The package has ES modules alone: `require` reads them from Node.js 22 on, TypeScript from 5.8 on.
    const types = ["--profile", "esm-only", "--no-definitely-typed", "--format", "json"];
    const attw = await run(["node", tool("attw"), ...types, "charla.tgz"], { cwd });
    expect(attw).toMatchObject({ stderr: "", status: 0 });
    expect(JSON.parse(attw.stdout).analysis.types).toMatchObject({ kind: "included" });
  },
  3 * END_TO_END_TIMEOUT,
);
