// One end's view of a relay (docs/protocol.md s. 19.2): it proves that it receives what is sent to its address, names the server
// that it joins, renews that, and learns its address. A state machine without I/O.
//
//   unproven -- query(cookie), address(joined) --> joined -- address(other status), no answer --> unproven

import { sameAddress, type SocketAddress } from "../protocol/socket-address.ts";
import { type AddressStatus, type RelayPacket, writeForward, writeQuery } from "./relay-packets.ts";

/** Between two answers to the relay at least, ms: anyone can forge its packets. */
const MIN_INTERVAL = 50;
/** The proof is renewed so often, ms; it lasts for 60 s. */
const RENEWAL = 20_000;
/** When a query was not answered, or a relay refuses: the first wait and the longest, ms. */
const FIRST_RETRY = 250;
const LONGEST_RETRY = 4_000;
/** Queries in a row without an answer after which the relay counts as lost. */
const MOST_UNANSWERED = 4;

export interface RelayClient {
  /** Of the server to join, 16 bytes; null to learn only one's own address. */
  readonly slot: Uint8Array | null;
  /** What the relay has said last; null until it has said something, and when it does not answer any more. */
  status: AddressStatus | null;
  /** This end's address as the relay sees it; null until it has said so. */
  outer: SocketAddress | null;
  /** For the next query. */
  cookie: Uint8Array | null;
  /** The last datagram that was sent before this end had joined, as a packet: the relay has dropped it. */
  held: Uint8Array | null;
  /** When the next query is due, ms; the wait before the one after it, if this one is not answered. */
  queryAt: number;
  retry: number;
  unanswered: number;
  repliedAt: number;
}

export function createRelayClient(slot: Uint8Array | null, now: number): RelayClient {
  return {
    slot,
    status: null,
    outer: null,
    cookie: null,
    held: null,
    queryAt: now,
    retry: FIRST_RETRY,
    unanswered: 0,
    repliedAt: -Infinity,
  };
}

/** A datagram for the server, as a packet for the relay. */
export function wrapForRelay(
  client: RelayClient,
  slot: Uint8Array,
  datagram: Uint8Array,
): Uint8Array {
  const packet = writeForward(slot, datagram);
  client.held = client.status === "joined" ? null : packet;
  return packet;
}

/** The query that is due; null when none is. */
export function nextQuery(client: RelayClient, now: number): Uint8Array | null {
  if (now < client.queryAt) return null;
  client.queryAt = now + client.retry;
  client.retry = Math.min(2 * client.retry, LONGEST_RETRY);
  client.unanswered += 1;
  if (client.unanswered > MOST_UNANSWERED) {
    client.status = null;
    // The relay may have other secrets by now.
    client.cookie = null;
  }
  return writeQuery(client.cookie, client.slot);
}

/** The network of this end has changed: the relay gets to know the new address at once. */
export function queryAgain(client: RelayClient, now: number): void {
  client.queryAt = now;
  client.retry = FIRST_RETRY;
  client.unanswered = 0;
}

export interface RelayNews {
  /** Packets for the relay. */
  readonly packets: readonly Uint8Array[];
  readonly statusChanged: boolean;
  readonly outerChanged: boolean;
}

/** The relay has said what this end's address is, and whether it is joined to the server. */
export function addressReceived(
  client: RelayClient,
  { status, cookie, address }: Extract<RelayPacket, { kind: "address" }>,
  now: number,
): RelayNews {
  const outerChanged = client.outer === null || !sameAddress(client.outer, address);
  const statusChanged = client.status !== status;
  client.outer = address;
  client.cookie = cookie.slice();
  client.status = status;
  client.unanswered = 0;
  const packets: Uint8Array[] = [];
  if (status === "joined" || (status === "unproven" && client.slot === null)) {
    client.retry = FIRST_RETRY;
    client.queryAt = now + RENEWAL;
    if (status === "joined" && client.held !== null) packets.push(client.held);
    client.held = null;
  } else if (status !== "unproven") {
    // The server may register, and others may leave.
    client.queryAt = Math.max(client.queryAt, now + client.retry);
  } else if (now >= client.repliedAt + MIN_INTERVAL) {
    client.repliedAt = now;
    client.queryAt = now + client.retry;
    packets.push(writeQuery(client.cookie, client.slot));
  }
  return { packets, statusChanged, outerChanged };
}
