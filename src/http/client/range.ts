// Going on where a download broke off (RFC 9110 s. 13.1.5, 14): which answers may be gone on from, what is
// asked for, and what the answer to that means. Pure.

import { type Header, headerOf } from "./request.ts";

/** How much is there, and of what. */
export interface Continuation {
  /** Bytes that are there. */
  readonly from: number;
  /** A strong ETag or a date, for If-Range. */
  readonly validator: string;
}

/**
 * What to do with an answer: take its body from the beginning (`whole`), or after what is there (`rest`);
 * nothing, for all of it is there (`complete`); or ask again for all (`again`).
 */
export type Continued =
  | { readonly kind: "whole" }
  | { readonly kind: "rest"; readonly total: number | null }
  | { readonly kind: "complete" }
  | { readonly kind: "again" };

interface Head {
  readonly status: number;
  readonly headers: readonly Header[];
}

/**
 * What proves later that the rest belongs to this answer: its strong ETag, or a date of change that is older
 * than the answer by a second at least (s. 8.8.2.2). Null when there is no such thing.
 */
export function validatorOf(headers: readonly Header[]): string | null {
  if (headerOf(headers, "accept-ranges") === "none") return null;
  const etag = headerOf(headers, "etag");
  if (etag !== null) return /^"[^"]*"$/.test(etag) ? etag : null;
  const changed = headerOf(headers, "last-modified");
  const now = Date.parse(headerOf(headers, "date") ?? "");
  return changed !== null && now - Date.parse(changed) >= 1_000 ? changed : null;
}

export function rangeHeaders({ from, validator }: Continuation): Header[] {
  return [
    ["Range", `bytes=${from}-`],
    ["If-Range", validator],
  ];
}

export function continued(continuation: Continuation, { status, headers }: Head): Continued {
  if (status !== 206 && status !== 416) return { kind: "whole" };
  const range = parseContentRange(headerOf(headers, "content-range"));
  if (isOther(continuation, headers)) return { kind: "again" };
  if (status === 416) {
    return range?.kind === "unsatisfied" && range.total === continuation.from
      ? { kind: "complete" }
      : { kind: "again" };
  }
  if (range?.kind !== "part" || range.first !== continuation.from) return { kind: "again" };
  // Less than the rest would leave a hole at the end.
  if (range.total !== null && range.last !== range.total - 1) return { kind: "again" };
  return { kind: "rest", total: range.total };
}

/** Servers that do not know If-Range send the rest of what is another file by now. */
function isOther({ validator }: Continuation, headers: readonly Header[]): boolean {
  const name = validator.startsWith('"') ? "etag" : "last-modified";
  const now = headerOf(headers, name);
  return now !== null && now !== validator;
}

type ContentRange =
  | { kind: "part"; first: number; last: number; total: number | null }
  | { kind: "unsatisfied"; total: number };

/** s. 14.4 */
function parseContentRange(written: string | null): ContentRange | null {
  const found = /^bytes (?:(\d{1,15})-(\d{1,15})|\*)\/(\d{1,15}|\*)$/i.exec(written ?? "");
  if (found === null) return null;
  const [, first, last, total] = found;
  const known = total === "*" || total === undefined ? null : Number(total);
  if (first !== undefined && last !== undefined) {
    return { kind: "part", first: Number(first), last: Number(last), total: known };
  }
  return known === null ? null : { kind: "unsatisfied", total: known };
}
