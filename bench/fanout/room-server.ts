// The server of bench/fanout: charla's own, sealed, with its log on the disk, and no rate limits. `room-server.ts
// FOLDER SERVER-KEY`, prints its port; SIGUSR2 collects its garbage.

import { writeSync } from "node:fs";

import { pageServedBy } from "../../src/cli/page.ts";
import { openSqliteLog } from "../../src/log/sqlite-log.ts";
import { generateKeyPair } from "../../src/net/crypto.ts";
import { openServer } from "../../src/server/server.ts";
import { NO_LIMITS } from "../harness/no-limits.ts";

const [, , folder = "", key = ""] = process.argv;

const server = await openServer({
  bind: "127.0.0.1",
  port: 0,
  identity: generateKeyPair(Uint8Array.fromHex(key)),
  secret: null,
  log: await openSqliteLog({ folder, now: Date.now }),
  limits: NO_LIMITS,
  web: true,
  page: pageServedBy("server"),
  ways: (port) => [{ kind: "direct", host: "127.0.0.1", port }],
});
process.on("SIGUSR2", () => Bun.gc(true));
writeSync(1, `${server.local.port}\n`);
