// A network of the lab as settings of namespaces: the internet, and what is between it and one host. Pure: it runs nothing.
//
//   host eth0 ── port0 lan ROUTER wan ── [lan ROUTER wan ──] NETWORK internet
//
// Addresses are for benchmarks (RFC 2544), documentation's (RFC 5737, RFC 3849), private (RFC 1918) and shared (RFC 6598). Network number N has
//   198.18.N.10N + CHANGE        its outer address; CHANGE counts its changes, 0 to 9
//   198.51.100.N, 198.51.100.100+N   the WAN side of an open host's router, and the second address of the host
//   2001:db8:N:CHANGE+1::/64     where it has IPv6
//   192.168.LAN.0/24, 10.LAN.0.0/24, 100.64.LAN.0/24   inside, LAN being N by default: the host, or the router before it,
//                                has .2, hosts beside it have .3 and so on; its router .1
// The internet drops what is sent to any other address, without an answer.

import { type Kind, KINDS, type RouterKind } from "./kinds.ts";
import type { Settings } from "./namespaces.ts";
import { ruleset } from "./ruleset.ts";

/** Numbers are 1 to 24, so that the last byte of outer addresses fits. */
export const MAX_NETWORKS = 24;

/** The internet's address on each of its links (RFC 5737, TEST-NET-2). */
const IPV4_GATEWAY = "198.51.100.254";
/** The address of the router of an open host, on the host's link. */
const OPEN_GATEWAY = "198.51.100.253";
const IPV6_GATEWAY = "fe80::1";

/** A port of the router, for the proxy. */
export const PROXY_PORT = 8_888;

export interface Network {
  readonly kind: Kind;
  /** What its namespaces are called after; its link in the internet is called so. */
  readonly name: string;
  readonly number: number;
  /** LAN: what tells the private ranges of networks apart; two may have the same. */
  readonly lan: number;
  readonly families: readonly (4 | 6)[];
  /** s; instead of that of the kind. */
  readonly udpTimeout: number | undefined;
  /** An open host has a second address, as a STUN server needs. */
  readonly alternate: boolean;
}

export interface Addresses {
  /** Null where there is none of the family. */
  readonly ipv4: string | null;
  readonly ipv6: string | null;
}

/** A router's namespace: that nearest to the host is number 0. */
export function routerName(network: Network, index: number): string {
  return `${network.name}-router${index === 0 ? "" : index + 1}`;
}

export function routersOf({ kind }: Network): readonly RouterKind[] {
  return KINDS[kind].routers;
}

/** A host's own addresses: those of the first host of the network, number 0, and of others beside it. */
export function innerAddresses(network: Network, change: number, host: number): Addresses {
  const [first] = KINDS[network.kind].routers;
  const ipv4 =
    first.inside === "public"
      ? outerIpv4(network, change)
      : `${ipv4Prefix(network, 0)}.${2 + host}`;
  const ipv6 = `${ipv6Prefix(network, change)}::${2 + host}`;
  return onlyFamilies(network, { ipv4, ipv6 });
}

/** The addresses from which the internet sees the host's packets come. */
export function outerAddresses(network: Network, change: number, host: number): Addresses {
  const { ipv6 } = innerAddresses(network, change, host);
  return onlyFamilies(network, { ipv4: outerIpv4(network, change), ipv6 });
}

/** The second address of an open host. */
export function alternateIpv4({ number }: Network): string {
  return `198.51.100.${100 + number}`;
}

/** The address of the router that is nearest to the host, on the host's link. */
export function routerIpv4(network: Network): string {
  return lanIpv4(network, 0);
}

function outerIpv4({ number }: Network, change: number): string {
  // Networks of their own (RFC 2544 s. C.2.2): what is in a relay's is never challenged (docs/protocol.md s. 14.1).
  return `198.18.${number}.${10 * number + (change % 10)}`;
}

function ipv6Prefix({ number }: Network, change: number): string {
  return `2001:db8:${number}:${change + 1}`;
}

