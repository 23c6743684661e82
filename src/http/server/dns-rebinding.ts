// Whether a browser came by a name that may be another site's. One can have its own name lead to 127.0.0.1 ("DNS
// rebinding"): its pages are then of the same origin as what listens there, and read all of it.

import { isIP } from "node:net";

import type { Step } from "./middleware.ts";
import { briefAnswer } from "./text-response.ts";

/** Of no public DNS (RFC 6761, RFC 6762, RFC 8375, and ICANN's reservation of .internal). */
const PRIVATE = /\.(?:localhost|local|test|internal|home\.arpa)$/;

/** Whether a Host header means this machine without asking the DNS. */
export function isLoopbackHost(host: string): boolean {
  const name = nameIn(host);
  if (name === "localhost" || name.endsWith(".localhost")) return true;
  return isIP(name.startsWith("[") ? name.slice(1, -1) : name) !== 0;
}

/** For a server that only its own machine reaches. Programs come by whatever name: they run no other site's pages. */
export const ownNameStep: Step = (request, context) => {
  const { headers } = request;
  const host = headers.get("host") ?? "";
  if (host.startsWith("localhost:") || host.startsWith("127.0.0.1:") || isLoopbackHost(host)) {
    return null;
  }
  const name = nameIn(host);
  if (!name.includes(".") || PRIVATE.test(name)) return null;
  // All browsers', to this day.
  if (headers.get("user-agent")?.startsWith("Mozilla/") !== true) return null;
  return briefAnswer(request, context, 421);
};

function nameIn(host: string): string {
  return host.replace(/:\d*$/, "").toLowerCase();
}
