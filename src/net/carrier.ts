// What takes datagrams to a peer besides a UDP socket: a relay, or a WebSocket. The protocol compares them, and
// sealed-socket.ts sends by them.

import { type Carrier, sameAddress, type SocketAddress } from "../protocol/socket-address.ts";

export interface DatagramCarrier extends Carrier {
  readonly kind: PathKind;
  /** Bytes of the longest datagram that it takes. */
  readonly datagramLimit: number;
  /** Of a relay that is itself reached by a carrier, its address. */
  readonly below?: SocketAddress | undefined;
  /** Takes a datagram, which it copies, or drops it. */
  send(datagram: Uint8Array): void;
}

/** How a peer is reached: by UDP or a WebSocket, and past a relay, if there is one. */
export interface PathKind {
  readonly transport: "udp" | "websocket";
  /** HOST or HOST:PORT of the relay, as it was written; null for a direct path. */
  readonly relay: string | null;
}

/**
 * Bytes of the longest datagram in a WebSocket: what a relay forwards by UDP (docs/protocol.md s. 19.4), since one end may have
 * a WebSocket and the other none.
 */
export const WEBSOCKET_DATAGRAM_LIMIT = 1_472;

export const DIRECT: PathKind = { transport: "udp", relay: null };

/** The better one first: direct before relayed, and UDP before a stream, where one lost packet stops all that follow. */
export function pathRank({ transport, relay }: PathKind): number {
  return (transport === "udp" ? 0 : 2) + (relay === null ? 0 : 1);
}

/** What takes datagrams there; null for a UDP socket. */
export function carrierOf({ carrier }: SocketAddress): DatagramCarrier | null {
  if (carrier === undefined) return null;
  if (!isDatagramCarrier(carrier)) throw new Error(`no datagrams can be sent by ${carrier.id}`);
  return carrier;
}

function isDatagramCarrier(carrier: Carrier): carrier is DatagramCarrier {
  return "send" in carrier;
}

export function pathKind(address: SocketAddress): PathKind {
  return carrierOf(address)?.kind ?? DIRECT;
}

/** Whether datagrams to this address go by the carrier of another one, also in packets to a relay. */
export function isCarriedBy(address: SocketAddress, other: SocketAddress): boolean {
  if (sameAddress(address, other)) return true;
  const below = carrierOf(address)?.below;
  return below !== undefined && sameAddress(below, other);
}
