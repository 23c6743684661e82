// What pages of other origins may do here when --cors is given (the CORS protocol of the Fetch standard, s. 3.3):
// read everything, and write nothing.

import type { Finish, Step } from "./middleware.ts";
import { emptyAnswer } from "./text-response.ts";

/** What a script may read of an answer beside the few headers that it always may (s. 3.3.3). */
const EXPOSED = [
  "Accept-Ranges",
  "Content-Disposition",
  "Content-Encoding",
  "Content-Length",
  "Content-Range",
  "ETag",
];

/** Request headers that make a browser ask first, when a page of another origin sends them. */
const ALLOWED = [
  "Authorization",
  "If-Match",
  "If-Modified-Since",
  "If-None-Match",
  "If-Range",
  "If-Unmodified-Since",
  "Range",
];

/** For how long a browser remembers the answer; Chromium's own limit. */
const PREFLIGHT_SECONDS = 7_200;

/** Of every answer, errors included: a page that cannot read a status cannot tell what went wrong. */
const CROSS_ORIGIN_HEADERS: Readonly<Record<string, string>> = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Expose-Headers": EXPOSED.join(", "),
  // The page may embed what it may read, also where it asks for isolation (COEP: require-corp).
  "Cross-Origin-Resource-Policy": "cross-origin",
};

/** What the answer to a preflight says beside them; they are for OPTIONS alone. */
const PREFLIGHT_HEADERS: Readonly<Record<string, string>> = {
  "Access-Control-Allow-Methods": "GET, HEAD",
  "Access-Control-Allow-Headers": ALLOWED.join(", "),
  "Access-Control-Max-Age": String(PREFLIGHT_SECONDS),
};

/** s. 3.2.2: a browser asks with these two whether it may send what comes next. */
export function isPreflight(method: string, headers: Headers): boolean {
  return (
    method === "OPTIONS" && headers.has("origin") && headers.has("access-control-request-method")
  );
}

/** Before anybody is asked who he is: a browser sends no credentials with a preflight (s. 3.2.2). */
export const preflightStep: Step = (request, context) =>
  isPreflight(request.method, request.headers)
    ? emptyAnswer(context, 204, PREFLIGHT_HEADERS)
    : null;

export const crossOriginFinish: Finish = (response) => {
  for (const [name, value] of Object.entries(CROSS_ORIGIN_HEADERS))
    response.headers.set(name, value);
  return response;
};
