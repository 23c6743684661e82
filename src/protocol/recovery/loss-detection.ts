// When a sent packet is lost, and when to ask after those nothing is heard of (RFC 9002 s. 6). One
// timer serves both. Knows nothing of windows: what a loss means for them is congestion control's.

import { createReordering, type Reordering } from "./reordering.ts";
import { probeTimeout, type RoundTrip, TIMER_GRANULARITY } from "./round-trip.ts";
import {
  decide,
  dropDecided,
  isInFlight,
  type SentPacket,
  type SentPackets,
} from "./sent-packets.ts";

/**
 * The longest time between probes of a silent peer, ms, unless one round trip takes longer. RFC 9002
 * s. 6.2.1 doubles it without end: after 30 s of silence the next probe could be 30 s away. Two
 * datagrams of 1,200 bytes each 3 s, under 1 kB/s, congest no link, and a link that comes back is
 * found in 3 s.
 */
export const MAX_PROBE_INTERVAL = 3_000;

/** Losses over so many probe timeouts, nothing arriving in between, are persistent (s. 7.6.1). */
export const PERSISTENT_CONGESTION_THRESHOLD = 3;

export interface LossDetection {
  readonly reordering: Reordering;
  /** The largest packet number acknowledged so far, -1 before the first. */
  largestAcknowledged: number;
  /** When the oldest packet in flight is lost by time, ms; Infinity while no later one arrived. */
  lossAt: number;
  /** Probe timeouts since the last acknowledgment. */
  timeouts: number;
  /** When the newest ack-eliciting packet was sent, ms. */
  lastElicitingAt: number;
  /** When the last probe timeout was, ms. */
  lastTimeoutAt: number;
}

export interface Losses<Content> {
  /** Newly lost, smallest number first. */
  readonly lost: readonly SentPacket<Content>[];
  /** The losses are a sign of persistent congestion. */
  readonly persistent: boolean;
}

export function createLossDetection(): LossDetection {
  return {
    reordering: createReordering(),
    largestAcknowledged: -1,
    lossAt: Infinity,
    timeouts: 0,
    lastElicitingAt: -Infinity,
    lastTimeoutAt: -Infinity,
  };
}

/** Declares lost what an acknowledged packet has overtaken by too much (s. 6.1, A.10). */
export function detectLosses<Content>(
  detection: LossDetection,
  sent: SentPackets<Content>,
  roundTrip: RoundTrip,
  now: number,
): Losses<Content> {
  const { packets } = sent;
  const { packetThreshold, timeThreshold } = detection.reordering;
  const patience = Math.max(
    timeThreshold * Math.max(roundTrip.latest, roundTrip.smoothed),
    TIMER_GRANULARITY,
  );
  const lost: SentPacket<Content>[] = [];
  let longest = 0;
  // When the first of several lost packets was sent between which nothing arrived (s. 7.6.2).
  let silentSince = Infinity;
  detection.lossAt = Infinity;

  for (let index = sent.head; index < packets.length; index++) {
    const packet = packets[index];
    if (packet === undefined || packet.number > detection.largestAcknowledged) break;
    if (packet.status === "acknowledged") silentSince = Infinity;
    if (!isInFlight(packet)) continue;
    const overtaken = packet.number + packetThreshold <= detection.largestAcknowledged;
    // The same sum as the timer is set to: rounding cannot make it fire for nothing, for ever.
    const lossAt = packet.sentAt + patience;
    if (!overtaken && lossAt > now) {
      // Those behind it were sent later: none of them is lost before this one.
      detection.lossAt = lossAt;
      break;
    }
    decide(sent, packet, "lost");
    lost.push(packet);
    if (packet.kind === "path-mtu-probe" || packet.sentAt <= roundTrip.firstSampleAt) continue;
    silentSince = Math.min(silentSince, packet.sentAt);
    longest = Math.max(longest, packet.sentAt - silentSince);
  }
  dropDecided(sent);
  const limit = PERSISTENT_CONGESTION_THRESHOLD * probeTimeout(roundTrip);
  return { lost, persistent: longest > limit };
}

/** When to call for the next timeout, ms; Infinity for never (s. 6.2.1, A.8). */
export function timerAt(
  detection: LossDetection,
  sent: SentPackets<unknown>,
  roundTrip: RoundTrip,
): number {
  if (detection.lossAt !== Infinity) return detection.lossAt;
  if (sent.packetsInFlight === 0) return Infinity;
  const timeout = probeTimeout(roundTrip);
  const backedOff = Math.min(timeout * 2 ** detection.timeouts, MAX_PROBE_INTERVAL);
  // From the last timeout too: a probe that could not be sent must not make it fire at once again.
  const since = Math.max(detection.lastElicitingAt, detection.lastTimeoutAt);
  return since + Math.max(timeout, backedOff);
}
