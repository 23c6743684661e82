// `npm start`: charla from a fresh clone. Without arguments it opens a conversation.
import { spawn } from "node:child_process";
import { join } from "node:path";

import { installWhatIsMissing, program, root } from "./install.mjs";

installWhatIsMissing();
const given = process.argv.slice(2);
const charla = spawn(
  program("bun"),
  [join(root, "src/cli/main.ts"), ...(given.length > 0 ? given : ["--server"])],
  { stdio: "inherit" },
);
// A terminal sends Ctrl-C to all processes in the foreground: charla decides what to do, this one waits.
process.on("SIGINT", () => {});
for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => charla.kill(signal));
charla.on("exit", (code, signal) => {
  if (signal !== null) process.removeAllListeners(signal);
  if (signal !== null) process.kill(process.pid, signal);
  else process.exit(code ?? 1);
});
