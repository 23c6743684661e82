// The address of one end of a path, as the protocol compares, remembers and encodes it. Knows nothing of
// host names or of how people write addresses.

import { ipBytes } from "../ip-bytes.ts";
import { mapKey } from "./bytes.ts";

/** An IP address as text, never an IPv4-mapped one, and a port. */
export interface SocketAddress {
  readonly address: string;
  readonly port: number;
}

export function sameAddress(one: SocketAddress, other: SocketAddress): boolean {
  return one.port === other.port && one.address === other.address;
}

/** The address as 16 bytes (IPv4-mapped, RFC 4291 s. 2.5.5.2) and the port as 2. */
export function encodeSocketAddress({ address, port }: SocketAddress): Uint8Array {
  const bytes = new Uint8Array(18);
  const ip = ipBytes(address);
  if (ip.length === 4) bytes.fill(0xff, 10, 12);
  bytes.set(ip, 16 - ip.length);
  bytes[16] = port >>> 8;
  bytes[17] = port & 0xff;
  return bytes;
}

/**
 * The network of an address, as a key to find it by: the first 24 bits of an IPv4 address, also of an IPv4-mapped one, or 64
 * bits of an IPv6 address, since one host may use all addresses that begin with them (RFC 4291 s. 2.5.1).
 */
export function networkPrefix({ address }: SocketAddress): string {
  const ip = ipBytes(address);
  if (ip.length === 4) return mapKey(ip.subarray(0, 3));
  const isMapped =
    ip.subarray(0, 10).every((byte) => byte === 0) && ip[10] === 255 && ip[11] === 255;
  return mapKey(isMapped ? ip.subarray(12, 15) : ip.subarray(0, 8));
}
