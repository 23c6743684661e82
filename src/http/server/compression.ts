// Compressed bodies (RFC 9110 s. 8.4): at once or while they are sent, off the main thread; and files that were compressed
// beforehand.

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

import type { Coding } from "../header-fields.ts";
import { bytesBody, type Context, type ResponseBody } from "./exchange.ts";
import type { OpenedFile } from "./opened.ts";

/** The codings for compressing while the client waits: the best ratio for the time that it takes first. */
export const QUICKEST: readonly Coding[] = ["zstd", "br", "gzip"];

/** Bytes from which on compression is worth its time: less fits into one packet anyway. */
export const MIN_COMPRESSED = 1_024;
/** Bytes up to which a file is compressed: more takes long, and is done again for every client. */
const MAX_COMPRESSED = 64 * 1_048_576;
/** Bytes up to which a file is compressed at once, so that there is a Content-Length. */
const MAX_AT_ONCE = 262_144;

/** Of 0 to 11: about as fast as gzip, and smaller. */
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } };

const AT_ONCE: Readonly<Record<Coding, (bytes: Uint8Array) => Promise<Uint8Array<ArrayBuffer>>>> = {
  br: (bytes) => promisify(brotliCompress)(bytes, BROTLI),
  zstd: promisify(zstdCompress),
  gzip: promisify(gzip),
};

export function compress(bytes: Uint8Array, coding: Coding): Promise<Uint8Array<ArrayBuffer>> {
  return AT_ONCE[coding](bytes);
}

const COMPRESSORS: Readonly<Record<Coding, () => Transform>> = {
  br: () => createBrotliCompress(BROTLI),
  zstd: () => createZstdCompress(),
  gzip: () => createGzip(),
};

/** At the reader's pace; if the reader stops early, `chunks` is returned. */
export async function* compressStream(
  chunks: AsyncIterable<Uint8Array>,
  coding: Coding,
): AsyncGenerator<Uint8Array, void, void> {
  const compressor = COMPRESSORS[coding]();
  // An error of the chunks comes out of the compressor.
  pipeline(Readable.from(chunks, { objectMode: true }), compressor, () => {});
  for await (const piece of compressor) yield piece;
}

export function isWorthCompressing({ size }: OpenedFile): boolean {
  return size >= MIN_COMPRESSED && size <= MAX_COMPRESSED;
}

/** The file compressed. */
export async function compressedBody(file: OpenedFile, coding: Coding): Promise<ResponseBody> {
  if (file.size > MAX_AT_ONCE) return { kind: "compressed", file: file.move(), coding };
  return bytesBody(await compress(file.read(0, file.size), coding));
}

const EXTENSIONS: Readonly<Record<Coding, string>> = { br: ".br", zstd: ".zst", gzip: ".gz" };

/** FILE.br, FILE.zst or FILE.gz beside a file, unless it is older than the file. */
export function openPrecompressed(
  { folder }: Context,
  file: OpenedFile,
  path: readonly string[],
  coding: Coding,
): OpenedFile | null {
  const name = (path.at(-1) ?? "") + EXTENSIONS[coding];
  using found = folder.find([...path.slice(0, -1), name]);
  return found.kind === "file" && found.modified >= file.modified ? found.move() : null;
}
