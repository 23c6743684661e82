// The packets that were sent and are neither acknowledged nor lost yet (RFC 9002 A.1), in the order of
// their numbers; and those declared lost, remembered for a while in case they arrive after all. Knows
// nothing of time thresholds or windows, nor of what a packet carries.
//
//   packets: [ a  l  L | F  a  F  -  F  F ]     F in flight   a acknowledged   l, L lost
//                        ^head      ^ack-only
//
// The head is the oldest packet in flight. Everything before it is dropped; what is settled behind it
// stays until the head is settled too, at the latest when the reordering thresholds declare it lost.

import type { AckRanges } from "./ack-ranges.ts";

/**
 * Packets in flight at a time. With datagrams of 1,200 bytes they fill 1 Gbit/s over a round trip of
 * 78 ms; a peer that acknowledges nothing can't make us keep more.
 */
export const MAX_IN_FLIGHT_PACKETS = 8_192;

/**
 * Packets on record at a time. Probes go beyond MAX_IN_FLIGHT_PACKETS, for nothing may block them
 * (RFC 9002 s. 7.5): two every 3 s, so for 25 min in which the peer sends and acknowledges nothing.
 */
const MAX_PACKETS_ON_RECORD = MAX_IN_FLIGHT_PACKETS + 1_024;

/** Beyond this many packets on record ACKs are not recorded: they leave room for what matters. */
const MAX_ON_RECORD_WITH_ACKS = MAX_IN_FLIGHT_PACKETS / 2;

/** Dropped packets that may still take up slots of the array. */
const MAX_DROPPED = 32;

/**
 * Lost packets remembered at a time. Forgetting one costs at most a needless retransmission;
 * remembering one keeps its content in memory.
 */
const MAX_REMEMBERED_LOSSES = 256;

/**
 * "eliciting" asks for an acknowledgment and is in flight until it has one or is lost. "ack-only"
 * does neither: an ACK, or a CLOSE. "path-mtu-probe" is eliciting, but its loss says only that it
 * was too long (RFC 8899 s. 3), never that there is congestion.
 */
export type PacketKind = "eliciting" | "ack-only" | "path-mtu-probe";

export interface SentPacket<Content> {
  readonly number: number;
  readonly kind: PacketKind;
  /** When it was sent, ms. */
  readonly sentAt: number;
  /** Bytes of the datagram, without IP and UDP headers. */
  readonly size: number;
  readonly content: Content;
  status: "sent" | "acknowledged" | "lost";
}

export interface SentPackets<Content> {
  readonly packets: SentPacket<Content>[];
  /** Index of the oldest packet in flight. */
  head: number;
  /** The number of the next packet: one more than the largest ever sent. */
  nextNumber: number;
  packetsInFlight: number;
  bytesInFlight: number;
  /** Since when something has been in flight without a pause, ms; Infinity while nothing is. */
  inFlightSince: number;
}

export function createSentPackets<Content>(): SentPackets<Content> {
  return {
    packets: [],
    head: 0,
    nextNumber: 0,
    packetsInFlight: 0,
    bytesInFlight: 0,
    inFlightSince: Infinity,
  };
}

export function hasRoomInFlight(sent: SentPackets<unknown>): boolean {
  return countOnRecord(sent) < MAX_IN_FLIGHT_PACKETS;
}

/** How many probes may be put in flight. */
export function roomForProbes(sent: SentPackets<unknown>): number {
  return MAX_PACKETS_ON_RECORD - countOnRecord(sent);
}

function countOnRecord({ packets, head }: SentPackets<unknown>): number {
  return packets.length - head;
}

/**
 * Records a packet, which has the number `nextNumber`. Without room even for probes it gets no record,
 * and will be neither acknowledged nor lost.
 */
export function recordSent<Content>(
  sent: SentPackets<Content>,
  kind: PacketKind,
  size: number,
  content: Content,
  now: number,
): void {
  const number = sent.nextNumber;
  sent.nextNumber += 1;
  if (kind === "ack-only") {
    // Of use only as the largest number of an ACK that acknowledges an eliciting packet before it.
    if (sent.packetsInFlight === 0 || countOnRecord(sent) >= MAX_ON_RECORD_WITH_ACKS) return;
  } else {
    if (roomForProbes(sent) === 0) return;
    if (sent.packetsInFlight === 0) sent.inFlightSince = now;
    sent.packetsInFlight += 1;
    sent.bytesInFlight += size;
  }
  sent.packets.push({ number, kind, sentAt: now, size, content, status: "sent" });
}

/** Marks what the ranges acknowledge for the first time, and returns it, smallest number first. */
export function acknowledgeRanges<Content>(
  sent: SentPackets<Content>,
  ranges: AckRanges,
): SentPacket<Content>[] {
  const acknowledged: SentPacket<Content>[] = [];
  const oldest = sent.packets[sent.head]?.number ?? Infinity;
  let last = ranges.length - 1;
  while (last >= 0 && (ranges[last]?.largest ?? 0) < oldest) last -= 1;
  for (; last >= 0; last--) {
    const range = ranges[last];
    if (range === undefined) break;
    for (let index = findIndexFrom(sent, range.smallest); index < sent.packets.length; index++) {
      const packet = sent.packets[index];
      if (packet === undefined || packet.number > range.largest) break;
      if (packet.status !== "sent") continue;
      settlePacket(sent, packet, "acknowledged");
      acknowledged.push(packet);
    }
  }
  return acknowledged;
}

