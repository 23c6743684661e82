// Which ways to the server an invitation holds, in which order, and how many of them fit. Pure.

import { isIPv6 } from "node:net";

import type { HostAndPort } from "../net/address.ts";
import { addressScope } from "../net/own-addresses.ts";
import { formatInvitation, type Invitation, MAX_WAYS, type Way } from "./invitation.ts";
import type { PageOrigin } from "./page-link.ts";

/** Characters: a QR code of so many still fits into a large window, and a message of most services holds them as one line. */
const MAX_LENGTH = 299;

export interface WaySources {
  /** What the owner has named, such as the host name of the router. */
  readonly publicHost?: HostAndPort | undefined;
  /** What the server listens at, as `ownAddresses` orders them. */
  readonly own: readonly string[];
  /** The port there. */
  readonly port: number;
  /** What the router forwards to the server, or a relay sees of it. */
  readonly outer?: readonly HostAndPort[] | undefined;
  readonly relays?: readonly HostAndPort[] | undefined;
}

/** All ways, each once: what is named, what is reachable from everywhere, the same network, relays. */
export function waysFrom({ publicHost, own, port, outer = [], relays = [] }: WaySources): Way[] {
  const addresses = own.map((host) => ({ host, port }));
  const direct = [
    ...(publicHost === undefined ? [] : [publicHost]),
    ...addresses.filter((address) => isGlobal(address) && isIPv6(address.host)),
    ...addresses.filter((address) => isGlobal(address) && !isIPv6(address.host)),
    ...outer,
    ...addresses.filter((address) => !isGlobal(address)),
  ];
  const ways = [
    ...direct.map(({ host, port: at }): Way => ({ kind: "direct", host, port: at })),
    ...relays.map(({ host, port: at }): Way => ({ kind: "relay", host, port: at })),
  ];
  const names = ways.map(({ kind, host, port: at }) => `${kind} ${host} ${at}`);
  return ways.filter((_, index) => names.indexOf(names[index] ?? "") === index);
}

/**
 * Leaves out ways until the invitation is under 300 characters, but never the last one: first addresses of the own network,
 * from the last on, then other addresses but one, then relays.
 */
export function fitWays(invitation: Invitation): Invitation {
  let { ways } = invitation;
  while (
    ways.length > MAX_WAYS ||
    (ways.length > 1 && formatInvitation({ ...invitation, ways }).length > MAX_LENGTH)
  ) {
    let index = ways.findLastIndex((way) => isDirect(way) && !isGlobal(way));
    if (index === -1) index = ways.findLastIndex(isDirect);
    if (index <= 0) index = ways.length - 1;
    ways = ways.toSpliced(index, 1);
  }
  return { ...invitation, ways };
}

function isIPv4OrName({ host }: HostAndPort): boolean {
  return !isIPv6(host);
}

function isDirect({ kind }: Way): boolean {
  return kind === "direct";
}

function isGlobal({ host }: HostAndPort): boolean {
  return addressScope(host) === "everywhere";
}

/**
 * From where most browsers get the page: a relay with a certificate, over which nobody else can change the page; what all networks
 * lead to; else an address of the own network, where those who scan a QR code usually are.
 *
 * @param own ways to the server's own TCP port
 * @param relays where relays serve the page
 */
export function bestOrigin(own: readonly Way[], relays: readonly PageOrigin[]): PageOrigin | null {
  const direct = own
    .filter(isDirect)
    .map(({ host, port }): PageOrigin => ({ host, port, isSecure: false, relayPort: null }));
  const ranks: readonly (PageOrigin | undefined)[] = [
    relays.find(({ isSecure }) => isSecure),
    direct.find((each) => isGlobal(each) && isIPv4OrName(each)),
    relays.find(isGlobal),
    direct.find(isIPv4OrName),
    direct[0],
    relays[0],
  ];
  return ranks.find((origin) => origin !== undefined) ?? null;
}
