// The addresses at which others may reach this machine, for invitations, and whether an address is of a network that this
// machine is in. Pure: the interfaces are an argument. Whether a firewall or a NAT is in between is not known here.

import { BlockList, isIP, isIPv4 } from "node:net";
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

/** @param address in canonical form, an IPv6 one with or without its zone; or a name, which is taken to be valid everywhere */
export function addressScope(address: string): AddressScope {
  const [bare = ""] = address.split("%");
  if (isIP(bare) === 0) return bare.toLowerCase() === "localhost" ? "machine" : "everywhere";
  if (isLoopback({ address: bare, port: 0 })) return "machine";
  if (isIn(linkLocal, bare)) return "link";
  if (isIn(siteLocal, bare)) return "site";
  return isIn(providerLocal, bare) ? "provider" : "everywhere";
}

/** As `os.networkInterfaces()` returns them. */
export type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

/** Flags of an address that is not to be handed out (if_addr.h): IFA_F_TEMPORARY (RFC 8981), IFA_F_DEPRECATED (RFC 4862). */
const UNSTABLE = 0x01 | 0x20;

/**
 * The IPv6 addresses that are about to change: temporary and deprecated ones.
 *
 * @param table /proc/net/if_inet6 of Linux; empty elsewhere
 */
export function unstableAddresses(table: string): ReadonlySet<string> {
  const unstable = new Set<string>();
  for (const line of table.split("\n")) {
    const [address = "", , , , flags = ""] = line.trim().split(/\s+/);
    if (!/^[0-9a-f]{32}$/.test(address)) continue;
    if ((Number.parseInt(flags, 16) & UNSTABLE) === 0) continue;
    unstable.add(canonicalAddress(address.replaceAll(/(.{4})(?=.)/g, "$1:")));
  }
  return unstable;
}

/** Whether a machine with these interfaces is in the network of an address. */
export function isOnOwnNetwork(address: string, interfaces: Interfaces): boolean {
  const family = isIPv4(address) ? "IPv4" : "IPv6";
  return Object.values(interfaces).some((infos = []) =>
    infos.some((info) => info.family === family && isInSubnet(address, info.cidr)),
  );
}

/** @param cidr of the same family; null for none, which holds no address */
export function isInSubnet(address: string, cidr: string | null): boolean {
  const [prefix = "", length] = (cidr ?? "").split("/");
  if (isIP(prefix) === 0 || length === undefined) return false;
  const network = new BlockList();
  network.addSubnet(prefix, Number(length), isIPv4(prefix) ? "ipv4" : "ipv6");
  return isIn(network, address);
}

/**
 * The addresses of this machine, the one that works for most others first: IPv4 before IPv6, which not everybody has; of
 * each, those valid everywhere first; those of containers and virtual machines last.
 *
 * @param interfaces from `os.networkInterfaces()`
 * @param unstable addresses to leave out
 */
export function ownAddresses(
  interfaces: Interfaces,
  unstable: ReadonlySet<string> = new Set(),
): string[] {
  const found: { address: string; rank: number }[] = [];
  for (const [name, infos = []] of Object.entries(interfaces)) {
    for (const info of infos) {
      const address = canonicalAddress(info.address);
      const scope = addressScope(address);
      if (info.internal || scope === "machine" || scope === "link") continue;
      if (unstable.has(address)) continue;
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
