// The edge to the network under Node.js, on node:dgram: see udp-socket.ts. Its twin for Bun is udp-socket.bun.ts.
//
// What node:dgram has no call for is left out: datagrams leave one by one (no GSO), the system may fragment those longer
// than its network interface carries, and no refusal (ICMP) is reported, since a socket that is not connected gets none
// without IP_RECVERR (ip(7)).

import { createSocket, type Socket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { isIP, isIPv4, isIPv6 } from "node:net";

import { systemCode } from "../errors.ts";
import { canonicalAddress, formatAddress, type SocketAddress } from "./address.ts";
import { describeBindError, describeSendError } from "./socket-error.ts";
import {
  ANY_ADDRESS,
  ANY_IPV4_ADDRESS,
  socketClosed,
  TOO_LONG,
  type UdpSocket,
  type UdpSocketOptions,
} from "./udp-socket.ts";

/** @throws {CharlaError} PORT_IN_USE and others: see `describeBindError` */
export async function openUdpSocket(options: UdpSocketOptions): Promise<UdpSocket> {
  const { bind, port, onDatagram, onError, onTooLong } = options;
  let lastTo: SocketAddress | undefined;
  let isOpen = true;

  const open = async () => openOn(bind === undefined ? ANY_ADDRESS : await addressOf(bind), port);
  const socket = await open()
    .catch((cause: unknown) => {
      const noIpv6 = ["EAFNOSUPPORT", "EADDRNOTAVAIL"].includes(systemCode(cause));
      if (bind === undefined && noIpv6) return openOn(ANY_IPV4_ADDRESS, port);
      throw cause;
    })
    .catch((cause: unknown) => {
      const where = bind === undefined ? `port ${port}` : formatAddress({ address: bind, port });
      throw describeBindError(cause, where);
    });
  const { address, port: localPort } = socket.address();
  const isDualStack = isIPv6(address);
  if (options.receiveBuffer !== undefined) setReceiveBuffer(socket, options.receiveBuffer);

  socket.on("message", (datagram, from) => {
    // A Buffer's `slice` is not that of an Uint8Array.
    const bytes = new Uint8Array(datagram.buffer, datagram.byteOffset, datagram.length);
    onDatagram(bytes, { address: canonicalAddress(from.address), port: from.port });
  });
  socket.on("error", (cause) => {
    if (onTooLong !== undefined && systemCode(cause) === TOO_LONG) return;
    onError(describeSendError(cause, lastTo === undefined ? "" : formatAddress(lastTo)));
  });

  /** `settle` gets null, or why the system did not send it. */
  function transmit(
    bytes: Uint8Array,
    to: SocketAddress,
    settle: (cause: Error | null) => void,
  ): void {
    lastTo = to;
    if (!isDualStack && !isIPv4(to.address)) {
      const error = new Error("an IPv4 socket sends to no IPv6 address");
      settle(Object.assign(error, { code: "EAFNOSUPPORT" }));
      return;
    }
    const destination = isDualStack && isIPv4(to.address) ? `::ffff:${to.address}` : to.address;
    socket.send(bytes, to.port, destination, settle);
  }

  return {
    address: { address, port: localPort },
    receiveBuffer: options.receiveBuffer === undefined ? null : socket.getRecvBufferSize(),
    dontFragment: false,
    sendMany(datagrams) {
      // What has no room in the system's buffer waits here, where nothing limits it.
      if (!isOpen || socket.getSendQueueCount() > 0) return;
      // Once for each peer, however many datagrams were for it.
      const reported = new Set<string>();
      for (const { bytes, to } of datagrams) {
        // The sender uses its memory again, while this may still wait for room.
        transmit(bytes.slice(), to, (cause) => {
          if (cause === null || !isOpen) return;
          if (onTooLong !== undefined && systemCode(cause) === TOO_LONG) {
            onTooLong(to, bytes.length);
            return;
          }
          const error = describeSendError(cause, formatAddress(to));
          if (!reported.has(error.message)) onError(error);
          reported.add(error.message);
        });
      }
    },
    send: (datagram, to) =>
      new Promise((resolve, reject) => {
        if (!isOpen) {
          reject(socketClosed(to));
          return;
        }
        transmit(datagram, to, (cause) => {
          if (cause === null) resolve();
          else if (isOpen) reject(describeSendError(cause, formatAddress(to)));
          else reject(socketClosed(to));
        });
      }),
    close,
    [Symbol.dispose]: close,
  };

  function close(): void {
    if (isOpen) socket.close();
    isOpen = false;
  }
}

/** @param host a name, or already an address */
async function addressOf(host: string): Promise<string> {
  return isIP(host) === 0 ? (await lookup(host)).address : host;
}

/** `createSocket` would look up each address, even one that needs none, in another turn of the event loop. */
const lookUpNothing = (
  address: string,
  _options: unknown,
  callback: (error: null, address: string, family: number) => void,
) => callback(null, address, isIP(address));

/** @param address of either family */
function openOn(address: string, port: number): Promise<Socket> {
  const socket = createSocket({ type: isIPv4(address) ? "udp4" : "udp6", lookup: lookUpNothing });
  return new Promise((resolve, reject) => {
    socket.once("error", (cause) => {
      socket.close();
      reject(cause);
    });
    socket.bind({ address, port, exclusive: true }, () => {
      socket.removeAllListeners("error");
      resolve(socket);
    });
  });
}

/** As much as the system allows: Linux limits it by itself, other systems refuse. */
function setReceiveBuffer(socket: Socket, bytes: number): void {
  try {
    socket.setRecvBufferSize(bytes);
  } catch {
    // The system's default stays.
  }
}
