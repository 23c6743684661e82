// The head of a response, read from its bytes (RFC 9112 s. 4, 5): the status line and the fields, as they were sent. Also the
// fields of a trailer section. Pure.
//
// Beyond the grammar it takes what real servers send and what can mean only one thing: lines that end in a bare LF (s. 2.2),
// blanks before a colon (s. 5.1), lines that are folded (s. 5.2), a status line without a reason or its space.

import { Buffer } from "node:buffer";

import type { Header } from "../../header-fields.ts";

/** What a response says before its body. */
export interface Head {
  /** As in `HTTP/1.0`. */
  readonly version: string;
  readonly status: number;
  /** The reason phrase, which may be empty. */
  readonly statusText: string;
  /** In their order, and with the case of their names. */
  readonly headers: readonly Header[];
  /** Every byte, one a character, up to the empty line that ends it. */
  readonly raw: string;
}

/** What makes a response something else than HTTP, in a few words. */
export class HttpFault extends Error {
  override readonly name = "HttpFault";
}

/** Bytes of a head, or of a trailer section: curl takes 300 KiB. */
export const MAX_HEAD = 256 * 1_024;
/** Fields of a head, as curl has it. Pages with many cookies and policies come to some dozens. */
export const MAX_FIELDS = 5_000;

/** A character that no field may contain (RFC 9110 s. 5.5); a line's end is none of the line. */
// eslint-disable-next-line no-control-regex -- these are what it looks for
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f]/;

/** token (RFC 9110 s. 5.6.2) */
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;

/** @param raw a whole head, without the empty line that ends it. @throws {HttpFault} */
export function parseHead(raw: string): Head {
  const [first = "", ...lines] = raw
    .replace(/\r?\n$/, "")
    .split("\n")
    .map(withoutCr);
  const found = /^HTTP\/(1\.\d) (\d{3})(?: (.*))?$/.exec(first);
  const [, version = "", status = "", reason = ""] = found ?? [];
  if (found === null || status < "100") throw new HttpFault("it has no status line");
  if (CONTROL.test(reason)) throw new HttpFault("its status line has a control character");
  const statusText = decodeText(reason.trim());
  return { version, status: Number(status), statusText, headers: parseFields(lines), raw };
}

/** @param lines without their ends. @throws {HttpFault} */
export function parseFields(lines: readonly string[]): Header[] {
  const fields: [name: string, value: string][] = [];
  for (const line of lines) {
    if (CONTROL.test(line)) throw new HttpFault("a header has a control character");
    const last = fields.at(-1);
    if (/^[ \t]/.test(line)) {
      if (last === undefined) throw new HttpFault("its first header begins with a blank");
      // s. 5.2: a fold is as good as a space.
      last[1] = `${last[1]} ${line.trim()}`.trim();
      continue;
    }
    const end = line.indexOf(":");
    const name = line.slice(0, Math.max(end, 0)).trimEnd();
    if (!TOKEN.test(name)) throw new HttpFault("a line among its headers is none");
    if (fields.length === MAX_FIELDS) throw tooManyFields();
    fields.push([name, line.slice(end + 1).trim()]);
  }
  return fields.map(([name, value]): Header => [name, decodeText(value)]);
}

export function tooManyFields(): HttpFault {
  return new HttpFault(`it has over ${MAX_FIELDS} headers`);
}

function withoutCr(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}

/** Most text that is not ASCII is UTF-8, though each byte means one character (RFC 9110 s. 5.5). */
export function decodeText(value: string): string {
  // eslint-disable-next-line no-control-regex -- ASCII
  if (/^[\u0000-\u007f]*$/.test(value)) return value;
  const bytes = Buffer.from(value, "latin1");
  const text = bytes.toString("utf8");
  return Buffer.from(text, "utf8").equals(bytes) ? text : value;
}
