// Whether a request that writes comes from a page of this server, or from no page at all: another site's page
// can send forms here too, with the rights of whoever looks at it. Pure.

import { isIP } from "node:net";

/**
 * By Sec-Fetch-Site (W3C Fetch Metadata s. 2.3), else by Origin (RFC 6454 s. 7), one of which every browser sends;
 * programs such as curl send neither.
 */
export function isFromOwnPage(headers: Headers): boolean {
  const site = headers.get("sec-fetch-site");
  if (site !== null) return site === "same-origin" || site === "none";
  const origin = headers.get("origin");
  if (origin === null) return true;
  const host = headers.get("host") ?? "";
  // The scheme may be a proxy's in front of us.
  return origin === `http://${host}` || origin === `https://${host}`;
}

/**
 * Whether a Host header means this machine without asking the DNS. A site can have its name lead to 127.0.0.1
 * ("DNS rebinding"), and its pages are then of the same origin as what listens there.
 */
export function isLoopbackHost(host: string): boolean {
  const name = host.replace(/:\d*$/, "").toLowerCase();
  if (name === "localhost" || name.endsWith(".localhost")) return true;
  return isIP(name.startsWith("[") ? name.slice(1, -1) : name) !== 0;
}
