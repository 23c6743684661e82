// This process as charla: gives the command its streams and signals, and exits with the command's status.

import { Interruption } from "../terminal/io.ts";
import { charla } from "./charla.ts";
import { processIo } from "./io.ts";

const MAY_BE_SECRET =
  /charla:\/\/|@|^--(?:auth|user|header|proxy-user|cookie|cert)|^-\w*[uUHbE]|^[A-Z][\w-]*:(?!\/\/)/;
// Loaded only where it is needed, but before anything else.
if (process.argv.slice(2).some((argument) => MAY_BE_SECRET.test(argument))) {
  (await import("./own-arguments.ts")).hideSecrets();
}
try {
  using io = processIo();
  process.exitCode = await charla(process.argv.slice(2), io);
} catch (error) {
  if (!(error instanceof Interruption)) throw error;
  process.exit(error.exitStatus);
}
