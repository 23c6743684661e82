// The body of a request, decoded as it arrives (RFC 9112 s. 6.3, 7.1): it is complete when its length is reached, or when its
// last chunk, its trailer section and the line that ends them have come. Pure.

import type { Buffer } from "node:buffer";

import { createChunkedDecoder, STRICT } from "../../chunked.ts";
import type { Framing } from "./request-head.ts";

export interface BodyDecoder {
  /**
   * Takes what has arrived.
   *
   * @returns how many bytes of it belong to the body
   * @throws {MalformedChunks}
   */
  push(bytes: Buffer): number;
  readonly isComplete: boolean;
}

/** @param onData called with the data in the pieces in which it arrives */
export function createBodyDecoder(
  framing: Exclude<Framing, { kind: "none" }>,
  onData: (bytes: Buffer) => void,
): BodyDecoder {
  return framing.kind === "length"
    ? createLengthDecoder(framing.length, onData)
    : createChunkedDecoder(STRICT, onData);
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
