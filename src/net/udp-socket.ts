// One UDP socket that receives and sends datagrams: what the two edges to the network have in common, udp-socket.bun.ts
// and udp-socket.node.ts. Import `openUdpSocket` from "#udp-socket", which is one of them (package.json, `imports`).
// Knows nothing of what a datagram holds.

import { isIPv4 } from "node:net";

import { CharlaError } from "../errors.ts";
import { MAX_DATAGRAM_SIZE } from "../protocol/recovery/path-mtu.ts";
import { canonicalAddress, formatAddress, isLoopback, type SocketAddress } from "./address.ts";
import { describeBindError, describeSendError } from "./socket-error.ts";
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
  /**
   * It talks to one address at a time, and wants nothing from others. Under Node.js only such a socket gets the network's
   * errors, since it is connected; a refusal of the first address may change its port.
   */
  readonly singlePeer?: boolean | undefined;
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

/** Whether a socket with this address takes datagrams at all addresses of the machine, of one family at least. */
export function isAnyAddress(address: string): boolean {
  return address === ANY_ADDRESS || address === ANY_IPV4_ADDRESS;
}

/** The system's code for a datagram that is longer than the network interface carries. */
export const TOO_LONG = "EMSGSIZE";

/**
 * What turns senders, as the runtime spells them, into addresses. Mostly the next datagram comes from the last sender, or
 * from the same host; canonicalizing an IPv6 address takes 0.7 us.
 */
export function createSenderReader(): (from: string, port: number) => SocketAddress {
  let spelling = "";
  let sender: SocketAddress = { address: "", port: 0 };
  return (from, port) => {
    if (from !== spelling) sender = { address: canonicalAddress(from), port };
    else if (port !== sender.port) sender = { address: sender.address, port };
    spelling = from;
    return sender;
  };
}

/**
 * Sends one datagram, past the error of an earlier one: the system may report that in place of sending this one, once.
 * Whose it was, is not known; but a refusal is an answer to an earlier one.
 *
 * @param attempt rejects with the system's error, or with a CharlaError
 * @throws {CharlaError} when it fails twice
 */
export async function sendPastEarlierError(
  to: SocketAddress,
  attempt: () => Promise<void>,
  onError: UdpSocketOptions["onError"],
): Promise<void> {
  try {
    await attempt();
  } catch (cause) {
    if (cause instanceof CharlaError) throw cause;
    const earlier = describeSendError(cause, formatAddress(to));
    if (earlier.code === "NOBODY_LISTENING") onError(earlier);
    await attempt().catch((again: unknown) => {
      throw again instanceof CharlaError ? again : describeSendError(again, formatAddress(to));
    });
  }
}

/** An address as a socket of this kind takes it: a dual-stack one has IPv4 addresses mapped (RFC 4291 s. 2.5.5.2). */
export function destinationAddress({ address }: SocketAddress, isDualStack: boolean): string {
  return isDualStack && isIPv4(address) ? `::ffff:${address}` : address;
}

/** Reports the errors of one batch of datagrams: each once, however many datagrams were for that peer. */
export function createBatchReporter(onError: UdpSocketOptions["onError"]) {
  const reported = new Set<string>();
  return (cause: unknown, to: SocketAddress): void => {
    const error = describeSendError(cause, formatAddress(to));
    if (!reported.has(error.message)) onError(error);
    reported.add(error.message);
  };
}

export function cannotBind(
  cause: unknown,
  { bind, port }: Pick<UdpSocketOptions, "bind" | "port">,
): CharlaError {
  const where = bind === undefined ? `port ${port}` : formatAddress({ address: bind, port });
  return describeBindError(cause, where);
}

export function socketClosed(to: SocketAddress): CharlaError {
  return new CharlaError(
    "UNREACHABLE",
    `cannot send to ${formatAddress(to)}: the socket is closed`,
    "open or join another conversation",
  );
}

/**
 * Bytes of a datagram on Ethernet, less the headers of IPv6 and UDP. Where the system fragments longer datagrams, their
 * arrival says nothing about the path MTU (RFC 8899 s. 3).
 */
const FRAGMENTED_LIMIT = 1_500 - 40 - 8;

/** Bytes of the longest datagram to probe the path MTU with. */
export function maxProbeSize(
  { dontFragment }: Pick<UdpSocket, "dontFragment">,
  to: SocketAddress,
): number {
  return dontFragment || isLoopback(to) ? MAX_DATAGRAM_SIZE : FRAGMENTED_LIMIT;
}
