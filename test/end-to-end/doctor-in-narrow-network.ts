// Run by doctor.test.ts in a network of its own: opens a server there for everybody, has the doctor check it, and prints
// the report.

import { openMemoryLog } from "../../src/log/memory-log.ts";
import { generateKeyPair } from "../../src/net/crypto.ts";
import { openServer } from "../../src/server/server.ts";
import { runCharla } from "../harness/program.ts";

await using server = await openServer({
  bind: "127.0.0.1",
  port: 0,
  identity: generateKeyPair(new Uint8Array(32).fill(7)),
  secret: null,
  log: openMemoryLog({ now: Date.now }),
  ways: (port) => [{ kind: "direct", host: "127.0.0.1", port }],
});
const { stdout, status } = await runCharla(["doctor", "--json", `127.0.0.1:${server.local.port}`]);
console.log(stdout.trimEnd());
process.exitCode = status;
