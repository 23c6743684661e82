// The round-trip time, estimated from samples (RFC 9002 s. 5), and the probe timeout that follows from it
// (s. 6.2.1). Knows nothing of packets.

/** The longest that a receiver delays an acknowledgment, ms (RFC 9000 s. 13.2.1, 18.2). */
export const MAX_ACK_DELAY = 25;

/** What a timer can distinguish, ms (RFC 9002 s. 6.1.2). */
export const TIMER_GRANULARITY = 1;

/** Assumed before the first sample, ms: the first probe leaves after 1 s (RFC 9002 s. 6.2.2). */
const INITIAL_ROUND_TRIP = 333;

/** All times in ms. */
export interface RoundTrip {
  /** The newest sample, 0 before the first. */
  latest: number;
  smoothed: number;
  /** Mean deviation of the samples. */
  variation: number;
  /** The smallest sample, 0 before the first. */
  minimum: number;
  /** When the first sample was taken; Infinity before. */
  firstSampleAt: number;
}

/** @param initial ms assumed until the first sample, such as what the handshake took */
export function createRoundTrip(initial: number = INITIAL_ROUND_TRIP): RoundTrip {
  return {
    latest: 0,
    smoothed: initial,
    variation: initial / 2,
    minimum: 0,
    firstSampleAt: Infinity,
  };
}

/**
 * The round trip, ms, that an exchange of the handshake has shown; null for none.
 *
 * @param took ms since a datagram was sent first
 * @param again it was sent again, and which of them was answered is not known (Karn's algorithm, RFC 6298 s. 3): it took no longer
 */
export function measureExchange(took: number, again: boolean): number | null {
  return !again || took < INITIAL_ROUND_TRIP ? took : null;
}

/** Whether anything is known of the path, so that `smoothed` is more than an assumption. */
export function isMeasured({ firstSampleAt, smoothed }: RoundTrip): boolean {
  return firstSampleAt !== Infinity || smoothed !== INITIAL_ROUND_TRIP;
}

/**
 * Takes a sample (RFC 9002 s. 5.3).
 *
 * @param sample ms from sending the largest acknowledged packet to its acknowledgment
 * @param ackDelay ms that the peer says it delayed the acknowledgment
 */
export function takeSample(
  roundTrip: RoundTrip,
  sample: number,
  ackDelay: number,
  now: number,
): void {
  roundTrip.latest = sample;
  if (roundTrip.firstSampleAt === Infinity) {
    roundTrip.firstSampleAt = now;
    roundTrip.minimum = sample;
    roundTrip.smoothed = sample;
    roundTrip.variation = sample / 2;
    return;
  }
  roundTrip.minimum = Math.min(roundTrip.minimum, sample);
  // Delay beyond the peer's promise is the path's or the scheduler's, and counts as round trip.
  const delay = Math.min(Math.max(ackDelay, 0), MAX_ACK_DELAY);
  // A peer that exaggerates its delay can't push the estimate below the minimum.
  const adjusted = sample >= roundTrip.minimum + delay ? sample - delay : sample;
  // The variation first, from the old mean, as in RFC 9002 A.7 and RFC 6298 s. 2.3.
  const deviation = Math.abs(roundTrip.smoothed - adjusted);
  roundTrip.variation = (3 * roundTrip.variation + deviation) / 4;
  roundTrip.smoothed = (7 * roundTrip.smoothed + adjusted) / 8;
}

/** After persistent congestion the path may have changed (RFC 9002 s. 5.2). */
export function forgetMinimum(roundTrip: RoundTrip): void {
  roundTrip.minimum = roundTrip.latest;
}

/** How long to wait for an acknowledgment before sending a probe, ms (RFC 9002 s. 6.2.1). */
export function probeTimeout(roundTrip: RoundTrip): number {
  return roundTrip.smoothed + Math.max(4 * roundTrip.variation, TIMER_GRANULARITY) + MAX_ACK_DELAY;
}
