// A UDP socket under test, with an inbox for the datagrams it receives and one for its errors.

import { openUdpSocket } from "#udp-socket";

import type { CharlaError } from "../../src/errors.ts";
import type { SocketAddress } from "../../src/net/address.ts";
import type { UdpSocket, UdpSocketOptions } from "../../src/net/udp-socket.ts";
import { createInbox } from "./inbox.ts";

interface Received {
  datagram: Uint8Array;
  from: SocketAddress;
}

/** @param options replace the handlers that fill the inboxes, or add to them */
export async function open(bind?: string, port = 0, options: Partial<UdpSocketOptions> = {}) {
  const received = createInbox<Received>();
  const errors = createInbox<CharlaError>();
  const socket: UdpSocket = await openUdpSocket({
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
}
