import { expect, test } from "bun:test";
import { join } from "node:path";

import { hasNarrowNetworks, inNarrowNetwork } from "../harness/narrow-network.ts";

const child = join(import.meta.dir, "narrow-loopback.ts");

const narrow = test.skipIf(!hasNarrowNetworks());

type Mode = "whole" | "fragmented";
/** With GSO, two of the datagrams are one run, which is longer than the interface's MTU. */
type Together = "runs" | "apart";

function run(bind: string, address: string, mode: Mode, together: Together): unknown {
  const command = `exec "${process.execPath}" "${child}" ${bind} ${address} ${mode} ${together}`;
  const { stdout, stderr, exitCode } = Bun.spawnSync(inNarrowNetwork(command), { timeout: 20_000 });
  if (exitCode !== 0) throw new Error(stderr.toString());
  return JSON.parse(stdout.toString());
}

narrow.each([
  ["127.0.0.1", "127.0.0.1", 1_472, "apart"],
  ["::1", "::1", 1_452, "apart"],
  ["any", "127.0.0.1", 1_472, "apart"],
  ["any", "::1", 1_452, "apart"],
  ["127.0.0.1", "127.0.0.1", 1_472, "runs"],
  ["::1", "::1", 1_452, "runs"],
  ["any", "127.0.0.1", 1_472, "runs"],
  ["any", "::1", 1_452, "runs"],
] as const)(
  "bound to %s, a datagram to %s longer than the interface carries (%d) is reported, and the others are sent (%s)",
  (bind, address, limit, together) => {
    expect(run(bind, address, "whole", together)).toEqual({
      dontFragment: true,
      arrived: [10, limit, limit - 1, 20, 30],
      tooLong: [limit + 1, 9_000, 65_000],
      errors: [],
    });
  },
);

narrow.each([
  ["127.0.0.1", "apart"],
  ["::1", "apart"],
  ["127.0.0.1", "runs"],
  ["::1", "runs"],
] as const)(
  "without dontFragment the system fragments long datagrams to %s (%s)",
  (address, together) => {
    expect(run("any", address, "fragmented", together)).toMatchObject({
      dontFragment: false,
      arrived: { length: 8 },
      tooLong: [],
      errors: [],
    });
  },
);
