// How a body was packed for the way (RFC 9110 s. 8.4), and its unpacking as it comes, by the platform.

import { CharlaError } from "../../errors.ts";
import { type Header, headerOf } from "./request.ts";

/** Asked for where the body is to be read at once. A file is asked for as it is, so that it can be resumed. */
export const ACCEPTED_CODINGS = "gzip, br, zstd";

const FORMATS = {
  gzip: "gzip",
  "x-gzip": "gzip",
  deflate: "deflate",
  br: "brotli",
  zstd: "zstd",
} as const;
type Format = (typeof FORMATS)[keyof typeof FORMATS];

/** One is what servers use; a chain of them multiplies what a small body can grow to. */
const MAX_CODINGS = 2;

/**
 * In which order to unpack; empty for a body that is as it should be.
 *
 * @param asked whether packing was asked for. Where it was not, an archive that is sent as "gzip" is what it is.
 * @throws {CharlaError} BAD_RESPONSE: a coding that nobody asked for, and that is not known here
 */
export function codingsOf(headers: readonly Header[], asked: boolean): Format[] {
  const written = headerOf(headers, "content-encoding") ?? "";
  const codings = written
    .split(",")
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== "" && coding !== "identity");
  if (!asked && isArchive(headerOf(headers, "content-type") ?? "")) return [];
  const formats = codings.map((coding) => {
    const known = Object.entries(FORMATS).find(([name]) => name === coding);
    if (known === undefined) throw unknownCoding(written);
    return known[1];
  });
  if (formats.length > MAX_CODINGS) throw unknownCoding(written);
  return formats.toReversed();
}

/** What servers say of .tar.gz and its like, with a Content-Encoding that means the file itself. */
function isArchive(type: string): boolean {
  return /^application\/(?:x-)?(?:gzip|tar|gtar|compressed|zstd|compressed-tar|tgz)\b/i.test(type);
}

/** The body unpacked; slowed by its reader, so that a small body that grows large stays on the way. */
export function unpacked(
  body: AsyncIterable<Uint8Array<ArrayBuffer>>,
  formats: readonly Format[],
): AsyncIterable<Uint8Array<ArrayBuffer>> {
  return formats.length === 0 ? body : unpack(body[Symbol.asyncIterator](), formats);
}

async function* unpack(
  pieces: AsyncIterator<Uint8Array<ArrayBuffer>>,
  formats: readonly Format[],
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const first = await pieces.next();
  // Servers say how they pack of a body that is not there as well.
  if (first.done === true) return;
  let stream = streamOf(first.value, pieces);
  for (const format of formats) stream = stream.pipeThrough(new DecompressionStream(format));
  yield* stream;
}

function streamOf(
  first: Uint8Array<ArrayBuffer>,
  rest: AsyncIterator<Uint8Array<ArrayBuffer>>,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      controller.enqueue(first);
    },
    async pull(controller) {
      const next = await rest.next();
      if (next.done === true) controller.close();
      else controller.enqueue(next.value);
    },
    async cancel() {
      await rest.return?.();
    },
  });
}

function unknownCoding(written: string): CharlaError {
  return new CharlaError(
    "BAD_RESPONSE",
    `the body is packed as ${JSON.stringify(written)}, which charla cannot unpack`,
    'ask for it as it is: -H "Accept-Encoding: identity"',
  );
}
