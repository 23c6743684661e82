// Whether a request that failed may be tried again, and when. Pure: time and chance are arguments.

import type { CharlaError, ErrorCode } from "../../errors.ts";

/** ms before the first retry; each next one waits twice as long. */
const FIRST_WAIT = 1_000;
/** ms between two tries, where the server names no time. */
const LONGEST_WAIT = 60_000;
/** ms that a server may ask for: who would wait longer had better come again by hand. */
export const LONGEST_RETRY_AFTER = 600_000;

/** RFC 9110 s. 9.2.2: twice does what once does. */
const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

/** What may be otherwise a moment later. A wrong name, certificate or answer will not be. */
const PASSING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "NOBODY_LISTENING",
  "UNREACHABLE",
  "TIMED_OUT",
  "CONNECTION_LOST",
  "SOCKET_FAILED",
]);

/** Of a server that is busy, or of one behind which another is; 52x are Cloudflare's of these. */
const PASSING_STATUS: ReadonlySet<number> = new Set([
  408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524,
]);

export function isPassingStatus(status: number): boolean {
  return PASSING_STATUS.has(status);
}

export function mayRetryStatus(method: string, status: number): boolean {
  return IDEMPOTENT.has(method) && PASSING_STATUS.has(status);
}

/** What nobody has heard may be said again, whatever it was. */
export function mayRetryError(method: string, { code }: CharlaError): boolean {
  return PASSING.has(code) && (IDEMPOTENT.has(method) || code === "NOBODY_LISTENING");
}

/**
 * ms until the next try, or null when the server wants more time than anybody waits.
 *
 * @param tries how many have failed, from 1
 * @param retryAfter the header of that name, if there was an answer
 * @param chance 0 to 1: many who failed at once are not to come again at once
 */
export function waitBeforeRetry(
  tries: number,
  retryAfter: string | null,
  now: number,
  chance: number,
): number | null {
  const asked = retryAfter === null ? null : parseRetryAfter(retryAfter, now);
  if (asked !== null) return asked > LONGEST_RETRY_AFTER ? null : asked;
  const longest = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (tries - 1));
  return Math.round(longest * (0.5 + chance / 2));
}

/** RFC 9110 s. 10.2.3: seconds, or a date. In ms from now; null when it is neither. */
export function parseRetryAfter(written: string, now: number): number | null {
  if (/^\d+$/.test(written)) return Number(written) * 1_000;
  // A date is told from a number with a sign or a fraction by its letters.
  const date = /[a-z]/i.test(written) ? Date.parse(written) : Number.NaN;
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}
