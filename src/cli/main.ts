#!/usr/bin/env bun
// charla, the program. Scripts ask for the version at each of their starts, and nothing else is loaded for that.

import { VERSION } from "./version.ts";

const args = process.argv.slice(2);
const isPrinted =
  args.length === 1 && args[0] === "--version" && (await print(`charla ${VERSION}\n`));
if (!isPrinted) await import("./process.ts");

/** False if it could not be written: then the whole program tries, and says why. */
function print(text: string): Promise<boolean> {
  return Bun.write(Bun.stdout, text).then(
    () => true,
    () => false,
  );
}
