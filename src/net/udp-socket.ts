// One UDP socket that receives and sends datagrams: what the two edges to the network have in common, udp-socket.bun.ts
// and udp-socket.node.ts. Import `openUdpSocket` from "#udp-socket", which is one of them (package.json, `imports`).
// Knows nothing of what a datagram holds.

import { CharlaError } from "../errors.ts";
import { formatAddress, type SocketAddress } from "./address.ts";
import type { OptionsInForce, WantedOptions } from "./socket-options.ts";
import type { Datagram } from "./udp-gso.ts";

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
   * Sends datagrams in as few system calls as possible. What the system refuses is left out and reported; what its
   * buffers have no room for is dropped, as any router on the path may drop it.
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
   * A datagram of `sendMany` is longer than this machine's network interface carries, and was not sent; without this
   * handler it is reported to `onError`.
   */
  readonly onTooLong?: ((to: SocketAddress, length: number) => void) | undefined;
}

/** Every address of both families, where the machine has IPv6 (RFC 3493 s. 3.7). */
export const ANY_ADDRESS = "::";
export const ANY_IPV4_ADDRESS = "0.0.0.0";

/** The system's code for a datagram that is longer than the network interface carries. */
export const TOO_LONG = "EMSGSIZE";

export function socketClosed(to: SocketAddress): CharlaError {
  return new CharlaError(
    "UNREACHABLE",
    `cannot send to ${formatAddress(to)}: the socket is closed`,
    "open or join another conversation",
  );
}
