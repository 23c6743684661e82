// `npm run build`: one executable file, dist/charla, with the runtime inside.
import { spawnSync } from "node:child_process";

import { installWhatIsMissing, program, root } from "./install.mjs";

installWhatIsMissing();
// Not minified: bytecode starts as fast, and stack traces stay readable. Split: otherwise each start loads
// every platform module that any command imports.
const compile = "build --compile --bytecode --format=esm --splitting".split(" ");
// charla must not read the .env and bunfig.toml of the folder it is started in.
const strict = ["--no-compile-autoload-dotenv", "--no-compile-autoload-bunfig"];
// The thread that searches a log is a program of its own, which is found beside the code that starts it.
const naming = ["--entry-naming", "[name].[ext]"];
const files = ["src/cli/main.ts", "src/log/sqlite/search-worker.ts", "--outfile", "dist/charla"];
const build = spawnSync(program("bun"), [...compile, ...strict, ...naming, ...files], {
  cwd: root,
  stdio: "inherit",
});
process.exit(build.status ?? 1);