/** Takes a packet out of flight. It stays in the queue until `dropSettled`. */
export function settlePacket<Content>(
  sent: SentPackets<Content>,
  packet: SentPacket<Content>,
  status: "acknowledged" | "lost",
): void {
  packet.status = status;
  if (packet.kind === "ack-only") return;
  sent.packetsInFlight -= 1;
  if (sent.packetsInFlight === 0) sent.inFlightSince = Infinity;
  sent.bytesInFlight -= packet.size;
}

/** Up to `count` packets that are in flight longest, path MTU probes left out. */
export function oldestInFlight<Content>(
  { packets, head }: SentPackets<Content>,
  count: number,
): SentPacket<Content>[] {
  const oldest: SentPacket<Content>[] = [];
  for (let index = head; index < packets.length && oldest.length < count; index++) {
    const packet = packets[index];
    if (packet?.kind === "eliciting" && packet.status === "sent") oldest.push(packet);
  }
  return oldest;
}

/** Declares lost everything in flight, and returns it, smallest number first. */
export function declareAllLost<Content>(sent: SentPackets<Content>): SentPacket<Content>[] {
  const lost = sent.packets.slice(sent.head).filter(isInFlight);
  for (const packet of lost) settlePacket(sent, packet, "lost");
  dropSettled(sent);
  return lost;
}

export function isInFlight(packet: SentPacket<unknown>): boolean {
  return packet.status === "sent" && packet.kind !== "ack-only";
}

/** Moves the head to the oldest packet in flight, and drops all before it. */
export function dropSettled(sent: SentPackets<unknown>): void {
  const { packets } = sent;
  if (sent.packetsInFlight === 0) {
    packets.length = 0;
    sent.head = 0;
    return;
  }
  let head = packets[sent.head];
  while (head !== undefined && !isInFlight(head)) {
    sent.head += 1;
    head = packets[sent.head];
  }
  // Only once most slots are free: so each packet is moved once on average.
  if (sent.head > MAX_DROPPED && sent.head * 2 > packets.length) {
    packets.splice(0, sent.head);
    sent.head = 0;
  }
}

/** The index of the first packet on record with this number or a larger one. */
function findIndexFrom(sent: SentPackets<unknown>, number: number): number {
  const { packets, head } = sent;
  const oldest = packets[head];
  if (oldest === undefined || number <= oldest.number) return head;
  // Nearly always every number is on record, and this is the index; it is never further on.
  let high = Math.min(head + number - oldest.number, packets.length);
  if (packets[high]?.number === number) return high;
  let low = head;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((packets[middle]?.number ?? Infinity) < number) low = middle + 1;
    else high = middle;
  }
  return low;
}

interface LostPacket<Content> {
  readonly packet: SentPacket<Content>;
  /** When it was declared lost, ms. */
  readonly lostAt: number;
}

/** Smallest number first, and so lost longest first: no packet is declared lost before an older one. */
export type LostPackets<Content> = LostPacket<Content>[];

/** Of all sessions that have lost nothing, for an empty list takes 64 bytes. To be replaced before one is added. */
export const NOTHING_LOST: LostPackets<never> = [];

/** Remembers newly lost packets, smallest number first; beyond the bound the oldest are forgotten. */
export function rememberLost<Content>(
  recovery: { lost: LostPackets<Content> },
  packets: readonly SentPacket<Content>[],
  now: number,
): void {
  if (packets.length === 0) return;
  if (recovery.lost === NOTHING_LOST) recovery.lost = [];
  const { lost } = recovery;
  const added = packets.slice(-MAX_REMEMBERED_LOSSES);
  const excess = lost.length + added.length - MAX_REMEMBERED_LOSSES;
  if (excess > 0) lost.splice(0, excess);
  for (const packet of added) lost.push({ packet, lostAt: now });
}

/** Forgets what was declared lost before a time, ms. */
export function forgetLostBefore(lost: LostPackets<unknown>, time: number): void {
  let forgotten = 0;
  while ((lost[forgotten]?.lostAt ?? Infinity) < time) forgotten += 1;
  if (forgotten > 0) lost.splice(0, forgotten);
}

/**
 * Takes out, each once, the lost packets that the ranges acknowledge after all, smallest number first:
 * what they carried need not be sent again (RFC 9002 A.1).
 */
export function takeRevived<Content>(
  lost: LostPackets<Content>,
  ranges: AckRanges,
): SentPacket<Content>[] {
  const revived: SentPacket<Content>[] = [];
  if (lost.length === 0) return revived;
  // Both from the largest number down, in step.
  let next = 0;
  for (let index = lost.length - 1; index >= 0; index--) {
    const packet = lost[index]?.packet;
    if (packet === undefined) break;
    while (packet.number < (ranges[next]?.smallest ?? -1)) next += 1;
    const range = ranges[next];
    if (range === undefined) break;
    if (packet.number > range.largest) continue;
    packet.status = "acknowledged";
    lost.splice(index, 1);
    revived.push(packet);
  }
  return revived.toReversed();
}
