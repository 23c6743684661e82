// One of many programs that remember servers in FOLDER at once: with key KEY (a byte, 32 times) the
// server "shared", and 50 of its own.

import { rememberServer } from "../../src/identity/known-servers.ts";
import { everyoneIsReady } from "./at-once.ts";

const [folder = "", byte = ""] = process.argv.slice(2);
const key = new Uint8Array(32).fill(Number(byte));
await everyoneIsReady();
try {
  rememberServer(folder, { host: "shared", port: 12345 }, key);
  console.log("remembered");
} catch (error) {
  console.log(error instanceof Error && "code" in error ? error.code : error);
}
for (let index = 0; index < 50; index += 1) {
  rememberServer(folder, { host: `own-${byte}`, port: 1000 + index }, key);
}
