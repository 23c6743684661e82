// The router of this machine's network, and the machine's own address there. Pure: the system's tables are arguments.

import type { NetworkInterfaceInfo } from "node:os";

import { addressScope, type Interfaces, isInSubnet } from "../own-addresses.ts";

export interface Place {
  /** IPv4 addresses. */
  readonly gateway: string;
  readonly own: string;
}

/** Flags of a route (linux/route.h): it is up, and goes through a gateway. */
const UP_AND_GATEWAY = 3;

/**
 * Where this machine is, if a router between it and the internet may map ports: not when the machine's address is valid
 * everywhere, or there is no default route.
 *
 * @param routes the text of Linux's /proc/net/route; null on other systems, which have no file for it: there the gateway
 *   is taken to be the first address of the private network that the machine is in, as home routers are by default
 */
export function findPlace(routes: string | null, interfaces: Interfaces): Place | null {
  const place = routes === null ? likelyPlace(interfaces) : routedPlace(routes, interfaces);
  return place !== null && isPrivate(place.own) ? place : null;
}

export function samePlace(one: Place | null, other: Place | null): boolean {
  return one?.gateway === other?.gateway && one?.own === other?.own;
}

function isPrivate(address: string): boolean {
  const scope = addressScope(address);
  return scope === "site" || scope === "provider";
}

function routedPlace(routes: string, interfaces: Interfaces): Place | null {
  let best: { place: Place; metric: number } | null = null;
  for (const line of routes.split("\n").slice(1)) {
    const [name = "", destination, gateway = "", flags = "", , , metric, mask] = line.split(/\s+/);
    const isDefault = destination === "00000000" && mask === "00000000";
    const leadsOut = (Number.parseInt(flags, 16) & UP_AND_GATEWAY) === UP_AND_GATEWAY;
    if (!isDefault || !leadsOut || !/^[0-9A-F]{8}$/.test(gateway)) continue;
    if (best !== null && best.metric <= Number(metric)) continue;
    const address = littleEndianAddress(gateway);
    const own = ownAddress(interfaces[name] ?? [], address);
    if (own !== null) best = { place: { gateway: address, own }, metric: Number(metric) };
  }
  return best?.place ?? null;
}

/** The kernel prints the address as a number of the processor's byte order: little-endian wherever Bun runs. */
function littleEndianAddress(hex: string): string {
  const value = Number.parseInt(hex, 16);
  return [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff).join(".");
}

/** The interface's address in the gateway's subnet. */
function ownAddress(infos: readonly NetworkInterfaceInfo[], gateway: string): string | null {
  const own = infos.find(({ family, cidr }) => family === "IPv4" && isInSubnet(gateway, cidr));
  return own?.address ?? null;
}

function likelyPlace(interfaces: Interfaces): Place | null {
  for (const info of Object.values(interfaces).flatMap((infos) => infos ?? [])) {
    if (info.family !== "IPv4" || info.internal || !isPrivate(info.address)) continue;
    const mask = info.netmask.split(".").map(Number);
    const network = info.address.split(".").map((byte, index) => Number(byte) & (mask[index] ?? 0));
    const gateway = network.with(3, (network[3] ?? 0) | 1).join(".");
    if (gateway !== info.address) return { gateway, own: info.address };
  }
  return null;
}
