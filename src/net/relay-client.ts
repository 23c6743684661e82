// One end's view of a relay (docs/protocol.md s. 19): wraps datagrams for it, proves to it that this end receives what is sent to
// its address, and learns that address. A state machine without I/O.
//
//   unproven -- address(cookie) --> proving -- query(cookie), address --> proven
//      ^                                                                    |
//      '------------------ address: the relay does not know us any more ----'

import type { Outbound } from "../protocol/session/transmit.ts";
import type { SocketAddress } from "../protocol/socket-address.ts";
import { FORWARD_HEADER, type RelayPacket, writeForward, writeQuery } from "./relay-packets.ts";

/** Between two answers to the relay at least, ms: anyone can forge its packets. */
const MIN_INTERVAL = 50;

export interface RelayClient {
  readonly relay: SocketAddress;
  state: "unproven" | "proving" | "proven";
  /** This end's address as the relay sees it; null until it has said so. */
  outer: SocketAddress | null;
  /** The last datagram, to be sent again once the address is proven: the relay has dropped it. */
  last: Outbound | null;
  repliedAt: number;
}

export function createRelayClient(relay: SocketAddress): RelayClient {
  return { relay, state: "unproven", outer: null, last: null, repliedAt: -Infinity };
}

/** A datagram for another end, as it is sent to the relay. */
export function wrapForRelay(client: RelayClient, end: Uint8Array, datagram: Uint8Array): Outbound {
  const outbound = { to: client.relay, bytes: writeForward(end, datagram) };
  client.last = client.state === "proven" ? null : outbound;
  return outbound;
}

/** Asks for this end's address, without a datagram for anybody. */
export function askRelay({ relay }: RelayClient): Outbound {
  return { to: relay, bytes: writeQuery(null) };
}

/**
 * The relay has said what this end's address is.
 *
 * @returns what to send to it
 */
export function addressReceived(
  client: RelayClient,
  { cookie, address }: Extract<RelayPacket, { kind: "address" }>,
  now: number,
): Outbound[] {
  client.outer = address;
  if (client.state === "proving") {
    client.state = "proven";
    const { last } = client;
    client.last = null;
    return last === null ? [] : [last];
  }
  if (now < client.repliedAt + MIN_INTERVAL) return [];
  client.repliedAt = now;
  client.state = "proving";
  return [{ to: client.relay, bytes: writeQuery(cookie) }];
}

/** Bytes that a relay takes of each datagram. */
export const RELAY_OVERHEAD = FORWARD_HEADER;
