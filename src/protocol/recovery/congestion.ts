// How much may be in flight, and how fast it leaves: the interface of a congestion controller (RFC 9002
// s. 7), so that one can replace another, and the pacer that spreads a window over a round trip (s. 7.7).
// Knows nothing of what packets carry, of timers, or of how losses are detected.

import type { SentPacket } from "./sent-packets.ts";

/** RFC 9002 s. 7.3. Slow start doubles the window each round trip, avoidance adds a datagram. */
export type CongestionPhase = "slow-start" | "recovery" | "congestion-avoidance";

/** Datagrams of the initial window and of a burst (RFC 9002 s. 7.2, 7.7). */
const INITIAL_WINDOW_DATAGRAMS = 10;
/** What ten Ethernet datagrams carry, bytes: longer ones get no larger initial window (RFC 9002 s. 7.2). */
const INITIAL_WINDOW_BYTES = 14_720;
const INITIAL_WINDOW_LONG_DATAGRAMS = 2;
/**
 * The one after a lost datagram, and two more, show that it is lost (RFC 9002 s. 6.1.1): with fewer in flight each loss costs a
 * timeout, and where much is lost the window is always the smallest. RFC 9002 s. 7.2 has 2; BBR has 4 as well.
 */
const MINIMUM_WINDOW_DATAGRAMS = 4;

/** What a controller may know of a packet. */
export type PacketInfo = Pick<SentPacket<unknown>, "number" | "sentAt" | "size">;

/** Losses that were detected together. */
export interface LossReport {
  /** Packets lost, path MTU probes not counted; at least 1. */
  readonly packets: number;
  /** The smallest of their numbers: larger than that of any packet lost before. */
  readonly firstNumber: number;
  /** The largest of their numbers. */
  readonly lastNumber: number;
  /** The number of the first packet that is sent in answer. */
  readonly nextNumber: number;
  /** Persistent congestion (RFC 9002 s. 7.6): what was known of the path no longer holds. */
  readonly persistent: boolean;
}

export interface CongestionController {
  /** Bytes that may be in flight. */
  readonly window: number;
  readonly phase: CongestionPhase;
  /**
   * A packet has arrived.
   *
   * @param utilized whether it was in flight while the window, or pacing, held others back; if not,
   *   its arrival does not show that the path carries more (RFC 9002 s. 7.8)
   */
  acknowledged(packet: PacketInfo, utilized: boolean, now: number): void;
  lost(report: LossReport, now: number): void;
  /** A packet that was reported lost has arrived after all. */
  undoLoss(packet: PacketInfo): void;
  /** Nothing was in flight for longer than a probe timeout. */
  restartAfterIdle(): void;
  /** The path carries datagrams of another size now. The window in bytes stays (RFC 8899 s. 3). */
  setDatagramSize(size: number): void;
}

/** The window before anything is known of the path, and the longest burst; bytes. */
export function initialWindow(datagramSize: number): number {
  return Math.min(
    INITIAL_WINDOW_DATAGRAMS * datagramSize,
    Math.max(INITIAL_WINDOW_BYTES, INITIAL_WINDOW_LONG_DATAGRAMS * datagramSize),
  );
}

/** No loss makes the window smaller than this; bytes. */
export function minimumWindow(datagramSize: number): number {
  return MINIMUM_WINDOW_DATAGRAMS * datagramSize;
}

/**
 * The shortest wait, ms: no timer is finer. Where more than one datagram leaves each millisecond, they
 * leave together.
 */
export const SHORTEST_WAIT = 1;

/** What the bucket holds at least, ms of the rate: a timer that is 1 ms late costs no throughput. */
const BUCKET_TIME = 2;

/** How much faster than a window each round trip: slow start has to be able to double (RFC 9002 s. 7.7). */
const SLOW_START_GAIN = 2;
const GAIN = 1.25;

/** Shorter round trips, ms, would make the rate infinite: a simulated network has a round trip of 0. */
const SHORTEST_ROUND_TRIP = 0.001;

/**
 * A bucket of credit that fills at the window's rate. A datagram leaves while there is any credit, and may
 * overdraw it: the mean rate stays exact, and the bucket need not know the size of the next one.
 */
export interface Pacer {
  /** Bytes that may leave now; below 0 after an overdraft. */
  credit: number;
  /** When the credit was last computed, ms. */
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
 * When the next datagram may leave, ms: `now`, or a later time at which to ask again.
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
  // Until there is credit for a whole datagram, so that rounding never leaves the bucket just below it.
  return now + Math.max((datagramSize - pacer.credit) / rate, SHORTEST_WAIT);
}

export function spendCredit(pacer: Pacer, size: number): void {
  pacer.credit -= size;
}
