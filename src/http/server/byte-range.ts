// Which part of a body is asked for (RFC 9110 s. 14.1.2). Pure.

export type RequestedRange =
  | { readonly kind: "whole" }
  /** From `start` up to, and not with, `end`. */
  | { readonly kind: "part"; readonly start: number; readonly end: number }
  | { readonly kind: "unsatisfiable" };

const WHOLE: RequestedRange = { kind: "whole" };
const UNSATISFIABLE: RequestedRange = { kind: "unsatisfiable" };

/** Whoever asks for several ranges at once gets the whole, as s. 14.2 allows: the header is ignored then. */
export function readRange(header: string | null, size: number): RequestedRange {
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
