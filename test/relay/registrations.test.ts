// How much memory a relay holds for a server that is registered and idle.

import { heapStats } from "bun:jsc";
import { expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

import { generateKeyPair } from "../../src/net/crypto.ts";
import { openRelay } from "../../src/relay/relay.ts";
import { FULL_SIZE } from "../harness/full-size.ts";

const COUNT = 1_000;
/** Of them, those before the first measurement, in which the compiler optimizes. */
const FIRST = COUNT / 4;
/** KiB */
const LIMIT = 5;

function heldBytes(): number {
  Bun.gc(true);
  return heapStats().heapSize;
}

// Only Linux has all of 127.0.0.0/8. Fewer would measure what the compiler still does, and so many take a while.
test.skipIf(process.platform !== "linux" || !FULL_SIZE)(
  `a relay holds less than ${LIMIT} KiB of heap for each idle registration`,
  async () => {
    const identity = generateKeyPair(new Uint8Array(32).fill(1));
    await using relay = await openRelay({ bind: "127.0.0.1", port: 0, identity });
    const program = join(import.meta.dir, "registering.ts");
    const servers = spawn(process.execPath, [program, `${relay.local.port}`, `${COUNT}`], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    try {
      await once(servers.stdout, "data");
      expect(relay.state().servers).toBe(FIRST);
      const before = heldBytes();
      servers.stdin.write("\n");
      await once(servers.stdout, "data");
      expect(relay.state().servers).toBe(COUNT);
      expect((heldBytes() - before) / (COUNT - FIRST)).toBeLessThan(LIMIT * 1_024);
    } finally {
      servers.kill();
    }
  },
  60_000,
);
