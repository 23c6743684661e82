// The head of a request, read from its bytes (RFC 9112 s. 3, 5, 6). Strict: what can be read in two ways lets one request hide
// in another, so it is refused where the RFC lets a server choose. Pure.

import type { Buffer } from "node:buffer";

/** Field values by name in lower case; those of repeated fields are joined (RFC 9110 s. 5.3). */
export type Fields = ReadonlyMap<string, string>;

export interface RequestHead {
  readonly method: string;
  /** A path with its query, as it was sent; "*" only with OPTIONS (s. 3.2.4). */
  readonly target: string;
  /** Whom the request is for: the target's authority, else Host. Null in HTTP/1.0 without either. */
  readonly host: string | null;
  readonly version: "1.0" | "1.1";
  readonly fields: Fields;
  readonly framing: Framing;
  /** The client waits for 100 before it sends the body (RFC 9110 s. 10.1.1). */
  readonly expectsContinue: boolean;
  /** Another request may follow on the connection (s. 9.3). */
  readonly persists: boolean;
}

export type Framing =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly length: number }
  | { readonly kind: "chunked" };

export type FaultStatus = 400 | 414 | 417 | 431 | 501 | 505;

export type ReadHead =
  /** `end`: where in the bytes the body begins. */
  | { readonly kind: "head"; readonly head: RequestHead; readonly end: number }
  /** More bytes are needed. */
  | { readonly kind: "partial" }
  | { readonly kind: "fault"; readonly status: FaultStatus; readonly reason: string };

/** Bytes of a head, and the number of its fields. */
export const MAX_HEAD = 16_384;
const MAX_FIELDS = 200;
/** Empty lines before a request: some old clients end a body with one that they don't count (s. 2.2). */
const MAX_EMPTY_LINES = 4;

const CR = 0x0d;
const LF = 0x0a;

