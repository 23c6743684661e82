// The content of a file as a body, and the type that its name tells. An edge to the runtime: it has the
// system send a file by itself (sendfile), with no more in memory than that takes.

import { closeSync, readSync } from "node:fs";

import type { OpenedFile } from "./folder.ts";

/** Bytes up to which reading a file at once is faster than having it sent. */
export const READ_AT_ONCE = 65_536;
/**
 * Bytes up to which a file that several ask for is sent from memory, and how many requests may be under way then:
 * whoever takes an answer slowly keeps its memory. It is nearly twice as fast as having the system send it.
 */
export const READ_FOR_SEVERAL = 16_777_216;
export const MOST_FROM_MEMORY = 6;

/** Closes the file as well. @param end not with this byte */
export function readPart(
  { descriptor }: OpenedFile,
  start: number,
  end: number,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(end - start);
  try {
    for (let at = 0; at < bytes.length;) {
      const read = readSync(descriptor, bytes, at, bytes.length - at, start + at);
      // It has become shorter meanwhile.
      if (read === 0) return bytes.subarray(0, at);
      at += read;
    }
    return bytes;
  } finally {
    closeSync(descriptor);
  }
}

export function readWhole(file: OpenedFile): Uint8Array<ArrayBuffer> {
  return readPart(file, 0, file.size);
}

/** The runtime opens the file again by its path when the answer is sent: in this turn of the event loop. */
export function partToSend({ path, size }: OpenedFile, start: number, end: number): Blob {
  const file = Bun.file(path);
  return start === 0 && end === size ? file : file.slice(start, end);
}

/** As the runtime knows it: "" where it does not. */
export function typeByExtension(extension: string): string {
  return Bun.file(`name.${extension}`).type;
}
