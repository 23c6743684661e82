// The edge to the network under Bun, on Bun.udpSocket: see udp-socket.ts. Its twin for Node.js is udp-socket.node.ts.

import { isIPv6 } from "node:net";

import { systemCode } from "../errors.ts";
import { formatAddress, type SocketAddress } from "./address.ts";
import { loadSocketTuner } from "./socket-calls.ts";
import { describeSendError } from "./socket-error.ts";
import { NOTHING_IN_FORCE } from "./socket-options.ts";
import { createBatchSender, type Datagram } from "./udp-gso.ts";
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
  const { bind, port, onDatagram, onError, onTooLong } = options;
  let lastTo: SocketAddress | undefined;
  let room = Promise.withResolvers<void>();

  const isForOnTooLong = (cause: unknown) =>
    onTooLong !== undefined && systemCode(cause) === TOO_LONG;

  const senderOf = createSenderReader();

  // Before the socket is open: between opening and returning it there must be no await, or datagrams would arrive that
  // the caller can't answer yet.
  const tuner = await loadSocketTuner(options);

  // Bun 1.4.5 throws some errors that its declarations say it rejects with; async makes them rejections.
  const open = async (hostname: string) =>
    Bun.udpSocket({
      hostname,
      port,
      binaryType: "uint8array",
      socket: {
        data(_socket, datagram, fromPort, from) {
          onDatagram(datagram, senderOf(from, fromPort));
        },
        drain() {
          room.resolve();
          room = Promise.withResolvers();
        },
        // Bun 1.4.5 passes the error first; its declarations say second.
        error(...args: unknown[]) {
          const cause = args.find((value) => value instanceof Error);
          // sendMany has reported it; or a router reports a smaller MTU, which anyone can forge, and which our own
          // probing finds out (RFC 8899 s. 4.6).
          if (isForOnTooLong(cause)) return;
          onError(describeSendError(cause, lastTo === undefined ? "" : formatAddress(lastTo)));
        },
      },
    });

  const socket = await open(bind ?? ANY_ADDRESS)
    .catch((cause: unknown) => {
      if (bind === undefined && systemCode(cause) === "EAFNOSUPPORT") return open(ANY_IPV4_ADDRESS);
      throw cause;
    })
    .catch((cause: unknown) => {
      tuner?.[Symbol.dispose]();
      throw cannotBind(cause, options);
    });
  const address = { address: socket.address.address, port: socket.port };
  const isDualStack = isIPv6(address.address);
  const inForce = tuner?.apply(socket, address.address) ?? NOTHING_IN_FORCE;

  /** Sends as many as it can without waiting. Returns how many. */
  function sendNow(datagrams: readonly Datagram[]): number {
    if (socket.closed) return 0;
    // The runtime takes a batch as a flat array: bytes, port, address of each.
    const packets: (Uint8Array | number | string)[] = [];
    for (const { bytes, to } of datagrams) {
      packets.push(bytes, to.port, destinationAddress(to, isDualStack));
    }
    return socket.sendMany(packets);
  }

  const segment = tuner?.segmenter(socket) ?? null;
  const sendBatch = createBatchSender({
    send: sendNow,
    // `segment` may only be called while the socket is open.
    sendSegmented:
      segment && ((run, size) => (socket.closed ? 0 : segment(size, () => sendNow([run])))),
  });

  return {
    address,
    ...inForce,
    sendMany(datagrams) {
      const last = datagrams.at(-1);
      if (socket.closed || last === undefined) return;
      lastTo = last.to;
      const report = createBatchReporter(onError);
      sendBatch(datagrams, {
        onRefused({ bytes, to }, cause) {
          if (isForOnTooLong(cause)) onTooLong?.(to, bytes.length);
          else report(cause, to);
        },
        onEarlierRefused(cause) {
          if (!isForOnTooLong(cause)) report(cause, last.to);
        },
      });
    },
    send(datagram, to) {
      lastTo = to;
      const address = destinationAddress(to, isDualStack);
      const attempt = async () => {
        for (;;) {
          if (socket.closed) throw socketClosed(to);
          if (socket.send(datagram, to.port, address)) return;
          await room.promise;
        }
      };
      return sendPastEarlierError(to, attempt, onError);
    },
    close,
    [Symbol.dispose]: close,
  };

  function close(): void {
    if (!socket.closed) tuner?.[Symbol.dispose]();
    socket.close();
    room.resolve();
  }
}
