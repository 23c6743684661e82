// Where an answer sends a request on to, and what of it goes along (RFC 9110 s. 15.4). Pure.

import { CharlaError } from "../../errors.ts";
import type { Header, HttpRequest } from "./request.ts";
import { sameOrigin, shownUrl } from "./url.ts";

/** Followed for one request; a loop has no end. */
export const MAX_REDIRECTS = 10;

/** Whom somebody is, or where they were to go: for one server, and nobody else. */
const FOR_ONE_ORIGIN: ReadonlySet<string> = new Set([
  "authorization",
  "cookie",
  "host",
  "proxy-authorization",
]);

/** What a body is like goes when the body goes. */
const OF_THE_BODY = /^content-/i;

/**
 * The request that an answer asks for instead, or null when it asks for none.
 *
 * @throws {CharlaError} REDIRECT_REFUSED: it leads to something that is not HTTP
 */
export function redirected(
  request: HttpRequest,
  status: number,
  location: string | null,
): HttpRequest | null {
  if (location === null || ![301, 302, 303, 307, 308].includes(status)) return null;
  const url = URL.parse(location, request.url.href);
  if (url === null) {
    throw refused(`the server redirects to ${JSON.stringify(location)}, which is no URL`);
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw refused(`the server redirects to ${shownUrl(url)}, which is neither http nor https`);
  }
  // Nobody here has chosen them.
  url.username = "";
  url.password = "";
  let { method, body, headers } = request;
  if (becomesGet(status, method)) {
    method = "GET";
    body = null;
    headers = headers.filter(([name]) => !OF_THE_BODY.test(name));
  }
  if (!sameOrigin(url, request.url)) headers = headers.filter(isForAny);
  return { method, url, headers, body };
}

/** s. 15.4.2 to 15.4.4: 303 is to be fetched; after 301 and 302 a POST always has been. */
function becomesGet(status: number, method: string): boolean {
  if (status === 303) return method !== "GET" && method !== "HEAD";
  return (status === 301 || status === 302) && method === "POST";
}

function isForAny([name]: Header): boolean {
  return !FOR_ONE_ORIGIN.has(name.toLowerCase());
}

function refused(message: string): CharlaError {
  return new CharlaError(
    "REDIRECT_REFUSED",
    message,
    "tell who runs the server; charla get -v shows what it answers",
  );
}
