// Looks up a host's addresses with the system's resolver.

import { lookup } from "node:dns/promises";
import { isIP, isIPv6 } from "node:net";

import { canonicalAddress, type HostAndPort, type SocketAddress } from "./address.ts";
import { describeLookupError } from "./socket-error.ts";

/**
 * The addresses of a host, at least one, in the resolver's order of preference (RFC 6724), in which IPv4 and IPv6 take turns.
 *
 * @throws {CharlaError} UNKNOWN_HOST; UNREACHABLE where no name server answers
 */
export async function resolve({ host, port }: HostAndPort): Promise<SocketAddress[]> {
  if (isIP(host) !== 0) return [{ address: destination(canonicalAddress(host)), port }];
  let cause: unknown;
  try {
    const found = await lookup(host, { all: true });
    if (found.length > 0) {
      const addresses = found.map(({ address }) => destination(canonicalAddress(address)));
      return inTurns(addresses).map((address) => ({ address, port }));
    }
  } catch (error) {
    cause = error;
  }
  throw describeLookupError(cause, host);
}

/** One family after the other, so that a host whose IPv6 does not work costs one attempt (RFC 8305 s. 4). */
export function inTurns(addresses: readonly string[]): string[] {
  const [first] = addresses;
  if (first === undefined) return [];
  const [preferred, other] = [isIPv6(first), !isIPv6(first)].map((wanted) =>
    addresses.filter((address) => isIPv6(address) === wanted),
  );
  return addresses.flatMap((_, index) =>
    [preferred?.[index], other?.[index]].filter((address) => address !== undefined),
  );
}

/** "Every address of this machine" is for listening; as a destination it means this machine. */
function destination(address: string): string {
  if (address === "0.0.0.0") return "127.0.0.1";
  return address === "::" ? "::1" : address;
}
