// Messages on their way in: fragments of the stream, in any order and any number of times, become whole
// messages, once and in order (docs/protocol.md s. 11), in bounded memory (s. 13). Knows no packets.

import { readVarint } from "../bytes.ts";
import { type ByteQueue, createByteQueue, extend, forget, view } from "./byte-queue.ts";
import { MAX_MESSAGE } from "./outgoing-messages.ts";

/** Bytes ahead of the reader that are taken (docs/protocol.md s. 13). */
export const RECEIVE_WINDOW = 1024 * 1024;

/**
 * Early fragments held at once: a window's worth of the smallest full datagrams, four times over. More
 * gaps than that are not a network's doing.
 */
export const MAX_EARLY_FRAGMENTS = 4_096;

/** The longest head of a message: a varint. */
const MAX_HEAD = 8;

interface EarlyFragment {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export interface IncomingMessages {
  /** What has arrived without a gap and was not taken. */
  readonly arrived: ByteQueue;
  /** Fragments that came before what is in front of them, by their offsets. */
  readonly early: EarlyFragment[];
  /** How far the peer was told that it may go. */
  granted: number;
}

/** What is wrong: the peer went past the window, or a message past its bound. */
export type MessageFault = "beyond-window" | "message-too-long";

export function createIncomingMessages(): IncomingMessages {
  return { arrived: createByteQueue(), early: [], granted: RECEIVE_WINDOW };
}

/** Takes a fragment in; null when nothing is wrong with it. `bytes` may be kept. */
export function receiveFragment(
  incoming: IncomingMessages,
  offset: number,
  bytes: Uint8Array,
): MessageFault | null {
  const { arrived, early } = incoming;
  if (offset + bytes.length > incoming.granted) return "beyond-window";
  if (offset > arrived.end) return keepEarly(early, { offset, bytes });
  join(arrived, { offset, bytes });
  let passed = 0;
  for (const fragment of early) {
    if (fragment.offset > arrived.end) break;
    join(arrived, fragment);
    passed += 1;
  }
  if (passed > 0) early.splice(0, passed);
  return null;
}

/**
 * Takes whole messages, oldest first, at most `most` of them: none when none is whole. A fault is the
 * peer's, and found when its message comes to be taken.
 */
export function takeMessages(
  incoming: IncomingMessages,
  most: number,
): { messages: Uint8Array[]; fault: MessageFault | null } {
  const { arrived } = incoming;
  const messages: Uint8Array[] = [];
  while (messages.length < most && arrived.start < arrived.end) {
    const bytes = view(arrived, arrived.start, Math.min(MAX_HEAD, arrived.end - arrived.start));
    const cursor = { bytes, at: 0, end: bytes.length };
    const length = readVarint(cursor);
    if (length === null && bytes.length < MAX_HEAD) break;
    if (length === null || length > MAX_MESSAGE) return { messages, fault: "message-too-long" };
    const start = arrived.start + cursor.at;
    if (start + length > arrived.end) break;
    messages.push(view(arrived, start, length).slice());
    forget(arrived, start + length);
  }
  return { messages, fault: null };
}

/**
 * The limit to tell the peer of now, or null while the last one leaves it enough room: half a window.
 * No message fills a window, so a peer that waits for this never waits for ever.
 */
export function nextWindow({ arrived, granted }: IncomingMessages): number | null {
  const limit = arrived.start + RECEIVE_WINDOW;
  return limit - granted < RECEIVE_WINDOW / 2 ? null : limit;
}

/** The peer is being told of `limit`. */
export function grantWindow(incoming: IncomingMessages, limit: number): void {
  incoming.granted = Math.max(incoming.granted, limit);
}

/** Adds what is new of a fragment that begins at or before the end of what has arrived. */
function join(arrived: ByteQueue, { offset, bytes }: EarlyFragment): void {
  const known = arrived.end - offset;
  if (known >= bytes.length) return;
  extend(arrived, bytes.length - known).set(known === 0 ? bytes : bytes.subarray(known));
}

function keepEarly(early: EarlyFragment[], fragment: EarlyFragment): MessageFault | null {
  let at = early.length;
  while (at > 0 && (early[at - 1]?.offset ?? 0) > fragment.offset) at -= 1;
  const before = early[at - 1];
  const end = fragment.offset + fragment.bytes.length;
  // The same again, or less of it.
  if (before !== undefined && before.offset + before.bytes.length >= end) return null;
  if (early.length >= MAX_EARLY_FRAGMENTS) return "beyond-window";
  // A copy: the fragment is a view of its whole packet, which would be kept as long.
  early.splice(at, 0, { offset: fragment.offset, bytes: Uint8Array.from(fragment.bytes) });
  return null;
}
