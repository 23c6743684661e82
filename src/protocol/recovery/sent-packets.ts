// The packets that were sent and whose fate is open (RFC 9002 A.1): a queue in the order of their
// numbers. Knows nothing of time thresholds or windows, nor of what a packet carries.
//
//   packets: [ a  l  L | F  a  F  -  F  F ]     F in flight   a acknowledged   l, L lost
//                        ^head      ^ack-only
//
// The head is the oldest packet in flight. What is before it is dropped; what is behind it and
// already decided waits for it, at most until the reordering thresholds have decided the head too.

import type { AckRanges } from "./ack-ranges.ts";

/**
 * Packets in flight at a time. With datagrams of 1,200 bytes they fill 1 Gbit/s over a round trip of
 * 78 ms; a peer that acknowledges nothing makes us keep no more.
 */
export const MAX_IN_FLIGHT_PACKETS = 8_192;

/**
 * Packets on record at a time. Probes go beyond MAX_IN_FLIGHT_PACKETS, for nothing may block them
 * (RFC 9002 s. 7.5): two each 3 s, so for 25 min in which the peer talks and acknowledges nothing.
 */
export const MAX_PACKETS_ON_RECORD = MAX_IN_FLIGHT_PACKETS + 1_024;

/** So many packets on record are the end of recording ACKs: they leave room for what matters. */
const MAX_ON_RECORD_WITH_ACKS = MAX_IN_FLIGHT_PACKETS / 2;

/** Dropped packets that may still take up slots of the array. */
const MAX_DROPPED = 32;

/**
 * "eliciting" asks for an acknowledgment and is in flight until it has one or is lost. "ack-only"
 * does neither: an ACK, or a close. "path-mtu-probe" is eliciting, but its loss says only that it
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
}

export function createSentPackets<Content>(): SentPackets<Content> {
  return { packets: [], head: 0, nextNumber: 0, packetsInFlight: 0, bytesInFlight: 0 };
}

/** Whether another packet may be put in flight. */
export function hasRoom(sent: SentPackets<unknown>): boolean {
  return onRecord(sent) < MAX_IN_FLIGHT_PACKETS;
}

/** How many probes may be put in flight. */
export function roomForProbes(sent: SentPackets<unknown>): number {
  return MAX_PACKETS_ON_RECORD - onRecord(sent);
}

function onRecord({ packets, head }: SentPackets<unknown>): number {
  return packets.length - head;
}

/**
 * Enters a packet, which has the number `nextNumber`. Without room even for probes it gets no record,
 * and so will be neither acknowledged nor lost.
 */
export function enter<Content>(
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
    if (sent.packetsInFlight === 0 || onRecord(sent) >= MAX_ON_RECORD_WITH_ACKS) return;
  } else {
    if (roomForProbes(sent) === 0) return;
    sent.packetsInFlight += 1;
    sent.bytesInFlight += size;
  }
  sent.packets.push({ number, kind, sentAt: now, size, content, status: "sent" });
}

/** Marks what the ranges acknowledge for the first time, and returns it, smallest number first. */
export function acknowledge<Content>(
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
    for (let index = indexOf(sent, range.smallest); index < sent.packets.length; index++) {
      const packet = sent.packets[index];
      if (packet === undefined || packet.number > range.largest) break;
      if (packet.status !== "sent") continue;
      decide(sent, packet, "acknowledged");
      acknowledged.push(packet);
    }
  }
  return acknowledged;
}

/** Takes a packet out of flight. It stays in the queue until `dropDecided`. */
export function decide<Content>(
  sent: SentPackets<Content>,
  packet: SentPacket<Content>,
  status: "acknowledged" | "lost",
): void {
  packet.status = status;
  if (packet.kind === "ack-only") return;
  sent.packetsInFlight -= 1;
  sent.bytesInFlight -= packet.size;
}

/** Up to `count` packets that are longest in flight, path MTU probes left out. */
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

/** Declares all that is in flight lost, and returns it, smallest number first. */
export function giveUpAll<Content>(sent: SentPackets<Content>): SentPacket<Content>[] {
  const lost = sent.packets.slice(sent.head).filter(isInFlight);
  for (const packet of lost) decide(sent, packet, "lost");
  dropDecided(sent);
  return lost;
}

export function isInFlight(packet: SentPacket<unknown>): boolean {
  return packet.status === "sent" && packet.kind !== "ack-only";
}

/** Moves the head to the oldest packet in flight, and lets go of all before it. */
export function dropDecided(sent: SentPackets<unknown>): void {
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
  // Moved only when most slots are free: each packet is moved once on the average.
  if (sent.head > MAX_DROPPED && sent.head * 2 > packets.length) {
    packets.splice(0, sent.head);
    sent.head = 0;
  }
}

/** The index of the first packet on record with this number or a larger one. */
function indexOf(sent: SentPackets<unknown>, number: number): number {
  const { packets, head } = sent;
  const oldest = packets[head];
  if (oldest === undefined || number <= oldest.number) return head;
  // Nearly always every number is on record, and this is the place; never is it further on.
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
