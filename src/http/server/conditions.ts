// Conditional requests (RFC 9110 s. 13): whether the client still needs the response, given the version that it has.

import { parseHttpDate } from "../header-fields.ts";
import { type Context, emptyResponse, type HttpResponse, textResponse } from "./exchange.ts";
import type { OpenedFile } from "./opened.ts";
import type { Fields } from "./wire/request-head.ts";

export interface Validators {
  /** With its quotes, and with W/ if it is weak. */
  readonly etag: string;
  /** ms since 1970; HTTP-dates have whole seconds. */
  readonly modified: number;
}

/** Strong: a file that is written to gets another time, and a file that replaces it has another inode. */
export function fileValidators({
  size,
  modified,
  inode,
}: Pick<OpenedFile, "size" | "modified" | "inode">): Validators {
  const microseconds = Math.round(modified * 1_000);
  const etag = `"${size.toString(36)}-${microseconds.toString(36)}-${inode.toString(36)}"`;
  return { etag, modified };
}

/** In the order of s. 13.2.2. */
export function evaluate(
  method: string,
  fields: Fields,
  { etag, modified }: Validators,
): "proceed" | "not modified" | "failed" {
  const seconds = Math.floor(modified / 1_000);
  const ifMatch = fields.get("if-match");
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, etag, isStrongMatch)) return "failed";
  } else {
    const unmodifiedSince = dateSeconds(fields.get("if-unmodified-since"));
    if (unmodifiedSince !== null && seconds > unmodifiedSince) return "failed";
  }

  const reads = method === "GET" || method === "HEAD";
  const ifNoneMatch = fields.get("if-none-match");
  if (ifNoneMatch !== undefined) {
    if (!matches(ifNoneMatch, etag, isWeakMatch)) return "proceed";
    return reads ? "not modified" : "failed";
  }
  const modifiedSince = reads ? dateSeconds(fields.get("if-modified-since")) : null;
  return modifiedSince !== null && seconds <= modifiedSince ? "not modified" : "proceed";
}

export function validatorHeaders({ etag, modified }: Validators) {
  return { etag, "last-modified": new Date(modified).toUTCString() };
}

/** The response if a condition of the request is not met; else null. @param headers of the response if all are met */
export function conditionResponse(
  { method, fields }: Context,
  validators: Validators,
  headers: Readonly<Record<string, string>>,
): HttpResponse | null {
  const verdict = evaluate(method, fields, validators);
  if (verdict === "proceed") return null;
  if (verdict === "failed") return textResponse(412);
  // A 304 updates the headers of a cached response; the type stays (s. 15.4.5).
  const { "content-type": _type, ...updated } = headers;
  return emptyResponse(304, updated);
}

/** Whether If-Range, if there is one, names this version: only then may a part be sent (s. 13.1.5). */
export function isRangeAllowed(fields: Fields, { etag, modified }: Validators): boolean {
  const ifRange = fields.get("if-range");
  if (ifRange === undefined) return true;
  if (ifRange.includes('"')) return isStrongMatch(ifRange.trim(), etag);
  return dateSeconds(ifRange) === Math.floor(modified / 1_000);
}

/** Headers that can change the response to a GET of a file (s. 13.1, 14.2). */
const CONDITIONAL = [
  "if-none-match",
  "if-modified-since",
  "range",
  "if-match",
  "if-unmodified-since",
] as const;

/**
 * Whether a request is for a file and nothing else, as most are: the response is the same for all of them.
 *
 * @param varies whether the response depends on Accept-Encoding
 */
export function isPlainRequest({ method, fields }: Context, varies: boolean): boolean {
  if (method !== "GET" || (varies && fields.has("accept-encoding"))) return false;
  for (const name of CONDITIONAL) if (fields.has(name)) return false;
  return true;
}

function dateSeconds(written: string | undefined): number | null {
  const date = parseHttpDate(written ?? null);
  return date === null ? null : Math.floor(date / 1_000);
}

/** etagc of s. 8.8.3: anything but a quote. */
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
  return one.replace(/^W\//, "") === other.replace(/^W\//, "");
}
