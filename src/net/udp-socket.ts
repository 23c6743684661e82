// The edge to the network: one UDP socket that hears datagrams and sends them. With socket-calls.ts
// the only file of the wire that names the runtime. Knows nothing of what a datagram holds.

import { isIPv4, isIPv6 } from "node:net";

import { CharlaError, systemCode } from "../errors.ts";
import { canonicalAddress, formatAddress, type SocketAddress } from "./address.ts";
import type { Datagram } from "./runs.ts";
import { createBatchSender } from "./send-runs.ts";
import { describeSocketError } from "./socket-error.ts";
import { NOTHING_IN_FORCE, type OptionsInForce, type WantedOptions } from "./socket-options.ts";
import { loadTuning } from "./socket-tuning.ts";

export interface UdpSocket extends Disposable, OptionsInForce {
  /** Where it listens. */
  readonly address: SocketAddress;
  /**
   * Sends one datagram; while the system's send buffer is full, waits for room in it.
   *
   * @throws {CharlaError} when the system refuses it at once; UNREACHABLE on a closed socket
   */
  send(datagram: Uint8Array, to: SocketAddress): Promise<void>;
  /**
   * Sends datagrams in as few system calls as there can be. What the system refuses is left out and
   * told of; what its buffers have no room for is dropped as any router on the way may drop it.
   */
  sendMany(datagrams: readonly Datagram[]): void;
  close(): void;
}

export interface UdpSocketOptions extends WantedOptions {
  /** The address to listen on; without one, every address of both families. */
  readonly bind?: string | undefined;
  /** 0 lets the system choose a free port. */
  readonly port: number;
  readonly onDatagram: (datagram: Uint8Array, from: SocketAddress) => void;
  /** The network answered an earlier datagram with an error (ICMP, RFC 792, RFC 4443). */
  readonly onError: (error: CharlaError) => void;
  /**
   * A datagram of `sendMany` is longer than the way out of this machine carries, and was not sent;
   * without this, `onError` is told of it.
   */
  readonly onTooLong?: ((to: SocketAddress, length: number) => void) | undefined;
}

/** Every address of both families, where the machine has IPv6 (RFC 3493 s. 3.7). */
const ANY_ADDRESS = "::";
const ANY_IPV4_ADDRESS = "0.0.0.0";

/** What the system says of a datagram longer than its way out carries. */
const TOO_LONG = "EMSGSIZE";

/** @throws {CharlaError} PORT_IN_USE and its kin: see `describeSocketError` */
export async function openUdpSocket(options: UdpSocketOptions): Promise<UdpSocket> {
  const { bind, port, onDatagram, onError, onTooLong } = options;
  // Until the socket is open there is nobody to tell; an error then is the opening's own.
  let lastTo: SocketAddress | undefined;
  let room = Promise.withResolvers<void>();

  const isForOnTooLong = (cause: unknown) =>
    onTooLong !== undefined && systemCode(cause) === TOO_LONG;

  // The last sender as the runtime spells it, and as we do. The next datagram is mostly its own, too, or comes from
  // the same host; to find our spelling of an IPv6 address takes 0.7 us.
  let spelling = "";
  let sender: SocketAddress = { address: "", port: 0 };
  function senderOf(from: string, fromPort: number): SocketAddress {
    if (from !== spelling) sender = { address: canonicalAddress(from), port: fromPort };
    else if (fromPort !== sender.port) sender = { address: sender.address, port: fromPort };
    spelling = from;
    return sender;
  }

  // Before the socket is open: afterwards it would hear datagrams while nobody has it yet to answer.
  const tuning = await loadTuning(options);

  // Bun 1.4.5 throws some of what its declarations say it rejects with: async makes them one.
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
        // Bun 1.4.5 passes the error first, its declarations say second.
        error(...told: unknown[]) {
          const cause = told.find((value) => value instanceof Error);
          // sendMany has told of it; or a router says that its way on is narrow, which anyone may
          // claim, and which the probing finds out itself (RFC 8899 s. 4.6).
          if (isForOnTooLong(cause)) return;
          onError(describeSocketError(cause, lastTo === undefined ? "" : formatAddress(lastTo)));
        },
      },
    });

  const socket = await open(bind ?? ANY_ADDRESS)
    .catch((cause: unknown) => {
      if (bind === undefined && systemCode(cause) === "EAFNOSUPPORT") return open(ANY_IPV4_ADDRESS);
      throw cause;
    })
    .catch((cause: unknown) => {
      tuning?.[Symbol.dispose]();
      throw describeSocketError(cause, where(bind, port));
    });
  const address = { address: socket.address.address, port: socket.port };
  const speaksIpv6 = isIPv6(address.address);
  const inForce = tuning?.apply(socket, address.address) ?? NOTHING_IN_FORCE;

  const reachable = (to: SocketAddress) =>
    speaksIpv6 && isIPv4(to.address) ? `::ffff:${to.address}` : to.address;

  /** Sends what it can at once: how many. */
  function sendNow(datagrams: readonly Datagram[]): number {
    if (socket.closed) return 0;
    // The bytes, the port and the address of each: so the runtime wants a batch.
    const packets: (Uint8Array | number | string)[] = [];
    for (const { bytes, to } of datagrams) packets.push(bytes, to.port, reachable(to));
    return socket.sendMany(packets);
  }

  const cut = tuning?.cutter(socket) ?? null;
  const sendBatch = createBatchSender({
    send: sendNow,
    // The calls of `tuning` are for an open socket.
    sendCut: cut && ((joined, size) => (socket.closed ? 0 : cut(size, () => sendNow([joined])))),
  });

  return {
    address,
    ...inForce,
    sendMany(datagrams) {
      const last = datagrams.at(-1);
      if (socket.closed || last === undefined) return;
      lastTo = last.to;
      // Once for each peer, however many datagrams were for it.
      const told = new Set<string>();
      const tell = (cause: unknown, to: SocketAddress) => {
        const error = describeSocketError(cause, formatAddress(to));
        if (!told.has(error.message)) onError(error);
        told.add(error.message);
      };
      sendBatch(datagrams, {
        onRefused({ bytes, to }, cause) {
          if (isForOnTooLong(cause)) onTooLong?.(to, bytes.length);
          else tell(cause, to);
        },
        onEarlierRefused(cause) {
          if (!isForOnTooLong(cause)) tell(cause, last.to);
        },
      });
    },
    async send(datagram, to) {
      lastTo = to;
      const address = reachable(to);
      let refusals = 0;
      for (;;) {
        if (socket.closed) throw closedSocket(to);
        try {
          if (socket.send(datagram, to.port, address)) return;
          await room.promise;
        } catch (cause) {
          const error = describeSocketError(cause, formatAddress(to));
          // The system tells of an earlier datagram's refusal in place of sending the next one.
          if (error.code !== "NOBODY_LISTENING" || refusals > 0) throw error;
          refusals += 1;
          onError(error);
        }
      }
    },
    close,
    [Symbol.dispose]: close,
  };

  function close(): void {
    if (!socket.closed) tuning?.[Symbol.dispose]();
    socket.close();
    room.resolve();
  }
}

function closedSocket(to: SocketAddress): CharlaError {
  return new CharlaError(
    "UNREACHABLE",
    `nothing can be sent to ${formatAddress(to)} any more: the socket is closed`,
    "open or join another conversation",
  );
}

function where(bind: string | undefined, port: number): string {
  return bind === undefined ? `port ${port}` : formatAddress({ address: bind, port });
}
