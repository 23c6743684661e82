// When something is due in a session, and what is done then (docs/protocol.md s. 12, 14, 15): its timers, in one place.

import { failureAtTimeout } from "../handshake/initiator-handshake.ts";
import { ackWakeAt } from "../recovery/received-packets.ts";
import { recoveryTimerAt, timerFired } from "../recovery/recovery.ts";
import { loseOldest } from "./outgoing-messages.ts";
import { MOST_IN_PACKET } from "./redundancy.ts";
import { endSession, requeueLost, type Session } from "./session.ts";

/** A PING is sent after so long without one, ms: NATs drop an unused binding, some after 30 s (RFC 4787 s. 4.3). */
export const KEEP_ALIVE = 20_000;
/** The peer is silent when an acknowledgment has been awaited for so long, ms (docs/protocol.md s. 15.1). */
export const SILENCE = 5_000;
/** Nothing was received for so long, ms, three keep-alives: the session is over (docs/protocol.md s. 15.2). */
export const IDLE_TIMEOUT = 60_000;
/** When `tickSession`, or a datagram, is due next, ms; Infinity for never. */
export function sessionWakeAt(session: Session): number {
  const { handshake, closing, recovery, received } = session;
  if (closing !== null) return Math.min(closing.nextAt, closing.until);
  if (session.end !== null) return Number.POSITIVE_INFINITY;
  if (handshake !== null) return Math.min(handshake.retransmission.dueAt, handshake.giveUpAt);
  return Math.min(
    ackWakeAt(received),
    recoveryTimerAt(recovery),
    session.blockedUntil,
    session.redundancy?.copyAt ?? Infinity,
    session.otherPaths?.wakeAt(session) ?? Infinity,
    // A PING that is due already waits for room, and whatever takes the room keeps the session alive as well.
    session.pingDue ? Number.POSITIVE_INFINITY : quietSince(session) + KEEP_ALIVE,
    session.lastHeardAt + IDLE_TIMEOUT,
    session.silent ? Number.POSITIVE_INFINITY : awaitingSince(session) + SILENCE,
  );
}

/** Does what is due; afterwards there may be datagrams to send. */
export function tickSession(session: Session, now: number): void {
  const { handshake, closing, otherPaths, recovery } = session;
  if (closing !== null && now >= closing.until) session.closing = null;
  else if (closing !== null && now >= closing.nextAt) {
    closing.nextAt += closing.interval;
    closing.due = true;
  }
  if (session.end !== null) return;
  if (handshake !== null) {
    if (now >= handshake.giveUpAt)
      endSession(session, { type: "handshake-failed", failure: failureAtTimeout(handshake) });
    return;
  }
  if (now >= session.lastHeardAt + IDLE_TIMEOUT) return endSession(session, { type: "timed-out" });
  if (now >= awaitingSince(session) + SILENCE) session.silent = true;
  if (now >= quietSince(session) + KEEP_ALIVE) session.pingDue = true;
  const unansweredSince = awaitingOnPathSince(session);
  otherPaths?.tick(session, now);
  const outcome = timerFired(recovery, now);
  if (outcome.type === "lost") requeueLost(session, outcome.lost);
  if (outcome.type === "probe") {
    if (otherPaths?.leaveIfDead(session, unansweredSince, now) === true) return;
    session.probes = outcome.datagrams;
    // A probe carries again what has been in flight longest (RFC 9002 s. 6.2.4), as much as fits.
    requeueLost(session, outcome.oldest);
    if (session.copies?.repeatsAll(session, true) !== true) {
      loseOldest(session.outgoing, outcome.datagrams * MOST_IN_PACKET);
    }
  }
}

/** Since when an acknowledgment is awaited and nothing was received, ms; Infinity while none is. */
function awaitingSince({ lastHeardAt, recovery }: Session): number {
  return Math.max(lastHeardAt, recovery.sent.inFlightSince);
}

/** The same for the path in use: what comes by another one says nothing of it. */
export function awaitingOnPathSince({ path, recovery }: Session): number {
  return Math.max(path.heardAt, recovery.sent.inFlightSince);
}

/**
 * Since when a keep-alive counts. The initiator's PING and its ACK keep both directions alive: a responder
 * sends one only when those are overdue.
 */
function quietSince({ role, lastElicitingAt, lastHeardAt }: Session): number {
  return role === "responder" ? Math.max(lastElicitingAt, lastHeardAt + SILENCE) : lastElicitingAt;
}
