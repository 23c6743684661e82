// What a receiver knows of the packets that arrived (docs/protocol.md s. 12.1, RFC 9000 s. 13.2): each
// number once, the ranges to acknowledge, and when an ACK is due. Knows nothing of frames, keys or
// what a packet carried.

import { type AckRange, type AckRanges, MAX_ACK_RANGES } from "./ack-ranges.ts";
import { BASE_DATAGRAM_SIZE } from "./path-mtu.ts";
import { createReplayWindow, recordArrival, type ReplayWindow } from "./replay-window.ts";
import { MAX_ACK_DELAY } from "./round-trip.ts";

/**
 * An ACK is sent at once after this many ack-eliciting packets (RFC 9000 s. 13.2.2) that together are longer
 * than a full datagram, as in TCP (RFC 5681 s. 4.2). In a room each message is a short packet to each member,
 * and an ACK for every other one would be a third of a server's work.
 */
const PACKETS_PER_ACK = 2;
const BYTES_PER_ACK = BASE_DATAGRAM_SIZE;

/**
 * Where packets were missing, for so many packets an ACK is repeated if it reports at least so many bytes, and nothing that
 * follows reports them anew: a sender with a small window stands still until it has one. The rest of a burst needs no copies, and
 * neither does what people type.
 */
const LOSSY_PACKETS = 128;
const BYTES_PER_COPY = 1_000;

export interface ReceivedPackets {
  readonly window: ReplayWindow;
  /** What still has to be acknowledged, largest first; at most MAX_ACK_RANGES, the oldest are forgotten. */
  readonly ranges: ReceivedRange[];
  /** When the largest number arrived, ms. */
  largestAt: number;
  /** The largest number of an ack-eliciting packet, -1 before the first. */
  largestEliciting: number;
  /** Ack-eliciting packets since the last ACK, and the bytes of their datagrams. */
  eliciting: number;
  elicitingBytes: number;
  /** When an ACK is due, ms; Infinity while none is. */
  ackDueAt: number;
  /** When the last ACK is repeated, ms, unless another packet carries it before; Infinity for never. */
  copyDueAt: number;
  /** Packets below this number come where others were missing a moment ago. */
  lossyBelow: number;
  /** ACKs sent so far: the id of the next. */
  acks: number;
}

interface ReceivedRange extends AckRange {
  smallest: number;
  largest: number;
  /** The id of the first ACK that reports this range as it is now. */
  reportedBy: number;
}

/** The content of an ACK frame. */
export interface Ack {
  /** Kept with the packet that carries the frame, for `ackAcknowledged`. */
  readonly id: number;
  /** Not empty. */
  readonly ranges: AckRanges;
  /** How long the largest number has waited for this ACK, ms. */
  readonly delay: number;
}

export function createReceivedPackets(): ReceivedPackets {
  return {
    window: createReplayWindow(),
    ranges: [],
    largestAt: 0,
    largestEliciting: -1,
    eliciting: 0,
    elicitingBytes: 0,
    ackDueAt: Infinity,
    copyDueAt: Infinity,
    lossyBelow: 0,
    acks: 0,
  };
}

/**
 * Records an authentic packet whose frames have been processed; false, and nothing changes, when
 * its number has arrived before or is below the replay window.
 *
 * @param size bytes of its datagram; by default a full one
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
  if (!recordArrival(window, number)) return false;
  if (number > before) received.largestAt = now;
  if (number > before + 1) received.lossyBelow = number + LOSSY_PACKETS;
  const range = addToRanges(ranges, number, received.acks);
  if (!eliciting) return true;

  received.eliciting += 1;
  received.elicitingBytes += size;
  received.largestEliciting = Math.max(largestEliciting, number);
  // In order: nothing is missing between the last ack-eliciting packet and this (s. 13.2.1).
  const inOrder = number > largestEliciting && range.smallest <= largestEliciting + 1;
  const few = received.eliciting < PACKETS_PER_ACK || received.elicitingBytes <= BYTES_PER_ACK;
  const dueAt = inOrder && few ? now + MAX_ACK_DELAY : now;
  received.ackDueAt = Math.min(received.ackDueAt, dueAt);
  return true;
}

/** Whether packets were missing a moment ago. */
export function isLossyArrival({ window, lossyBelow }: ReceivedPackets): boolean {
  return window.largest < lossyBelow;
}

/** Whether the next packet carries an ACK: there is an ack-eliciting packet that none has reported yet, or one to be repeated. */
export function isAckOwed({ eliciting, copyDueAt }: ReceivedPackets): boolean {
  return eliciting > 0 || copyDueAt !== Infinity;
}

/** When a packet with an ACK is due even if there is nothing else to send, ms; Infinity for never. */
export function ackWakeAt({ ackDueAt, copyDueAt }: ReceivedPackets): number {
  return Math.min(ackDueAt, copyDueAt);
}

/**
 * The content of the ACK frame to send now; null before the first packet.
 *
 * @param copyAfter ms after which it is repeated, where packets are lost
 */
export function takeAck(received: ReceivedPackets, now: number, copyAfter = Infinity): Ack | null {
  if (received.ranges.length === 0) return null;
  const isCopied = isLossyArrival(received) && received.elicitingBytes >= BYTES_PER_COPY;
  received.copyDueAt = isCopied ? now + copyAfter : Infinity;
  const id = received.acks;
  received.acks += 1;
  received.eliciting = 0;
  received.elicitingBytes = 0;
  received.ackDueAt = Infinity;
  const ranges = received.ranges.map(({ smallest, largest }) => ({ smallest, largest }));
  return { id, ranges, delay: now - received.largestAt };
}

/** The packet that was recorded last is to be acknowledged now. */
export function hastenAck(received: ReceivedPackets, now: number): void {
  received.ackDueAt = Math.min(received.ackDueAt, now);
}

/** The ACK that is due can't be sent before `until`, ms. */
export function postponeAck(received: ReceivedPackets, until: number): void {
  received.ackDueAt = until;
  received.copyDueAt = Infinity;
}

/**
 * The packet that carried this ACK has arrived: what the ACK reported need not be reported again
 * (RFC 9000 s. 13.2.4). The range of the largest number stays, for every ACK has to name it (s. 13.2.3).
 */
export function ackAcknowledged(received: ReceivedPackets, id: number): void {
  const { ranges } = received;
  let kept = 1;
  for (let index = 1; index < ranges.length; index++) {
    const range = ranges[index];
    if (range === undefined || range.reportedBy <= id) continue;
    ranges[kept] = range;
    kept += 1;
  }
  if (kept < ranges.length) ranges.length = kept;
}

/** Adds a number that is in no range yet, and returns the range that has it now. */
function addToRanges(ranges: ReceivedRange[], number: number, reportedBy: number): ReceivedRange {
  // Nearly always the range of the largest number grows by one: the search starts there.
  let index = 0;
  let range = ranges[0];
  while (range !== undefined && number < range.smallest - 1) {
    index += 1;
    range = ranges[index];
  }
  if (range === undefined || number > range.largest + 1) {
    const added = { smallest: number, largest: number, reportedBy };
    ranges.splice(index, 0, added);
    if (ranges.length > MAX_ACK_RANGES) ranges.length = MAX_ACK_RANGES;
    return added;
  }
  range.reportedBy = reportedBy;
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
