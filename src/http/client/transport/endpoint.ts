// The host and the port of a URL, and what its scheme says how to speak with a proxy. Pure.

export interface Endpoint {
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number;
}

export type ProxyKind = "http" | "socks";

/** What a proxy's URL says how to speak with it. */
export function proxyKind({ protocol }: URL): ProxyKind {
  return protocol.startsWith("socks") ? "socks" : "http";
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 };
/** Of SOCKS (RFC 1928 s. 3); for proxies of HTTP the scheme's own, as URLs have it. */
const SOCKS_PORT = 1_080;

export function endpointOf({ protocol, hostname, port }: URL): Endpoint {
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  return { host, port: port === "" ? (DEFAULT_PORTS[protocol] ?? SOCKS_PORT) : Number(port) };
}
