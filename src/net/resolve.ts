// Looks up a host's addresses with the system's resolver.

import { lookup } from "node:dns/promises";

import { canonicalAddress, type HostAndPort, type SocketAddress } from "./address.ts";
import { describeLookupError } from "./socket-error.ts";

/**
 * The addresses of a host, in the resolver's order of preference (RFC 6724), at least one.
 *
 * @throws {CharlaError} UNKNOWN_HOST; UNREACHABLE where no name server answers
 */
export async function resolve({ host, port }: HostAndPort): Promise<SocketAddress[]> {
  let cause: unknown;
  try {
    const found = await lookup(host, { all: true });
    if (found.length > 0) {
      return found.map(({ address }) => ({
        address: destination(canonicalAddress(address)),
        port,
      }));
    }
  } catch (error) {
    cause = error;
  }
  throw describeLookupError(cause, host);
}

/** "Every address of this machine" is for listening; as a destination it means this machine. */
function destination(address: string): string {
  if (address === "0.0.0.0") return "127.0.0.1";
  return address === "::" ? "::1" : address;
}
