// By which addresses others may reach this machine, as an invitation is to say. Pure: what interfaces
// there are is an argument; whether a firewall or a NAT stands before them nobody here knows.

import { BlockList, isIPv4 } from "node:net";
import type { NetworkInterfaceInfo } from "node:os";

import { canonicalAddress, isLoopback } from "./address.ts";

/** Interfaces that programs make for guests of this machine: nobody else is at their other end. */
const BRIDGE = /^(?:docker|br-|veth|virbr)/;

/** Good on one link only, with a zone that means nothing elsewhere (RFC 3927, RFC 4291 s. 2.5.6). */
const linkLocal = new BlockList();
linkLocal.addSubnet("169.254.0.0", 16, "ipv4");
linkLocal.addSubnet("fe80::", 10, "ipv6");

/** Good within one site (RFC 1918, RFC 4193) or one provider's network (RFC 6598). */
const privateUse = new BlockList();
privateUse.addSubnet("10.0.0.0", 8, "ipv4");
privateUse.addSubnet("172.16.0.0", 12, "ipv4");
privateUse.addSubnet("192.168.0.0", 16, "ipv4");
privateUse.addSubnet("100.64.0.0", 10, "ipv4");
privateUse.addSubnet("fc00::", 7, "ipv6");

interface OwnAddress {
  readonly address: string;
  readonly bridge: boolean;
}

/**
 * The one that reaches this machine for most others first. IPv4 before IPv6, for not everybody has
 * that; of each, what is good everywhere before what is good nearby; bridges to guests last.
 *
 * @param interfaces what `os.networkInterfaces()` says
 */
export function ownAddresses(
  interfaces: Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>,
): string[] {
  const found: OwnAddress[] = [];
  for (const [name, infos = []] of Object.entries(interfaces)) {
    for (const info of infos) {
      const address = canonicalAddress(info.address);
      if (info.internal || isLoopback({ address, port: 0 }) || isIn(linkLocal, address)) continue;
      found.push({ address, bridge: BRIDGE.test(name) });
    }
  }
  const best = found.toSorted((one, other) => rank(one) - rank(other));
  return Array.from(new Set(best.map(({ address }) => address)));
}

function rank({ address, bridge }: OwnAddress): number {
  return (bridge ? 4 : 0) + (isIPv4(address) ? 0 : 2) + (isIn(privateUse, address) ? 1 : 0);
}

function isIn(subnets: BlockList, address: string): boolean {
  return subnets.check(address, isIPv4(address) ? "ipv4" : "ipv6");
}
