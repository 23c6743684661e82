// A body in chunks (RFC 9112 s. 7.1), decoded as it arrives: complete only when its trailer section has ended. Pure.

import { Buffer } from "node:buffer";

import type { Header } from "../../header-fields.ts";
import { HttpFault, MAX_HEAD, parseFields } from "./response-head.ts";

/** Bytes of a line with a chunk's size and its extensions, which nobody uses. */
const MAX_SIZE_LINE = 4_096;

const LF = 0x0a;
const CR = 0x0d;

export type ChunkedDecoder = ReturnType<typeof createChunkedDecoder>;

/** @param onData called with the data of each chunk, in the pieces in which they arrive */
export function createChunkedDecoder(onData: (bytes: Uint8Array<ArrayBuffer>) => void) {
  let state: "size" | "data" | "data-end" | "trailer" | "done" = "size";
  /** Bytes of the chunk that have not come yet. */
  let left = 0;
  /** What has come of an unfinished line. */
  let line = "";
  let trailerLength = 0;
  const trailer: string[] = [];

  /** The line that ends in `bytes`, without its end, and where the next begins; null if it goes on. */
  function takeLine(bytes: Uint8Array, at: number, most: number): [string, number] | null {
    const end = bytes.indexOf(LF, at);
    const until = end === -1 ? bytes.length : end;
    if (line.length + until - at > most)
      throw new HttpFault("a line between its chunks is too long");
    line += Buffer.from(bytes.buffer, bytes.byteOffset + at, until - at).toString("latin1");
    if (end === -1) return null;
    const whole = line.endsWith("\r") ? line.slice(0, -1) : line;
    line = "";
    return [whole, end + 1];
  }

  function takeSize(written: string): void {
    // Some servers fill the size up with blanks.
    const size = /^([\da-f]+)[ \t]*(?:;[^\r]*)?$/i.exec(written)?.[1];
    left = size === undefined ? NaN : Number.parseInt(size, 16);
    if (!Number.isSafeInteger(left)) throw new HttpFault("a chunk has no size");
    state = left === 0 ? "trailer" : "data";
  }

  function takeTrailer(written: string): void {
    if (written === "") {
      state = "done";
      return;
    }
    trailerLength += written.length;
    if (trailerLength > MAX_HEAD) throw new HttpFault("its trailer is too long");
    trailer.push(written);
  }

  return {
    /**
     * Takes what has arrived.
     *
     * @returns how many bytes of it belong to the body: fewer than all once it is done
     * @throws {HttpFault}
     */
    push(bytes: Uint8Array<ArrayBuffer>): number {
      let at = 0;
      while (at < bytes.length && state !== "done") {
        if (state === "data") {
          const piece = bytes.subarray(at, at + left);
          at += piece.length;
          left -= piece.length;
          onData(piece);
          if (left === 0) state = "data-end";
          continue;
        }
        if (state === "data-end") {
          // The end of a line, and nothing else: anything more means that the size was wrong.
          if (line === "" && bytes[at] === CR) line = "\r";
          else if (bytes[at] === LF) {
            line = "";
            state = "size";
          } else throw new HttpFault("a chunk is longer than its size");
          at += 1;
          continue;
        }
        const taken = takeLine(bytes, at, state === "size" ? MAX_SIZE_LINE : MAX_HEAD);
        if (taken === null) return bytes.length;
        at = taken[1];
        if (state === "size") takeSize(taken[0]);
        else takeTrailer(taken[0]);
      }
      return at;
    },
    get isDone() {
      return state === "done";
    },
    /** The fields after the last chunk. @throws {HttpFault} */
    trailers: (): Header[] => parseFields(trailer),
  };
}
