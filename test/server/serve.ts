// A server of rooms with its log in a folder, until it is killed: `serve.ts FOLDER PORT`, prints its port.

import { randomBytes } from "node:crypto";
import { writeSync } from "node:fs";

import { loadResetSalt } from "../../src/identity/private-files.ts";
import { openSqliteLog } from "../../src/log/sqlite-log.ts";
import { openInvitationFile } from "../../src/server/invitations-file.ts";
import { openServer } from "../../src/server/server.ts";
import { SERVER_KEYS, SERVER_LIMITS, SERVER_SECRET } from "./served.ts";

const [, , folder = "", port = "0"] = process.argv;

const log = await openSqliteLog({ folder, now: Date.now });
const server = await openServer({
  bind: "127.0.0.1",
  port: Number(port),
  identity: SERVER_KEYS,
  secret: SERVER_SECRET,
  resetSalt: loadResetSalt(folder, randomBytes),
  invitations: openInvitationFile(folder),
  limits: SERVER_LIMITS,
  log,
  ways: (port) => [{ kind: "direct", host: "127.0.0.1", port }],
});
writeSync(1, `serves at ${server.local.port}\n`);

async function end(): Promise<void> {
  await server.close();
  await log[Symbol.asyncDispose]();
}
process.on("SIGTERM", () => void end());
