// Conditional requests (RFC 9110 s. 13): whether an answer is still wanted by who has seen an earlier
// one. Pure: the validators are arguments.

export interface Validators {
  /** With its quotes, and with W/ where it is weak. */
  readonly etag: string;
  /** Milliseconds since 1970; HTTP-dates are of whole seconds. */
  readonly modified: number;
}

export type Verdict = "proceed" | "not modified" | "failed";

/** In the order of s. 13.2.2. */
export function evaluate(
  method: string,
  headers: Headers,
  { etag, modified }: Validators,
): Verdict {
  const seconds = Math.floor(modified / 1_000);
  const ifMatch = headers.get("if-match");
  if (ifMatch !== null) {
    if (!matches(ifMatch, etag, isStrongMatch)) return "failed";
  } else {
    const unmodifiedSince = secondsOf(headers.get("if-unmodified-since"));
    if (unmodifiedSince !== null && seconds > unmodifiedSince) return "failed";
  }

  const reads = method === "GET" || method === "HEAD";
  const ifNoneMatch = headers.get("if-none-match");
  if (ifNoneMatch !== null) {
    if (!matches(ifNoneMatch, etag, isWeakMatch)) return "proceed";
    return reads ? "not modified" : "failed";
  }
  const modifiedSince = reads ? secondsOf(headers.get("if-modified-since")) : null;
  return modifiedSince !== null && seconds <= modifiedSince ? "not modified" : "proceed";
}

/** Whether a part may be sent (s. 13.1.5): to who has the rest of the very same, or does not say. */
export function isRangeWanted(headers: Headers, { etag, modified }: Validators): boolean {
  const ifRange = headers.get("if-range");
  if (ifRange === null) return true;
  if (ifRange.includes('"')) return isStrongMatch(ifRange.trim(), etag);
  return secondsOf(ifRange) === Math.floor(modified / 1_000);
}

/** An HTTP-date in any of its three forms (s. 5.6.7), in seconds since 1970; null for all else. */
export function secondsOf(written: string | null): number | null {
  if (written === null || !HTTP_DATE.test(written)) return null;
  // asctime does not name its zone, which is GMT as well.
  const parsed = Date.parse(written.endsWith("GMT") ? written : `${written} GMT`);
  return Number.isNaN(parsed) ? null : Math.floor(parsed / 1_000);
}

const HTTP_DATE =
  /^(?:[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [\d:]{8} GMT|[A-Z][a-z]{5,8}, \d\d-[A-Z][a-z]{2}-\d\d [\d:]{8} GMT|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d [\d:]{8} \d{4})$/;

/** etagc of s. 8.8.3: no quote is in it. */
const ENTITY_TAG = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g;

type Match = (one: string, other: string) => boolean;

function matches(list: string, etag: string, isMatch: Match): boolean {
  if (list.trim() === "*") return true;
  return (list.match(ENTITY_TAG) ?? []).some((one) => isMatch(one, etag));
}

function isStrongMatch(one: string, other: string): boolean {
  return one === other && !one.startsWith("W/");
}

function isWeakMatch(one: string, other: string): boolean {
  return opaqueOf(one) === opaqueOf(other);
}

function opaqueOf(etag: string): string {
  return etag.startsWith("W/") ? etag.slice(2) : etag;
}
