// Where the body of a response ends (RFC 9112 s. 6.3), by its head. Pure. What could be read in two ways is a fault: one of
// both ends would take for another response what is a part of this one.

import type { Header } from "../../header-fields.ts";
import { type Head, HttpFault } from "./response-head.ts";

export type Framing =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly length: number }
  | { readonly kind: "chunked" }
  /** Up to the orderly end of the connection. */
  | { readonly kind: "close" };

const NONE: Framing = { kind: "none" };

/** @param method of the request. @throws {HttpFault} */
export function framingOf({ status, headers }: Head, method: string): Framing {
  if (method === "HEAD" || status < 200 || status === 204 || status === 304) return NONE;
  if (method === "CONNECT" && status < 300) return NONE;
  const length = contentLength(headers);
  const codings = listOf(headers, "transfer-encoding").map((coding) => coding.toLowerCase());
  // "identity" says that there is none (RFC 2616 s. 3.6), and old servers still do.
  const coded = codings.filter((coding) => coding !== "identity");
  if (coded.length === 0) return length === null ? { kind: "close" } : { kind: "length", length };
  if (coded.length === 1 && coded[0] === "chunked") return { kind: "chunked" };
  throw new HttpFault(`Transfer-Encoding: ${coded.join(", ")} was not requested`);
}

/** Whether another request may follow on the same connection (s. 9.3). */
export function mayPersist({ version, status, headers }: Head, framing: Framing): boolean {
  const options = new Set(listOf(headers, "connection").map((option) => option.toLowerCase()));
  if (framing.kind === "close" || status === 101 || options.has("close")) return false;
  // A body that two headers measure may end elsewhere for somebody else (s. 6.1).
  if (framing.kind === "chunked" && listOf(headers, "content-length").length > 0) return false;
  return version === "1.0" ? options.has("keep-alive") : true;
}

/** Several that are equal are one (RFC 9110 s. 8.6). */
function contentLength(headers: readonly Header[]): number | null {
  const [first, ...others] = headers
    .filter(([name]) => name.toLowerCase() === "content-length")
    .flatMap(([, value]) => value.split(",").map((each) => each.trim()));
  if (first === undefined) return null;
  const length = Number(first);
  if (!/^\d+$/.test(first) || !Number.isSafeInteger(length)) {
    throw new HttpFault(`Content-Length: ${JSON.stringify(first)} is no length`);
  }
  const other = others.find((each) => !/^\d+$/.test(each) || Number(each) !== length);
  if (other !== undefined) throw new HttpFault(`it has two lengths, ${first} and ${other}`);
  return length;
}

/** The items of a list, which may be split over several fields (RFC 9110 s. 5.3). */
function listOf(headers: readonly Header[], wanted: string): string[] {
  return headers
    .filter(([name]) => name.toLowerCase() === wanted)
    .flatMap(([, value]) => value.split(","))
    .map((item) => item.trim())
    .filter((item) => item !== "");
}
