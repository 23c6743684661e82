// The frames in a sealed packet as bytes (docs/protocol.md s. 10). Knows their layout only: a handler is
// called for each.

import { type Cursor, readVarint, writeVarint } from "../bytes.ts";
import { type AckRange, type AckRanges, MAX_ACK_RANGES } from "../recovery/ack-ranges.ts";
import {
  decodeSocketAddress,
  encodeSocketAddress,
  SOCKET_ADDRESS_LENGTH,
  type SocketAddress,
} from "../socket-address.ts";
import { MAX_NOTE } from "./notes.ts";

const PADDING = 0x00;
const PING = 0x01;
const ACK = 0x02;
const FRAGMENT = 0x03;
const WINDOW = 0x04;
const PATH_CHALLENGE = 0x05;
const PATH_RESPONSE = 0x06;
const CLOSE = 0x07;
const RESET_TOKEN = 0x08;
const CANDIDATES = 0x09;
const PUNCH = 0x0a;
const NOTE = 0x0b;

/**
 * Frames of a packet, PADDING not counted. Each takes time however short it is, so that without a bound a packet full
 * of one-byte fragments would take a hundred times as long as another. Even after many losses a sender has no use for
 * more: the next packet has room as well.
 */
export const MAX_FRAMES = 64;

/** Bytes of a PATH CHALLENGE: too many to guess (RFC 9000 s. 19.17). */
/** The type, offset and length of a FRAGMENT at their longest; bytes. */
export const FRAGMENT_HEAD = 1 + 8 + 4;
export const CHALLENGE_LENGTH = 8;
const RESET_TOKEN_LENGTH = 16;
/** Addresses in CANDIDATES: of a few interfaces, both families, behind a router or two. */
export const MAX_CANDIDATES = 10;
/** Bytes of CANDIDATES and PUNCH at their longest. */
export const CANDIDATES_LENGTH = 1 + 8 + 1 + MAX_CANDIDATES * SOCKET_ADDRESS_LENGTH;
export const PUNCH_LENGTH = 1 + 8;
/** Bytes of a NOTE at its longest. */
export const NOTE_LENGTH = 1 + 8 + 1 + MAX_NOTE;
/** Bytes of the reason in a CLOSE: a sentence. */
const MAX_REASON = 256;

/** Called for each frame of a packet. Arrays are views of the packet's bytes. */
export interface FrameHandler {
  onPing(): void;
  /** At least one range, largest first, with at least one number missing between two. */
  onAck(ranges: AckRanges, delayMicroseconds: number): void;
  onFragment(offset: number, bytes: Uint8Array): void;
  onWindow(limit: number): void;
  onPathChallenge(data: Uint8Array): void;
  onPathResponse(data: Uint8Array): void;
  onClose(code: number, reason: string): void;
  onResetToken(token: Uint8Array): void;
  onCandidates(sequence: number, addresses: readonly SocketAddress[]): void;
  onPunch(round: number): void;
  onNote(number: number, bytes: Uint8Array): void;
}

/**
 * Calls `handler` for each frame, in order. Returns false as soon as one is truncated, unknown or impossible, or one
 * too many: the peer broke the protocol, and the rest is not read.
 */
export function readFrames(bytes: Uint8Array, handler: FrameHandler): boolean {
  const cursor: Cursor = { bytes, at: 0, end: bytes.length };
  let frames = 0;
  while (cursor.at < cursor.end) {
    const type = bytes[cursor.at];
    cursor.at += 1;
    if (type === PADDING) continue;
    frames += 1;
    if (frames > MAX_FRAMES || !readFrame(type, cursor, handler)) return false;
  }
  return true;
}

/**
 * Whether the packet only asks whether a path works, or answers that (RFC 9000 s. 9.1): then it does not move the session.
 * Frames up to the first one of another type are looked at.
 */