/** The first three bytes of the addresses inside a router. */
function ipv4Prefix(network: Network, index: number): string {
  const { lan } = network;
  switch (routersOf(network)[index]?.inside) {
    case "company":
      return `10.${lan}.0`;
    case "carrier":
      return `100.64.${lan}`;
    case "home":
    case "public":
    case undefined:
      return `192.168.${lan}`;
  }
}

function lanIpv4(network: Network, index: number): string {
  const isOpen = routersOf(network)[index]?.inside === "public";
  return isOpen ? OPEN_GATEWAY : `${ipv4Prefix(network, index)}.1`;
}

function onlyFamilies({ families }: Network, { ipv4, ipv6 }: Addresses): Addresses {
  return { ipv4: families.includes(4) ? ipv4 : null, ipv6: families.includes(6) ? ipv6 : null };
}

/** No duplicate address detection (RFC 4862 s. 5.4), which takes 1 s, and no addresses but those given. */
const SYSCTLS: NonNullable<Settings["sysctls"]> = ["default", "all"].flatMap((which) => [
  [`ipv6/conf/${which}/accept_dad`, 0],
  [`ipv6/conf/${which}/addr_gen_mode`, 1],
]);
const FORWARDING: NonNullable<Settings["sysctls"]> = [
  ...SYSCTLS,
  ["ipv4/ip_forward", 1],
  ["ipv6/conf/all/forwarding", 1],
];

/** The internet before any network is attached. */
export const INTERNET: Settings = {
  sysctls: FORWARDING,
  ip: ["link set lo up", "route add blackhole default", "route add blackhole ::/0"],
};

/** Lines of `ip -batch` that make the namespaces of a network's routers, and the links between them. */
export function routerNamespaces(network: Network): string[] {
  const names = routersOf(network).map((_, index) => routerName(network, index));
  return [
    ...names.map((name) => `netns add ${name}`),
    ...names.map((name, index) => {
      const outside = names[index + 1];
      const peer =
        outside === undefined ? `${network.name} netns internet` : `lan netns ${outside}`;
      return `link add wan netns ${name} type veth peer name ${peer}`;
    }),
  ];
}

/** The line of `ip -batch` that links a host to the network. */
export function hostLink(network: Network, name: string, host: number): string {
  const router = routerName(network, 0);
  return `link add eth0 netns ${name} type veth peer name port${host} netns ${router}`;
}

/** The first router's end of such a link is a port of its bridge. */
export function hostPort(host: number): Settings {
  return { ip: [`link set port${host} master lan up`] };
}

export function routerSettings(network: Network, index: number, change: number): Settings {
  const kind = routersOf(network)[index];
  if (kind === undefined) throw new Error(`${network.name} has no router ${index}`);
  const udpTimeout = network.udpTimeout ?? kind.udpTimeout;
  return {
    sysctls: [
      ...FORWARDING,
      ...(udpTimeout === undefined
        ? []
        : ([
            ["netfilter/nf_conntrack_udp_timeout", udpTimeout],
            ["netfilter/nf_conntrack_udp_timeout_stream", udpTimeout],
          ] as const)),
    ],
    ip: [
      "link set lo up",
      ...(index === 0 ? ["link add lan type bridge forward_delay 0 mcast_snooping 0"] : []),
      "link set lan up",
      "link set wan up",
      ...routerAddresses(network, index, change),
    ],
    nft: ruleset(kind),
  };
}

/** Lines of `ip -batch` that give a router its addresses and routes. */
export function routerAddresses(network: Network, index: number, change: number): string[] {
  return [...routerLan(network, index, change), ...routerWan(network, index, change)];
}

