// Bytes packed while they are sent (RFC 9110 s. 8.4), off the main thread. Knows neither files nor requests.

import { pipeline, Readable, type Transform } from "node:stream";
import { promisify } from "node:util";
import {
  brotliCompress,
  constants,
  createBrotliCompress,
  createGzip,
  createZstdCompress,
  gzip,
  zstdCompress,
} from "node:zlib";

import type { Coding } from "./accepted-coding.ts";

/** The order of the codings by what they gain for the time that they take while somebody waits. */
export const QUICKEST: readonly Coding[] = ["zstd", "br", "gzip"];

/** Bytes from which on packing is worth its time: what is less fits into one packet anyway. */
export const MIN_PACKED = 1_024;

/** Of 0 to 11: packs better than gzip in about its time. */
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } };

const AT_ONCE: Readonly<Record<Coding, (bytes: Uint8Array) => Promise<Uint8Array<ArrayBuffer>>>> = {
  br: (bytes) => promisify(brotliCompress)(bytes, BROTLI),
  zstd: promisify(zstdCompress),
  gzip: promisify(gzip),
};

export function pack(bytes: Uint8Array, coding: Coding): Promise<Uint8Array<ArrayBuffer>> {
  return AT_ONCE[coding](bytes);
}

const PACKERS: Readonly<Record<Coding, () => Transform>> = {
  br: () => createBrotliCompress(BROTLI),
  zstd: () => createZstdCompress(),
  gzip: () => createGzip(),
};

/** No more is read than is taken; where nobody takes the rest, `chunks` is told to end. */
export async function* packed(
  chunks: AsyncIterable<Uint8Array>,
  coding: Coding,
): AsyncGenerator<Uint8Array, void, void> {
  const packer = PACKERS[coding]();
  // What fails comes out of the packer as well.
  pipeline(Readable.from(chunks, { objectMode: true }), packer, () => {});
  for await (const piece of packer) yield piece;
}
