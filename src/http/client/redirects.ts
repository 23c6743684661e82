// Following redirects: where a response sends a request, and what of the request goes along (RFC 9110 s. 15.4).

import { CharlaError } from "../../errors.ts";
import { type Header, headerValue } from "../header-fields.ts";
import type { Authorization } from "./authorization.ts";
import type { CookieJar } from "./cookies.ts";
import type { ExchangeEvent, HttpResponse, ResponseHead, Transport } from "./exchange.ts";
import type { HttpRequest } from "./request.ts";
import { sameOrigin, shownUrl } from "./url.ts";

/** Redirects that one request follows by default, so that a loop ends. */
export const MAX_REDIRECTS = 10;

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

/** What a request needs to be sent, and sent on. */
export interface FollowOptions {
  readonly transport: Transport;
  /** Null if there is no login for anything. */
  readonly authorization: Authorization | null;
  readonly cookies: CookieJar;
  /** How many redirects are followed. */
  readonly maxRedirects: number;
  /** Ends everything; its reason is thrown. */
  readonly signal: AbortSignal;
}

/**
 * The first response that is not a redirect, and asks for no login that there is.
 *
 * @throws {CharlaError}
 */
export async function followRedirects(
  first: HttpRequest,
  options: FollowOptions,
  onEvent: (event: FollowEvent) => void,
): Promise<HttpResponse> {
  const { transport, authorization, cookies, maxRedirects, signal } = options;
  let request = first;
  let redirects = 0;
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- one request after the other
    const cookie = await cookies.headerFor(request.url);
    const plain = withCookies(request, cookie);
    const full = authorization?.authorize(plain) ?? plain;
    // oxlint-disable-next-line no-await-in-loop -- as above
    const response = await transport.exchange(full, signal, onEvent);
    onEvent({ type: "response", head: response });
    // oxlint-disable-next-line no-await-in-loop -- as above
    await cookies.store(request.url, response.headers);
    let next: HttpRequest | null;
    try {
      const location = locationOf(response.headers);
      next = redirectedRequest(request, response.status, location);
      if (next?.body?.isOnce === true) throw sentOnce(next.url);
    } catch (error) {
      response.discard();
      throw error;
    }
    const isAsked = next === null && authorization?.canAnswer(response, request) === true;
    if (next === null && !isAsked) return response;
    // oxlint-disable-next-line no-await-in-loop -- as above
    await response.finish();
    if (next === null) continue;
    if (redirects === maxRedirects) throw tooMany(maxRedirects);
    redirects += 1;
    onEvent({ type: "redirect", status: response.status, to: next.url });
    request = next;
  }
}

/** In the one Cookie header that a request may have, behind the user's own. */
function withCookies(request: HttpRequest, cookie: string | null): HttpRequest {
  if (cookie === null) return request;
  const own = headerValue(request.headers, "cookie");
  const headers = request.headers.filter(([name]) => name.toLowerCase() !== "cookie");
  const value = own === null ? cookie : `${own}; ${cookie}`;
  return { ...request, headers: [...headers, ["Cookie", value]] };
}

/**
 * Where a response points to: several headers that are equal are one, and an empty one is none.
 *
 * @throws {CharlaError} REDIRECT_REFUSED: they differ
 */
export function locationOf(headers: readonly Header[]): string | null {
  const [first = null, ...others] = headers.flatMap(([name, value]) => {
    return name.toLowerCase() === "location" && value !== "" ? [value] : [];
  });
  const other = others.find((each) => each !== first);
  if (other === undefined) return first;
  throw refused(
    `the server redirects to two places, ${JSON.stringify(first)} and ${JSON.stringify(other)}`,
  );
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
  // Whether http:/host/x is a path here or a host, readers disagree.
  const isMisspelt = /^https?:(?!\/\/[^/\\])/i.test(location);
  const url = isMisspelt ? null : URL.parse(location, request.url.href);
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

function tooMany(maxRedirects: number): CharlaError {
  return new CharlaError(
    "TOO_MANY_REDIRECTS",
    `the server redirects more than ${maxRedirects} times`,
    "it may need a cookie or a login; charla get -v shows where it redirects to",
  );
}

function sentOnce(url: URL): CharlaError {
  return new CharlaError(
    "REDIRECT_REFUSED",
    `the server redirects to ${shownUrl(url)}, which wants the data again, and it came by a pipe`,
    "send it from a file: -d @FILE",
  );
}

function refused(message: string): CharlaError {
  return new CharlaError(
    "REDIRECT_REFUSED",
    message,
    "report it to the server's operator; charla get -v shows the response",
  );
}
