// Byte ranges (RFC 9110 s. 14): the Range of a request and the Content-Range of a response. Pure.

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
