// A network of its own whose loopback carries packets of so many bytes only: needs no rights where users may
// have namespaces (unshare(1)).

/** The command, for a shell, to run in such a network. */
export function inNarrowNetwork(command: string, mtu = 1_500): string[] {
  return ["unshare", "-rn", "sh", "-c", `ip link set lo mtu ${mtu} up && ${command}`];
}

/** Whether this machine lets there be one. */
export function hasNarrowNetworks(): boolean {
  if (process.platform !== "linux" || Bun.which("unshare") === null) return false;
  return Bun.spawnSync(inNarrowNetwork("true"), { stderr: "ignore" }).exitCode === 0;
}
