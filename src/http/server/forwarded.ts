// What a reverse proxy says of a request that it passes on: from whom it is, and for which name (RFC 7239, and the older
// X-Forwarded-* headers). Anyone can send these, so they count only from addresses that the owner has named. Pure, but for
// the platform's comparison of addresses.

import { BlockList, isIP } from "node:net";

import type { Fields } from "./wire/request-head.ts";

export interface Origin {
  /** The address from which the request came first. */
  readonly client: string | null;
  /** The name under which the proxy was called; null if it says none. */
  readonly forwardedHost: string | null;
}

/** @param address that the connection comes from */
export type FindOrigin = (address: string | null, fields: Fields) => Origin;

/** An address, or a network with the length of its prefix: 10.0.0.0/8. Null for anything else. */
export function parseNetwork(written: string): { address: string; prefix: number } | null {
  const [address = "", length, more] = written.split("/");
  const bits = isIP(address) === 6 ? 128 : 32;
  if (isIP(address) === 0 || more !== undefined) return null;
  if (length === undefined) return { address, prefix: bits };
  return /^\d{1,3}$/.test(length) && Number(length) <= bits
    ? { address, prefix: Number(length) }
    : null;
}

/** @param trusted as `parseNetwork` reads them */
export function originFinder(trusted: readonly string[]): FindOrigin {
  const networks = new BlockList();
  for (const written of trusted) {
    const network = parseNetwork(written);
    if (network !== null)
      networks.addSubnet(network.address, network.prefix, family(network.address));
  }
  const isTrusted = (address: string) => networks.check(address, family(address));

  return (address, fields) => {
    if (trusted.length === 0 || address === null || !isTrusted(address)) {
      return { client: address, forwardedHost: null };
    }
    // The last proxy has added the last element; those before it are from whomever it got the request from.
    const elements = readElements(fields);
    let client = address;
    for (const { by } of elements.toReversed()) {
      if (by === null) break;
      client = by;
      if (isIP(by) === 0 || !isTrusted(by)) break;
    }
    return { client, forwardedHost: elements.at(-1)?.host ?? null };
  };
}

function family(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 6 ? "ipv6" : "ipv4";
}

interface Element {
  /** Who sent it to the proxy: an address, or what else it says, such as "unknown". */
  readonly by: string | null;
  readonly host: string | null;
}

/** Elements that are read; no request passes so many proxies. */
const MAX_ELEMENTS = 32;
/** A pair of RFC 7239 s. 4, with what separates it from the next. */
const PAIR = /[ \t]*([\w!#$%&'*+.^`|~-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s",;]*))[ \t]*(;|,|$)/y;

function readElements(fields: Fields): Element[] {
  const forwarded = fields.get("forwarded");
  if (forwarded !== undefined) return readForwarded(forwarded);
  const clients = fields.get("x-forwarded-for")?.split(",", MAX_ELEMENTS) ?? [];
  const host = fields.get("x-forwarded-host")?.split(",").at(-1)?.trim() ?? null;
  if (clients.length === 0) return [{ by: null, host }];
  return clients.map((client) => ({ by: withoutPort(client.trim()), host }));
}

/** Empty if it is malformed. */
function readForwarded(header: string): Element[] {
  const elements: Element[] = [];
  let pairs = new Map<string, string>();
  PAIR.lastIndex = 0;
  while (PAIR.lastIndex < header.length && elements.length < MAX_ELEMENTS) {
    const found = PAIR.exec(header);
    if (found === null) return [];
    const [, name = "", quoted, bare = "", separator] = found;
    pairs.set(name.toLowerCase(), quoted?.replaceAll(/\\(.)/g, "$1") ?? bare);
    if (separator === ";") continue;
    const by = pairs.get("for");
    elements.push({
      by: by === undefined ? null : withoutPort(by),
      host: pairs.get("host") ?? null,
    });
    pairs = new Map();
  }
  return elements;
}

/** `[2001:db8::1]:4711` and `192.0.2.7:80` as addresses. */
function withoutPort(written: string): string {
  const [, bracketed] = /^\[([^\]]*)\](?::.*)?$/.exec(written) ?? [];
  if (bracketed !== undefined) return bracketed;
  return /^[\d.]+:\d+$/.test(written) ? written.replace(/:.*/, "") : written;
}
