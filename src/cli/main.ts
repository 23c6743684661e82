#!/usr/bin/env bun
// charla, the program. Scripts ask for the version at each of their starts, and nothing else is loaded for that.

import { VERSION } from "./version.ts";

const args = process.argv.slice(2);
if (args.length === 1 && args[0] === "--version") console.log(`charla ${VERSION}`);
else await import("./process.ts");
