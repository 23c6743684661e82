// A file piece by piece, read off the main thread: a slow disk holds nobody else up.

import { Buffer } from "node:buffer";
import { read } from "node:fs";
import { promisify } from "node:util";

const readInto = promisify(read);

/** Bytes read at once: enough to keep a connection busy, little enough for many at a time. */
const CHUNK = 131_072;

/** From the beginning to `size`, or to the end of a file that has become shorter; what came later is not in it. */
export async function* fileChunks(
  descriptor: number,
  size: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  for (let at = 0; at < size;) {
    const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK, size - at));
    const { bytesRead } = await readInto(descriptor, buffer, 0, buffer.length, at);
    if (bytesRead === 0) return;
    yield bytesRead === buffer.length ? buffer : buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}
