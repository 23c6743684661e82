// A network namespace whose loopback interface has a small MTU; needs no privileges if users may create namespaces
// (unshare(1)).

/** @param command for a shell */
export function inNarrowNetwork(command: string, mtu = 1_500): string[] {
  return ["unshare", "-rn", "sh", "-c", `ip link set lo mtu ${mtu} up && ${command}`];
}

/** Whether this machine allows one. */
export function hasNarrowNetworks(): boolean {
  if (process.platform !== "linux" || Bun.which("unshare") === null) return false;
  return Bun.spawnSync(inNarrowNetwork("true"), { stderr: "ignore" }).exitCode === 0;
}
