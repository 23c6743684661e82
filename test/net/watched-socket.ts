// A UDP socket under test, with an inbox for the datagrams it receives and one for its errors.

import { openUdpSocket } from "#udp-socket";

import type { CharlaError } from "../../src/errors.ts";
import type { SocketAddress } from "../../src/net/address.ts";
import { openUdpSocket as openNodeUdpSocket } from "../../src/net/udp-socket.node.ts";
import type { UdpSocket, UdpSocketOptions } from "../../src/net/udp-socket.ts";
import { createInbox } from "./inbox.ts";
import { SERVERS_GET_REFUSALS } from "./sockets.ts";

interface Received {
  datagram: Uint8Array;
  from: SocketAddress;
}

/** @param options replace the handlers that fill the inboxes, or add to them */
export const open = opener(openUdpSocket);

/**
 * This runtime's UDP socket, and the one that every runtime has: the same suites test both. That of node:dgram gets no
 * refusals unless it has a single peer.
 */
export const UDP_SOCKETS: readonly [
  title: string,
  openSocket: typeof open,
  getsRefusals: boolean,
][] = [
  ["the runtime's UDP socket", open, SERVERS_GET_REFUSALS],
  ["the UDP socket on node:dgram", opener(openNodeUdpSocket), false],
];

function opener(openSocket: typeof openUdpSocket) {
  return async (bind?: string, port = 0, options: Partial<UdpSocketOptions> = {}) => {
    const received = createInbox<Received>();
    const errors = createInbox<CharlaError>();
    const socket: UdpSocket = await openSocket({
      bind,
      port,
      onDatagram: (datagram, from) => received.put({ datagram, from }),
      onError: (error) => errors.put(error),
      ...options,
    });
    return {
      socket,
      received,
      errors,
      [Symbol.dispose]() {
        socket.close();
      },
    };
  };
}
