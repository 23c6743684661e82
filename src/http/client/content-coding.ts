// Decompression of a response's body (RFC 9110 s. 8.4), as it arrives, by the platform.

import { ReadableStream } from "node:stream/web";

import { CharlaError } from "../../errors.ts";
import { type Header, headerValue } from "../header-fields.ts";

/** Sent when the body is read at once. A file is requested uncompressed, so that it can be resumed. */
export const ACCEPTED_CODINGS = "gzip, br, zstd";

const FORMATS = {
  gzip: "gzip",
  "x-gzip": "gzip",
  deflate: "deflate",
  br: "brotli",
  zstd: "zstd",
} as const;
type Format = (typeof FORMATS)[keyof typeof FORMATS];

/** Servers use one. Each further one multiplies what a small body can grow to. */
const MAX_CODINGS = 2;

/**
 * The formats to decompress a body with, in order.
 *
 * @param requested whether compression was requested. If not, a "gzip" coding of an archive is the archive itself.
 * @throws {CharlaError} BAD_RESPONSE: an unknown coding, or too many
 */
export function decompressionFormats(headers: readonly Header[], requested: boolean): Format[] {
  // A list may be split over several fields (RFC 9110 s. 5.3).
  const fields = headers.filter(([name]) => name.toLowerCase() === "content-encoding");
  const written = fields.map(([, value]) => value).join(", ");
  const codings = written
    .split(",")
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== "" && coding !== "identity");
  if (!requested && isArchive(headerValue(headers, "content-type") ?? "")) return [];
  const formats = codings.map((coding) => {
    const known = Object.entries(FORMATS).find(([name]) => name === coding);
    if (known === undefined) throw unknownCoding(written);
    return known[1];
  });
  if (formats.length > MAX_CODINGS) throw unknownCoding(written);
  return formats.toReversed();
}

/** Types that servers give to .tar.gz and the like, together with a Content-Encoding. */
function isArchive(type: string): boolean {
  return /^application\/(?:x-)?(?:gzip|tar|gtar|compressed|zstd|compressed-tar|tgz)\b/i.test(type);
}

/** The body decompressed at its reader's pace: a small body that grows large never does so in memory. */
export function decompress(
  body: AsyncIterable<Uint8Array<ArrayBuffer>>,
  formats: readonly Format[],
): AsyncIterable<Uint8Array<ArrayBuffer>> {
  return formats.length === 0 ? body : decompressAll(body[Symbol.asyncIterator](), formats);
}

async function* decompressAll(
  pieces: AsyncIterator<Uint8Array<ArrayBuffer>>,
  formats: readonly Format[],
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const first = await pieces.next();
  // Servers name a coding for an empty body, too.
  if (first.done === true) return;
  let stream = ReadableStream.from(prepend(first.value, pieces));
  for (const format of formats) stream = stream.pipeThrough(new DecompressionStream(format));
  yield* stream;
}

async function* prepend<Piece>(first: Piece, rest: AsyncIterator<Piece>): AsyncGenerator<Piece> {
  yield first;
  yield* { [Symbol.asyncIterator]: () => rest };
}

function unknownCoding(written: string): CharlaError {
  return new CharlaError(
    "BAD_RESPONSE",
    `the body is compressed as ${JSON.stringify(written)}, which charla cannot decompress`,
    'request it uncompressed: -H "Accept-Encoding: identity"',
  );
}
