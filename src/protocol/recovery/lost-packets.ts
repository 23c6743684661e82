// The packets that were declared lost, remembered for a while: should one be acknowledged after all,
// what it carried need not be sent again (RFC 9002 A.1). Knows nothing of why it was declared lost.

import type { AckRanges } from "./ack-ranges.ts";
import type { SentPacket } from "./sent-packets.ts";

/**
 * Lost packets remembered at a time. Forgetting one costs a needless retransmission at most;
 * remembering one holds on to what it carried.
 */
export const MAX_REMEMBERED_LOSSES = 256;

interface LostPacket<Content> {
  readonly packet: SentPacket<Content>;
  /** When it was declared lost, ms. */
  readonly lostAt: number;
}

/** Smallest number first, and so longest lost first: no packet is lost before an older one. */
export type LostPackets<Content> = LostPacket<Content>[];

/** Remembers newly lost packets, smallest number first; beyond the bound the oldest are forgotten. */
export function remember<Content>(
  lost: LostPackets<Content>,
  packets: readonly SentPacket<Content>[],
  now: number,
): void {
  if (packets.length === 0) return;
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

/** Takes out, each once, the packets that the ranges acknowledge; smallest number first. */
export function takeAcknowledged<Content>(
  lost: LostPackets<Content>,
  ranges: AckRanges,
): SentPacket<Content>[] {
  const taken: SentPacket<Content>[] = [];
  if (lost.length === 0) return taken;
  // Both from the largest number down, side by side.
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
    taken.push(packet);
  }
  return taken.toReversed();
}
