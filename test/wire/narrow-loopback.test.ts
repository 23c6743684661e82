import { expect, test } from "bun:test";
import { join } from "node:path";

const child = join(import.meta.dir, "narrow-loopback.ts");

/** A network of its own, which needs no rights where users may have namespaces (unshare(1)). */
function inNarrowNetwork(command: string): string[] {
  return ["unshare", "-rn", "sh", "-c", `ip link set lo mtu 1500 up && ${command}`];
}

function isThere(): boolean {
  if (process.platform !== "linux" || Bun.which("unshare") === null) return false;
  return Bun.spawnSync(inNarrowNetwork("true"), { stderr: "ignore" }).exitCode === 0;
}

const narrow = test.skipIf(!isThere());

function run(bind: string, address: string, mode: "whole" | "cut"): unknown {
  const command = `exec "${process.execPath}" "${child}" ${bind} ${address} ${mode}`;
  const { stdout, stderr, exitCode } = Bun.spawnSync(inNarrowNetwork(command), { timeout: 20_000 });
  if (exitCode !== 0) throw new Error(stderr.toString());
  return JSON.parse(stdout.toString());
}

narrow.each([
  ["127.0.0.1", "127.0.0.1", 1_472],
  ["::1", "::1", 1_452],
  ["any", "127.0.0.1", 1_472],
  ["any", "::1", 1_452],
])(
  "bound to %s, a datagram to %s longer than the interface carries is told of, and the rest is sent",
  (bind, address, limit) => {
    expect(run(bind, address, "whole")).toEqual({
      dontFragment: true,
      arrived: [10, limit, limit - 1, 20, 30],
      tooLong: [limit + 1, 9_000, 65_000],
      errors: [],
    });
  },
);

narrow.each(["127.0.0.1", "::1"])(
  "a socket that does not ask for whole datagrams to %s has the system cut them",
  (address) => {
    expect(run("any", address, "cut")).toMatchObject({
      dontFragment: false,
      arrived: { length: 8 },
      tooLong: [],
      errors: [],
    });
  },
);
