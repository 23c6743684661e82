// `npm run simulate`: sessions over simulated networks in virtual time; see test/simulator/many.ts.
import { spawnSync } from "node:child_process";

import { installWhatIsMissing, program, root } from "./install.mjs";

installWhatIsMissing();
const { status } = spawnSync(program("bun"), ["test/simulator/many.ts", ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
});
process.exit(status ?? 1);
