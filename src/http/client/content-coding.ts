// Decompression of a response's body (RFC 9110 s. 8.4), as it arrives, by the platform.

import { Buffer } from "node:buffer";
import { once } from "node:events";
import type { Transform } from "node:stream";
import { ReadableStream } from "node:stream/web";

import { CharlaError, describeCause } from "../../errors.ts";
import { type Header, headerValue } from "../header-fields.ts";

/** Sent when the body is read at once. A file is requested uncompressed, so that it can be resumed. */
export const ACCEPTED_CODINGS = "gzip, br, zstd";

/** A body that is not in the coding that its header names. */
export class MalformedCoding extends Error {
  override readonly name = "MalformedCoding";
}

type Pieces = AsyncIterable<Uint8Array<ArrayBuffer>>;

const FORMATS = {
  gzip: "gzip",
  "x-gzip": "gzip",
  deflate: "deflate",
  br: "brotli",
  zstd: "zstd",
} as const;
export type Format = (typeof FORMATS)[keyof typeof FORMATS];

/** Servers use one. Each further one multiplies what a small body can grow to. */
const MAX_CODINGS = 2;

export interface Codings {
  /** What to decompress the body with, in order. */
  readonly formats: readonly Format[];
  /** What the body is in besides, as the server wrote it: it is passed on so; null for nothing. */
  readonly unknown: string | null;
}

/**
 * @param requested whether compression was requested. If not, a "gzip" coding of an archive is the archive itself.
 * @throws {CharlaError} BAD_RESPONSE: too many
 */
export function codingsOf(headers: readonly Header[], requested: boolean): Codings {
  // A list may be split over several fields (RFC 9110 s. 5.3).
  const fields = headers.filter(([name]) => name.toLowerCase() === "content-encoding");
  const written = fields.map(([, value]) => value).join(", ");
  const codings = written
    .split(",")
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== "" && coding !== "identity");
  if (!requested && isArchive(headerValue(headers, "content-type") ?? "")) {
    return { formats: [], unknown: null };
  }
  const known = codings.flatMap((coding) => {
    return Object.entries(FORMATS).flatMap(([name, format]) => (name === coding ? [format] : []));
  });
  // Under an unknown one the others are out of reach.
  if (known.length < codings.length) return { formats: [], unknown: written };
  if (known.length > MAX_CODINGS) throw tooManyCodings(written);
  return { formats: known.toReversed(), unknown: null };
}

/** Types that servers give to .tar.gz and the like, together with a Content-Encoding. */
function isArchive(type: string): boolean {
  return /^application\/(?:x-)?(?:gzip|tar|gtar|compressed|zstd|compressed-tar|tgz)\b/i.test(type);
}

/**
 * The body decompressed at its reader's pace: a small body that grows large never does so in memory. Reading it throws
 * MalformedCoding, and what reading the body throws.
 */
export function decompress(body: Pieces, formats: readonly Format[]): Pieces {
  return formats.reduce<Pieces>((pieces, format) => {
    return format === "zstd" ? decompressZstd(pieces) : decompressOnce(pieces, format);
  }, body);
}

/** By the web's interface: under Bun, that of `node:zlib` takes a frame that is cut for a whole one. */
async function* decompressZstd(pieces: Pieces): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const source = pieces[Symbol.asyncIterator]();
  const start = await readStart(source);
  if (start.length === 0) return;
  let lost: { readonly cause: unknown } | null = null;
  async function* all() {
    yield start;
    try {
      yield* { [Symbol.asyncIterator]: () => source };
    } catch (cause) {
      lost = { cause };
      throw cause;
    }
  }
  try {
    yield* ReadableStream.from(all()).pipeThrough(new DecompressionStream("zstd"));
  } catch (cause) {
    throw failureOf(lost, cause);
  }
}

async function* decompressOnce(
  pieces: Pieces,
  format: Exclude<Format, "zstd">,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const source = pieces[Symbol.asyncIterator]();
  const start = await readStart(source);
  // Servers name a coding for an empty body, too.
  if (start.length === 0) return;
  const stream = await openDecompressor(format, start);
  let lost: { readonly cause: unknown } | null = null;
  void feed(stream, start, source).catch((cause: unknown) => {
    lost = { cause };
    stream.destroy();
  });
  try {
    for await (const piece of stream) yield piece;
  } catch (cause) {
    throw failureOf(lost, cause);
  } finally {
    stream.destroy();
    await source.return?.();
  }
}

/** @param lost what reading the body has thrown, if it was that */
function failureOf(lost: { readonly cause: unknown } | null, cause: unknown): Error {
  if (lost === null) return new MalformedCoding(describeCause(cause), { cause });
  return lost.cause instanceof Error ? lost.cause : new Error(String(lost.cause));
}

/** Bytes by which the two kinds of "deflate" are told apart. */
const ZLIB_HEADER = 2;

/** So many bytes at least, unless the body is shorter. */
async function readStart(source: AsyncIterator<Uint8Array<ArrayBuffer>>) {
  let start: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  while (start.length < ZLIB_HEADER) {
    // oxlint-disable-next-line no-await-in-loop -- one piece after the other
    const { done, value } = await source.next();
    if (done === true) break;
    start = start.length === 0 ? value : Buffer.concat([start, value]);
  }
  return start;
}

/** Bytes that are decompressed at once. */
const CHUNK = 262_144;

async function openDecompressor(
  format: Exclude<Format, "zstd">,
  start: Uint8Array,
): Promise<Transform> {
  // Loaded when a body needs it: it takes milliseconds.
  const { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } =
    await import("node:zlib");
  switch (format) {
    case "gzip":
      return createGunzip({ chunkSize: CHUNK });
    case "deflate":
      return (isZlib(start) ? createInflate : createInflateRaw)({ chunkSize: CHUNK });
    case "brotli":
      return createBrotliDecompress({ chunkSize: CHUNK });
  }
}

/** "deflate" is the zlib format (RFC 1950 s. 2.2), but some servers send what is inside it (RFC 9110 s. 8.4.1.2). */
function isZlib([method = 0, flags = 0]: Uint8Array): boolean {
  return (method & 0x0f) === 8 && (method * 256 + flags) % 31 === 0;
}

async function feed(
  stream: Transform,
  start: Uint8Array,
  source: AsyncIterator<Uint8Array>,
): Promise<void> {
  for (let piece = start; ;) {
    // oxlint-disable-next-line no-await-in-loop -- one piece after the other
    if (!stream.write(piece)) await once(stream, "drain");
    // oxlint-disable-next-line no-await-in-loop -- as above
    const { done, value } = await source.next();
    if (done === true) break;
    piece = value;
  }
  stream.end();
}

function tooManyCodings(written: string): CharlaError {
  return new CharlaError(
    "BAD_RESPONSE",
    `the body is compressed more than ${MAX_CODINGS} times: ${JSON.stringify(written)}`,
    'request it uncompressed: -H "Accept-Encoding: identity"',
  );
}
