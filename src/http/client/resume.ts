// Resuming a download (RFC 9110 s. 13.1.5, 14): which responses can be resumed, how the rest is requested, and what the
// response to that means. Pure.

import { type Header, headerValue, parseContentRange, parseHttpDate } from "../header-fields.ts";

/** How much is there, and of which version of the file. */
export interface ResumePoint {
  /** Bytes that are there. */
  readonly from: number;
  /** A strong ETag or a date, for If-Range. */
  readonly validator: string;
}

/**
 * What to do with a response: take its body from the start (`whole`) or as the rest (`rest`); nothing, because
 * everything is there already (`complete`); or request everything again (`restart`).
 */
export type ResumeOutcome =
  | { readonly kind: "whole" }
  | { readonly kind: "rest"; readonly total: number | null }
  | { readonly kind: "complete" }
  | { readonly kind: "restart" };

/**
 * What identifies this version of a file: its strong ETag, or a date of modification at least a second older than the
 * response (s. 8.8.2.2). Null if there is neither.
 */
export function resumeValidator(headers: readonly Header[]): string | null {
  if (headerValue(headers, "accept-ranges") === "none") return null;
  const etag = headerValue(headers, "etag");
  if (etag !== null) return /^"[^"]*"$/.test(etag) ? etag : null;
  const written = headerValue(headers, "last-modified");
  const modified = parseHttpDate(written);
  const date = parseHttpDate(headerValue(headers, "date"));
  return modified !== null && date !== null && date - modified >= 1_000 ? written : null;
}

export function rangeHeaders({ from, validator }: ResumePoint): Header[] {
  return [
    ["Range", `bytes=${from}-`],
    ["If-Range", validator],
  ];
}

export function resumeOutcome(
  point: ResumePoint,
  { status, headers }: { readonly status: number; readonly headers: readonly Header[] },
): ResumeOutcome {
  if (status !== 206 && status !== 416) return { kind: "whole" };
  const range = parseContentRange(headerValue(headers, "content-range"));
  if (hasChanged(point, headers)) return { kind: "restart" };
  if (status === 416) {
    return range?.kind === "unsatisfied" && range.total === point.from
      ? { kind: "complete" }
      : { kind: "restart" };
  }
  if (range?.kind !== "part" || range.first !== point.from) return { kind: "restart" };
  // Less than the rest would leave the file incomplete.
  if (range.total !== null && range.last !== range.total - 1) return { kind: "restart" };
  return { kind: "rest", total: range.total };
}

/** Servers that don't know If-Range send the rest of a file that may have changed. */
function hasChanged({ validator }: ResumePoint, headers: readonly Header[]): boolean {
  const name = validator.startsWith('"') ? "etag" : "last-modified";
  const current = headerValue(headers, name);
  return current !== null && current !== validator;
}
