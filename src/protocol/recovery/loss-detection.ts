// When a sent packet is lost, and when to probe a peer that is silent (RFC 9002 s. 6): one timer serves
// both. The thresholds start as the RFC's and grow with the reordering that the path shows, as in RACK
// (RFC 8985 s. 6.2). Knows nothing of windows: what a loss means for them is congestion control's.

import { probeTimeout, type RoundTrip, TIMER_GRANULARITY } from "./round-trip.ts";
import {
  dropSettled,
  isInFlight,
  type SentPacket,
  type SentPackets,
  settlePacket,
} from "./sent-packets.ts";

/**
 * The longest time between probes of a silent peer, ms, unless one round trip takes longer. RFC 9002
 * s. 6.2.1 doubles it without a limit: after 30 s of silence the next probe could be 30 s away. Two
 * datagrams of 1,200 bytes every 3 s, under 1 kB/s, congest no link, and a link that works again is
 * noticed within 3 s.
 */
export const MAX_PROBE_INTERVAL = 3_000;

/**
 * So many probe timeouts in a row are of the same length. RFC 9002 s. 6.2.1 doubles all but the first; but where datagrams are
 * lost at random, and not by congestion, the next ones find the way, and a person waits. Linux does the same six times for TCP
 * with little in flight (tcp_thin_linear_timeouts).
 */
const EQUAL_TIMEOUTS = 4;

/** Losses over this many probe timeouts, nothing arriving in between, are persistent (s. 7.6.1). */
const PERSISTENT_CONGESTION_THRESHOLD = 3;

/** Packets sent later that arrive before one is declared lost (s. 6.1.1). */
const PACKET_THRESHOLD = 3;

/** Round trips a packet may take once a later one has arrived (s. 6.1.2). */
const TIME_THRESHOLD = 9 / 8;

/** With more reordering than this, packets, only the time threshold decides. */
const MAX_PACKET_THRESHOLD = 128;

/** The time threshold's bound: a round trip beside the packet's own, as in RFC 8985 s. 6.2, step 4. */
const MAX_TIME_THRESHOLD = 2;

/** After this many loss detections in a row, none undone, the thresholds are the RFC's again (ibid.). */
export const LOSSES_UNTIL_FORGOTTEN = 16;

/** How much reordering the path has shown, and so how late a packet may be before it counts as lost. */
export interface Reordering {
  /** Packets. */
  packetThreshold: number;
  /** Round trips. */
  timeThreshold: number;
  /** Loss detections since the last one that turned out to be wrong. */
  lossesSince: number;
}

export interface LossDetection {
  readonly reordering: Reordering;
  /** The largest packet number acknowledged so far, -1 before the first. */
  largestAcknowledged: number;
  /** When the oldest packet in flight is lost by time, ms; Infinity while no later one has arrived. */
  lossAt: number;
  /** Probe timeouts since the last acknowledgment, and how many of them do not count for the backoff. */
  timeouts: number;
  uncounted: number;
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
    uncounted: 0,
    lastElicitingAt: -Infinity,
    lastTimeoutAt: -Infinity,
  };
}

/** Declares lost each packet that an acknowledged one has overtaken by too much (s. 6.1, A.10). */
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
    // The same sum that the timer is set to: rounding can't make it fire for nothing again and again.
    const lossAt = packet.sentAt + patience;
    if (!overtaken && lossAt > now) {
      // Later packets were sent later: none of them is lost before this one.
      detection.lossAt = lossAt;
      break;
    }
    settlePacket(sent, packet, "lost");
    lost.push(packet);
    if (packet.kind === "path-mtu-probe" || packet.sentAt <= roundTrip.firstSampleAt) continue;
    silentSince = Math.min(silentSince, packet.sentAt);
    longest = Math.max(longest, packet.sentAt - silentSince);
  }
  dropSettled(sent);
  const limit = PERSISTENT_CONGESTION_THRESHOLD * probeTimeout(roundTrip);
  return { lost, persistent: longest > limit };
}

/** When the loss or the probe timer fires next, ms; Infinity for never (s. 6.2.1, A.8). */
export function lossTimerAt(
  detection: LossDetection,
  sent: SentPackets<unknown>,
  roundTrip: RoundTrip,
): number {
  if (detection.lossAt !== Infinity) return detection.lossAt;
  if (sent.packetsInFlight === 0) return Infinity;
  const timeout = probeTimeout(roundTrip);
  const counted = detection.timeouts - detection.uncounted;
  const doublings = Math.max(0, counted - EQUAL_TIMEOUTS + 1);
  const backedOff = Math.min(timeout * 2 ** doublings, MAX_PROBE_INTERVAL);
  // From the last timeout too: a probe that could not be sent must not make it fire at once again.
  const since = Math.max(detection.lastElicitingAt, detection.lastTimeoutAt);
  return since + Math.max(timeout, backedOff);
}

/** The last acknowledgment came now. */
export function endTimeouts(detection: LossDetection): void {
  detection.timeouts = 0;
  detection.uncounted = 0;
}

export function createReordering(): Reordering {
  return { packetThreshold: PACKET_THRESHOLD, timeThreshold: TIME_THRESHOLD, lossesSince: 0 };
}

/**
 * A packet that was declared lost has arrived: the thresholds become what would have waited for it.
 *
 * @param packets how far its number is below the largest acknowledged one
 * @param roundTrips how long it took
 */
export function raiseThresholds(reordering: Reordering, packets: number, roundTrips: number): void {
  reordering.lossesSince = 0;
  reordering.packetThreshold = Math.min(
    Math.max(reordering.packetThreshold, packets + 1),
    MAX_PACKET_THRESHOLD,
  );
  reordering.timeThreshold = Math.min(
    Math.max(reordering.timeThreshold, roundTrips),
    MAX_TIME_THRESHOLD,
  );
}

/** Packets were declared lost: the path may have stopped reordering. */
export function countLoss(reordering: Reordering): void {
  reordering.lossesSince += 1;
  if (reordering.lossesSince < LOSSES_UNTIL_FORGOTTEN) return;
  reordering.packetThreshold = PACKET_THRESHOLD;
  reordering.timeThreshold = TIME_THRESHOLD;
}
