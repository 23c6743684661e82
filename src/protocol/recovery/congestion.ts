// What a congestion controller is (RFC 9002 s. 7): it says how many bytes may be in flight. It knows
// nothing of packets' contents, of timers, nor of how loss is found out; so one can replace another.

import type { SentPacket } from "./sent-packets.ts";

/** RFC 9002 s. 7.3. Slow start doubles the window each round trip, avoidance adds a datagram. */
export type CongestionPhase = "slow-start" | "recovery" | "congestion-avoidance";

/** Datagrams of the initial window and of a burst (RFC 9002 s. 7.2, 7.7). */
const INITIAL_WINDOW_DATAGRAMS = 10;
/** What ten Ethernet datagrams carry: longer ones get no larger initial window (RFC 9002 s. 7.2). */
const INITIAL_WINDOW_BYTES = 14_720;
/** RFC 9002 s. 7.2: with two datagrams in flight one lost needs no timeout. */
const MINIMUM_WINDOW_DATAGRAMS = 2;

/** What a controller may know of a packet. */
export type Flown = Pick<SentPacket<unknown>, "number" | "sentAt" | "size">;

/** Losses that were found out together. */
export interface LossReport {
  /** Packets lost, path MTU probes not counted; at least 1. */
  readonly packets: number;
  /** The smallest of their numbers: larger than that of any packet lost before. */
  readonly firstNumber: number;
  /** The largest of their numbers. */
  readonly lastNumber: number;
  /** The number of the first packet that is sent in answer. */
  readonly nextNumber: number;
  /** Nothing arrived for so long that what was known of the path is void (RFC 9002 s. 7.6). */
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
  acknowledged(packet: Flown, utilized: boolean, now: number): void;
  lost(report: LossReport, now: number): void;
  /** A packet that was reported lost has arrived after all. */
  undoLoss(packet: Flown): void;
  /** Nothing was in flight for longer than a probe timeout. */
  restartAfterIdle(): void;
  /** The path carries datagrams of another size now. The window in bytes stays (RFC 8899 s. 3). */
  setDatagramSize(size: number): void;
}

/** The window before anything is known of the path, and the longest burst; bytes. */
export function initialWindow(datagramSize: number): number {
  return Math.min(
    INITIAL_WINDOW_DATAGRAMS * datagramSize,
    Math.max(INITIAL_WINDOW_BYTES, MINIMUM_WINDOW_DATAGRAMS * datagramSize),
  );
}

/** No loss makes the window smaller than this; bytes. */
export function minimumWindow(datagramSize: number): number {
  return MINIMUM_WINDOW_DATAGRAMS * datagramSize;
}
