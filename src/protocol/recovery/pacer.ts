// When the next datagram may leave, so that a window is spread over a round trip (RFC 9002 s. 7.7):
// a bucket of credit that fills at the window's rate. Knows nothing of how the window is found.
//
// A datagram leaves while there is credit, and may overdraw it: the mean rate stays exact, and the
// bucket need not know the next one's size.

/**
 * The shortest wait, ms: no timer finer than this is asked for. Where more than a datagram leaves
 * each millisecond they leave together.
 */
export const SHORTEST_WAIT = 1;

/** What the bucket holds at least, ms of the rate: a timer that is 1 ms late costs no throughput. */
const BUCKET_TIME = 2;

/** How much faster than a window each round trip: in slow start it is to double (RFC 9002 s. 7.7). */
const SLOW_START_GAIN = 2;
const GAIN = 1.25;

/** Shorter round trips, ms, would make the rate infinite: a simulated network has none at all. */
const SHORTEST_ROUND_TRIP = 0.001;

export interface Pacer {
  /** Bytes that may leave now; below 0 after an overdraft. */
  credit: number;
  /** When the credit was last reckoned, ms. */
  filledAt: number;
}

export function createPacer(): Pacer {
  return { credit: 0, filledAt: -Infinity };
}

/** Bytes a millisecond. */
export function pacingRate(window: number, roundTrip: number, slowStart: boolean): number {
  const gain = slowStart ? SLOW_START_GAIN : GAIN;
  return (gain * window) / Math.max(roundTrip, SHORTEST_ROUND_TRIP);
}

/**
 * When the next datagram may leave, ms: `now`, or a later time to ask again.
 *
 * @param rate bytes a millisecond
 * @param burst bytes that may leave at once after a pause, however low the rate
 */
export function pacedAt(
  pacer: Pacer,
  rate: number,
  burst: number,
  datagramSize: number,
  now: number,
): number {
  const capacity = Math.max(burst, rate * BUCKET_TIME);
  pacer.credit = Math.min(capacity, pacer.credit + (now - pacer.filledAt) * rate);
  pacer.filledAt = now;
  if (pacer.credit > 0) return now;
  // Until there is credit for a whole datagram: no rounding leaves the bucket a hair short of it.
  return now + Math.max((datagramSize - pacer.credit) / rate, SHORTEST_WAIT);
}

export function spend(pacer: Pacer, size: number): void {
  pacer.credit -= size;
}
