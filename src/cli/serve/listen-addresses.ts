// On which addresses a folder is shared, and by which URLs it is reached. Pure: what interfaces there are
// is an argument.

import { isIPv6 } from "node:net";
import type { NetworkInterfaceInfo } from "node:os";

import { isLoopback } from "../../net/address.ts";
import { ownAddresses } from "../../net/own-addresses.ts";

/** Both, for "localhost" is either; the second only where this machine has it. */
export const LOOPBACK = ["127.0.0.1", "::1"] as const;
/** Those of IPv4 as well. */
const ANY = "::";
const ANY_IPV4 = "0.0.0.0";

export interface Reach {
  /** To be tried in their order, until one list can be listened on. */
  readonly candidates: readonly (readonly string[])[];
  readonly isPublic: boolean;
}

/** @param bind an address, or "localhost"; loopback where nothing is said */
export function reachOf(bind: string | undefined, isPublic: boolean): Reach {
  if (isPublic) return { candidates: [[ANY], [ANY_IPV4]], isPublic };
  if (bind === undefined || bind === "localhost") {
    return { candidates: [LOOPBACK, LOOPBACK.slice(0, 1)], isPublic: false };
  }
  return { candidates: [[bind]], isPublic: !isLoopback({ address: bind, port: 0 }) };
}

type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

/** This machine's own name for it first, where it has one. */
export function urlsOf(
  scheme: "http" | "https",
  listening: readonly string[],
  port: number,
  interfaces: Interfaces,
): string[] {
  const urls = listening
    .flatMap((address) => hostsOf(address, interfaces))
    .map((host) => {
      const isDefault = port === (scheme === "http" ? 80 : 443);
      return isDefault ? `${scheme}://${host}` : `${scheme}://${host}:${port}`;
    });
  return Array.from(new Set(urls));
}

function hostsOf(address: string, interfaces: Interfaces): string[] {
  if (LOOPBACK.some((one) => one === address)) return ["localhost"];
  if (address !== ANY && address !== ANY_IPV4) return [hostOf(address)];
  const own = ownAddresses(interfaces).filter((one) => address === ANY || !isIPv6(one));
  return ["localhost", ...own.map(hostOf)];
}

function hostOf(address: string): string {
  return isIPv6(address) ? `[${address}]` : address;
}
