// What a receiver knows of the packets that came (docs/protocol.md s. 12.1, RFC 9000 s. 13.2): each
// number once, the ranges to acknowledge, and when an ACK is due. Knows nothing of frames, keys or
// what a packet carried.

import { type AckRange, type AckRanges, MAX_ACK_RANGES } from "./ack-ranges.ts";
import { BASE_DATAGRAM_SIZE } from "./path-mtu.ts";
import { arrive, createReplayWindow, type ReplayWindow } from "./replay-window.ts";
import { MAX_ACK_DELAY } from "./round-trip.ts";

/**
 * An ACK leaves at once after so many ack-eliciting packets (RFC 9000 s. 13.2.2) that together are longer than
 * this, bytes: so TCP has it, too (RFC 5681 s. 4.2). In a room each message is a short packet to each member, and
 * an ACK for every other one is a third of what a server does.
 */
export const PACKETS_PER_ACK = 2;
export const BYTES_PER_ACK = BASE_DATAGRAM_SIZE;

export interface ReceivedPackets {
  readonly window: ReplayWindow;
  /** What the peer is still to be told, largest first; at most MAX_ACK_RANGES, oldest forgotten. */
  readonly ranges: ReceivedRange[];
  /** When the largest number arrived, ms. */
  largestAt: number;
  /** The largest number of an ack-eliciting packet, -1 before the first. */
  largestEliciting: number;
  /** Ack-eliciting packets that no ACK has told of yet, and the bytes of their datagrams. */
  elicited: number;
  elicitedBytes: number;
  /** When an ACK is due, ms; Infinity while none is. */
  ackDueAt: number;
  /** ACKs taken so far: the number of the next. */
  acks: number;
}

interface ReceivedRange extends AckRange {
  smallest: number;
  largest: number;
  /** The number of the first ACK that tells this range as it is now. */
  toldBy: number;
}

/** What an ACK frame says. */
export interface Ack {
  /** Kept beside the packet that carries the frame, for `ackAcknowledged`. */
  readonly id: number;
  /** Not empty. */
  readonly ranges: AckRanges;
  /** How long the largest number waited for this ACK, ms. */
  readonly delay: number;
}

export function createReceivedPackets(): ReceivedPackets {
  return {
    window: createReplayWindow(),
    ranges: [],
    largestAt: 0,
    largestEliciting: -1,
    elicited: 0,
    elicitedBytes: 0,
    ackDueAt: Infinity,
    acks: 0,
  };
}

/**
 * Takes in an authentic packet whose frames have been processed; false, and nothing changes, when
 * its number has come before or is below the replay window.
 *
 * @param size bytes of its datagram; a full one, where nothing is said
 */
export function packetReceived(
  received: ReceivedPackets,
  number: number,
  eliciting: boolean,
  now: number,
  size: number = BASE_DATAGRAM_SIZE,
): boolean {
  const { window, ranges, largestEliciting } = received;
  const before = window.largest;
  if (!arrive(window, number)) return false;
  if (number > before) received.largestAt = now;
  const range = insert(ranges, number, received.acks);
  if (!eliciting) return true;

  received.elicited += 1;
  received.elicitedBytes += size;
  received.largestEliciting = Math.max(largestEliciting, number);
  // In order: nothing is missing between the last ack-eliciting packet and this (s. 13.2.1).
  const inOrder = number > largestEliciting && range.smallest <= largestEliciting + 1;
  const few = received.elicited < PACKETS_PER_ACK || received.elicitedBytes <= BYTES_PER_ACK;
  const dueAt = inOrder && few ? now + MAX_ACK_DELAY : now;
  received.ackDueAt = Math.min(received.ackDueAt, dueAt);
  return true;
}

/** Whether an ACK would tell the peer of a packet that it waits to hear about. */
export function hasNews(received: ReceivedPackets): boolean {
  return received.elicited > 0;
}

/** What the ACK frame that leaves now says; null before the first packet. */
export function takeAck(received: ReceivedPackets, now: number): Ack | null {
  if (received.ranges.length === 0) return null;
  const id = received.acks;
  received.acks += 1;
  received.elicited = 0;
  received.elicitedBytes = 0;
  received.ackDueAt = Infinity;
  const ranges = received.ranges.map(({ smallest, largest }) => ({ smallest, largest }));
  return { id, ranges, delay: now - received.largestAt };
}

/**
 * The packet that carried this ACK has arrived: what the ACK told need not be told again (RFC 9000
 * s. 13.2.4). The range of the largest number stays, for every ACK has to name it (s. 13.2.3).
 */
export function ackAcknowledged(received: ReceivedPackets, id: number): void {
  const { ranges } = received;
  let kept = 1;
  for (let index = 1; index < ranges.length; index++) {
    const range = ranges[index];
    if (range === undefined || range.toldBy <= id) continue;
    ranges[kept] = range;
    kept += 1;
  }
  if (kept < ranges.length) ranges.length = kept;
}

/** Adds a number that no range holds yet, and returns the range that holds it now. */
function insert(ranges: ReceivedRange[], number: number, toldBy: number): ReceivedRange {
  // Nearly always the range of the largest number grows by one: the search starts there.
  let index = 0;
  let range = ranges[0];
  while (range !== undefined && number < range.smallest - 1) {
    index += 1;
    range = ranges[index];
  }
  if (range === undefined || number > range.largest + 1) {
    const added = { smallest: number, largest: number, toldBy };
    ranges.splice(index, 0, added);
    if (ranges.length > MAX_ACK_RANGES) ranges.length = MAX_ACK_RANGES;
    return added;
  }
  range.toldBy = toldBy;
  if (number > range.largest) {
    range.largest = number;
    return range;
  }
  range.smallest = number;
  const below = ranges[index + 1];
  if (below !== undefined && below.largest === number - 1) {
    range.smallest = below.smallest;
    ranges.splice(index + 1, 1);
  }
  return range;
}
