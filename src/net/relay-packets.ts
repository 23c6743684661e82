// The datagrams between a relay and those who use it (docs/protocol.md s. 19.1), as bytes. Layout only. Their first bytes are
// none of the sealed wire's, and occur in no UTF-8 text either (RFC 3629 s. 3).
//
//   query    0xF5 | cookie, or zeros (17)  | slot, or zeros (16) | zeros up to 64 bytes   joiner to relay
//   address  0xF6 | status (1) | cookie (17) | the address that the query came from (18)  relay to joiner
//   forward  0xF7 | the other end (16) | a sealed datagram                                either way

import type { CryptoProvider } from "../protocol/crypto-provider.ts";
import { COOKIE_LENGTH } from "../protocol/packets.ts";
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
const SLOT_AT = 1 + COOKIE_LENGTH;
/** Longer than the answer to it, so that a forged sender gains nothing. */
const QUERY_LENGTH = 64;
/** Bytes of an address packet: nothing shorter is answered with one. */
export const ADDRESS_LENGTH = 2 + COOKIE_LENGTH + SOCKET_ADDRESS_LENGTH;

const SLOT_LABEL = new TextEncoder().encode("charla relay slot");

/** Names a server at a relay: computed from its public key, which can't be computed from it. */
export function relaySlot(crypto: CryptoProvider, serverKey: Uint8Array): Uint8Array {
  return crypto.sha256(SLOT_LABEL, serverKey).slice(0, END_ID_LENGTH);
}

/** What a relay says to an address, by the byte that says it. */
const ADDRESS_STATUS = ["unproven", "joined", "no-server", "full"] as const;

/**
 * `unproven`: repeat the cookie to have datagrams forwarded. `joined`: they are, for 60 s from now on. `no-server`: none has
 * registered for the slot. `full`: the relay has no room for another joiner.
 */
export type AddressStatus = (typeof ADDRESS_STATUS)[number];

export type RelayPacket =
  | {
      readonly kind: "forward";
      /** As the sender has named it. */
      readonly end: Uint8Array;
      readonly datagram: Uint8Array;
    }
  | {
      readonly kind: "address";
      readonly status: AddressStatus;
      readonly cookie: Uint8Array;
      readonly address: SocketAddress;
    };

/** Whether a datagram is for or from a relay, well-formed or not. */
export function isRelayPacket(datagram: Uint8Array): boolean {
  const [first = 0] = datagram;
  return first >= QUERY && first <= FORWARD;
}

export function isForward(datagram: Uint8Array): boolean {
  return datagram[0] === FORWARD && datagram.length > FORWARD_HEADER;
}

/** What is asked of a relay, its fields views of the datagram; null when it is no query. */
export function readQuery(
  datagram: Uint8Array,
): { readonly cookie: Uint8Array; readonly slot: Uint8Array } | null {
  if (datagram[0] !== QUERY || datagram.length !== QUERY_LENGTH) return null;
  const cookie = datagram.subarray(1, SLOT_AT);
  return { cookie, slot: datagram.subarray(SLOT_AT, SLOT_AT + END_ID_LENGTH) };
}

/** What comes from a relay, its fields views of the datagram; null when it is none. */
export function readRelayPacket(datagram: Uint8Array): RelayPacket | null {
  if (isForward(datagram)) {
    const end = datagram.subarray(1, FORWARD_HEADER);
    return { kind: "forward", end, datagram: datagram.subarray(FORWARD_HEADER) };
  }
  const status = ADDRESS_STATUS[datagram[1] ?? ADDRESS_STATUS.length];
  if (datagram[0] === ADDRESS && datagram.length === ADDRESS_LENGTH && status !== undefined) {
    const cookie = datagram.subarray(2, 2 + COOKIE_LENGTH);
    const address = decodeSocketAddress(datagram.subarray(2 + COOKIE_LENGTH));
    return { kind: "address", status, cookie, address };
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

/**
 * @param cookie that the relay has sent; null for none yet
 * @param slot the server to join; null to ask only for one's own address
 */
export function writeQuery(cookie: Uint8Array | null, slot: Uint8Array | null): Uint8Array {
  const bytes = new Uint8Array(QUERY_LENGTH);
  bytes[0] = QUERY;
  if (cookie !== null) bytes.set(cookie, 1);
  if (slot !== null) bytes.set(slot, SLOT_AT);
  return bytes;
}

export function writeAddress(
  status: AddressStatus,
  cookie: Uint8Array,
  address: SocketAddress,
): Uint8Array {
  const bytes = new Uint8Array(ADDRESS_LENGTH);
  bytes[0] = ADDRESS;
  bytes[1] = ADDRESS_STATUS.indexOf(status);
  bytes.set(cookie, 2);
  bytes.set(encodeSocketAddress(address), 2 + COOKIE_LENGTH);
  return bytes;
}