/** The characters of a token (RFC 9110 s. 5.6.2). */
const TOKEN = "[!#$%&'*+\\-.^_`|~\\dA-Za-z]+";
/** Bytes beyond ASCII are no URI, but what curl sends of a name that it was given. */
const START_LINE = new RegExp(`^(${TOKEN}) ([\\x21-\\x7e\\x80-\\xff]+) HTTP/(\\d)\\.(\\d)$`);
/** Optional blanks after a value are cut off afterwards. */
const FIELD_LINE = new RegExp(`(${TOKEN}):[ \\t]*([\\t\\x20-\\x7e\\x80-\\xff]*)\\r\\n`, "y");
/** uri-host and port (RFC 9112 s. 3.2, RFC 3986 s. 3.2.2): a name or an address; neither a user nor a path. */
const HOST = /^(?:\[[\da-f:.]+\]|[\w.~%!$&'()*+;=-]+)(?::\d*)?$/i;

const NONE: Framing = { kind: "none" };
const CHUNKED: Framing = { kind: "chunked" };
const PARTIAL: ReadHead = { kind: "partial" };

/** A head that is at fault; what is left of the connection cannot be understood then. */
class HeadFault extends Error {
  readonly status: FaultStatus;
  constructor(status: FaultStatus, reason: string) {
    super(reason);
    this.status = status;
  }
}

/** @param bytes what has come of a connection since the last request */
export function readHead(bytes: Buffer): ReadHead {
  try {
    const start = skipEmptyLines(bytes);
    const end = bytes.indexOf("\r\n\r\n", start, "latin1");
    if (end === -1 || end - start > MAX_HEAD) {
      checkPartial(bytes, start, end === -1 ? bytes.length : end);
      return PARTIAL;
    }
    const text = bytes.toString("latin1", start, end + 2);
    return { kind: "head", head: parseHead(text), end: end + 4 };
  } catch (error) {
    if (!(error instanceof HeadFault)) throw error;
    return { kind: "fault", status: error.status, reason: error.message };
  }
}

function skipEmptyLines(bytes: Buffer): number {
  let at = 0;
  while (at < 2 * MAX_EMPTY_LINES && bytes[at] === CR && bytes[at + 1] === LF) at += 2;
  return at;
}

/** Refuses at once what no further byte can mend: its client would wait for the time-out. */
function checkPartial(bytes: Buffer, start: number, end: number): void {
  const lineEnd = bytes.indexOf("\r\n", start, "latin1");
  if (end - start > MAX_HEAD) {
    throw lineEnd === -1 || lineEnd - start > MAX_HEAD
      ? new HeadFault(414, "the target is too long")
      : new HeadFault(431, "the headers are too long");
  }
  if (lineEnd !== -1) parseStartLine(bytes.toString("latin1", start, lineEnd));
  else if (/^[^!#$%&'*+\-.^_`|~\dA-Za-z\r]|\n/.test(bytes.toString("latin1", start, end))) {
    throw new HeadFault(400, "malformed request");
  }
  for (let at = bytes.indexOf(LF, start); at !== -1; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at - 1] !== CR) throw new HeadFault(400, "a line ends without a carriage return");
  }
}

/** @param text every byte a character, with the end of the last line */
function parseHead(text: string): RequestHead {
  const lineEnd = text.indexOf("\r\n");
  const { method, written, version } = parseStartLine(text.slice(0, lineEnd));
  const fields = parseFields(text, lineEnd + 2);
  const { target, authority } = parseTargetForm(method, written);
  const host = checkHost(authority, fields.get("host"), version);
  const framing = parseFraming(fields, version);
  const expect = version === "1.1" ? fields.get("expect") : undefined;
  if (expect !== undefined && expect.toLowerCase() !== "100-continue") {
    throw new HeadFault(417, "unknown expectation");
  }
  const connection = fields.get("connection");
  return {
    method,
    target,
    host,
    version,
    fields,
    framing,
    expectsContinue: expect !== undefined && framing.kind !== "none",
    persists: connection === undefined ? version === "1.1" : persistsBy(connection, version),
  };
}

function parseStartLine(line: string) {
  const found = START_LINE.exec(line);
  if (found === null) throw new HeadFault(400, "malformed request line");
  const [, method = "", written = "", major, minor] = found;
  if (major !== "1") throw new HeadFault(505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
  // A later minor version is understood like this one (RFC 9110 s. 2.5).
  const version = minor === "0" ? ("1.0" as const) : ("1.1" as const);
  return { method, written, version };
}

function parseFields(text: string, start: number): Map<string, string> {
  const fields = new Map<string, string>();
  FIELD_LINE.lastIndex = start;
  for (let count = 0; FIELD_LINE.lastIndex < text.length; count++) {
    const found = FIELD_LINE.exec(text);
    if (found === null) throw new HeadFault(400, "malformed header");
    if (count === MAX_FIELDS) throw new HeadFault(431, "too many headers");
    const [, written = "", padded = ""] = found;
    const name = written.toLowerCase();
    const value = padded.trimEnd();
    const before = fields.get(name);
    if (before === undefined) fields.set(name, value);
    else if (name === "host") throw new HeadFault(400, "more than one Host");
    else fields.set(name, `${before}, ${value}`);
  }
  return fields;
}

/** The four forms of s. 3.2. */
function parseTargetForm(method: string, written: string) {
  if (written.startsWith("/")) return { target: percentEncoded(written), authority: null };
  if (written === "*" && method === "OPTIONS") return { target: written, authority: null };
  if (method === "CONNECT") throw new HeadFault(501, "this is no proxy");
  const [, authority, rest = ""] = /^https?:\/\/([^/?#]*)(.*)$/i.exec(written) ?? [];
  if (authority === undefined) throw new HeadFault(400, "malformed target");
  return { target: percentEncoded(rest.startsWith("/") ? rest : `/${rest}`), authority };
}

/** Bytes that are not ASCII, as they should have been sent. */
export function percentEncoded(target: string): string {
  if (!/[\x80-\xff]/.test(target)) return target;
  return target.replaceAll(
    /[\x80-\xff]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** s. 3.2: exactly one Host in HTTP/1.1. An absolute target counts before it (s. 3.2.2). */
function checkHost(authority: string | null, host: string | undefined, version: string) {
  if (host === undefined && version === "1.1") throw new HeadFault(400, "no Host");
  if (host !== undefined) checkHostName(host);
  if (authority !== null) checkHostName(authority);
  return authority ?? host ?? null;
}

/** The last one that was right: mostly the next is the same. */
let checkedHost = "";

function checkHostName(host: string): void {
  if (host === checkedHost) return;
  if (!HOST.test(host)) throw new HeadFault(400, "malformed Host");
  checkedHost = host;
}

/** s. 6.1 to 6.3. */
function parseFraming(fields: Fields, version: string): Framing {
  const coding = fields.get("transfer-encoding");
  const length = fields.get("content-length");
  if (coding !== undefined) {
    if (length !== undefined) throw new HeadFault(400, "a length and a transfer coding");
    if (version === "1.0") throw new HeadFault(400, "a transfer coding in HTTP/1.0");
    const codings = coding.split(",").map((each) => each.trim().toLowerCase());
    if (codings.at(-1) !== "chunked" || codings.indexOf("chunked") !== codings.length - 1) {
      throw new HeadFault(400, "the body has no end");
    }
    if (codings.length > 1) throw new HeadFault(501, "unknown transfer coding");
    return CHUNKED;
  }
  if (length === undefined) return NONE;
  // Repeated and equal is one (RFC 9110 s. 8.6).
  const [first = "", ...others] = length.split(",").map((each) => each.trim());
  if (!/^\d{1,15}$/.test(first) || others.some((each) => each !== first)) {
    throw new HeadFault(400, "malformed Content-Length");
  }
  return first === "0" ? NONE : { kind: "length", length: Number(first) };
}

function persistsBy(connection: string, version: "1.0" | "1.1"): boolean {
  const options = new Set(connection.split(",").map((option) => option.trim().toLowerCase()));
  if (options.has("close")) return false;
  return version === "1.1" || options.has("keep-alive");
}
