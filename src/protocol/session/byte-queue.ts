// Bytes of a stream between two places in it: added at the end, forgotten at the start. One growing
// buffer, and none at all while it is empty, for most sessions are quiet most of the time.

import { acquireBuffer, bufferLength, releaseBuffer } from "./buffer-pool.ts";

export interface ByteQueue {
  /** Where in the stream it begins: everything before is forgotten. */
  start: number;
  /** Where the next bytes go. */
  end: number;
  buffer: Uint8Array | null;
  /** Where in the stream the buffer begins, at or before `start`. */
  base: number;
}

export function createByteQueue(): ByteQueue {
  return { start: 0, end: 0, buffer: null, base: 0 };
}

/** Makes the queue longer by `length` bytes, and returns those bytes to be written. */
export function extend(queue: ByteQueue, length: number): Uint8Array {
  const buffer = makeRoom(queue, length);
  const at = queue.end - queue.base;
  queue.end += length;
  return buffer.subarray(at, at + length);
}

/** Bytes that are in the queue, as a view that is good until the queue changes. */
export function view(queue: ByteQueue, offset: number, length: number): Uint8Array {
  if (queue.buffer === null || offset < queue.start || offset + length > queue.end) {
    throw new Error(`${offset} to ${offset + length} is not in the queue`);
  }
  return queue.buffer.subarray(offset - queue.base, offset - queue.base + length);
}

/** Forgets everything before `start`. */
export function forget(queue: ByteQueue, start: number): void {
  queue.start = start;
  if (start < queue.end) return;
  if (queue.buffer !== null) releaseBuffer(queue.buffer);
  queue.buffer = null;
  queue.base = start;
}

/** The buffer with room for `added` bytes more: what is forgotten makes way before it grows. */
function makeRoom(queue: ByteQueue, added: number): Uint8Array {
  const { buffer, base, start, end } = queue;
  if (buffer !== null && end - base + added <= buffer.length) return buffer;
  const held = end - start;
  // Half of it is free afterwards, so that bytes are moved seldom: about once each.
  const size = bufferLength(Math.max(2 * (held + added), buffer?.length ?? 0));
  const roomy = size === buffer?.length ? buffer : acquireBuffer(size);
  if (buffer !== null) roomy.set(buffer.subarray(start - base, end - base));
  if (buffer !== null && buffer !== roomy) releaseBuffer(buffer);
  queue.buffer = roomy;
  queue.base = start;
  return roomy;
}
