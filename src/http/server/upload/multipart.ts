// A streaming parser of forms with files (multipart/form-data, RFC 7578; RFC 2046 s. 5.1): pulled part by part and at the
// reader's pace; only headers are ever kept whole.

import { Buffer } from "node:buffer";

export interface Part {
  /** As the client sends it, possibly with a path; null for a field that is not a file, "" if no file was chosen. */
  readonly fileName: string | null;
  /** To be read before the next part; the rest is skipped then. */
  readonly content: AsyncGenerator<Uint8Array, void, void>;
}

/** The form is malformed or incomplete. */
export class MalformedForm extends Error {}

/** Bytes of the headers of a part. */
const MAX_HEADERS = 16_384;
const MAX_PARTS = 1_000;

/** Null for any other type. The boundary has up to 70 characters (RFC 2046 s. 5.1.1). */
export function parseBoundary(contentType: string | null): string | null {
  if (contentType === null || !/^multipart\/form-data\s*;/i.test(contentType)) return null;
  const [, quoted, bare] =
    /;\s*boundary=(?:"([^"\r\n]{1,70})"|([^\s;"]{1,70}))\s*(?:;|$)/i.exec(contentType) ?? [];
  return quoted ?? bare ?? null;
}

/** @throws {MalformedForm} */
export async function* parseParts(
  body: AsyncIterable<Uint8Array>,
  boundary: string,
): AsyncGenerator<Part, void, void> {
  const chunks = body[Symbol.asyncIterator]();
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  // The first delimiter may be at the very start, without a line break before it.
  let waiting = Buffer.from("\r\n");

  async function more(): Promise<void> {
    const { value, done } = await chunks.next();
    if (done === true) throw new MalformedForm("the form is incomplete");
    waiting = Buffer.concat([waiting, value]);
  }

  async function* untilDelimiter(): AsyncGenerator<Uint8Array, void, void> {
    for (;;) {
      const at = waiting.indexOf(delimiter);
      // The last bytes may be the start of a delimiter.
      const end = at === -1 ? Math.max(0, waiting.length - delimiter.length + 1) : at;
      const content = waiting.subarray(0, end);
      waiting = waiting.subarray(at === -1 ? end : at + delimiter.length);
      if (content.length > 0) yield content;
      if (at !== -1) return;
      await more();
    }
  }

  async function readUntil(ending: string): Promise<string> {
    for (;;) {
      const at = waiting.indexOf(ending);
      if (at !== -1 && at <= MAX_HEADERS) {
        const text = waiting.toString("utf8", 0, at);
        waiting = waiting.subarray(at + ending.length);
        return text;
      }
      if (waiting.length > MAX_HEADERS)
        throw new MalformedForm("the headers of a part are too long");
      await more();
    }
  }

  await skip(untilDelimiter());
  for (let count = 0; count < MAX_PARTS; count++) {
    while (waiting.length < 2) await more();
    if (waiting.toString("latin1", 0, 2) === "--") return;
    const padding = await readUntil("\r\n");
    if (padding.trim() !== "") throw new MalformedForm("a boundary is not on a line of its own");
    const headers = await readUntil("\r\n\r\n");
    const content = untilDelimiter();
    yield { fileName: parseFileName(headers), content };
    await skip(content);
  }
  throw new MalformedForm(`the form has more than ${MAX_PARTS} parts`);
}

async function skip(content: AsyncGenerator<Uint8Array, void, void>): Promise<void> {
  while ((await content.next()).done !== true);
}

/**
 * The file name in Content-Disposition (RFC 7578 s. 4.2). Browsers write a quote as %22 (WHATWG HTML, "multipart/form-data
 * encoding algorithm"), other programs put a backslash before it.
 */
function parseFileName(headers: string): string | null {
  const disposition = /^content-disposition:[ \t]*form-data[ \t]*;(.*)$/im.exec(headers)?.[1];
  if (disposition === undefined) throw new MalformedForm("a part has no Content-Disposition");
  const [, quoted, bare] =
    /;[ \t]*filename=(?:"((?:\\"|[^"])*)"|([^\s;"]+))/i.exec(`;${disposition}`) ?? [];
  const written = quoted ?? bare;
  if (written === undefined) return null;
  return written
    .replaceAll(/\\"|%22/g, '"')
    .replaceAll(/%0d/gi, "\r")
    .replaceAll(/%0a/gi, "\n");
}
