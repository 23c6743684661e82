// Buffers that queues have released, for the next queue that needs one of the same length: under load the
// same few are used again and again, and a full datagram of 1,200 bytes leaves 10 kB less garbage. Knows no
// queues.

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
export function bufferLength(bytes: number): number {
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
