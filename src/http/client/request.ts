// What is asked of a server, as data: a request can be sent again, to another place or after a failure.
// Knows nothing of how it is sent.

import { METHODS } from "node:http";

import { CharlaError } from "../../errors.ts";

export type Header = readonly [name: string, value: string];

export interface RequestBody {
  readonly contentType: string;
  /** Bytes. */
  readonly length: number;
  /** Its bytes, from the beginning each time it is asked for: a redirect or a retry sends it again. */
  open(): Uint8Array<ArrayBuffer> | AsyncIterable<Uint8Array>;
}

export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: readonly Header[];
  readonly body: RequestBody | null;
}

// CONNECT and TRACE are for proxies and their makers (RFC 9110 s. 9.3.6, 9.3.8). The runtime sends no other
// than these: an unknown one would leave as GET.
const SENDABLE: ReadonlySet<string> = new Set(
  METHODS.filter((method) => method !== "CONNECT" && method !== "TRACE"),
);

/** RFC 9110 s. 9.3.1, 9.3.2: a body has no meaning with these, and servers refuse it. */
const BODILESS: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/** Counted or chosen where the request is sent. */
const OWN_HEADERS: ReadonlySet<string> = new Set(["content-length", "transfer-encoding"]);

/** token of RFC 9110 s. 5.6.2 */
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;

/** @throws {CharlaError} USAGE: it has a body that its method cannot carry, or there is no such method */
export function checkedMethod(written: string, hasBody: boolean): string {
  // Methods are case-sensitive, and all that there are is upper case (RFC 9110 s. 9.1).
  const method = written.toUpperCase();
  if (!SENDABLE.has(method)) {
    throw new CharlaError(
      "USAGE",
      `${JSON.stringify(written)} is no method that charla can send`,
      "such as GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS",
    );
  }
  if (hasBody && BODILESS.has(method)) {
    throw new CharlaError(
      "USAGE",
      `a request with ${method} carries no data`,
      "leave -X out to send it with POST, or say -X PUT",
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
  if ((end === -1 && !written.endsWith(";")) || !TOKEN.test(name)) {
    throw usage(`${JSON.stringify(written)} is no header`, 'such as "Accept: text/plain"');
  }
  // eslint-disable-next-line no-control-regex -- they would end the header and begin another
  if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(value)) {
    throw usage(`the header ${name} has a control character in it`, "leave it out");
  }
  if (OWN_HEADERS.has(name.toLowerCase())) {
    throw usage(`${name} is counted by charla itself`, "leave it out");
  }
  // Headers are bytes: each character stands for one (RFC 9110 s. 5.5).
  return [name, Buffer.from(value, "utf8").toString("latin1")];
}

/** RFC 7617: the Authorization of a user and a password. */
export function basicAuthorization(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`, "utf8").toString("base64")}`;
}

export function hasHeader(headers: readonly Header[], name: string): boolean {
  return headers.some(([each]) => each.toLowerCase() === name.toLowerCase());
}

export function headerOf(headers: readonly Header[], name: string): string | null {
  const found = headers.find(([each]) => each.toLowerCase() === name.toLowerCase());
  return found?.[1] ?? null;
}

function usage(message: string, hint: string): CharlaError {
  return new CharlaError("USAGE", message, hint);
}
