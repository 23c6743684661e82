// Whether a request that writes comes from a page of this server, or from no page at all: another site's page
// can send forms here too, with the rights of whoever looks at it. Pure.

import { isLoopbackHost } from "../dns-rebinding.ts";

/**
 * By Sec-Fetch-Site (W3C Fetch Metadata s. 2.3), else by Origin (RFC 6454 s. 7), one of which every browser sends with
 * what writes; programs such as curl send neither.
 *
 * @param isLoopbackOnly nobody else reaches the server. A site can have its name lead to 127.0.0.1 ("DNS rebinding"),
 * and its pages are then of the same origin as what listens there: so the name has to be one of this machine's
 */
export function isFromOwnPage(headers: Headers, isLoopbackOnly: boolean): boolean {
  const site = headers.get("sec-fetch-site");
  const origin = headers.get("origin");
  if (site === null && origin === null) return true;
  const host = headers.get("host") ?? "";
  if (isLoopbackOnly && !isLoopbackHost(host)) return false;
  if (site !== null) return site === "same-origin" || site === "none";
  // The scheme may be a proxy's in front of us.
  return origin === `http://${host}` || origin === `https://${host}`;
}
