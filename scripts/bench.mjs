// `npm run bench`: all benchmarks in bench/; `npm run bench -- start-up` runs one.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

import { installWhatIsMissing, program, root } from "./install.mjs";

installWhatIsMissing();
const all = readdirSync(join(root, "bench"))
  .filter((name) => name.endsWith(".ts"))
  .map((name) => name.slice(0, -".ts".length));
const chosen = process.argv.slice(2);
const unknown = chosen.find((name) => !all.includes(name));
if (unknown !== undefined) {
  process.stderr.write(`there is no benchmark ${unknown}\nhint: one of ${all.join(", ")}\n`);
  process.exit(2);
}
let failed = false;
for (const name of chosen.length > 0 ? chosen : all) {
  const { status } = spawnSync(program("bun"), [join("bench", `${name}.ts`)], {
    cwd: root,
    stdio: "inherit",
  });
  failed ||= status !== 0;
}
process.exit(failed ? 1 : 0);
