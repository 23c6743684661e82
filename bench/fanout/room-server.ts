// The server of bench/fanout: charla's own, sealed, with its log on the disk, and no rate limits. `room-server.ts
// FOLDER SERVER-KEY`, prints its port; SIGUSR2 collects its garbage.

import { writeSync } from "node:fs";

import { openSqliteLog } from "../../src/log/sqlite-log.ts";
import { generateKeyPair } from "../../src/net/node-crypto.ts";
import { LIMITS } from "../../src/server/limits.ts";
import { openServer } from "../../src/server/server.ts";

const [, , folder = "", key = ""] = process.argv;
const NO_RATE = { perSecond: 1e9, burst: 1e9 };
const NO_LIMIT = { person: NO_RATE, share: NO_RATE, invitation: NO_RATE };

const server = await openServer({
  bind: "127.0.0.1",
  port: 0,
  identity: generateKeyPair(Uint8Array.fromHex(key)),
  secret: null,
  log: await openSqliteLog({ folder, now: Date.now }),
  limits: {
    ...LIMITS,
    rates: {
      frame: NO_LIMIT,
      list: NO_LIMIT,
      search: NO_LIMIT,
      enter: NO_LIMIT,
      rename: NO_LIMIT,
      away: NO_LIMIT,
    },
  },
  host: "127.0.0.1",
});
process.on("SIGUSR2", () => Bun.gc(true));
writeSync(1, `${server.local.port}\n`);
