// The declarations of the package, in a program of somebody else: strict TypeScript, and none of Bun's types.

import { expect, test } from "bun:test";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { FULL_SIZE } from "../harness/full-size.ts";
import { newLibraryFolder } from "../harness/library.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { root, run } from "../harness/program.ts";

const RESOLUTIONS = [
  { module: "nodenext", moduleResolution: "nodenext" },
  { module: "node16", moduleResolution: "node16" },
  { module: "preserve", moduleResolution: "bundler" },
];

test(
  "the programs of README and docs/library.md compile in a strict project with the types of Node.js 20",
  async () => {
    using folder = await newLibraryFolder(true);
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
    for (const resolution of FULL_SIZE ? RESOLUTIONS : RESOLUTIONS.slice(0, 1)) {
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
