// Outgoing messages as one stream of bytes (docs/protocol.md s. 11): what is queued, what of it was sent, what
// has to be sent again and what is acknowledged. Knows no packets, keys or times.

import { varintLength, writeVarint } from "../bytes.ts";
import {
  addFragment,
  findMissing,
  type Fragment,
  NO_FRAGMENTS,
  removeFragment,
} from "./fragments.ts";
import {
  appendShared,
  type ChunkQueue,
  createChunkQueue,
  discardChunks,
  extendChunks,
} from "./stream-queues.ts";

/** Bytes of the longest message. */
export const MAX_MESSAGE = 65_536;

/** Bytes that are queued and not yet acknowledged; beyond it the sender waits. */
export const MAX_UNACKNOWLEDGED = 4 * 1024 * 1024;

export interface OutgoingMessages {
  /** The stream from its first byte that is not acknowledged. */
  readonly queue: ChunkQueue;
  /** Everything before it was sent at least once. */
  sent: number;
  /** The offset up to which the peer accepts bytes. */
  limit: number;
  /** Acknowledged fragments beyond the start of `queue`. */
  acknowledged: Fragment[];
  /** Lost fragments: sent before anything new. */
  lost: Fragment[];
  /** Bytes of messages for which the program above waits to be queued. */
  waiting: number;
}

export function createOutgoingMessages(): OutgoingMessages {
  return {
    queue: createChunkQueue(),
    sent: 0,
    limit: 0,
    acknowledged: NO_FRAGMENTS,
    lost: NO_FRAGMENTS,
    waiting: 0,
  };
}

/** Appends a message of at most 65,536 bytes; false when there is no room for it. */
export function appendMessage({ queue }: OutgoingMessages, message: Uint8Array): boolean {
  const length = varintLength(message.length) + message.length;
  if (queue.end - queue.start + length > MAX_UNACKNOWLEDGED) return false;
  const bytes = extendChunks(queue, length);
  bytes.set(message, writeVarint(bytes, 0, message.length));
  return true;
}

/** A message waits to be appended, until there is room for it. */
export function startWaiting(outgoing: OutgoingMessages, { length }: Uint8Array): void {
  outgoing.waiting += length;
}

export function stopWaiting(outgoing: OutgoingMessages, { length }: Uint8Array): void {
  outgoing.waiting -= length;
}

/** Messages as they are in the stream, each after its length: encoded once to be sent to many. */
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
 * Appends what `encodeMessages` returned, which must not change any more; false, and nothing is appended, when
 * there is no room for all of it.
 */
export function appendEncoded({ queue }: OutgoingMessages, stream: Uint8Array): boolean {
  if (queue.end - queue.start + stream.length > MAX_UNACKNOWLEDGED) return false;
  appendShared(queue, stream);
  return true;
}

/** Bytes that may be sent now: lost ones, and new ones that the peer accepts. */
export function readyBytes({ lost, limit, queue, sent }: OutgoingMessages): number {
  let ready = Math.max(0, Math.min(queue.end, limit) - sent);
  for (const { length } of lost) ready += length;
  return ready;
}

/** Takes the next fragment to send, of at most `most` bytes; null when there is none. */
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

/** The peer accepts bytes up to `limit`; a smaller limit is ignored. */
export function raiseLimit(outgoing: OutgoingMessages, limit: number): void {
  outgoing.limit = Math.max(outgoing.limit, limit);
}

export function acknowledgeFragment(outgoing: OutgoingMessages, fragment: Fragment): void {
  const { queue, acknowledged, lost } = outgoing;
  removeFragment(lost, fragment);
  if (fragment.offset > queue.start) {
    if (acknowledged === NO_FRAGMENTS) outgoing.acknowledged = [];
    addFragment(outgoing.acknowledged, fragment);
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
  discardChunks(queue, start);
}

/** A fragment was lost: what of it has not arrived in other packets is sent again. */
export function loseFragment(outgoing: OutgoingMessages, fragment: Fragment): void {
  const { queue, acknowledged } = outgoing;
  const offset = Math.max(queue.start, fragment.offset);
  const length = fragment.offset + fragment.length - offset;
  if (length <= 0) return;
  if (outgoing.lost === NO_FRAGMENTS) outgoing.lost = [];
  for (const part of findMissing(acknowledged, { offset, length })) {
    addFragment(outgoing.lost, part);
  }
}

/** The oldest bytes that were sent and are not acknowledged, at most so many, are sent again as if they were lost. */
export function loseOldest(outgoing: OutgoingMessages, most: number): void {
  const { queue, sent, acknowledged } = outgoing;
  const whole = { offset: queue.start, length: sent - queue.start };
  let left = most;
  for (const part of findMissing(acknowledged, whole)) {
    if (left <= 0) break;
    const length = Math.min(part.length, left);
    loseFragment(outgoing, { offset: part.offset, length });
    left -= length;
  }
}

/** Bytes from the first one that is not acknowledged to the last that may be sent now. */
export function unacknowledgedBytes({ queue, sent, limit }: OutgoingMessages): number {
  return Math.max(sent, Math.min(queue.end, limit)) - queue.start;
}

/** Takes all of these as one fragment, whether they were sent before or not; null when there are none. */
export function takeUnacknowledged(outgoing: OutgoingMessages): Fragment | null {
  const length = unacknowledgedBytes(outgoing);
  if (length === 0) return null;
  const { queue, lost } = outgoing;
  outgoing.sent = queue.start + length;
  if (lost.length > 0) outgoing.lost = NO_FRAGMENTS;
  return { offset: queue.start, length };
}
