// The address of one end of a path, as the protocol compares, remembers and encodes it. Knows nothing of
// host names or of how people write addresses.

import { ipBytes, ipText, isMappedIpv4 } from "../ip-bytes.ts";
import { mapKey } from "./bytes.ts";

/** An IP address as text, never an IPv4-mapped one, and a port. */
export interface SocketAddress {
  readonly address: string;
  readonly port: number;
  /** What takes datagrams there; a UDP socket of this end where it is left out. */
  readonly carrier?: Carrier;
}

/** Anything but a UDP socket that takes datagrams to a peer: a relay, a stream. */
export interface Carrier {
  /** No two have the same one. */
  readonly id: string;
  /** The better one has the lower rank; a UDP socket has 0. */
  readonly rank: number;
}

export function sameAddress(one: SocketAddress, other: SocketAddress): boolean {
  return (
    one.port === other.port &&
    one.address === other.address &&
    one.carrier?.id === other.carrier?.id
  );
}

/** The addresses in their order, each one once. */
export function withoutRepeats(addresses: readonly SocketAddress[]): SocketAddress[] {
  return addresses.filter(
    (one, index) => addresses.findIndex((other) => sameAddress(one, other)) === index,
  );
}

/** The same for the same address only. */
export function addressKey({ address, port, carrier }: SocketAddress): string {
  return carrier === undefined ? `${address} ${port}` : `${address} ${port} ${carrier.id}`;
}

/** Bytes of an address and a port. */
export const SOCKET_ADDRESS_LENGTH = 18;

/** The address as 16 bytes (IPv4-mapped, RFC 4291 s. 2.5.5.2) and the port as 2. */
export function encodeSocketAddress({ address, port }: SocketAddress): Uint8Array {
  const bytes = new Uint8Array(SOCKET_ADDRESS_LENGTH);
  const ip = ipBytes(address);
  if (ip.length === 4) bytes.fill(0xff, 10, 12);
  bytes.set(ip, 16 - ip.length);
  bytes[16] = port >>> 8;
  bytes[17] = port & 0xff;
  return bytes;
}

/** Reads what `encodeSocketAddress` writes, 18 bytes. */
export function decodeSocketAddress(bytes: Uint8Array): SocketAddress {
  const port = ((bytes[16] ?? 0) << 8) | (bytes[17] ?? 0);
  return { address: ipText(bytes.subarray(0, 16)), port };
}

/** Where datagrams come from, as keys to count by. A key of one kind is never one of another. */
export interface SourcePrefixes {
  /** What one machine can send from: an IPv4 address, or the first 64 bits of an IPv6 address (RFC 4291 s. 2.5.1). */
  readonly source: string;
  /** What one party often has, and neighbours share: the first 24 bits, or the first 48 (RFC 6177 s. 2). */
  readonly network: string;
}

/** An IPv4-mapped address counts as the IPv4 address. */
export function sourcePrefixes({ address }: SocketAddress): SourcePrefixes {
  const bytes = ipBytes(address);
  if (bytes.length === 16 && !isMappedIpv4(bytes)) {
    return { source: mapKey(bytes.subarray(0, 8)), network: mapKey(bytes.subarray(0, 6)) };
  }
  const ipv4 = bytes.subarray(-4);
  return { source: mapKey(ipv4), network: mapKey(ipv4.subarray(0, 3)) };
}
