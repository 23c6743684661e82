// Incoming messages: fragments of the stream, in any order and any number of times, become whole messages,
// once and in order (docs/protocol.md s. 11), in bounded memory (s. 13). Knows no packets.

import { readVarint } from "../bytes.ts";
import { addFragment, type Fragment, NO_FRAGMENTS } from "./fragments.ts";
import { MAX_MESSAGE } from "./outgoing-messages.ts";
import { copyFromPages, discardPages, type PagedBytes, writePaged } from "./paged-bytes.ts";
import {
  type ByteQueue,
  createByteQueue,
  discardBytes,
  extendBytes,
  viewBytes,
} from "./stream-queues.ts";

/** Bytes that are accepted ahead of the reader (docs/protocol.md s. 13). */
export const RECEIVE_WINDOW = 1024 * 1024;

/**
 * Early fragments with gaps between them: four times as many as the smallest full datagrams in a window. No
 * network causes more gaps than that.
 */
export const MAX_EARLY_FRAGMENTS = 4_096;

/** Bytes of the longest length before a message: a varint. */
const MAX_LENGTH_BYTES = 8;

export interface IncomingMessages {
  /** What has arrived without a gap and was not taken yet. */
  readonly arrived: ByteQueue;
  /** Fragments that arrived before what precedes them, and their bytes. */
  early: Fragment[];
  readonly earlyBytes: PagedBytes;
  /** The limit that the peer has: it may send bytes up to it. */
  granted: number;
  /** When the last limit was sent, ms. */
  grantedAt: number;
  /** Bytes ahead of the reader that the next limit grants. */
  window: number;
  /** Bytes of messages that were taken, and that the program above has not finished with. */
  unfinished: number;
}

/** The peer went beyond the window, or a message is too long. */
export type MessageFault = "beyond-window" | "message-too-long";

/** @param window bytes that are granted at first */
export function createIncomingMessages(window: number = RECEIVE_WINDOW): IncomingMessages {
  return {
    arrived: createByteQueue(),
    early: NO_FRAGMENTS,
    earlyBytes: new Map(),
    granted: window,
    grantedAt: Number.NEGATIVE_INFINITY,
    window,
    unfinished: 0,
  };
}

/** Stores a fragment; null when nothing is wrong with it. The bytes are copied. */
export function receiveFragment(
  incoming: IncomingMessages,
  offset: number,
  bytes: Uint8Array,
): MessageFault | null {
  const { arrived, early } = incoming;
  if (offset + bytes.length > incoming.granted) return "beyond-window";
  if (offset > arrived.end) return keepEarly(incoming, offset, bytes);
  const known = arrived.end - offset;
  if (known >= bytes.length) return null;
  const added = extendBytes(arrived, bytes.length - known, incoming.granted - arrived.start);
  added.set(known === 0 ? bytes : bytes.subarray(known));
  if (early.length > 0) appendEarly(incoming);
  return null;
}

/**
 * Takes whole messages, oldest first, at most `most` of them; none when none is whole. A fault is the peer's,
 * and detected when its message would be taken.
 */
export function takeMessages(
  incoming: IncomingMessages,
  most: number,
): { messages: Uint8Array[]; fault: MessageFault | null } {
  const { arrived } = incoming;
  const messages: Uint8Array[] = [];
  while (messages.length < most && arrived.start < arrived.end) {
    const headLength = Math.min(MAX_LENGTH_BYTES, arrived.end - arrived.start);
    const bytes = viewBytes(arrived, arrived.start, headLength);
    const cursor = { bytes, at: 0, end: bytes.length };
    const length = readVarint(cursor);
    if (length === null && bytes.length < MAX_LENGTH_BYTES) break;
    if (length === null || length > MAX_MESSAGE) return { messages, fault: "message-too-long" };
    const start = arrived.start + cursor.at;
    if (start + length > arrived.end) break;
    messages.push(viewBytes(arrived, start, length).slice());
    discardBytes(arrived, start + length);
  }
  return { messages, fault: null };
}

/**
 * The limit to send to the peer now, or null while the last one leaves it half a window. No message fills a
 * window, so a peer that waits for a new limit always gets it: at the latest when the program above is done.
 */
export function nextWindow(incoming: IncomingMessages): number | null {
  const { arrived, granted, window, unfinished } = incoming;
  const limit = arrived.start + window - unfinished;
  const isUsedUp = arrived.end === granted;
  return limit - granted >= (isUsedUp ? 1 : window / 2) ? limit : null;
}

/** `limit` is being sent to the peer. */
export function grantWindow(incoming: IncomingMessages, limit: number): void {
  incoming.granted = Math.max(incoming.granted, limit);
}

/** Bytes of the objects around a message. */
const MESSAGE_OBJECTS = 128;

/** The program above was given messages, and finishes with them later. */
export function startMessages(incoming: IncomingMessages, messages: readonly Uint8Array[]): void {
  incoming.unfinished += sizeOf(messages);
}

export function finishMessages(incoming: IncomingMessages, messages: readonly Uint8Array[]): void {
  incoming.unfinished -= sizeOf(messages);
}

function sizeOf(messages: readonly Uint8Array[]): number {
  let size = 0;
  for (const { length } of messages) size += length + MESSAGE_OBJECTS;
  return size;
}

function keepEarly(
  incoming: IncomingMessages,
  offset: number,
  bytes: Uint8Array,
): MessageFault | null {
  if (incoming.early === NO_FRAGMENTS) incoming.early = [];
  const { early, earlyBytes } = incoming;
  addFragment(early, { offset, length: bytes.length });
  writePaged(earlyBytes, offset, bytes);
  return early.length > MAX_EARLY_FRAGMENTS ? "beyond-window" : null;
}

/** Appends the early fragments before which nothing is missing any more. */
function appendEarly({ arrived, early, earlyBytes, granted }: IncomingMessages): void {
  const from = early[0]?.offset ?? 0;
  let to = from;
  let passed = 0;
  for (const { offset, length } of early) {
    if (offset > arrived.end) break;
    to = offset + length;
    passed += 1;
    const start = arrived.end;
    if (to <= start) continue;
    copyFromPages(earlyBytes, start, extendBytes(arrived, to - start, granted - arrived.start));
  }
  if (passed === 0) return;
  early.splice(0, passed);
  discardPages(earlyBytes, from, to, early[0]?.offset ?? Number.POSITIVE_INFINITY);
}
