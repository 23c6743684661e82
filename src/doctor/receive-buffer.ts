// How much the system lets a socket hold while charla is busy: what comes beyond it is dropped, and has to
// be sent again.

import { LARGE_RECEIVE_BUFFER } from "../net/socket-options.ts";
import { openUdpSocket } from "../net/udp-socket.ts";
import { type Check, note, ok } from "./check.ts";

const NAME = "receive-buffer";
const KIB = 1_024;

/** Where each system keeps its limit: its administrator's to raise, and where that survives a restart. */
const HOW_TO_RAISE: Readonly<Record<string, string>> = {
  linux: `sudo sysctl -w net.core.rmem_max=${LARGE_RECEIVE_BUFFER}, and the same line in /etc/sysctl.d/charla.conf to keep it`,
  darwin: `sudo sysctl -w kern.ipc.maxsockbuf=${2 * LARGE_RECEIVE_BUFFER}`,
};

export async function checkReceiveBuffer(): Promise<Check> {
  using socket = await openUdpSocket({
    port: 0,
    receiveBuffer: LARGE_RECEIVE_BUFFER,
    onDatagram() {},
    onError() {},
  });
  return describeReceiveBuffer(socket.receiveBuffer, process.platform);
}

/** @param told bytes as the system counts them; null if unknown */
export function describeReceiveBuffer(told: number | null, platform: string): Check {
  const wanted = LARGE_RECEIVE_BUFFER;
  if (told === null) {
    return note(
      NAME,
      "how many bytes a socket may hold cannot be told on this system",
      "nothing has to be done: bursts may be slower",
    );
  }
  // socket(7): Linux counts its own bookkeeping, and doubles what was asked for.
  const granted = platform === "linux" ? told / 2 : told;
  const value = { granted, wanted };
  if (granted >= wanted) return ok(NAME, `a socket may hold ${inKib(granted)} for bursts`, value);
  return note(
    NAME,
    `a socket may hold ${inKib(granted)}, less than the ${inKib(wanted)} that bursts to a busy server want`,
    HOW_TO_RAISE[platform] ?? "raise the system's limit for receive buffers",
    value,
  );
}

function inKib(bytes: number): string {
  return `${Math.floor(bytes / KIB)} KiB`;
}
