// Header fields as both ends read and write them: lists with quality values, dates, Basic credentials, Content-Disposition
// and byte ranges (RFC 9110 s. 5, 8.4, 12, 14; RFC 7617; RFC 6266). Pure; knows neither requests nor responses.

import { Buffer } from "node:buffer";

export type Header = readonly [name: string, value: string];

export function hasHeader(headers: readonly Header[], name: string): boolean {
  return headerValue(headers, name) !== null;
}

/** The first value; null if there is none. */
export function headerValue(headers: readonly Header[], name: string): string | null {
  const found = headers.find(([each]) => each.toLowerCase() === name.toLowerCase());
  return found?.[1] ?? null;
}

/** Items of a list that are read; no client sends so many. */
const MAX_ITEMS = 32;

/** A list with quality values, such as Accept (s. 12.4.2): each item in lower case, with its weight from 0 to 1. */
export function parseQualityValues(header: string): Map<string, number> {
  const weights = new Map<string, number>();
  for (const item of header.split(",", MAX_ITEMS)) {
    const [value = "", ...parameters] = item.split(";").map((piece) => piece.trim().toLowerCase());
    if (value === "") continue;
    const weight = parameters.find((parameter) => /^q\s*=/.test(parameter));
    weights.set(value, weight === undefined ? 1 : parseWeight(weight));
  }
  return weights;
}

/** A malformed weight counts as 0: not acceptable. */
function parseWeight(parameter: string): number {
  const written = /^q\s*=\s*([01](?:\.\d{0,3})?)$/.exec(parameter)?.[1];
  return written === undefined ? 0 : Math.min(1, Number(written));
}

/** Content codings that charla compresses with (s. 8.4.1; RFC 7932, RFC 8878), the smallest result first. */
export const CODINGS = ["br", "zstd", "gzip"] as const;
export type Coding = (typeof CODINGS)[number];

/**
 * The codings that a client accepts at least as gladly as the uncompressed body (s. 12.5.3), best first.
 *
 * @param header Accept-Encoding
 * @param offered what to choose from; its order decides between equal weights
 */
export function acceptedCodings(header: string | null, offered: readonly Coding[]): Coding[] {
  if (header === null || header === "") return [];
  const weights = parseQualityValues(header);
  const rest = weights.get("*") ?? 0;
  const weigh = (coding: Coding) =>
    weights.get(coding) ?? (coding === "gzip" ? weights.get("x-gzip") : undefined) ?? rest;
  // "identity" is always acceptable; it competes with the codings only if it has a weight of its own.
  const identity = weights.get("identity") ?? 0;
  return offered
    .filter((coding) => weigh(coding) > 0 && weigh(coding) >= identity)
    .toSorted((one, other) => weigh(other) - weigh(one));
}

const HTTP_DATE =
  /^(?:[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [\d:]{8} GMT|[A-Z][a-z]{5,8}, \d\d-[A-Z][a-z]{2}-\d\d [\d:]{8} GMT|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d [\d:]{8} \d{4})$/;

/** An HTTP-date in any of its three forms (s. 5.6.7), in ms since 1970; null for anything else. */
export function parseHttpDate(written: string | null): number | null {
  if (written === null || !HTTP_DATE.test(written)) return null;
  // The asctime form does not name its zone, which is GMT as well.
  const parsed = Date.parse(written.endsWith("GMT") ? written : `${written} GMT`);
  return Number.isNaN(parsed) ? null : parsed;
}

/** The Authorization header of a user and a password (RFC 7617). */
export function basicAuthorization(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`, "utf8").toString("base64")}`;
}

/** Characters of an Authorization header that is decoded; a longer one is rejected like any wrong one. */
const MAX_AUTHORIZATION = 8_192;

/** The bytes of `user:password` (RFC 7617 s. 2); null if the header is missing or malformed. */
export function parseBasicAuthorization(header: string | null): Uint8Array | null {
  if (header === null || header.length > MAX_AUTHORIZATION) return null;
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(header)?.[1];
  return encoded === undefined ? null : Buffer.from(encoded, "base64");
}

/**
 * A Content-Disposition that has the client save the body under a name (RFC 6266). `filename` is in ASCII, for clients
 * that don't know `filename*` (RFC 8187).
 */
export function attachment(name: string): string {
  const plain = name.replaceAll(/[^\x20-\x7e]|["\\%]/g, "_");
  const extended = plain === name ? "" : `; filename*=UTF-8''${percentEncode(name)}`;
  return `attachment; filename="${plain}"${extended}`;
}

/** Everything but attr-char (RFC 8187 s. 3.2.1). */
function percentEncode(name: string): string {
  return encodeURIComponent(name.toWellFormed()).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

export type RequestedRange =
  | { readonly kind: "whole" }
  /** From `start` up to, but not including, `end`. */
  | { readonly kind: "part"; readonly start: number; readonly end: number }
  | { readonly kind: "unsatisfiable" };

const WHOLE: RequestedRange = { kind: "whole" };
const UNSATISFIABLE: RequestedRange = { kind: "unsatisfiable" };

/**
 * Reads a Range header (s. 14.1.2). A malformed one, one in another unit, and several ranges at once are ignored, as
 * s. 14.2 allows.
 *
 * @param size bytes of the whole body
 */
export function parseRange(header: string | null, size: number): RequestedRange {
  const [, first, last] = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(header ?? "") ?? [];
  if (first === undefined || last === undefined || (first === "" && last === "")) return WHOLE;
  if (first === "") {
    const suffix = Number(last);
    if (suffix === 0 || size === 0) return UNSATISFIABLE;
    return { kind: "part", start: Math.max(0, size - suffix), end: size };
  }
  const start = Number(first);
  if (last !== "" && Number(last) < start) return WHOLE;
  if (start >= size) return UNSATISFIABLE;
  return { kind: "part", start, end: last === "" ? size : Math.min(Number(last) + 1, size) };
}

/** @param range null for the response to a range that cannot be satisfied */
export function formatContentRange(
  range: { readonly start: number; readonly end: number } | null,
  size: number,
): string {
  return range === null ? `bytes */${size}` : `bytes ${range.start}-${range.end - 1}/${size}`;
}

export type ContentRange =
  /** `total` is null if the server doesn't know it. */
  | {
      readonly kind: "part";
      readonly first: number;
      readonly last: number;
      readonly total: number | null;
    }
  | { readonly kind: "unsatisfied"; readonly total: number };

/** Reads a Content-Range header (s. 14.4); null if it is missing or malformed. */
export function parseContentRange(header: string | null): ContentRange | null {
  const found = /^bytes (?:(\d{1,15})-(\d{1,15})|\*)\/(\d{1,15}|\*)$/i.exec(header ?? "");
  if (found === null) return null;
  const [, first, last, written] = found;
  const total = written === "*" || written === undefined ? null : Number(written);
  if (first !== undefined && last !== undefined) {
    return { kind: "part", first: Number(first), last: Number(last), total };
  }
  return total === null ? null : { kind: "unsatisfied", total };
}
