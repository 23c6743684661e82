// Hosts and addresses: the forms that people write (HOST, HOST:PORT, [IPV6]:PORT), and IP addresses with a port. Pure: looks
// nothing up.

import { isIP } from "#is-ip";

import { CharlaError } from "../errors.ts";
import type { SocketAddress } from "../protocol/socket-address.ts";

export { sameAddress, type SocketAddress } from "../protocol/socket-address.ts";

/** The lesson's port. */
export const DEFAULT_PORT = 12345;
/** Ports are 16 bits (RFC 768). */
export const MAX_PORT = 65_535;
/** Characters of a host name (RFC 1035 s. 2.3.4, without the root's length and dot). */
const MAX_HOST_LENGTH = 253;

/** A host as a person named it, before it is looked up. */
export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

/**
 * Reads a port from its decimal digits.
 *
 * @param lowest 1 for a port to connect to, 0 where "any free port" makes sense
 * @throws {CharlaError} PORT_OUT_OF_RANGE
 */
export function parsePort(text: string, lowest: 0 | 1): number {
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port >= lowest && port <= MAX_PORT) return port;
  throw new CharlaError(
    "PORT_OUT_OF_RANGE",
    `${quote(text)} is not a port`,
    lowest === 0
      ? `give a whole number from 0 (any free port) to ${MAX_PORT}`
      : `give a whole number from 1 to ${MAX_PORT}, or none for ${DEFAULT_PORT}`,
  );
}

/**
 * Reads `HOST`, `HOST:PORT`, `IPV4:PORT`, `[IPV6]`, `[IPV6]:PORT` or a bare `IPV6`.
 *
 * @throws {CharlaError} INVALID_ADDRESS, PORT_OUT_OF_RANGE
 */
export function parseHostAndPort(text: string, defaultPort: number = DEFAULT_PORT): HostAndPort {
  if (isIP(text) !== 0) return { host: text, port: defaultPort };
  // A piece of a URL or of an invitation, in which a colon does not mean a port.
  if (/[/?#@]/.test(text)) throw invalidAddress(text);
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/s.exec(text);
  if (bracketed !== null) {
    const [, host = "", port] = bracketed;
    if (isIP(host) !== 6) throw invalidAddress(text);
    return { host, port: port === undefined ? defaultPort : parsePort(port, 1) };
  }
  const colon = text.indexOf(":");
  const host = colon === -1 ? text : text.slice(0, colon);
  if (!isHostName(host)) throw invalidAddress(text);
  return { host, port: colon === -1 ? defaultPort : parsePort(text.slice(colon + 1), 1) };
}

/** Writes an address the way `parseHostAndPort` reads it: `127.0.0.1:12345`, `[::1]:12345`. */
export function formatAddress({ address, port }: SocketAddress): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** The same of a host, whether it is an address or a name. */
export function formatHostAndPort({ host, port }: HostAndPort): string {
  return formatAddress({ address: host, port });
}

/** A relay as people write it: without the port, where that is the usual one. */
export function formatRelay(relay: HostAndPort): string {
  const written = formatHostAndPort(relay);
  return relay.port === DEFAULT_PORT ? written.slice(0, written.lastIndexOf(":")) : written;
}

/**
 * The canonical form of an IP address (RFC 5952), since addresses are compared as text. An IPv4-mapped address (RFC 4291
 * s. 2.5.5.2), which a dual-stack socket reports for an IPv4 peer, becomes an IPv4 address.
 */
export function canonicalAddress(address: string): string {
  // With a zone (RFC 4007 s. 11), which only means something on this machine, it stays as it is.
  if (isIP(address) !== 6 || address.includes("%")) return address;
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(canonical);
  if (mapped === null) return canonical;
  const [high, low] = [mapped[1], mapped[2]].map((group = "") => Number.parseInt(group, 16));
  return [high, low].flatMap((group = 0) => [group >>> 8, group & 0xff]).join(".");
}

/** Whether an address in canonical form is this machine itself (RFC 1122 s. 3.2.1.3, RFC 4291). */
export function isLoopback({ address }: SocketAddress): boolean {
  return address === "::1" || address.startsWith("127.");
}

/** Letters, digits, hyphens, underscores and dots; characters beyond ASCII are left to the resolver. */
function isHostName(host: string): boolean {
  return host.length <= MAX_HOST_LENGTH && /^(?!-)(?:[\w.-]|[^\p{ASCII}\p{C}\p{Z}])+$/u.test(host);
}

/** Errors end up in logs: what may be a part of an invitation, and so of its secret, or a password, is not repeated. */
function quote(text: string): string {
  return /[/?#@]|[\w-]{16}/.test(text) ? "this" : JSON.stringify(text);
}

function invalidAddress(text: string): CharlaError {
  return new CharlaError(
    "INVALID_ADDRESS",
    `${quote(text)} is not an address`,
    "write HOST, HOST:PORT or, for IPv6, [ADDRESS]:PORT",
  );
}
