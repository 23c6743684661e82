// What npm would publish of the library, by the tools that check packages, and by a program of somebody else: strict
// TypeScript, and none of Bun's types.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { FULL_SIZE } from "../harness/full-size.ts";
import { type LibraryFolder, newLibraryFolder } from "../harness/library.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { root, run } from "../harness/program.ts";

const tool = (name: string) => join(root, "node_modules", ".bin", name);

/** Built once: the declarations take seconds. */
let folder: LibraryFolder;

beforeAll(async () => {
  folder = await newLibraryFolder(true);
}, END_TO_END_TIMEOUT);

afterAll(() => folder[Symbol.dispose]());

test("the JavaScript for Node.js needs nothing that Node.js 20 lacks and its types have", async () => {
  const built = join(folder.package, "dist", "library", "node");
  const files = readdirSync(built).map((name) => readFileSync(join(built, name), "utf8"));
  expect(files.length).toBeGreaterThan(2);
  expect(files.filter((text) => /\b(?:Async)?DisposableStack\b/.test(text))).toEqual([]);
});

test("an error that nobody catches is printed with its name, its code and what helps", async () => {
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

test.skipIf(!FULL_SIZE)(
  "publint and Are The Types Wrong find nothing to object to in the package",
  async () => {
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

const RESOLUTIONS = [
  { module: "nodenext", moduleResolution: "nodenext" },
  { module: "node16", moduleResolution: "node16" },
  { module: "preserve", moduleResolution: "bundler" },
];

if (FULL_SIZE) {
  test(
    "the programs of README and docs/library.md compile in a strict project with the types of Node.js 20",
    async () => {
      const modules = join(folder.path, "node_modules");
      // Not a link, beside which the compiler would find this repository's other types.
      const types = join(modules, "@types", "node");
      cpSync(join(root, "node_modules", "node-20-types"), types, { recursive: true });
      const programs = ["README.md", "docs/library.md"].flatMap((path) =>
        Array.from(
          readFileSync(join(root, path), "utf8").matchAll(/^```ts\n(.*?)\n```$/gms),
          ([, program = ""]) => program,
        ),
      );
      expect(programs.length).toBeGreaterThanOrEqual(5);
      for (const [index, program] of programs.entries()) folder.write(`${index}.ts`, program);
      // That this fails shows that the declarations are read.
      folder.write("wrong.ts", 'import { join } from "charla";\njoin(1, { name: "ana" });\n');
      folder.write("package.json", '{ "type": "module" }');
      for (const resolution of RESOLUTIONS) {
        const compilerOptions = {
          ...resolution,
          target: "ES2022",
          lib: ["ES2023"],
          types: ["node"],
          strict: true,
          exactOptionalPropertyTypes: true,
          noUncheckedIndexedAccess: true,
          // The package's own declarations are checked as well.
          skipLibCheck: false,
          noEmit: true,
        };
        writeFileSync(join(folder.path, "tsconfig.json"), JSON.stringify({ compilerOptions }));
        const { stdout } = await run([join(root, "node_modules", ".bin", "tsc")], {
          cwd: folder.path,
        });
        expect(stdout.match(/error TS\d+.*/g)).toEqual([
          expect.stringMatching(/^error TS2345: Argument of type 'number' is not assignable/),
        ]);
      }
    },
    2 * END_TO_END_TIMEOUT,
  );
}
