// Before `npm pack` and `npm publish`: builds everything in the package that is not in git.
import { rmSync } from "node:fs";
import { join } from "node:path";

import { bundleProgram } from "./bundle.mjs";
import { installWhatIsMissing, root } from "./install.mjs";

installWhatIsMissing();
const folder = join(root, "dist", "program");
// The names of its files depend on what is in them: old ones would stay.
rmSync(folder, { recursive: true, force: true });
const { succeeded, output } = bundleProgram(folder);
// `npm pack --json` prints its own output on stdout.
if (!succeeded) process.stderr.write(output);
process.exitCode = succeeded ? 0 : 1;
