// Short talk on a path that loses datagrams is sent more often than once, before anybody can know whether the first one has
// arrived: a person waits (docs/protocol.md s. 12.4). Decides what goes again and when; doesn't know how packets are built.

import { isLossyArrival } from "../recovery/received-packets.ts";
import { isLossy, restartBackoff } from "../recovery/recovery.ts";
import type { Fragment } from "./fragments.ts";
import { FRAGMENT_HEAD, writeFragmentHead } from "./frames.ts";
import { takeUnacknowledged, unacknowledgedBytes } from "./outgoing-messages.ts";
import type { Session } from "./session.ts";
import { copyFromChunks } from "./stream-queues.ts";

/** While no more bytes than this are unacknowledged, each packet carries all of them: some ten lines of talk. */
const MOST_REPEATED = 400;
/** Bytes of messages that fit a packet of 1,200 bytes beside all else that it may carry: what a copy or a probe repeats. */
export const MOST_IN_PACKET = 1_000;
/** A copy follows after this part of a round trip, for losses come in bursts; but not within COPY_AFTER ms. */
const COPY_PART = 1 / 8;
const COPY_AFTER = 5;
/**
 * Bytes of copies a second, and at once: a fifth of what a telephone call takes (G.711), which no network notices, and more than
 * people type.
 */
const COPY_RATE = 1_600;
const COPY_BURST = 4_000;

/** What a session keeps of its copies, once its path has lost something. */
export interface Redundancy {
  /** When a copy is due, ms; Infinity while none is. */
  copyAt: number;
  /** Bytes of copies that might be sent at `filledAt`, ms; below 0 after the last one. */
  credit: number;
  filledAt: number;
}

/**
 * Whether a packet carries everything that is not acknowledged, and not only what is due.
 *
 * @param isAgain it is a probe or a copy, and sent for that
 */
function repeatsAll(session: Session, isAgain: boolean): boolean {
  const bytes = unacknowledgedBytes(session.outgoing);
  return isAgain ? bytes <= MOST_IN_PACKET : bytes <= MOST_REPEATED && isLossyPath(session);
}

/** Whether packets were lost a moment ago, in either direction: mostly it is the same network. */
function isLossyPath({ received, recovery }: Session): boolean {
  return isLossy(recovery) || isLossyArrival(received);
}

/** A packet was sent with bytes that none had before. */
function scheduleCopy(session: Session, now: number): void {
  const bytes = unacknowledgedBytes(session.outgoing);
  // A few lines are worth trying anew; when more waits nothing has passed for long.
  if (bytes <= MOST_REPEATED) restartBackoff(session.recovery);
  if (bytes > MOST_IN_PACKET || !isLossyPath(session)) return;
  session.redundancy ??= { copyAt: Infinity, credit: COPY_BURST, filledAt: now };
  const { redundancy } = session;
  // One copy for all that is sent until then.
  if (redundancy.copyAt !== Infinity && redundancy.copyAt > now) return;
  redundancy.copyAt = now + copyDelay(session);
}

/** After how long something is sent again, ms, in case it was lost. */
function copyDelay({ recovery }: Session): number {
  return Math.max(COPY_AFTER, recovery.path.roundTrip.smoothed * COPY_PART);
}

/** Whether a copy of everything that is not acknowledged is to be sent now. */
function takeCopy({ outgoing, recovery, redundancy }: Session, now: number): boolean {
  if (redundancy === null || now < redundancy.copyAt) return false;
  redundancy.copyAt = Infinity;
  const { credit, filledAt } = redundancy;
  redundancy.credit = Math.min(COPY_BURST, credit + ((now - filledAt) / 1_000) * COPY_RATE);
  redundancy.filledAt = now;
  const bytes = unacknowledgedBytes(outgoing);
  if (bytes === 0 || bytes > MOST_IN_PACKET || redundancy.credit <= 0) return false;
  // Copies never make a session more than its congestion window allows, nor hold anything else back.
  return recovery.sent.bytesInFlight + 2 * MOST_IN_PACKET <= recovery.path.congestion.window;
}

function copySent({ redundancy }: Session, size: number): void {
  if (redundancy !== null) redundancy.credit -= size;
}

/** Writes everything that is not acknowledged, if that is to go again; null where it is not, or there is no room for it. */
function writeRepeated(
  session: Session,
  isAgain: boolean,
  into: Uint8Array,
  from: number,
  limit: number,
): { end: number; fragments: readonly Fragment[] } | null {
  const { outgoing } = session;
  if (!repeatsAll(session, isAgain)) return null;
  if (limit - from < FRAGMENT_HEAD + unacknowledgedBytes(outgoing)) return null;
  const fragment = takeUnacknowledged(outgoing);
  if (fragment === null) return null;
  const { offset, length } = fragment;
  const at = writeFragmentHead(into, from, offset, length);
  copyFromChunks(outgoing.queue, offset, length, into, at);
  return { end: at + length, fragments: [fragment] };
}

/** All of it, for paths that lose datagrams. */
export const copies = { repeatsAll, scheduleCopy, copyDelay, takeCopy, copySent, writeRepeated };
export type Copies = typeof copies;
