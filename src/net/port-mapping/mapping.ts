// The words of port mapping that all three protocols share: what is asked for, what a router grants, and which grants count.
// Pure. Knows no packet and no socket.

import { isIPv4 } from "node:net";

import type { SocketAddress } from "../address.ts";
import { addressScope } from "../own-addresses.ts";

export type Transport = "udp" | "tcp";

/** IP protocol numbers (IANA), as PCP has them. */
export const PROTOCOL_NUMBERS: Readonly<Record<Transport, number>> = { tcp: 6, udp: 17 };

/** s for which a mapping is asked for: what RFC 6886 s. 3.3 recommends. */
export const WANTED_LIFETIME = 7_200;
/** s; a longer lifetime, such as 2^32-1, counts as this one: RFC 6887 s. 15 advises routers to grant no more. */
const MAX_LIFETIME = 86_400;
/** s between two renewals at the least, whatever the router says (RFC 6887 s. 11.2.1). */
const MIN_RENEWAL = 4;

export interface Grant {
  readonly outer: SocketAddress;
  /** s; more than 0, at most a day. */
  readonly lifetime: number;
}

/** A router that speaks one of the protocols. */
export interface MappingRouter {
  readonly protocol: "PCP" | "NAT-PMP" | "UPnP";
  /**
   * Maps the port, or renews its mapping.
   *
   * @param wantedPort the outer port; the router may give another one
   * @returns null when it refuses or does not answer
   */
  map(transport: Transport, wantedPort: number): Promise<Grant | null>;
  /** Removes what `map` may have made. */
  unmap(transport: Transport): Promise<void>;
  /** Whether it still has the mapping of UDP: "lost" once it has restarted or has another address. */
  check(outer: SocketAddress): Promise<"kept" | "lost" | "no answer">;
}

/**
 * What a router granted, if outsiders can use it: not with a lifetime of 0, port 0, or an outer address that is
 * valid in private networks only, as that of a router behind another NAT is.
 */
export function usableGrant(address: string, port: number, lifetime: number): Grant | null {
  if (lifetime < 1 || port === 0 || !isOuterAddress(address)) return null;
  return { outer: { address, port }, lifetime: Math.min(lifetime, MAX_LIFETIME) };
}

/** Whether outsiders may reach it: a unicast IPv4 address (RFC 6890) that is not private. */
export function isOuterAddress(address: string): boolean {
  if (!isIPv4(address) || addressScope(address) !== "everywhere") return false;
  const first = Number(address.split(".")[0]);
  return first > 0 && first < 224;
}

/** ms after which a mapping is renewed: half of its lifetime (RFC 6887 s. 11.2.1, RFC 6886 s. 3.3). */
export function renewalDelay({ lifetime }: Grant): number {
  return Math.max(lifetime / 2, MIN_RENEWAL) * 1_000;
}
