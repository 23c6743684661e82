// Bytes of a stream between two places in it: added at the end, forgotten at the start, in chunks. A chunk is either
// a buffer of the queue's own, which is written until it is full, or bytes that somebody else has too and nobody
// changes: what is said to a whole room stands in memory once, and not once for each member. No buffer at all while the queue
// is empty, for most sessions are quiet most of the time.

import { acquireBuffer, bufferLength, releaseBuffer } from "./buffer-pool.ts";

/** Buffers grow with what the queue holds up to this, bytes; longer only for what is longer. */
const LONGEST_BUFFER = 64 * 1_024;
/** Bytes of which a chunk of their own is worth its 100 bytes; fewer are copied. */
const LEAST_SHARED = 128;

interface Chunk {
  /** Where in the stream its bytes begin. */
  readonly offset: number;
  readonly bytes: Uint8Array;
  /** How many of them are in the stream. */
  length: number;
  readonly isShared: boolean;
}

export interface ChunkQueue {
  /** Where in the stream it begins: everything before is forgotten. */
  start: number;
  /** Where the next bytes go. */
  end: number;
  /** In the order of the stream, without gaps, up to its end. */
  readonly chunks: Chunk[];
}

export function createChunkQueue(): ChunkQueue {
  return { start: 0, end: 0, chunks: [] };
}

/** Makes the queue longer by `length` bytes, and returns those bytes to be written. */
export function extend(queue: ChunkQueue, length: number): Uint8Array {
  const last = queue.chunks.at(-1);
  const chunk =
    last !== undefined && !last.isShared && last.length + length <= last.bytes.length
      ? last
      : addBuffer(queue, length);
  const at = chunk.length;
  chunk.length += length;
  queue.end += length;
  return chunk.bytes.subarray(at, at + length);
}

/** Adds bytes that nobody changes as long as they are in the queue. */
export function share(queue: ChunkQueue, bytes: Uint8Array): void {
  const { length } = bytes;
  if (length < LEAST_SHARED) {
    extend(queue, length).set(bytes);
    return;
  }
  queue.chunks.push({ offset: queue.end, bytes, length, isShared: true });
  queue.end += length;
}

/** Writes bytes that are in the queue to `into`, from `at` on. */
export function copyTo(
  { chunks, start, end }: ChunkQueue,
  offset: number,
  length: number,
  into: Uint8Array,
  at: number,
): void {
  if (offset < start || offset + length > end) {
    throw new Error(`${offset} to ${offset + length} is not in the queue`);
  }
  let copied = 0;
  for (let index = indexOf(chunks, offset); copied < length; index += 1) {
    const chunk = chunks[index];
    if (chunk === undefined) throw new Error("the queue has a gap");
    const from = offset + copied - chunk.offset;
    const part = Math.min(chunk.length - from, length - copied);
    const isWhole = from === 0 && part === chunk.bytes.length;
    into.set(isWhole ? chunk.bytes : chunk.bytes.subarray(from, from + part), at + copied);
    copied += part;
  }
}

/** Forgets everything before `start`. */
export function forget(queue: ChunkQueue, start: number): void {
  const { chunks } = queue;
  queue.start = start;
  let passed = 0;
  for (const chunk of chunks) {
    if (chunk.offset + chunk.length > start) break;
    if (!chunk.isShared) releaseBuffer(chunk.bytes);
    passed += 1;
  }
  if (passed === chunks.length) chunks.length = 0;
  else if (passed > 0) chunks.splice(0, passed);
}

function addBuffer({ chunks, start, end }: ChunkQueue, length: number): Chunk {
  const wanted = Math.max(length, Math.min(2 * (end - start), LONGEST_BUFFER));
  const bytes = acquireBuffer(bufferLength(wanted));
  const chunk = { offset: end, bytes, length: 0, isShared: false };
  chunks.push(chunk);
  return chunk;
}

/** The index of the chunk that has the byte at `offset`, which is in the queue. */
function indexOf(chunks: readonly Chunk[], offset: number): number {
  let low = 0;
  let high = chunks.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((chunks[middle]?.offset ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
