// The library as programs get it from npm: a folder of a program, in which `import "charla"` finds what was built.

import { cpSync, existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";

import manifest from "../../package.json";
import { type Folder, newFolder } from "./folder.ts";
import { root, run } from "./program.ts";

export interface LibraryFolder extends Folder {
  /** The package, as npm would unpack it. */
  readonly package: string;
}

/** @param withTypes the declarations as well, which takes a second more */
export async function newLibraryFolder(withTypes = false): Promise<LibraryFolder> {
  const folder = newFolder();
  const modules = join(folder.path, "node_modules");
  const unpacked = join(modules, "charla");
  mkdirSync(unpacked, { recursive: true });
  for (const name of ["package.json", "README.md", "LICENSE", ...manifest.files]) {
    const from = join(root, name);
    if (!name.startsWith("dist") && existsSync(from)) {
      cpSync(from, join(unpacked, name), { recursive: true });
    }
  }
  const library = join(unpacked, "dist", "library");
  const options = withTypes ? [] : ["--no-types"];
  const build = join(root, "scripts", "build-library.mjs");
  const { status, stderr } = await run(["node", build, ...options, library]);
  if (status !== 0) throw new Error(stderr);
  for (const name of Object.keys(manifest.dependencies)) {
    symlinkSync(join(root, "node_modules", name), join(modules, name));
  }
  return { ...folder, package: unpacked };
}

/** JavaScript that Node.js 20 reads: no types, no `using`. The program is a file of the folder, as is the result. */
export async function compileForNode(folder: Folder, program: string): Promise<string> {
  const compiled = program.replace(/\.ts$/, ".mjs");
  const options = ["--target=node", "--packages=external", "--outfile", compiled];
  const { status, stderr } = await run([process.execPath, "build", ...options, program], {
    cwd: folder.path,
  });
  if (status !== 0) throw new Error(stderr);
  return compiled;
}
