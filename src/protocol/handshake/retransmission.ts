// When a datagram of an initiator's handshake is sent again, until it is answered (docs/protocol.md s. 8.1), and what that shows
// of the path. Knows nothing of what is in it.

import { measureExchange } from "../recovery/round-trip.ts";

/**
 * While no round trip is known, ms after the time before; the last one repeats. The first is what most paths take; then two for
 * each of the next ones, for who has lost one may lose the next. In the first second they are nine datagrams, and a connection may
 * begin with ten (RFC 9002 s. 7.2).
 */
const UNKNOWN_PATH = [120, 60, 90, 90, 120, 120, 150, 150, 200, 300, 500] as const;
/** The longest interval, ms. */
const MAX_INTERVAL = 500;
/** Once a round trip is known, what waits longer than it was probably lost: so many times as long, and so many ms, for jitter. */
const ROUND_TRIPS = 1.25;
const JITTER = 20;
/** The next ones follow after half a round trip, but this is the least, ms; each interval is so much longer than the one before. */
const NEXT_AFTER = 0.5;
const LEAST_NEXT = 40;
const GROWTH = 1.25;
/** Who has had to send something again sends the next one twice, so many ms apart: losses come in bursts. */
const COPY_AFTER = 15;

export interface Retransmission {
  /** When the datagram is due. */
  dueAt: number;
  /** How often it was sent, and when first. */
  transmissions: number;
  startedAt: number;
  /** It is sent twice to begin with, for an earlier one had to be sent again. */
  isDoubled: boolean;
  /** The least that an exchange with the responder has taken, ms; null until one was measured. */
  roundTrip: number | null;
  /** Whether that is the time of a datagram that was sent once. */
  isExact: boolean;
  /** Something was sent again after more than a round trip. */
  lossy: boolean;
}

/** Of the first datagram, which is due at once. */
export function startRetransmission(now: number): Retransmission {
  return {
    dueAt: now,
    transmissions: 0,
    startedAt: now,
    isDoubled: false,
    roundTrip: null,
    isExact: false,
    lossy: false,
  };
}

/** The datagram is being sent. */
export function datagramSent(retransmission: Retransmission, now: number): void {
  retransmission.transmissions += 1;
  if (retransmission.isExact && wasSentAgain(retransmission)) retransmission.lossy = true;
  retransmission.dueAt = now + nextInterval(retransmission);
}

/** It was answered, and another one is due at once. */
export function datagramAnswered(retransmission: Retransmission, now: number): void {
  const { isExact, roundTrip, startedAt } = retransmission;
  const again = wasSentAgain(retransmission);
  const took = measureExchange(now - startedAt, again);
  if (took !== null && (took < (roundTrip ?? Infinity) || (!again && !isExact))) {
    retransmission.roundTrip = took;
    retransmission.isExact ||= !again;
  }
  retransmission.isDoubled ||= again;
  retransmission.transmissions = 0;
  retransmission.startedAt = now;
  retransmission.dueAt = now;
}

/** How long an answer to the datagram that was just sent is awaited, ms. */
function nextInterval({ isDoubled, isExact, roundTrip, transmissions }: Retransmission): number {
  if (isDoubled && transmissions === 1) return COPY_AFTER;
  const place = isDoubled ? transmissions - 2 : transmissions - 1;
  if (roundTrip === null || !isExact) return UNKNOWN_PATH[place] ?? MAX_INTERVAL;
  if (place === 0) return ROUND_TRIPS * roundTrip + JITTER;
  const next = Math.max(NEXT_AFTER * roundTrip, LEAST_NEXT) * GROWTH ** (place - 1);
  return Math.min(next, MAX_INTERVAL);
}

/** Not counting the second of two to begin with. */
function wasSentAgain({ transmissions, isDoubled }: Retransmission): boolean {
  return transmissions > (isDoubled ? 2 : 1);
}
