// Who may use the server: users with a password (HTTP Basic, RFC 7617), and pages in a browser. A page of another site runs
// with the rights of its visitor, so it must not write (CSRF); with --cors it may read.

import { Buffer } from "node:buffer";
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

import { parseBasicAuthorization } from "../header-fields.ts";
import {
  type Context,
  emptyResponse,
  mapResponse,
  type Middleware,
  refusal,
  textResponse,
} from "./exchange.ts";

/** RFC 7617 s. 2, and s. 2.1 for the charset. */
const CHALLENGE = 'Basic realm="charla", charset="UTF-8"';

/** @param credentials USER:PASSWORD */
export function requireCredentials(credentials: string): Middleware {
  const isValid = credentialsCheck(credentials);
  const user = credentials.slice(0, credentials.indexOf(":"));
  return (context, next) => {
    if (!isValid(context.fields.get("authorization") ?? null)) {
      return textResponse(401, { "www-authenticate": CHALLENGE });
    }
    return mapResponse(next(context), (response) => ({ ...response, user }));
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
export function isAllowedOrigin({
  fields,
  host,
  forwardedHost,
}: Pick<Context, "fields" | "host" | "forwardedHost">): boolean {
  const site = fields.get("sec-fetch-site");
  const origin = fields.get("origin");
  if (site === undefined && origin === undefined) return true;
  if (site !== undefined) return site === "same-origin" || site === "none";
  // The scheme may be that of a proxy in front of the server, and so may the name, if that is trusted.
  return [host, forwardedHost].some(
    (name) => name !== null && (origin === `http://${name}` || origin === `https://${name}`),
  );
}

/** Methods that change nothing (RFC 9110 s. 9.2.1). */
const SAFE: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND"]);

/** No page of another site may change anything. */
export const rejectForeignPages: Middleware = (context, next) => {
  if (SAFE.has(context.method) || isAllowedOrigin(context)) return next(context);
  return refusal(403, "changes by another site's page are refused");
};

/** On every response, errors included: otherwise a page could not even read the status. */
const CORS_HEADERS: Readonly<Record<string, string>> = {
  "access-control-allow-origin": "*",
  // What scripts may read besides the few that they always may (Fetch standard s. 3.3.3).
  "access-control-expose-headers":
    "Accept-Ranges, Content-Disposition, Content-Encoding, Content-Length, Content-Range, ETag",
  // Pages that ask for isolation (COEP: require-corp) may embed what they may read.
  "cross-origin-resource-policy": "cross-origin",
};

const PREFLIGHT_HEADERS: Readonly<Record<string, string>> = {
  "access-control-allow-methods": "GET, HEAD",
  // Those that make a browser send a preflight.
  "access-control-allow-headers":
    "Authorization, If-Match, If-Modified-Since, If-None-Match, If-Range, If-Unmodified-Since, Range",
  // s for which a browser remembers a preflight: Chromium's maximum.
  "access-control-max-age": "7200",
};

/** A browser's question whether it may send the actual request (Fetch standard s. 3.2.2). */
export function isPreflight({ method, fields }: Pick<Context, "method" | "fields">): boolean {
  return (
    method === "OPTIONS" && fields.has("origin") && fields.has("access-control-request-method")
  );
}

/**
 * --cors: pages of every origin may read, and none may write. Goes before requireCredentials, because a browser sends no
 * credentials with a preflight (Fetch standard s. 3.2.2).
 */
export const allowCrossOrigin: Middleware = (context, next) => {
  const response = isPreflight(context) ? emptyResponse(204, PREFLIGHT_HEADERS) : next(context);
  return mapResponse(response, (allowed) => ({
    ...allowed,
    headers: { ...allowed.headers, ...CORS_HEADERS },
  }));
};
