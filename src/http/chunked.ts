// A body in chunks (RFC 9112 s. 7.1), decoded as it arrives: complete only when its last chunk, its trailer section and the line
// that ends them have come. A server takes the grammar and nothing else, for what it reads in its own way may hide a request; a
// client takes what servers send, where that can mean only one thing. Pure.

import type { Buffer } from "node:buffer";

export class MalformedChunks extends Error {
  override readonly name = "MalformedChunks";
}

export interface ChunkRules {
  /** The line before a chunk, without its end: its first group is the size. */
  readonly sizeLine: RegExp;
  /** A line of the trailer section. */
  readonly trailerLine: RegExp;
  /** Whether a line may end in a bare LF (s. 2.2). */
  readonly takesBareLf: boolean;
  /** Bytes of all extensions and of the trailer section together: nobody needs them, and they count to no limit of a body. */
  readonly maxUnused: number;
}

const TOKEN = "[!#$%&'*+\\-.^_`|~\\dA-Za-z]+";
const QUOTED =
  '"(?:[\\t \\x21\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t \\x21-\\x7e\\x80-\\xff])*"';
/** A size in hexadecimal digits, fewer than a double can't hold. */
const SIZE = "^([\\da-fA-F]{1,13})";

export const STRICT: ChunkRules = {
  // s. 7.1.1
  sizeLine: new RegExp(
    `${SIZE}(?:[ \\t]*;[ \\t]*${TOKEN}(?:[ \\t]*=[ \\t]*(?:${TOKEN}|${QUOTED}))?)*$`,
  ),
  trailerLine: new RegExp(`^${TOKEN}:[\\t\\x20-\\x7e\\x80-\\xff]*$`),
  takesBareLf: false,
  maxUnused: 16_384,
};

export const LENIENT: ChunkRules = {
  // Some servers fill the size up with blanks.
  sizeLine: new RegExp(`${SIZE}[ \\t]*(?:;[^\\r]*)?$`),
  trailerLine: /^/,
  takesBareLf: true,
  maxUnused: 262_144,
};

/** Bytes of a line with the size of a chunk, and of a line of the trailer section. */
const MAX_LINE = 4_096;

const CR = 0x0d;
const LF = 0x0a;

export interface ChunkedDecoder<Memory extends ArrayBufferLike> {
  /**
   * Takes what has arrived.
   *
   * @returns how many bytes of it belong to the body: fewer than all once it is complete
   * @throws {MalformedChunks}
   */
  push(bytes: Buffer<Memory>): number;
  readonly isComplete: boolean;
  /** The lines of the trailer section that have come. */
  readonly trailer: readonly string[];
}

/** @param onData called with the data of each chunk, in the pieces in which it arrives */
export function createChunkedDecoder<Memory extends ArrayBufferLike>(
  { sizeLine, trailerLine, takesBareLf, maxUnused }: ChunkRules,
  onData: (bytes: Buffer<Memory>) => void,
): ChunkedDecoder<Memory> {
  let state: "size" | "data" | "data end" | "trailer" | "complete" = "size";
  /** Bytes of the chunk that have not come yet. */
  let left = 0;
  /** What has come of an unfinished line. */
  let line = "";
  let unused = 0;
  const trailer: string[] = [];

  /** Where the line goes on in `bytes` from `at`, or -1 with all of them taken; `line` is whole in the first case. */
  function takeLine(bytes: Buffer<Memory>, at: number): number {
    const end = bytes.indexOf(LF, at);
    const until = end === -1 ? bytes.length : end + 1;
    line += bytes.toString("latin1", at, until);
    if (line.length > MAX_LINE) throw new MalformedChunks("a line between its chunks is too long");
    if (end === -1) return -1;
    const hasCr = line.endsWith("\r\n");
    if (!hasCr && !takesBareLf) throw new MalformedChunks("a line ends without a carriage return");
    line = line.slice(0, hasCr ? -2 : -1);
    return until;
  }

  function countUnused(bytes: number): void {
    unused += bytes;
    if (unused > maxUnused) throw new MalformedChunks("there is too much between its chunks");
  }

  function takeSize(): void {
    const [, size] = sizeLine.exec(line) ?? [];
    if (size === undefined) throw new MalformedChunks("a chunk has no size");
    countUnused(line.length - size.length);
    left = Number.parseInt(size, 16);
    state = left === 0 ? "trailer" : "data";
  }

  function takeTrailer(): void {
    countUnused(line.length);
    if (line === "") state = "complete";
    else if (trailerLine.test(line)) trailer.push(line);
    else throw new MalformedChunks("its trailer is malformed");
  }

  function takeData(bytes: Buffer<Memory>, at: number): number {
    const piece = bytes.subarray(at, at + left);
    left -= piece.length;
    if (left === 0) state = "data end";
    onData(piece);
    return at + piece.length;
  }

  /** The end of a line, and nothing else: anything more means that the size was wrong. */
  function takeDataEnd(bytes: Buffer<Memory>, at: number): number {
    const isCr = line === "" && bytes[at] === CR;
    const isEnd = bytes[at] === LF && (line !== "" || takesBareLf);
    if (!isCr && !isEnd) throw new MalformedChunks("a chunk is longer than its size");
    line = isCr ? "\r" : "";
    if (isEnd) state = "size";
    return at + 1;
  }

  return {
    push(bytes) {
      let at = 0;
      while (at < bytes.length && state !== "complete") {
        if (state === "data") at = takeData(bytes, at);
        else if (state === "data end") at = takeDataEnd(bytes, at);
        else {
          at = takeLine(bytes, at);
          if (at === -1) return bytes.length;
          if (state === "size") takeSize();
          else takeTrailer();
          line = "";
        }
      }
      return at;
    },
    get isComplete() {
      return state === "complete";
    },
    trailer,
  };
}
