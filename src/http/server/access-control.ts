// Who may use the server: users with a password (HTTP Basic, RFC 7617), and pages in a browser. A page of another site runs
// with the rights of its visitor, so it must not write (CSRF); with --cors it may read.

import { Buffer } from "node:buffer";
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

import { parseBasicAuthorization } from "../header-fields.ts";
import { emptyResponse, mapResponse, type Middleware, textResponse } from "./middleware.ts";

/** RFC 7617 s. 2, and s. 2.1 for the charset. */
const CHALLENGE = 'Basic realm="charla", charset="UTF-8"';

/** @param credentials USER:PASSWORD */
export function requireCredentials(credentials: string): Middleware {
  const isValid = credentialsCheck(credentials);
  const user = credentials.slice(0, credentials.indexOf(":"));
  return (next) => (request, context) => {
    if (!isValid(request.headers.get("authorization"))) {
      return textResponse(request, context, 401, { "www-authenticate": CHALLENGE });
    }
    context.user = user;
    return next(request, context);
  };
}

/**
 * A check of Authorization headers. It keeps only digests, which cannot be printed by mistake, and compares them in
 * constant time.
 *
 * @param credentials USER:PASSWORD; the password may contain colons, the user cannot (RFC 7617 s. 2)
 */
export function credentialsCheck(credentials: string): (header: string | null) => boolean {
  const key = randomBytes(32);
  const digest = (bytes: Uint8Array) => createHmac("sha256", key).update(bytes).digest();
  const expected = digest(Buffer.from(credentials, "utf8"));
  return (header) => {
    const given = parseBasicAuthorization(header);
    // A missing or malformed header takes the same time.
    const isEqual = timingSafeEqual(digest(given ?? Buffer.alloc(0)), expected);
    return isEqual && given !== null;
  };
}

/**
 * Whether a request that writes comes from a page of this server or from no page at all, and so is no CSRF: by
 * Sec-Fetch-Site (W3C Fetch Metadata s. 2.3), else by Origin (RFC 6454 s. 7). Every browser sends one of them with such a
 * request; programs such as curl send neither.
 */
export function isAllowedOrigin(headers: Headers): boolean {
  const site = headers.get("sec-fetch-site");
  const origin = headers.get("origin");
  if (site === null && origin === null) return true;
  if (site !== null) return site === "same-origin" || site === "none";
  const host = headers.get("host") ?? "";
  // The scheme may be that of a proxy in front of the server.
  return origin === `http://${host}` || origin === `https://${host}`;
}

/** On every response, errors included: otherwise a page could not even read the status. */
const CORS_HEADERS: Readonly<Record<string, string>> = {
  "Access-Control-Allow-Origin": "*",
  // What scripts may read besides the few that they always may (Fetch standard s. 3.3.3).
  "Access-Control-Expose-Headers":
    "Accept-Ranges, Content-Disposition, Content-Encoding, Content-Length, Content-Range, ETag",
  // Pages that ask for isolation (COEP: require-corp) may embed what they may read.
  "Cross-Origin-Resource-Policy": "cross-origin",
};

const PREFLIGHT_HEADERS: Readonly<Record<string, string>> = {
  "Access-Control-Allow-Methods": "GET, HEAD",
  // Those that make a browser send a preflight.
  "Access-Control-Allow-Headers":
    "Authorization, If-Match, If-Modified-Since, If-None-Match, If-Range, If-Unmodified-Since, Range",
  // s for which a browser remembers a preflight: Chromium's maximum.
  "Access-Control-Max-Age": "7200",
};

/** A browser's question whether it may send the actual request (Fetch standard s. 3.2.2). */
export function isPreflight(method: string, headers: Headers): boolean {
  return (
    method === "OPTIONS" && headers.has("origin") && headers.has("access-control-request-method")
  );
}

/**
 * --cors: pages of every origin may read, and none may write. Goes before requireCredentials, because a browser sends no
 * credentials with a preflight (Fetch standard s. 3.2.2).
 */
export const allowCrossOrigin: Middleware = (next) => (request, context) => {
  const response = isPreflight(request.method, request.headers)
    ? emptyResponse(context, 204, PREFLIGHT_HEADERS)
    : next(request, context);
  return mapResponse(response, (allowed) => {
    for (const [name, value] of Object.entries(CORS_HEADERS)) allowed.headers.set(name, value);
    return allowed;
  });
};