export function isProbing(bytes: Uint8Array): boolean {
  let at = 0;
  while (at < bytes.length) {
    const type = bytes[at];
    if (type === PATH_CHALLENGE || type === PATH_RESPONSE) at += 1 + CHALLENGE_LENGTH;
    else if (type === PADDING) at += 1;
    else return false;
  }
  return true;
}

/** Whether the packet has a CLOSE, which is always its first frame. */
export function hasClose(bytes: Uint8Array): boolean {
  return bytes[0] === CLOSE;
}

function readFrame(type: number | undefined, cursor: Cursor, handler: FrameHandler): boolean {
  switch (type) {
    case PING:
      handler.onPing();
      return true;
    case ACK:
      return readAck(cursor, handler);
    case FRAGMENT: {
      const offset = readVarint(cursor);
      const piece = readPrefixed(cursor, cursor.end);
      if (offset === null || piece === null) return false;
      if (!Number.isSafeInteger(offset + piece.length)) return false;
      handler.onFragment(offset, piece);
      return true;
    }
    case WINDOW: {
      const limit = readVarint(cursor);
      if (limit === null) return false;
      handler.onWindow(limit);
      return true;
    }
    case PATH_CHALLENGE:
    case PATH_RESPONSE: {
      const data = readExactly(cursor, CHALLENGE_LENGTH);
      if (data === null) return false;
      if (type === PATH_CHALLENGE) handler.onPathChallenge(data);
      else handler.onPathResponse(data);
      return true;
    }
    case CLOSE: {
      const code = readVarint(cursor);
      const reason = readPrefixed(cursor, MAX_REASON);
      if (code === null || reason === null) return false;
      handler.onClose(code, new TextDecoder().decode(reason));
      return true;
    }
    case RESET_TOKEN: {
      const token = readExactly(cursor, RESET_TOKEN_LENGTH);
      if (token === null) return false;
      handler.onResetToken(token);
      return true;
    }
    case CANDIDATES:
      return readCandidates(cursor, handler);
    case PUNCH: {
      const round = readVarint(cursor);
      if (round === null) return false;
      handler.onPunch(round);
      return true;
    }
    case NOTE: {
      const number = readVarint(cursor);
      const note = readPrefixed(cursor, MAX_NOTE);
      if (number === null || note === null) return false;
      handler.onNote(number, note);
      return true;
    }
    default:
      return false;
  }
}

function readCandidates(cursor: Cursor, handler: FrameHandler): boolean {
  const sequence = readVarint(cursor);
  const count = readVarint(cursor);
  if (sequence === null || count === null || count > MAX_CANDIDATES) return false;
  const addresses: SocketAddress[] = [];
  for (let index = 0; index < count; index += 1) {
    const bytes = readExactly(cursor, SOCKET_ADDRESS_LENGTH);
    if (bytes === null) return false;
    addresses.push(decodeSocketAddress(bytes));
  }
  handler.onCandidates(sequence, addresses);
  return true;
}

/** RFC 9000 s. 19.3.1: each range is relative to the one before. */
function readAck(cursor: Cursor, handler: FrameHandler): boolean {
  const largest = readVarint(cursor);
  const delay = readVarint(cursor);
  const more = readVarint(cursor);
  const length = readVarint(cursor);
  if (largest === null || delay === null || more === null || length === null) return false;
  if (more >= MAX_ACK_RANGES || length > largest) return false;
  const ranges: AckRange[] = [{ smallest: largest - length, largest }];
  let smallest = largest - length;
  for (let index = 0; index < more; index += 1) {
    const gap = readVarint(cursor);
    const rangeLength = readVarint(cursor);
    if (gap === null || rangeLength === null) return false;
    const next = smallest - gap - 2;
    if (next < 0 || rangeLength > next) return false;
    smallest = next - rangeLength;
    ranges.push({ smallest, largest: next });
  }
  handler.onAck(ranges, delay);
  return true;
}

