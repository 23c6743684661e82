// Following redirects: where a response sends a request, and what of the request goes along (RFC 9110 s. 15.4).

import { CharlaError } from "../../errors.ts";
import { headerValue } from "../header-fields.ts";
import type { ExchangeEvent, HttpResponse, ResponseHead, Transport } from "./exchange.ts";
import type { HttpRequest } from "./request.ts";
import { sameOrigin, shownUrl } from "./url.ts";

/** Redirects that one request follows, so that a loop ends. */
const MAX_REDIRECTS = 10;

/** Headers that name a user or a host: not sent to another origin. */
const FOR_ONE_ORIGIN: ReadonlySet<string> = new Set([
  "authorization",
  "cookie",
  "host",
  "proxy-authorization",
]);

/** Headers that describe a body, and are dropped with it. */
const CONTENT_HEADER = /^content-/i;

export type FollowEvent =
  | ExchangeEvent
  | { readonly type: "response"; readonly head: ResponseHead }
  | { readonly type: "redirect"; readonly status: number; readonly to: URL };

/**
 * The first response that is not a redirect.
 *
 * @throws {CharlaError}
 */
export async function followRedirects(
  first: HttpRequest,
  transport: Transport,
  signal: AbortSignal,
  onEvent: (event: FollowEvent) => void,
): Promise<HttpResponse> {
  let request = first;
  for (let redirects = 0; ; redirects += 1) {
    const response = await transport.exchange(request, signal, onEvent);
    onEvent({ type: "response", head: response });
    let next: HttpRequest | null;
    try {
      next = redirectedRequest(request, response.status, headerValue(response.headers, "location"));
    } catch (error) {
      response.discard();
      throw error;
    }
    if (next === null) return response;
    await response.finish();
    if (redirects === MAX_REDIRECTS) {
      throw new CharlaError(
        "TOO_MANY_REDIRECTS",
        `the server redirects more than ${MAX_REDIRECTS} times`,
        "it may need a cookie or a login; charla get -v shows where it redirects to",
      );
    }
    onEvent({ type: "redirect", status: response.status, to: next.url });
    request = next;
  }
}

/**
 * The request that a response redirects to, or null if it is not a redirect.
 *
 * @throws {CharlaError} REDIRECT_REFUSED: to something other than http and https
 */
export function redirectedRequest(
  request: HttpRequest,
  status: number,
  location: string | null,
): HttpRequest | null {
  if (location === null || ![301, 302, 303, 307, 308].includes(status)) return null;
  const url = URL.parse(location, request.url.href);
  if (url === null) {
    throw refused(`the server redirects to ${JSON.stringify(location)}, which is not a URL`);
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw refused(`the server redirects to ${shownUrl(url)}, which is neither http nor https`);
  }
  // The server chose them, not the user.
  url.username = "";
  url.password = "";
  let { method, body, headers } = request;
  if (becomesGet(status, method)) {
    method = "GET";
    body = null;
    headers = headers.filter(([name]) => !CONTENT_HEADER.test(name));
  }
  if (!sameOrigin(url, request.url)) {
    headers = headers.filter(([name]) => !FOR_ONE_ORIGIN.has(name.toLowerCase()));
  }
  return { method, url, headers, body };
}

/** s. 15.4.2 to 15.4.4: 303 always becomes GET; a POST does after 301 and 302, as in every browser. */
function becomesGet(status: number, method: string): boolean {
  if (status === 303) return method !== "GET" && method !== "HEAD";
  return (status === 301 || status === 302) && method === "POST";
}

function refused(message: string): CharlaError {
  return new CharlaError(
    "REDIRECT_REFUSED",
    message,
    "report it to the server's operator; charla get -v shows the response",
  );
}
