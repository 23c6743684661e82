#!/usr/bin/env node
// `charla` as npm installs it: the bundled program, which needs no source and no other package.
import { fileURLToPath } from "node:url";

import { launch } from "./launch.mjs";

launch(fileURLToPath(new URL("../dist/program/main.js", import.meta.url)), process.argv.slice(2));
