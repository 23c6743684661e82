// A browser has no UDP: the socket of a page sends nothing by itself, and everything by carriers. See udp-socket.ts.

import { CharlaError } from "../errors.ts";
import { formatAddress } from "./address.ts";
import { NOTHING_IN_FORCE } from "./socket-options.ts";
import type { UdpSocket } from "./udp-socket.ts";

export async function openUdpSocket(): Promise<UdpSocket> {
  return {
    ...NOTHING_IN_FORCE,
    address: { address: "::", port: 0 },
    async send(_datagram, to) {
      throw new CharlaError(
        "UNREACHABLE",
        `a browser sends no UDP to ${formatAddress(to)}`,
        "join from a terminal",
      );
    },
    sendMany() {},
    close() {},
    [Symbol.dispose]() {},
  };
}
