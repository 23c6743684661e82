// A UDP socket under test, with an inbox for what it hears and one for what it is told.

import type { CharlaError } from "../../src/errors.ts";
import type { SocketAddress } from "../../src/net/address.ts";
import { openUdpSocket, type UdpSocket, type UdpSocketOptions } from "../../src/net/udp-socket.ts";
import { createInbox } from "./inbox.ts";

interface Heard {
  datagram: Uint8Array;
  from: SocketAddress;
}

/** @param options in place of the inboxes, or beside them */
export async function open(bind?: string, port = 0, options: Partial<UdpSocketOptions> = {}) {
  const heard = createInbox<Heard>();
  const errors = createInbox<CharlaError>();
  const socket: UdpSocket = await openUdpSocket({
    bind,
    port,
    onDatagram: (datagram, from) => heard.put({ datagram, from }),
    onError: (error) => errors.put(error),
    ...options,
  });
  return {
    socket,
    heard,
    errors,
    [Symbol.dispose]() {
      socket.close();
    },
  };
}
