// Conditional requests (RFC 9110 s. 13): whether the client still needs the response, given the version that it has.

import { closeSync } from "node:fs";

import { parseHttpDate } from "../header-fields.ts";
import type { OpenedFile } from "./folder.ts";
import { type Context, emptyResponse, textResponse } from "./middleware.ts";

export interface Validators {
  /** With its quotes, and with W/ if it is weak. */
  readonly etag: string;
  /** ms since 1970; HTTP-dates have whole seconds. */
  readonly modified: number;
}

/** Strong: a file that is written to gets another time, and a file that replaces it has another inode. */
export function fileValidators({ size, modified, inode }: OpenedFile): Validators {
  const microseconds = Math.round(modified * 1_000);
  const etag = `"${size.toString(36)}-${microseconds.toString(36)}-${inode.toString(36)}"`;
  return { etag, modified };
}

/** In the order of s. 13.2.2. */
export function evaluate(
  method: string,
  headers: Headers,
  { etag, modified }: Validators,
): "proceed" | "not modified" | "failed" {
  const seconds = Math.floor(modified / 1_000);
  const ifMatch = headers.get("if-match");
  if (ifMatch !== null) {
    if (!matches(ifMatch, etag, isStrongMatch)) return "failed";
  } else {
    const unmodifiedSince = dateSeconds(headers.get("if-unmodified-since"));
    if (unmodifiedSince !== null && seconds > unmodifiedSince) return "failed";
  }

  const reads = method === "GET" || method === "HEAD";
  const ifNoneMatch = headers.get("if-none-match");
  if (ifNoneMatch !== null) {
    if (!matches(ifNoneMatch, etag, isWeakMatch)) return "proceed";
    return reads ? "not modified" : "failed";
  }
  const modifiedSince = reads ? dateSeconds(headers.get("if-modified-since")) : null;
  return modifiedSince !== null && seconds <= modifiedSince ? "not modified" : "proceed";
}

/**
 * The response if a condition of the request is not met, and the file closed; else null. Adds the validators to `headers`.
 */
export function conditionResponse(
  request: Request,
  context: Context,
  { descriptor }: OpenedFile,
  validators: Validators,
  headers: Record<string, string>,
): Response | null {
  headers["etag"] = validators.etag;
  headers["last-modified"] = new Date(validators.modified).toUTCString();
  const verdict = evaluate(request.method, request.headers, validators);
  if (verdict === "proceed") return null;
  closeSync(descriptor);
  if (verdict === "failed") return textResponse(request, context, 412);
  // A 304 updates the headers of a cached response; the type stays (s. 15.4.5).
  delete headers["content-type"];
  return emptyResponse(context, 304, headers);
}

/** Whether If-Range, if there is one, names this version: only then may a part be sent (s. 13.1.5). */
export function isRangeAllowed(headers: Headers, { etag, modified }: Validators): boolean {
  const ifRange = headers.get("if-range");
  if (ifRange === null) return true;
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
export function isPlainRequest({ method, headers }: Request, varies: boolean): boolean {
  if (method !== "GET" || (varies && headers.has("accept-encoding"))) return false;
  for (const name of CONDITIONAL) if (headers.has(name)) return false;
  return true;
}

function dateSeconds(written: string | null): number | null {
  const date = parseHttpDate(written);
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
