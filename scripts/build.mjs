// `npm run build`: one executable file, dist/charla, with the runtime inside.
import { spawnSync } from "node:child_process";

import { installWhatIsMissing, program, root } from "./install.mjs";

installWhatIsMissing();
// Not minified: the bytecode starts as fast, and a stack trace stays readable. Split: otherwise each
// start loads every module of the platform that any command imports.
const compile = "build --compile --bytecode --format=esm --splitting".split(" ");
// A folder's .env and bunfig.toml are its owner's business, not charla's: they are not read.
const strict = ["--no-compile-autoload-dotenv", "--no-compile-autoload-bunfig"];
const files = ["src/cli/main.ts", "--outfile", "dist/charla"];
const build = spawnSync(program("bun"), [...compile, ...strict, ...files], {
  cwd: root,
  stdio: "inherit",
});
process.exit(build.status ?? 1);
