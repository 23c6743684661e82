// The datagrams between a relay and those who use it (docs/protocol.md s. 19), as bytes. Layout only. Their first bytes are none
// of the sealed wire's, and occur in no UTF-8 text either (RFC 3629 s. 3).
//
//   forward  0xF7 | the other end (16)      | a sealed datagram     either way
//   query    0xF5 | cookie, or zeros (16)   | zeros up to 64 bytes  to the relay
//   address  0xF6 | cookie (16)             | the sender's address as the relay sees it (18)

import type { CryptoProvider } from "../protocol/crypto-provider.ts";
import {
  decodeSocketAddress,
  encodeSocketAddress,
  SOCKET_ADDRESS_LENGTH,
  type SocketAddress,
} from "../protocol/socket-address.ts";

const QUERY = 0xf5;
const ADDRESS = 0xf6;
const FORWARD = 0xf7;

/** Bytes of what names the other end: to a server a joiner, to a joiner the server's slot. */
export const END_ID_LENGTH = 16;
/** What a relay puts before a datagram, bytes: a hello of 1,200 is still within IPv6's least MTU (RFC 8200 s. 5). */
export const FORWARD_HEADER = 1 + END_ID_LENGTH;
export const RELAY_COOKIE_LENGTH = 16;
/** Longer than the answer to it, so that a forged sender gains nothing. */
const QUERY_LENGTH = 64;
const ADDRESS_LENGTH = 1 + RELAY_COOKIE_LENGTH + SOCKET_ADDRESS_LENGTH;

const SLOT_LABEL = new TextEncoder().encode("charla relay slot");

/** Names a server at a relay: whoever knows its key can compute it, and nobody the key from it. */
export function relaySlot(crypto: CryptoProvider, serverKey: Uint8Array): Uint8Array {
  return crypto.sha256(SLOT_LABEL, serverKey).slice(0, END_ID_LENGTH);
}

export type RelayPacket =
  | {
      readonly kind: "forward";
      /** As the sender has named it. */
      readonly end: Uint8Array;
      readonly datagram: Uint8Array;
    }
  | { readonly kind: "query"; readonly cookie: Uint8Array }
  | { readonly kind: "address"; readonly cookie: Uint8Array; readonly address: SocketAddress };

/** Whether a datagram is for or from a relay, well-formed or not. */
export function isRelayPacket(datagram: Uint8Array): boolean {
  const [first = 0] = datagram;
  return first >= QUERY && first <= FORWARD;
}

/** The packet, its fields views of the datagram; null when it is none. */
export function readRelayPacket(datagram: Uint8Array): RelayPacket | null {
  const [first] = datagram;
  if (first === FORWARD && datagram.length > FORWARD_HEADER) {
    const end = datagram.subarray(1, FORWARD_HEADER);
    return { kind: "forward", end, datagram: datagram.subarray(FORWARD_HEADER) };
  }
  if (first === QUERY && datagram.length === QUERY_LENGTH) {
    return { kind: "query", cookie: datagram.subarray(1, 1 + RELAY_COOKIE_LENGTH) };
  }
  if (first === ADDRESS && datagram.length === ADDRESS_LENGTH) {
    const cookie = datagram.subarray(1, 1 + RELAY_COOKIE_LENGTH);
    return { kind: "address", cookie, address: decodeSocketAddress(datagram.subarray(17)) };
  }
  return null;
}

export function writeForward(end: Uint8Array, datagram: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(FORWARD_HEADER + datagram.length);
  bytes.set(datagram, FORWARD_HEADER);
  readdress(bytes, end);
  return bytes;
}

/** Names another end in a forward packet, in place: a relay copies no datagram. */
export function readdress(packet: Uint8Array, end: Uint8Array): void {
  packet[0] = FORWARD;
  packet.set(end, 1);
}

/** @param cookie that the relay has sent; null for none yet */
export function writeQuery(cookie: Uint8Array | null): Uint8Array {
  const bytes = new Uint8Array(QUERY_LENGTH);
  bytes[0] = QUERY;
  if (cookie !== null) bytes.set(cookie, 1);
  return bytes;
}

export function writeAddress(cookie: Uint8Array, address: SocketAddress): Uint8Array {
  const bytes = new Uint8Array(ADDRESS_LENGTH);
  bytes[0] = ADDRESS;
  bytes.set(cookie, 1);
  bytes.set(encodeSocketAddress(address), 1 + RELAY_COOKIE_LENGTH);
  return bytes;
}
