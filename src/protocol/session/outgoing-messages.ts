// Messages on their way out, as one stream of bytes (docs/protocol.md s. 11): what was said, what of it
// has been sent, what must be sent again and what has arrived. Knows no packets, keys or times.

import { varintLength, writeVarint } from "../bytes.ts";
import { type ChunkQueue, copyTo, createChunkQueue, extend, forget, share } from "./chunk-queue.ts";

/** Bytes of one message. */
export const MAX_MESSAGE = 65_536;

/** Bytes said and not yet acknowledged that are held; past it the sayer waits. */
export const MAX_UNACKNOWLEDGED = 4 * 1024 * 1024;

/** A piece of the stream: `length` bytes from `offset`. */
export interface Fragment {
  readonly offset: number;
  readonly length: number;
}

export interface OutgoingMessages {
  /** What was said and is not acknowledged from its start on. */
  readonly queue: ChunkQueue;
  /** Everything before it was sent at least once. */
  sent: number;
  /** How far the peer is willing to take bytes. */
  limit: number;
  /** Acknowledged pieces beyond the start of `said`, in order, apart. */
  acknowledged: Fragment[];
  /** Lost pieces, in order, apart: sent before anything new. */
  lost: Fragment[];
}

export function createOutgoingMessages(): OutgoingMessages {
  return { queue: createChunkQueue(), sent: 0, limit: 0, acknowledged: [], lost: [] };
}

/** Whether a message of `length` bytes may be said now. */
export function hasRoomFor({ queue }: OutgoingMessages, length: number): boolean {
  return queue.end - queue.start + varintLength(length) + length <= MAX_UNACKNOWLEDGED;
}

/** Appends a message (of at most 65,536 bytes, for which there is room). */
export function appendMessage({ queue }: OutgoingMessages, message: Uint8Array): void {
  const bytes = extend(queue, varintLength(message.length) + message.length);
  bytes.set(message, writeVarint(bytes, 0, message.length));
}

/** Messages as they stand in the stream, each behind its length: for whoever says the same to many. */
export function encodeMessages(messages: readonly Uint8Array[]): Uint8Array {
  const lengths = messages.map(({ length }) => varintLength(length) + length);
  const stream = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  for (const message of messages) {
    at = writeVarint(stream, at, message.length);
    stream.set(message, at);
    at += message.length;
  }
  return stream;
}

/**
 * Appends what `encodeMessages` made, and nobody changes any more; false, and nothing is appended, where there is no
 * room for all of it.
 */
export function appendEncoded({ queue }: OutgoingMessages, stream: Uint8Array): boolean {
  if (queue.end - queue.start + stream.length > MAX_UNACKNOWLEDGED) return false;
  share(queue, stream);
  return true;
}

/** Whether anything may be sent: lost pieces, or new ones that the peer takes. */
export function hasFragment(outgoing: OutgoingMessages): boolean {
  return outgoing.lost.length > 0 || outgoing.sent < Math.min(outgoing.queue.end, outgoing.limit);
}

/** Bytes that may be sent now: lost ones, and new ones that the peer takes. */
export function readyBytes({ lost, limit, queue, sent }: OutgoingMessages): number {
  let ready = Math.max(0, Math.min(queue.end, limit) - sent);
  for (const { length } of lost) ready += length;
  return ready;
}

/** Takes the next piece to send, of at most `most` bytes; null when there is none. */
export function takeFragment(outgoing: OutgoingMessages, most: number): Fragment | null {
  const again = outgoing.lost[0];
  if (again !== undefined) {
    const length = Math.min(again.length, most);
    if (length === again.length) outgoing.lost.shift();
    else outgoing.lost[0] = { offset: again.offset + length, length: again.length - length };
    return { offset: again.offset, length };
  }
  const length = Math.min(most, Math.min(outgoing.queue.end, outgoing.limit) - outgoing.sent);
  if (length <= 0) return null;
  const fragment = { offset: outgoing.sent, length };
  outgoing.sent += length;
  return fragment;
}

/** Writes the bytes of a piece that was taken and is not acknowledged to `into`, from `at` on. */
export function copyFragment(
  { queue }: OutgoingMessages,
  { offset, length }: Fragment,
  into: Uint8Array,
  at: number,
): void {
  copyTo(queue, offset, length, into, at);
}

/** The peer takes bytes up to `limit`; it never takes that back. */
export function raiseLimit(outgoing: OutgoingMessages, limit: number): void {
  outgoing.limit = Math.max(outgoing.limit, limit);
}

/** A piece has arrived. */
export function acknowledgeFragment(outgoing: OutgoingMessages, fragment: Fragment): void {
  const { queue, acknowledged } = outgoing;
  outgoing.lost = removeFragment(outgoing.lost, fragment);
  if (fragment.offset > queue.start) {
    outgoing.acknowledged = addFragment(acknowledged, fragment);
    return;
  }
  let start = Math.max(queue.start, fragment.offset + fragment.length);
  let passed = 0;
  for (const { offset, length } of acknowledged) {
    if (offset > start) break;
    start = Math.max(start, offset + length);
    passed += 1;
  }
  if (passed > 0) acknowledged.splice(0, passed);
  forget(queue, start);
}

/** A piece was lost: what of it has not arrived by other ways is sent again. */
export function loseFragment(outgoing: OutgoingMessages, fragment: Fragment): void {
  let missing = [fragment];
  for (const arrived of [{ offset: 0, length: outgoing.queue.start }, ...outgoing.acknowledged]) {
    missing = removeFragment(missing, arrived);
  }
  for (const its of missing) outgoing.lost = addFragment(outgoing.lost, its);
}

/** The pieces and `added`, joined where they touch. */
function addFragment(fragments: readonly Fragment[], added: Fragment): Fragment[] {
  let { offset } = added;
  let end = offset + added.length;
  const before: Fragment[] = [];
  const after: Fragment[] = [];
  for (const fragment of fragments) {
    const itsEnd = fragment.offset + fragment.length;
    if (itsEnd < offset) before.push(fragment);
    else if (fragment.offset > end) after.push(fragment);
    else {
      offset = Math.min(offset, fragment.offset);
      end = Math.max(end, itsEnd);
    }
  }
  return [...before, { offset, length: end - offset }, ...after];
}

/** What is left of the pieces outside of `removed`. */
function removeFragment(fragments: readonly Fragment[], removed: Fragment): Fragment[] {
  if (fragments.length === 0) return [];
  const removedEnd = removed.offset + removed.length;
  return fragments.flatMap((fragment) => {
    const end = fragment.offset + fragment.length;
    if (end <= removed.offset || fragment.offset >= removedEnd) return [fragment];
    const left: Fragment[] = [];
    if (fragment.offset < removed.offset) {
      left.push({ offset: fragment.offset, length: removed.offset - fragment.offset });
    }
    if (end > removedEnd) left.push({ offset: removedEnd, length: end - removedEnd });
    return left;
  });
}
