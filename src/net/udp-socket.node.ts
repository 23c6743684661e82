// The edge to the network under Node.js, on node:dgram: see udp-socket.ts. Its twin for Bun is udp-socket.bun.ts.
//
// What node:dgram has no call for is left out: datagrams leave one by one (no GSO), and the system may fragment those longer
// than its network interface carries. The network's errors (ICMP) reach connected sockets alone (RFC 1122 s. 4.1.3.3):
// others would need IP_RECVERR (ip(7)).

import { createSocket, type Socket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { isIP, isIPv4, isIPv6 } from "node:net";

import { systemCode } from "../errors.ts";
import { formatAddress, MAX_PORT, sameAddress, type SocketAddress } from "./address.ts";
import { describeSendError } from "./socket-error.ts";
import {
  ANY_ADDRESS,
  ANY_IPV4_ADDRESS,
  cannotBind,
  createBatchReporter,
  createSenderReader,
  destinationAddress,
  sendPastEarlierError,
  socketClosed,
  TOO_LONG,
  type UdpSocket,
  type UdpSocketOptions,
} from "./udp-socket.ts";

/** @throws {CharlaError} PORT_IN_USE and others: see `describeBindError` */
export async function openUdpSocket(options: UdpSocketOptions): Promise<UdpSocket> {
  const { bind, port, singlePeer, onDatagram, onError, onTooLong } = options;
  let lastTo: SocketAddress | undefined;
  let isOpen = true;
  /** To which it is connected, or is being connected. */
  let peer: { readonly address: SocketAddress; readonly connected: Promise<void> } | null = null;

  const open = async () => openOn(bind === undefined ? ANY_ADDRESS : await addressOf(bind), port);
  const socket = await open()
    .catch((cause: unknown) => {
      const noIpv6 = ["EAFNOSUPPORT", "EADDRNOTAVAIL"].includes(systemCode(cause));
      if (bind === undefined && noIpv6) return openOn(ANY_IPV4_ADDRESS, port);
      throw cause;
    })
    .catch((cause: unknown) => {
      throw cannotBind(cause, options);
    });
  const { address, port: localPort } = socket.address();
  const isDualStack = isIPv6(address);
  if (options.receiveBuffer !== undefined) setReceiveBuffer(socket, options.receiveBuffer);

  const senderOf = createSenderReader();

  socket.on("message", (datagram, from) => {
    // A Buffer's `slice` is not that of an Uint8Array.
    const bytes = new Uint8Array(datagram.buffer, datagram.byteOffset, datagram.length);
    onDatagram(bytes, senderOf(from.address, from.port));
  });
  socket.on("error", (cause) => {
    if (onTooLong !== undefined && systemCode(cause) === TOO_LONG) return;
    onError(describeSendError(cause, lastTo === undefined ? "" : formatAddress(lastTo)));
  });

  /** Rejects with the system's error, or that it is closed. */
  function attempt(bytes: Uint8Array, to: SocketAddress): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!isOpen) throw socketClosed(to);
      if (!isDualStack && !isIPv4(to.address)) {
        const cause = new Error("an IPv4 socket sends to no IPv6 address");
        throw Object.assign(cause, { code: "EAFNOSUPPORT" });
      }
      const destination = destinationAddress(to, isDualStack);
      const settle = (cause: Error | null) => {
        if (!isOpen) reject(socketClosed(to));
        else if (cause === null) resolve();
        else reject(cause);
      };
      lastTo = to;
      if (singlePeer !== true) socket.send(bytes, to.port, destination, settle);
      else {
        const send = () => (isOpen ? socket.send(bytes, settle) : settle(null));
        connectTo(to, destination).then(send, settle);
      }
    });
  }

  /** Datagrams leave in the order of the calls, those to a new peer as soon as it is connected. */
  function connectTo(to: SocketAddress, destination: string): Promise<void> {
    if (peer !== null && sameAddress(peer.address, to)) return peer.connected;
    if (peer !== null) socket.disconnect();
    const connected = new Promise<void>((resolve, reject) => {
      socket.connect(to.port, destination, (cause?: Error) => {
        if (cause === undefined) resolve();
        else reject(cause);
      });
    });
    const connecting = { address: to, connected };
    connected.catch(() => {
      if (peer === connecting) peer = null;
    });
    peer = connecting;
    return connected;
  }

  return {
    address: { address, port: localPort },
    receiveBuffer: options.receiveBuffer === undefined ? null : socket.getRecvBufferSize(),
    dontFragment: false,
    sendMany(datagrams) {
      // What has no room in the system's buffer waits here, where nothing limits it.
      if (!isOpen || socket.getSendQueueCount() > 0) return;
      const report = createBatchReporter(onError);
      for (const { bytes, to } of datagrams) {
        // The caller uses its memory again, while this may still wait for room.
        attempt(bytes.slice(), to).catch((cause: unknown) => {
          if (!isOpen) return;
          if (onTooLong !== undefined && systemCode(cause) === TOO_LONG) {
            onTooLong(to, bytes.length);
          } else report(cause, to);
        });
      }
    },
    send: (datagram, to) => sendPastEarlierError(to, () => attempt(datagram, to), onError),
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
    const fail = (cause: unknown) => {
      socket.close();
      reject(cause);
    };
    // `bind` takes the last 16 bits of any number.
    if (!(Number.isInteger(port) && port >= 0 && port <= MAX_PORT)) {
      return fail(new RangeError(`a port is a whole number from 0 to ${MAX_PORT}`));
    }
    socket.once("error", fail);
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
