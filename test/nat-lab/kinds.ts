// The kinds of networks in the lab: which routers are between a host and the internet, and what each of them does. The words
// are those of RFC 4787 (NATs) and RFC 6092 (IPv6 firewalls in homes). Knows no addresses and no commands.

export type Kind =
  | "open"
  | "home"
  | "symmetric"
  | "double"
  | "carrier"
  | "udp-blocked"
  | "ipv6-only"
  | "proxy"
  | "mapping";

export interface RouterKind {
  /**
   * How outer ports are given (RFC 4787 s. 4.1): an endpoint-independent mapping keeps the inner port for all destinations
   * while no other host has it, as Linux does; the other takes a random port for each destination. Null: addresses are
   * not translated.
   */
  readonly mapping: "endpoint-independent" | "address-and-port-dependent" | null;
  /** What comes in (RFC 4787 s. 5): everything, or only answers from the address and port that was sent to. */
  readonly filtering: "endpoint-independent" | "address-and-port-dependent";
  /** What goes out. */
  readonly outgoing: "everything" | "tcp-443" | "nothing";
  /** The addresses on the inner side. */
  readonly inside: "public" | "home" | "company" | "carrier";
  /** s for which a silent UDP mapping lives; by default as Linux has it, 30, and 120 once it was answered. */
  readonly udpTimeout?: number;
  /** A program on the router, for its inner side: an HTTP proxy, or PCP, NAT-PMP and UPnP. */
  readonly service?: "proxy" | "port-mapping";
}

export interface NetworkKind {
  readonly families: readonly (4 | 6)[];
  /** From the host outward. */
  readonly routers: readonly [RouterKind, ...RouterKind[]];
}

const HOME: RouterKind = {
  mapping: "endpoint-independent",
  filtering: "address-and-port-dependent",
  outgoing: "everything",
  inside: "home",
};

export const KINDS: Record<Kind, NetworkKind> = {
  /** A host with public addresses, and nothing in front of it. */
  open: {
    families: [4, 6],
    routers: [{ ...HOME, mapping: null, filtering: "endpoint-independent", inside: "public" }],
  },
  home: { families: [4], routers: [HOME] },
  symmetric: { families: [4], routers: [{ ...HOME, mapping: "address-and-port-dependent" }] },
  /** A home router behind the provider's. */
  double: { families: [4], routers: [HOME, { ...HOME, inside: "company" }] },
  /** A telephone behind carrier-grade NAT (RFC 6888), whose mappings are short-lived. */
  carrier: { families: [4], routers: [{ ...HOME, inside: "carrier", udpTimeout: 25 }] },
  /** A company or a hotel that lets out TCP to port 443, and drops the rest without an answer. */
  "udp-blocked": { families: [4], routers: [{ ...HOME, outgoing: "tcp-443" }] },
  /** No IPv4 at all; a firewall that lets in answers only (RFC 6092). */
  "ipv6-only": { families: [6], routers: [{ ...HOME, mapping: null, inside: "public" }] },
  /** Nothing goes out but through an HTTP proxy that allows CONNECT to port 443. */
  proxy: { families: [4], routers: [{ ...HOME, outgoing: "nothing", service: "proxy" }] },
  /** A home whose router maps ports on request: PCP (RFC 6887), NAT-PMP (RFC 6886) and UPnP. */
  mapping: { families: [4], routers: [{ ...HOME, service: "port-mapping" }] },
};

/** All kinds, in the order of the tables. */
export const ALL_KINDS: readonly Kind[] = [
  "open",
  "mapping",
  "home",
  "double",
  "carrier",
  "symmetric",
  "udp-blocked",
  "proxy",
  "ipv6-only",
];

/**
 * Whether a direct path exists between two: one of the two must be reachable, or keep its port for all destinations as the other does; and they need a family in common.
 */
export function canMeet(ana: Kind, ben: Kind): boolean {
  const both = [ana, ben];
  if (both.includes("udp-blocked") || both.includes("proxy")) return false;
  if (both.includes("ipv6-only")) return both.every((kind) => kind === "ipv6-only");
  return both.includes("open") || !both.includes("symmetric");
}
