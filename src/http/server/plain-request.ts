// Whether somebody asks for a file and nothing else: what most programs do, and the same answer for all of them. Pure.

/** What makes another answer of the same file (RFC 9110 s. 13.1, 14.2). */
const ASKING_MORE = [
  "if-none-match",
  "if-modified-since",
  "range",
  "if-match",
  "if-unmodified-since",
] as const;

/** @param varies whether the answer depends on the codings that are accepted */
export function isPlainRequest({ method, headers }: Request, varies: boolean): boolean {
  if (method !== "GET" || (varies && headers.has("accept-encoding"))) return false;
  for (const name of ASKING_MORE) if (headers.has(name)) return false;
  return true;
}
