// Messages on their way out, as one stream of bytes (docs/protocol.md s. 11): what was said, what of it
// has been sent, what must be sent again and what has arrived. Knows no packets, keys or times.

import { varintLength, writeVarint } from "../bytes.ts";
import { type ChunkQueue, copyTo, createChunkQueue, extend, forget, share } from "./chunk-queue.ts";

/** Bytes of one message. */
export const MAX_MESSAGE = 65_536;

/** Bytes said and not yet acknowledged that are held; past it the sayer waits. */
export const MAX_UNACKNOWLEDGED = 4 * 1024 * 1024;

/** A piece of the stream: `length` bytes from `offset`. */
export interface Piece {
  readonly offset: number;
  readonly length: number;
}

export interface OutgoingMessages {
  /** What was said and is not acknowledged from its start on. */
  readonly said: ChunkQueue;
  /** Everything before it was sent at least once. */
  sent: number;
  /** How far the peer is willing to take bytes. */
  limit: number;
  /** Acknowledged pieces beyond the start of `said`, in order, apart. */
  acknowledged: Piece[];
  /** Lost pieces, in order, apart: sent before anything new. */
  lost: Piece[];
}

export function createOutgoingMessages(): OutgoingMessages {
  return { said: createChunkQueue(), sent: 0, limit: 0, acknowledged: [], lost: [] };
}

/** Whether a message of `length` bytes may be said now. */
export function hasRoom({ said }: OutgoingMessages, length: number): boolean {
  return said.end - said.start + varintLength(length) + length <= MAX_UNACKNOWLEDGED;
}

/** Appends a message (of at most 65,536 bytes, for which there is room). */
export function append({ said }: OutgoingMessages, message: Uint8Array): void {
  const bytes = extend(said, varintLength(message.length) + message.length);
  bytes.set(message, writeVarint(bytes, 0, message.length));
}

/** Messages as they stand in the stream, each behind its length: for whoever says the same to many. */
export function streamOf(messages: readonly Uint8Array[]): Uint8Array {
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
 * Appends what `streamOf` made, and nobody changes any more; false, and nothing is appended, where there is no
 * room for all of it.
 */
export function appendStream({ said }: OutgoingMessages, stream: Uint8Array): boolean {
  if (said.end - said.start + stream.length > MAX_UNACKNOWLEDGED) return false;
  share(said, stream);
  return true;
}

/** Whether anything may be sent: lost pieces, or new ones that the peer takes. */
export function hasPiece(outgoing: OutgoingMessages): boolean {
  return outgoing.lost.length > 0 || outgoing.sent < Math.min(outgoing.said.end, outgoing.limit);
}

/** Bytes that may be sent now: lost ones, and new ones that the peer takes. */
export function readyBytes({ lost, limit, said, sent }: OutgoingMessages): number {
  let ready = Math.max(0, Math.min(said.end, limit) - sent);
  for (const { length } of lost) ready += length;
  return ready;
}

/** Takes the next piece to send, of at most `most` bytes; null when there is none. */
export function takePiece(outgoing: OutgoingMessages, most: number): Piece | null {
  const again = outgoing.lost[0];
  if (again !== undefined) {
    const length = Math.min(again.length, most);
    if (length === again.length) outgoing.lost.shift();
    else outgoing.lost[0] = { offset: again.offset + length, length: again.length - length };
    return { offset: again.offset, length };
  }
  const length = Math.min(most, Math.min(outgoing.said.end, outgoing.limit) - outgoing.sent);
  if (length <= 0) return null;
  const piece = { offset: outgoing.sent, length };
  outgoing.sent += length;
  return piece;
}

/** Writes the bytes of a piece that was taken and is not acknowledged to `into`, from `at` on. */
export function writePiece(
  { said }: OutgoingMessages,
  { offset, length }: Piece,
  into: Uint8Array,
  at: number,
): void {
  copyTo(said, offset, length, into, at);
}

/** The peer takes bytes up to `limit`; it never takes that back. */
export function widen(outgoing: OutgoingMessages, limit: number): void {
  outgoing.limit = Math.max(outgoing.limit, limit);
}

/** A piece has arrived. */
export function acknowledge(outgoing: OutgoingMessages, piece: Piece): void {
  const { said, acknowledged } = outgoing;
  outgoing.lost = without(outgoing.lost, piece);
  if (piece.offset > said.start) {
    outgoing.acknowledged = withPiece(acknowledged, piece);
    return;
  }
  let start = Math.max(said.start, piece.offset + piece.length);
  let passed = 0;
  for (const { offset, length } of acknowledged) {
    if (offset > start) break;
    start = Math.max(start, offset + length);
    passed += 1;
  }
  if (passed > 0) acknowledged.splice(0, passed);
  forget(said, start);
}

/** A piece was lost: what of it has not arrived by other ways is sent again. */
export function lose(outgoing: OutgoingMessages, piece: Piece): void {
  let missing = [piece];
  for (const arrived of [{ offset: 0, length: outgoing.said.start }, ...outgoing.acknowledged]) {
    missing = without(missing, arrived);
  }
  for (const its of missing) outgoing.lost = withPiece(outgoing.lost, its);
}

/** The pieces and `added`, joined where they touch. */
function withPiece(pieces: readonly Piece[], added: Piece): Piece[] {
  let { offset } = added;
  let end = offset + added.length;
  const before: Piece[] = [];
  const after: Piece[] = [];
  for (const piece of pieces) {
    const itsEnd = piece.offset + piece.length;
    if (itsEnd < offset) before.push(piece);
    else if (piece.offset > end) after.push(piece);
    else {
      offset = Math.min(offset, piece.offset);
      end = Math.max(end, itsEnd);
    }
  }
  return [...before, { offset, length: end - offset }, ...after];
}

/** What is left of the pieces outside of `removed`. */
function without(pieces: readonly Piece[], removed: Piece): Piece[] {
  if (pieces.length === 0) return [];
  const removedEnd = removed.offset + removed.length;
  return pieces.flatMap((piece) => {
    const end = piece.offset + piece.length;
    if (end <= removed.offset || piece.offset >= removedEnd) return [piece];
    const left: Piece[] = [];
    if (piece.offset < removed.offset) {
      left.push({ offset: piece.offset, length: removed.offset - piece.offset });
    }
    if (end > removedEnd) left.push({ offset: removedEnd, length: end - removedEnd });
    return left;
  });
}
