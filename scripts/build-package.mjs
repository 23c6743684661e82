// Before `npm pack` and `npm publish`: builds everything in the package that is not in git.
import { join } from "node:path";

import { buildLibrary } from "./build-library.mjs";
import { bundleProgram } from "./bundle.mjs";
import { installWhatIsMissing, root } from "./install.mjs";
import { makeManual } from "./manual.mjs";

installWhatIsMissing();
makeManual();
const library = buildLibrary(join(root, "dist", "library"));
const bundled = bundleProgram(join(root, "dist", "program"));
for (const { succeeded, output } of [library, bundled]) {
  if (succeeded) continue;
  // `npm pack --json` prints its own output on stdout.
  process.stderr.write(output);
  process.exitCode = 1;
}