function routerLan(network: Network, index: number, change: number): string[] {
  const isOpen = routersOf(network)[index]?.inside === "public";
  const prefix = ipv6Prefix(network, change);
  const lan = lanIpv4(network, index);
  const ipv4 = isOpen
    ? [
        `addr replace ${lan}/32 dev lan`,
        `route replace ${outerIpv4(network, change)} dev lan`,
        ...(network.alternate ? [`route replace ${alternateIpv4(network)} dev lan`] : []),
      ]
    : [`addr replace ${lan}/24 dev lan`];
  const ipv6 = [
    `addr replace ${IPV6_GATEWAY}/64 dev lan nodad`,
    index === 0
      ? `route replace ${prefix}::/64 dev lan`
      : `route replace ${prefix}::/64 via fe80::2 dev lan`,
  ];
  return ofFamilies(network, ipv4, ipv6);
}

function routerWan(network: Network, index: number, change: number): string[] {
  const outside = index + 1;
  const isLast = outside === routersOf(network).length;
  const ipv4 = isLast
    ? [
        `addr replace ${wanIpv4(network, change)}/32 dev wan`,
        `route replace ${IPV4_GATEWAY} dev wan`,
        `route replace default via ${IPV4_GATEWAY} dev wan`,
      ]
    : [
        `addr replace ${ipv4Prefix(network, outside)}.2/24 dev wan`,
        `route replace default via ${lanIpv4(network, outside)} dev wan`,
      ];
  const ipv6 = [
    "addr replace fe80::2/64 dev wan nodad",
    `route replace ::/0 via ${IPV6_GATEWAY} dev wan`,
  ];
  return ofFamilies(network, ipv4, ipv6);
}

/** The router of an open host has an address of its own for its link. */
function wanIpv4(network: Network, change: number): string {
  const [first] = KINDS[network.kind].routers;
  return first.inside === "public" ? `198.51.100.${network.number}` : outerIpv4(network, change);
}

/** The host's end of its link. */
export function hostSettings(network: Network, change: number, host: number): Settings {
  const addresses = hostAddresses(network, change, host);
  return { sysctls: SYSCTLS, ip: ["link set lo up", "link set eth0 up", ...addresses] };
}

/** Lines of `ip -batch` that give a host its addresses and routes. */
export function hostAddresses(network: Network, change: number, host: number): string[] {
  const { ipv4: address, ipv6: ipv6Address } = innerAddresses(network, change, host);
  const isOpen = KINDS[network.kind].routers[0].inside === "public";
  const gateway = lanIpv4(network, 0);
  const ipv4 = [
    ...(isOpen
      ? [
          `addr replace ${address}/32 dev eth0`,
          ...(network.alternate ? [`addr replace ${alternateIpv4(network)}/32 dev eth0`] : []),
          `route replace ${gateway} dev eth0`,
        ]
      : [`addr replace ${address}/24 dev eth0`]),
    `route replace default via ${gateway} dev eth0`,
  ];
  const ipv6 = [
    `addr replace fe80::${2 + host}/64 dev eth0 nodad`,
    `addr replace ${ipv6Address}/64 dev eth0 nodad`,
    `route replace ::/0 via ${IPV6_GATEWAY} dev eth0`,
  ];
  return ofFamilies(network, ipv4, ipv6);
}

/** The internet's end of a network's link. */
export function internetSettings(network: Network, change: number): Settings {
  const { name } = network;
  const isOpen = KINDS[network.kind].routers[0].inside === "public";
  const via = isOpen ? `via ${wanIpv4(network, change)} dev ${name} onlink` : `dev ${name}`;
  const ipv4 = [
    `addr replace ${IPV4_GATEWAY}/32 dev ${name}`,
    `route replace ${outerIpv4(network, change)} ${via}`,
    ...(network.alternate ? [`route replace ${alternateIpv4(network)} ${via}`] : []),
  ];
  const ipv6 = [
    `addr replace ${IPV6_GATEWAY}/64 dev ${name} nodad`,
    `route replace ${ipv6Prefix(network, change)}::/64 via fe80::2 dev ${name}`,
  ];
  return { ip: [`link set ${name} up`, ...ofFamilies(network, ipv4, ipv6)] };
}

function ofFamilies({ families }: Network, ipv4: string[], ipv6: string[]): string[] {
  return [...(families.includes(4) ? ipv4 : []), ...(families.includes(6) ? ipv6 : [])];
}
