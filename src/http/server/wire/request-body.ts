// The body of a request, decoded as it arrives (RFC 9112 s. 6.3, 7.1): it is complete when its length is reached, or when its
// last chunk, its trailer section and the line that ends them have come. Pure.

import type { Buffer } from "node:buffer";

import type { Framing } from "./request-head.ts";

export interface BodyDecoder {
  /**
   * Takes what has arrived.
   *
   * @returns how many bytes of it belong to the body
   * @throws {MalformedBody}
   */
  push(bytes: Buffer): number;
  readonly isComplete: boolean;
}

export class MalformedBody extends Error {}

/** @param onData called with the data in the pieces in which it arrives */
export function createBodyDecoder(
  framing: Exclude<Framing, { kind: "none" }>,
  onData: (bytes: Buffer) => void,
): BodyDecoder {
  return framing.kind === "length"
    ? createLengthDecoder(framing.length, onData)
    : createChunkedDecoder(onData);
}

function createLengthDecoder(length: number, onData: (bytes: Buffer) => void): BodyDecoder {
  let left = length;
  return {
    push(bytes) {
      const piece = bytes.length <= left ? bytes : bytes.subarray(0, left);
      left -= piece.length;
      if (piece.length > 0) onData(piece);
      return piece.length;
    },
    get isComplete() {
      return left === 0;
    },
  };
}

/** Bytes of a line with the size of a chunk, and of a line of the trailer section. */
const MAX_LINE = 4_096;
/** Bytes of all extensions and of the trailer section together: nobody needs them, and they count to no limit of a body. */
const MAX_UNUSED = 16_384;

const TOKEN = "[!#$%&'*+\\-.^_`|~\\dA-Za-z]+";
const QUOTED =
  '"(?:[\\t \\x21\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t \\x21-\\x7e\\x80-\\xff])*"';
/** A size in hexadecimal digits, and extensions (s. 7.1.1). */
const SIZE_LINE = new RegExp(
  `^([\\da-fA-F]{1,13})((?:[ \\t]*;[ \\t]*${TOKEN}(?:[ \\t]*=[ \\t]*(?:${TOKEN}|${QUOTED}))?)*)$`,
);
const FIELD_LINE = new RegExp(`^${TOKEN}:[\\t\\x20-\\x7e\\x80-\\xff]*$`);

const CR = 0x0d;
const LF = 0x0a;

function createChunkedDecoder(onData: (bytes: Buffer) => void): BodyDecoder {
  let state: "size" | "data" | "data end" | "trailer" | "complete" = "size";
  /** Bytes of the chunk that have not come yet. */
  let left = 0;
  /** What has come of an unfinished line. */
  let line = "";
  let unused = 0;

  /** Where the line goes on in `bytes` from `at`, or -1 with all of them taken; `line` is whole in the first case. */
  function takeLine(bytes: Buffer, at: number): number {
    const end = bytes.indexOf(LF, at);
    const until = end === -1 ? bytes.length : end + 1;
    line += bytes.toString("latin1", at, until);
    if (line.length > MAX_LINE) throw new MalformedBody("a line between chunks is too long");
    if (end === -1) return -1;
    if (!line.endsWith("\r\n")) throw new MalformedBody("a line ends without a carriage return");
    line = line.slice(0, -2);
    return until;
  }

  function countUnused(bytes: number): void {
    unused += bytes;
    if (unused > MAX_UNUSED) throw new MalformedBody("too much between the chunks");
  }

  function takeSize(): void {
    const [, size, extensions = ""] = SIZE_LINE.exec(line) ?? [];
    if (size === undefined) throw new MalformedBody("a chunk has no size");
    countUnused(extensions.length);
    left = Number.parseInt(size, 16);
    state = left === 0 ? "trailer" : "data";
  }

  function takeTrailer(): void {
    countUnused(line.length);
    if (line === "") state = "complete";
    else if (!FIELD_LINE.test(line)) throw new MalformedBody("malformed trailer");
  }

  function takeData(bytes: Buffer, at: number): number {
    const piece = bytes.subarray(at, at + left);
    left -= piece.length;
    if (left === 0) state = "data end";
    onData(piece);
    return at + piece.length;
  }

  function takeDataEnd(bytes: Buffer, at: number): number {
    const isCr = line === "" && bytes[at] === CR;
    if (!isCr && (line === "" || bytes[at] !== LF)) {
      throw new MalformedBody("a chunk is longer than its size");
    }
    line = isCr ? "\r" : "";
    if (!isCr) state = "size";
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
  };
}