function readPrefixed(cursor: Cursor, most: number): Uint8Array | null {
  const length = readVarint(cursor);
  return length === null || length > most ? null : readExactly(cursor, length);
}

function readExactly(cursor: Cursor, length: number): Uint8Array | null {
  if (cursor.at + length > cursor.end) return null;
  const piece = cursor.bytes.subarray(cursor.at, cursor.at + length);
  cursor.at += length;
  return piece;
}

// Writers return the index after what they wrote. The caller makes sure that there is room.

export function writePing(into: Uint8Array, at: number): number {
  into[at] = PING;
  return at + 1;
}

/** @param ranges at least one */
export function writeAck(
  into: Uint8Array,
  at: number,
  ranges: AckRanges,
  delayMicroseconds: number,
): number {
  const [first] = ranges;
  if (first === undefined) return at;
  into[at] = ACK;
  let next = writeVarint(into, at + 1, first.largest);
  next = writeVarint(into, next, delayMicroseconds);
  next = writeVarint(into, next, ranges.length - 1);
  next = writeVarint(into, next, first.largest - first.smallest);
  let above = first.smallest;
  for (const { smallest, largest } of ranges.slice(1)) {
    next = writeVarint(into, next, above - largest - 2);
    next = writeVarint(into, next, largest - smallest);
    above = smallest;
  }
  return next;
}

/** Writes a FRAGMENT up to its bytes, which the caller writes. */
export function writeFragmentHead(
  into: Uint8Array,
  at: number,
  offset: number,
  length: number,
): number {
  into[at] = FRAGMENT;
  return writeVarint(into, writeVarint(into, at + 1, offset), length);
}

export function writeWindow(into: Uint8Array, at: number, limit: number): number {
  into[at] = WINDOW;
  return writeVarint(into, at + 1, limit);
}

export function writePathChallenge(into: Uint8Array, at: number, data: Uint8Array): number {
  into[at] = PATH_CHALLENGE;
  into.set(data, at + 1);
  return at + 1 + CHALLENGE_LENGTH;
}

export function writePathResponse(into: Uint8Array, at: number, data: Uint8Array): number {
  into[at] = PATH_RESPONSE;
  into.set(data, at + 1);
  return at + 1 + CHALLENGE_LENGTH;
}

/** A reason longer than 256 bytes of UTF-8 is truncated. */
export function writeClose(into: Uint8Array, at: number, code: number, reason: string): number {
  into[at] = CLOSE;
  const next = writeVarint(into, at + 1, code);
  const bytes = new Uint8Array(MAX_REASON);
  // encodeInto stops before a character that does not fit.
  const { written } = new TextEncoder().encodeInto(reason, bytes);
  const start = writeVarint(into, next, written);
  into.set(bytes.subarray(0, written), start);
  return start + written;
}

export function writeResetToken(into: Uint8Array, at: number, token: Uint8Array): number {
  into[at] = RESET_TOKEN;
  into.set(token, at + 1);
  return at + 1 + RESET_TOKEN_LENGTH;
}

/** @param addresses at most MAX_CANDIDATES */
export function writeCandidates(
  into: Uint8Array,
  at: number,
  sequence: number,
  addresses: readonly SocketAddress[],
): number {
  into[at] = CANDIDATES;
  let next = writeVarint(into, writeVarint(into, at + 1, sequence), addresses.length);
  for (const address of addresses) {
    into.set(encodeSocketAddress(address), next);
    next += SOCKET_ADDRESS_LENGTH;
  }
  return next;
}

export function writePunch(into: Uint8Array, at: number, round: number): number {
  into[at] = PUNCH;
  return writeVarint(into, at + 1, round);
}

/** @param note at most MAX_NOTE bytes */
export function writeNote(into: Uint8Array, at: number, number: number, note: Uint8Array): number {
  into[at] = NOTE;
  const start = writeVarint(into, writeVarint(into, at + 1, number), note.length);
  into.set(note, start);
  return start + note.length;
}
