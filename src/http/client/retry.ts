// Whether a failed request may be sent again, and when. Pure: time and randomness are arguments.

import type { CharlaError, ErrorCode } from "../../errors.ts";
import { parseHttpDate } from "../header-fields.ts";

/** ms before the first retry; the wait doubles each time. */
const FIRST_WAIT = 1_000;
/** ms between two tries, unless the server says when. */
const MAX_WAIT = 60_000;
/** ms that a server may ask for; beyond that, trying again is left to the user. */
export const MAX_RETRY_AFTER = 600_000;

/** Sending these twice does the same as sending them once (RFC 9110 s. 9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

/** Failures that may be gone a moment later; a wrong name, certificate or response will not be. */
const TEMPORARY: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "NOBODY_LISTENING",
  "UNREACHABLE",
  "TIMED_OUT",
  "CONNECTION_LOST",
  "SOCKET_FAILED",
]);

/** Statuses of an overloaded server or of a gateway to one; 52x are Cloudflare's. */
const TEMPORARY_STATUS: ReadonlySet<number> = new Set([
  408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524,
]);

export function isTemporaryStatus(status: number): boolean {
  return TEMPORARY_STATUS.has(status);
}

export function mayRetryStatus(method: string, status: number): boolean {
  return IDEMPOTENT.has(method) && TEMPORARY_STATUS.has(status);
}

/** A request that no server received may be sent again whatever its method. */
export function mayRetryError(method: string, { code }: CharlaError): boolean {
  return TEMPORARY.has(code) && (IDEMPOTENT.has(method) || code === "NOBODY_LISTENING");
}

/**
 * ms until the next try, or null if the server asks for too long a wait.
 *
 * @param tries how many have failed, from 1
 * @param retryAfter the Retry-After header of the response, if there was one
 * @param random 0 to 1, so that many clients that failed together don't come back together
 */
export function waitBeforeRetry(
  tries: number,
  retryAfter: string | null,
  now: number,
  random: number,
): number | null {
  const wait = retryAfter === null ? null : parseRetryAfter(retryAfter, now);
  if (wait !== null) return wait > MAX_RETRY_AFTER ? null : wait;
  const longest = Math.min(MAX_WAIT, FIRST_WAIT * 2 ** (tries - 1));
  return Math.round(longest * (0.5 + random / 2));
}

/** Seconds or a date (RFC 9110 s. 10.2.3), as ms from now; null for anything else. */
export function parseRetryAfter(written: string, now: number): number | null {
  if (/^\d+$/.test(written)) return Number(written) * 1_000;
  const date = parseHttpDate(written);
  return date === null ? null : Math.max(0, date - now);
}
