// When something is due about the paths of a session, and what is done then (docs/protocol.md s. 14): challenges are given up, a
// path that carries nothing any more is left for another one, and other paths are tried.

import { doubtfulPaths, findOtherPath } from "./path-choice.ts";
import { abandonChallenges, validationTimerAt } from "./path-validation.ts";
import { doubtPath, followHost, leaveDeadPath, pathsTimerAt, tryPaths } from "./paths.ts";
import { awaitingOnPathSince } from "./session-timers.ts";
import { currentProbeTimeout, type Session } from "./session.ts";

/** A path is dead, if there is another one, after so many probe timeouts in a row, and when nothing has come for so long, ms. */
const DEAD_AFTER_TIMEOUTS = 3;
const DEAD_AFTER = 500;

/** When `tick` is due next, ms; Infinity for never. */
export function wakeAt(session: Session): number {
  return Math.min(validationTimerAt(session.path), pathsTimerAt(session), pathLossTimerAt(session));
}

export function tick(session: Session, now: number): void {
  const { path } = session;
  const unansweredSince = awaitingOnPathSince(session);
  const patience = pathPatience(session);
  const isDue =
    now >= unansweredSince + patience && findOtherPath(path, unansweredSince, now) !== null;
  if (abandonChallenges(path, now) || isDue) leaveDeadPath(session, now, unansweredSince);
  else if (now >= unansweredSince + patience / 2) doubtPath(session, unansweredSince, now);
  followHost(session, null, now);
  tryPaths(session, now);
}

/** After a probe timeout. Returns whether the session went to another path. */
export function leaveIfDead(session: Session, unansweredSince: number, now: number): boolean {
  const { timeouts } = session.recovery.path.detection;
  const isDead =
    timeouts >= DEAD_AFTER_TIMEOUTS && now >= awaitingOnPathSince(session) + DEAD_AFTER;
  return isDead && leaveDeadPath(session, now, unansweredSince);
}

/**
 * How long an acknowledgment is awaited, ms, until the path in use is left for another one, unless something arrives by it; after
 * half of that the others are asked whether they still work. No probe timeout comes while new packets are sent more often
 * (RFC 9002 s. 6.2.1).
 */
function pathPatience(session: Session): number {
  return Math.max(DEAD_AFTER, DEAD_AFTER_TIMEOUTS * currentProbeTimeout(session));
}

/** When one of that is due next, ms; Infinity for never, as without another path. */
function pathLossTimerAt(session: Session): number {
  const { path } = session;
  if (path.others.length === 0) return Infinity;
  const since = awaitingOnPathSince(session);
  const patience = pathPatience(session);
  const doubtAt = since + patience / 2;
  if (doubtfulPaths(path, since, doubtAt).length > 0) return doubtAt;
  const deadAt = since + patience;
  return findOtherPath(path, since, deadAt) === null ? Infinity : deadAt;
}
