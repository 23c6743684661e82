// The head of a response as bytes (RFC 9112 s. 4, 5), and the frame of a chunked body (s. 7.1). Pure, but for the time in Date.

import { Buffer } from "node:buffer";

/** Reason phrases, for people (RFC 9110 s. 15). */
const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  201: "Created",
  204: "No Content",
  206: "Partial Content",
  207: "Multi-Status",
  301: "Moved Permanently",
  303: "See Other",
  304: "Not Modified",
  308: "Permanent Redirect",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  412: "Precondition Failed",
  413: "Content Too Large",
  414: "URI Too Long",
  415: "Unsupported Media Type",
  416: "Range Not Satisfiable",
  417: "Expectation Failed",
  421: "Misdirected Request",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  505: "HTTP Version Not Supported",
  507: "Insufficient Storage",
};

type Headers = Readonly<Record<string, string>>;

/** Written once for headers that many responses share. */
const written = new WeakMap<Headers, string>();

/** @param connection the lines that are of this connection, each with its end */
export function responseHead(status: number, headers: Headers, connection: string): string {
  let lines = written.get(headers);
  if (lines === undefined) {
    lines = "";
    for (const name in headers) lines += `${name}: ${headers[name] ?? ""}\r\n`;
    written.set(headers, lines);
  }
  return `HTTP/1.1 ${status} ${REASONS[status] ?? ""}\r\n${lines}${connection}date: ${httpDate()}\r\n\r\n`;
}

let second = 0;
let date = "";

/** The time now, formatted once a second. */
export function httpDate(): string {
  const now = Math.floor(Date.now() / 1_000);
  if (now !== second) {
    second = now;
    date = new Date(now * 1_000).toUTCString();
  }
  return date;
}

export function chunk(bytes: Uint8Array): Buffer {
  const size = `${bytes.length.toString(16)}\r\n`;
  const framed = Buffer.allocUnsafe(size.length + bytes.length + 2);
  framed.write(size, "latin1");
  framed.set(bytes, size.length);
  framed.write("\r\n", size.length + bytes.length, "latin1");
  return framed;
}

export const LAST_CHUNK = Buffer.from("0\r\n\r\n");
