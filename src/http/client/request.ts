// A request as data, so that it can be sent again after a redirect or a failure: checked parts as people write them, and
// bodies of bytes, files and multipart forms. Files are read while they are sent. Doesn't know how requests are sent.

import { createReadStream, statSync } from "node:fs";

import { CharlaError, describeCause, usageError } from "../../errors.ts";
import type { Header } from "../header-fields.ts";

export interface RequestBody {
  /** Null for none. */
  readonly contentType: string | null;
  /** Bytes; null if it is not known before the end. */
  readonly length: number | null;
  /** Whether it can be sent only once, as what comes by a pipe. */
  readonly isOnce?: true;
  /** The bytes, from the start on each call: a redirect or a retry sends them again. */
  open(): Uint8Array<ArrayBuffer> | AsyncIterable<Uint8Array>;
}

export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: readonly Header[];
  readonly body: RequestBody | null;
}

/** Methods that are written in capitals, in whatever case they are given: those of HTTP and WebDAV. */
const KNOWN: ReadonlySet<string> = new Set(
  "GET HEAD POST PUT PATCH DELETE OPTIONS PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK SEARCH REPORT QUERY".split(
    " ",
  ),
);

/** They are for proxies and for debugging them (RFC 9110 s. 9.3.6, 9.3.8). */
const UNSENDABLE: ReadonlySet<string> = new Set(["CONNECT", "TRACE"]);

/** Sending these twice does the same as sending them once (RFC 9110 s. 9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

export function isIdempotent(method: string): boolean {
  return IDEMPOTENT.has(method);
}

/** A body has no meaning with these, and servers refuse it (RFC 9110 s. 9.3.1, 9.3.2). */
const BODILESS: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/** Set where the request is sent. */
const RESERVED_HEADERS: ReadonlySet<string> = new Set(["content-length", "transfer-encoding"]);

/** token (RFC 9110 s. 5.6.2) */
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;

/** Whether a word before a URL can only be a method. */
export function isKnownMethod(word: string): boolean {
  return KNOWN.has(word);
}

/** @throws {CharlaError} USAGE: no method, or one that cannot be sent or carries no body */
export function checkedMethod(written: string, hasBody: boolean): string {
  // Methods are case-sensitive, and all registered ones are upper case (RFC 9110 s. 9.1).
  const capitals = written.toUpperCase();
  const method = KNOWN.has(capitals) ? capitals : written;
  if (!TOKEN.test(method) || UNSENDABLE.has(capitals)) {
    throw usageError(
      `${JSON.stringify(written)} is not a method that charla can send`,
      "use one such as GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS",
    );
  }
  if (hasBody && BODILESS.has(method)) {
    throw usageError(
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
  if ((end === -1 && !written.endsWith(";")) || !TOKEN.test(name)) {
    throw usageError(
      `${JSON.stringify(written)} is not a header`,
      'write it as "Accept: text/plain"',
    );
  }
  // eslint-disable-next-line no-control-regex -- they could end the header and start another
  if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(value)) {
    throw usageError(`the header ${name} contains a control character`, "remove it");
  }
  if (RESERVED_HEADERS.has(name.toLowerCase())) {
    throw usageError(`charla sets ${name} itself`, "leave it out");
  }
  // Headers are bytes: each character stands for one (RFC 9110 s. 5.5).
  return [name, Buffer.from(value, "utf8").toString("latin1")];
}

/** Bytes that are read and sent in one piece; longer bodies are cut up, so that there is progress to show. */
const PIECE_SIZE = 262_144;

export function bytesBody(bytes: Uint8Array<ArrayBuffer>, contentType: string | null): RequestBody {
  const { length } = bytes;
  return { contentType, length, open: () => (length <= PIECE_SIZE ? bytes : cut(bytes)) };
}

async function* cut(bytes: Uint8Array<ArrayBuffer>): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += PIECE_SIZE) {
    yield bytes.subarray(from, from + PIECE_SIZE);
  }
}

/** @throws {CharlaError} FILE_NOT_READABLE */
export async function fileBody(path: string, contentType: string | null): Promise<RequestBody> {
  const length = fileSize(path);
  return { contentType, length, open: () => readFile(path, length) };
}

export interface FormField {
  readonly name: string;
  readonly content:
    | { readonly kind: "text"; readonly text: string }
    | { readonly kind: "file"; readonly path: string; readonly fileName: string };
  /** Null for the default. */
  readonly contentType: string | null;
}

/**
 * multipart/form-data (RFC 7578).
 *
 * @param boundary must not occur in any field: use a random one
 * @throws {CharlaError} FILE_NOT_READABLE
 */
export async function formBody(
  fields: readonly FormField[],
  boundary: string,
): Promise<RequestBody> {
  const pieces: (Buffer | { readonly path: string; readonly length: number })[] = [];
  for (const field of fields) {
    const { content } = field;
    pieces.push(Buffer.from(`--${boundary}\r\n${fieldHeaders(field)}\r\n\r\n`));
    if (content.kind === "text") pieces.push(Buffer.from(content.text));
    else pieces.push({ path: content.path, length: fileSize(content.path) });
    pieces.push(Buffer.from("\r\n"));
  }
  pieces.push(Buffer.from(`--${boundary}--\r\n`));
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    length: pieces.reduce((sum, { length }) => sum + length, 0),
    async *open() {
      for (const piece of pieces) {
        if (piece instanceof Uint8Array) yield piece;
        else yield* readFile(piece.path, piece.length);
      }
    },
  };
}

function fieldHeaders({ name, content, contentType }: FormField): string {
  const file = content.kind === "file" ? `; filename="${quoted(content.fileName)}"` : "";
  const type = contentType ?? (content.kind === "file" ? "application/octet-stream" : null);
  const disposition = `Content-Disposition: form-data; name="${quoted(name)}"${file}`;
  return type === null ? disposition : `${disposition}\r\nContent-Type: ${type}`;
}

/** As browsers do it (HTML s. 4.10.21.8). */
function quoted(name: string): string {
  return name.replaceAll("\n", "%0A").replaceAll("\r", "%0D").replaceAll('"', "%22");
}

/** Exactly `length` bytes, which Content-Length has announced, even if the file grows meanwhile. */
async function* readFile(path: string, length: number): AsyncGenerator<Uint8Array> {
  if (length === 0) return;
  try {
    let read = 0;
    const chunks = createReadStream(path, { end: length - 1, highWaterMark: PIECE_SIZE });
    for await (const chunk of chunks) {
      if (!(chunk instanceof Uint8Array)) continue;
      read += chunk.length;
      yield chunk;
    }
    if (read < length) throw new Error("it became shorter while it was read");
  } catch (cause) {
    throw notReadable(path, cause);
  }
}

function fileSize(path: string): number {
  try {
    const found = statSync(path);
    if (!found.isFile()) throw new Error("it is not a file");
    return found.size;
  } catch (cause) {
    throw notReadable(path, cause);
  }
}

export function notReadable(path: string, cause: unknown): CharlaError {
  return new CharlaError(
    "FILE_NOT_READABLE",
    `cannot read ${path}: ${describeCause(cause)}`,
    "check its name and its permissions",
    { cause },
  );
}
