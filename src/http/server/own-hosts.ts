// By which names of its own a server may be called. A site can have its name resolve to an address of this machine or of this
// network (DNS rebinding): its pages then have the server's origin, and could read everything. So a name that another site
// can own is refused, whoever asks: a script may set every header but Host. Pure.

import { isIP } from "node:net";

import { type Middleware, refusal } from "./exchange.ts";

/** Domains that no public DNS has (RFC 6761, RFC 6762, RFC 8375, and ICANN's reservation of .internal). */
const PRIVATE_DOMAIN = /\.(?:localhost|local|test|internal|home\.arpa)$/;

/** A name, or with a dot before it also every name below it: `files.example.com`, `.example.com`. */
export const HOST_PATTERN = /^\.?[a-z\d_-]+(?:\.[a-z\d_-]+)*$/i;

/**
 * Whether a Host header names this server: by an address, by a name that no site can own, by the machine's name, or by one
 * that its owner has allowed.
 *
 * @param allowed as `HOST_PATTERN` has them
 */
export function ownHosts(allowed: readonly string[], machine: string): (host: string) => boolean {
  const names = new Set([machine.toLowerCase()]);
  const domains: string[] = [];
  for (const written of allowed) {
    const name = written.toLowerCase();
    names.add(name.replace(/^\./, ""));
    if (name.startsWith(".")) domains.push(name);
  }
  return (host) => {
    if (host.startsWith("localhost:") || host.startsWith("127.0.0.1:")) return true;
    const name = hostName(host);
    if (isIP(name.startsWith("[") ? name.slice(1, -1) : name) !== 0) return true;
    // No public name is without a dot.
    if (name !== "" && !name.includes(".")) return true;
    return (
      PRIVATE_DOMAIN.test(name) || names.has(name) || domains.some((each) => name.endsWith(each))
    );
  };
}

/** HTTP/1.0 may leave Host out, and no browser does. */
export function rejectForeignHosts(isOwn: (host: string) => boolean): Middleware {
  return (context, next) => {
    const { host } = context;
    if (host === null || isOwn(host)) return next(context);
    const name = hostName(host);
    const reason = `this server is not called ${name}; if it should be, start it with --host ${name}`;
    return refusal(421, reason);
  };
}

/** In lower case, without the port, and without the dot that ends a name in DNS. */
function hostName(host: string): string {
  return host.replace(/:\d*$/, "").replace(/\.$/, "").toLowerCase();
}
