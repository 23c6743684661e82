// A network without any other machine: a namespace with one interface, for programs that speak multicast to each other.

import { start } from "./program.ts";

/** The address of this machine on it. */
export const LAN_ADDRESS = "10.9.0.1";

/** What makes a namespace without a network one that has it. */
export const SET_UP = `
  ip link set lo up
  ip link add lan0 type veth peer name lan1
  ip addr add ${LAN_ADDRESS}/24 dev lan0
  ip link set lan0 up
  ip link set lan1 up
`;

/** Adds a second network. */
export const SECOND_NETWORK = `
  ip link add lan2 type veth peer name lan3
  ip addr add 10.8.0.1/24 dev lan2
  ip link set lan2 up
  ip link set lan3 up
`;

/** For a machine that has no network. */
export const NO_NETWORK = "ip link set lo up";

/** Whether this system lets tests have networks of their own. */
export const canOpenLan =
  process.platform === "linux" &&
  ["unshare", "nsenter", "ip", "nft"].every((program) => Bun.which(program) !== null) &&
  Bun.spawnSync(["unshare", "-rn", "sh", "-ec", SET_UP]).exitCode === 0;

export interface Lan extends AsyncDisposable {
  /** The command that runs `command` there. */
  enter(command: readonly string[]): string[];
}

/** It is gone with the process that holds it, which ends with this one. */
export async function openLan(setUp: string = SET_UP): Promise<Lan> {
  const holder = start(["unshare", "-rn", "sh", "-ec", `${setUp}\necho ready; cat > /dev/null`]);
  await holder.until("stdout", "ready");
  return {
    enter: (command) => [
      "nsenter",
      `--target=${holder.pid}`,
      "--user",
      "--preserve-credentials",
      "--net",
      "--",
      ...command,
    ],
    async [Symbol.asyncDispose]() {
      holder.endInput();
      await holder.exited;
    },
  };
}
