// The addresses at which others may reach this machine, for invitations. Pure: the interfaces are an argument. Whether a
// firewall or a NAT is in between is not known here.

import { BlockList, isIPv4 } from "node:net";
import type { NetworkInterfaceInfo } from "node:os";

import { canonicalAddress, isLoopback } from "./address.ts";

/** Interfaces for containers and virtual machines: only these are at their other end. */
const BRIDGE = /^(?:docker|br-|veth|virbr)/;

/** Valid on one link only, with a zone that means nothing elsewhere (RFC 3927, RFC 4291 s. 2.5.6). */
const linkLocal = new BlockList();
linkLocal.addSubnet("169.254.0.0", 16, "ipv4");
linkLocal.addSubnet("fe80::", 10, "ipv6");

/** Valid within one site (RFC 1918, RFC 4193). */
const siteLocal = new BlockList();
siteLocal.addSubnet("10.0.0.0", 8, "ipv4");
siteLocal.addSubnet("172.16.0.0", 12, "ipv4");
siteLocal.addSubnet("192.168.0.0", 16, "ipv4");
siteLocal.addSubnet("fc00::", 7, "ipv6");

/** Valid within one provider's network, behind the provider's NAT (RFC 6598). */
const providerLocal = new BlockList();
providerLocal.addSubnet("100.64.0.0", 10, "ipv4");

/** From where an address reaches this machine. */
export type AddressScope = "machine" | "link" | "site" | "provider" | "everywhere";

/** @param address in canonical form, an IPv6 one with or without its zone */
export function addressScope(address: string): AddressScope {
  const [bare = ""] = address.split("%");
  if (isLoopback({ address: bare, port: 0 })) return "machine";
  if (isIn(linkLocal, bare)) return "link";
  if (isIn(siteLocal, bare)) return "site";
  return isIn(providerLocal, bare) ? "provider" : "everywhere";
}

/**
 * The addresses of this machine, the one that works for most others first: IPv4 before IPv6, which not everybody has; of
 * each, those valid everywhere first; those of containers and virtual machines last.
 *
 * @param interfaces from `os.networkInterfaces()`
 */
export function ownAddresses(
  interfaces: Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>,
): string[] {
  const found: { address: string; rank: number }[] = [];
  for (const [name, infos = []] of Object.entries(interfaces)) {
    for (const info of infos) {
      const address = canonicalAddress(info.address);
      const scope = addressScope(address);
      if (info.internal || scope === "machine" || scope === "link") continue;
      const rank =
        (BRIDGE.test(name) ? 4 : 0) + (isIPv4(address) ? 0 : 2) + (scope === "everywhere" ? 0 : 1);
      found.push({ address, rank });
    }
  }
  const ranked = found.toSorted((one, other) => one.rank - other.rank);
  return Array.from(new Set(ranked.map(({ address }) => address)));
}

function isIn(subnets: BlockList, address: string): boolean {
  return subnets.check(address, isIPv4(address) ? "ipv4" : "ipv6");
}
