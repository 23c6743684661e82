// A request as data, so that it can be sent again after a redirect or a failure, and the checks of what a person writes
// of one. Doesn't know how requests are sent.

import { METHODS } from "node:http";

import { CharlaError } from "../../errors.ts";
import { type Header, isToken } from "../header-fields.ts";

export interface RequestBody {
  readonly contentType: string;
  /** Bytes. */
  readonly length: number;
  /** The bytes, from the start on each call: a redirect or a retry sends them again. */
  open(): Uint8Array<ArrayBuffer> | AsyncIterable<Uint8Array>;
}

export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: readonly Header[];
  readonly body: RequestBody | null;
}

// The methods that the runtime can send; it would send an unknown one as GET. CONNECT and TRACE are for proxies and for
// debugging them (RFC 9110 s. 9.3.6, 9.3.8).
const SENDABLE: ReadonlySet<string> = new Set(
  METHODS.filter((method) => method !== "CONNECT" && method !== "TRACE"),
);

/** A body has no meaning with these, and servers refuse it (RFC 9110 s. 9.3.1, 9.3.2). */
const BODILESS: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/** Set where the request is sent. */
const RESERVED_HEADERS: ReadonlySet<string> = new Set(["content-length", "transfer-encoding"]);

/** @throws {CharlaError} USAGE: an unknown method, or one that cannot carry a body */
export function checkedMethod(written: string, hasBody: boolean): string {
  // Methods are case-sensitive, and all registered ones are upper case (RFC 9110 s. 9.1).
  const method = written.toUpperCase();
  if (!SENDABLE.has(method)) {
    throw new CharlaError(
      "USAGE",
      `${JSON.stringify(written)} is not a method that charla can send`,
      "use one such as GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS",
    );
  }
  if (hasBody && BODILESS.has(method)) {
    throw new CharlaError(
      "USAGE",
      `a ${method} request cannot carry data`,
      "leave -X out to send it with POST, or use -X PUT",
    );
  }
  return method;
}

/**
 * A header as `-H` takes it: `Name: value`, or `Name:` or `Name;` for an empty one.
 *
 * @throws {CharlaError} USAGE
 */
export function parseHeader(written: string): Header {
  const end = written.indexOf(":");
  const name = (end === -1 ? written.replace(/;$/, "") : written.slice(0, end)).trim();
  const value = end === -1 ? "" : written.slice(end + 1).trim();
  if ((end === -1 && !written.endsWith(";")) || !isToken(name)) {
    throw usage(`${JSON.stringify(written)} is not a header`, 'write it as "Accept: text/plain"');
  }
  // eslint-disable-next-line no-control-regex -- they could end the header and start another
  if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(value)) {
    throw usage(`the header ${name} contains a control character`, "remove it");
  }
  if (RESERVED_HEADERS.has(name.toLowerCase())) {
    throw usage(`charla sets ${name} itself`, "leave it out");
  }
  // Headers are bytes: each character stands for one (RFC 9110 s. 5.5).
  return [name, Buffer.from(value, "utf8").toString("latin1")];
}

function usage(message: string, hint: string): CharlaError {
  return new CharlaError("USAGE", message, hint);
}
