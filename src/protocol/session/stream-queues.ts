// Bytes of a stream between two of its offsets: appended at the end, discarded at the start. Neither kind of
// queue has a buffer while it is empty, for most sessions are idle most of the time.
//
//   ByteQueue    one contiguous buffer that grows: what was received, read in views
//   ChunkQueue   chunks, some of them shared: what is to be sent, copied into packets
//
// Buffers that queues have released wait in a pool for the next queue that needs one of the same length: under
// load the same few are used again and again, and a full datagram of 1,200 bytes leaves 10 kB less garbage.

export interface ByteQueue {
  /** The offset of its first byte: everything before was discarded. */
  start: number;
  /** The offset of the next byte to be appended. */
  end: number;
  buffer: Uint8Array | null;
  /** The offset of the buffer's first byte, at or before `start`. */
  base: number;
}

export function createByteQueue(): ByteQueue {
  return { start: 0, end: 0, buffer: null, base: 0 };
}

/**
 * Makes the queue longer by `length` bytes, and returns these bytes to be written.
 *
 * @param most how many bytes it will ever hold: its buffer has room for half as many more, and not for twice as many
 */
export function extendBytes(
  queue: ByteQueue,
  length: number,
  most: number = Number.POSITIVE_INFINITY,
): Uint8Array {
  const buffer = makeRoom(queue, length, most);
  const at = queue.end - queue.base;
  queue.end += length;
  return buffer.subarray(at, at + length);
}

/** Bytes in the queue, as a view that is valid until the queue changes. */
export function viewBytes(queue: ByteQueue, offset: number, length: number): Uint8Array {
  if (queue.buffer === null || offset < queue.start || offset + length > queue.end) {
    throw new Error(`${offset} to ${offset + length} is not in the queue`);
  }
  return queue.buffer.subarray(offset - queue.base, offset - queue.base + length);
}

/** Discards everything before `start`. */
export function discardBytes(queue: ByteQueue, start: number): void {
  queue.start = start;
  if (start < queue.end) return;
  if (queue.buffer !== null) releaseBuffer(queue.buffer);
  queue.buffer = null;
  queue.base = start;
}

/** The buffer with room for `added` more bytes: discarded bytes are overwritten before it grows. */
function makeRoom(queue: ByteQueue, added: number, most: number): Uint8Array {
  const { buffer, base, start, end } = queue;
  if (buffer !== null && end - base + added <= buffer.length) return buffer;
  const held = end - start;
  // Half of it is free afterwards, so that each byte is moved about once.
  const wanted = Math.max(held + added, Math.min(2 * (held + added), 1.5 * most));
  const size = bufferLength(Math.max(wanted, buffer?.length ?? 0));
  const roomy = size === buffer?.length ? buffer : acquireBuffer(size);
  if (buffer !== null) roomy.set(buffer.subarray(start - base, end - base));
  if (buffer !== null && buffer !== roomy) releaseBuffer(buffer);
  queue.buffer = roomy;
  queue.base = start;
  return roomy;
}

/** Buffers grow with the queue up to this, bytes; longer only for a single longer extension. */
const LONGEST_BUFFER = 64 * 1_024;
/** Bytes that are worth a chunk of their own, which takes 100 bytes; fewer are copied. */
const MIN_SHARED = 128;

/**
 * Either a buffer of the queue's own, filled step by step, or bytes that others share and nobody changes: a
 * message to a whole room is in memory once, not once for each member.
 */
interface Chunk {
  /** The offset of its first byte. */
  readonly offset: number;
  readonly bytes: Uint8Array;
  /** How many of them are in the stream. */
  length: number;
  readonly isShared: boolean;
}

export interface ChunkQueue {
  /** The offset of its first byte: everything before was discarded. */
  start: number;
  /** The offset of the next byte to be appended. */
  end: number;
  /** In the order of the stream, without gaps, up to its end. */
  readonly chunks: Chunk[];
}

export function createChunkQueue(): ChunkQueue {
  return { start: 0, end: 0, chunks: [] };
}

/** Makes the queue longer by `length` bytes, and returns these bytes to be written. */
export function extendChunks(queue: ChunkQueue, length: number): Uint8Array {
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

/** Appends bytes that don't change while they are in the queue. */
export function appendShared(queue: ChunkQueue, bytes: Uint8Array): void {
  const { length } = bytes;
  if (length < MIN_SHARED) {
    extendChunks(queue, length).set(bytes);
    return;
  }
  queue.chunks.push({ offset: queue.end, bytes, length, isShared: true });
  queue.end += length;
}

/** Copies bytes in the queue to `into`, from `at` on. */
export function copyFromChunks(
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
  for (let index = findChunk(chunks, offset); copied < length; index += 1) {
    const chunk = chunks[index];
    if (chunk === undefined) throw new Error("the queue has a gap");
    const from = offset + copied - chunk.offset;
    const part = Math.min(chunk.length - from, length - copied);
    const isWhole = from === 0 && part === chunk.bytes.length;
    into.set(isWhole ? chunk.bytes : chunk.bytes.subarray(from, from + part), at + copied);
    copied += part;
  }
}

/** Discards everything before `start`. */
export function discardChunks(queue: ChunkQueue, start: number): void {
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

/** The index of the chunk with the byte at `offset`, which is in the queue. */
function findChunk(chunks: readonly Chunk[], offset: number): number {
  let low = 0;
  let high = chunks.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((chunks[middle]?.offset ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * Bounds for each length: at least this many buffers, and bytes of short ones, for a message to a room is in
 * as many queues as it has members. Where one turn of the event loop empties more queues than this, the rest
 * is garbage.
 */
const MIN_POOLED = 4;
const POOLED_BYTES = 1_024 * 1_024;
/**
 * Bytes of the longest buffer that is kept: two receive windows. Lengths are powers of two, so at most 24 MiB
 * are kept in all.
 */
const MAX_POOLED_LENGTH = 2 * 1_024 * 1_024;

/** Bytes of the shortest buffer: most idle sessions never need more at once. */
const MIN_LENGTH = 512;

const pool = new Map<number, Uint8Array[]>();

/** The length of a buffer for this many bytes: a power of two, so that one fits many uses. */
function bufferLength(bytes: number): number {
  let length = MIN_LENGTH;
  while (length < bytes) length *= 2;
  return length;
}

/** A buffer with unspecified content. */
export function acquireBuffer(length: number): Uint8Array {
  return pool.get(length)?.pop() ?? new Uint8Array(length);
}

/** The caller keeps no view of the buffer: its next user overwrites it. */
export function releaseBuffer(buffer: Uint8Array): void {
  if (buffer.length > MAX_POOLED_LENGTH) return;
  const same = pool.get(buffer.length) ?? [];
  if (same.length >= Math.max(MIN_POOLED, POOLED_BYTES / buffer.length)) return;
  same.push(buffer);
  pool.set(buffer.length, same);
}
