// How a session goes from one path to another (docs/protocol.md s. 14): it follows its peer, tries the addresses that the peer
// has named, goes to a better path, and leaves one that is dead. What is known of the paths is in path-validation.ts and
// candidates.ts, and which one is better in path-choice.ts.

import { alternatePaths, changePath } from "../recovery/recovery.ts";
import { sameAddress, type SocketAddress } from "../socket-address.ts";
import {
  beginRound,
  candidatesReceived,
  createCandidates,
  punchReceived,
  restRounds,
  scheduleRound,
  setOwnCandidates,
} from "./candidates.ts";
import { CHALLENGE_LENGTH, isProbing } from "./frames.ts";
import {
  doubtfulPaths,
  findBetterPath,
  findOtherPath,
  provenAt,
  rankOf,
  staleWays,
  waysTimerAt,
} from "./path-choice.ts";
import {
  challengeCandidates,
  type ChallengeOptions,
  countFrom,
  expireProofs,
  findPeerAddress,
  leavePath,
  migratePath,
  type PeerAddress,
  probeReceived,
  renewProof,
  stayOnPath,
  switchToStandby,
  validatePath,
} from "./path-validation.ts";
import { currentProbeTimeout, hostOf, requeueLost, type Session } from "./session.ts";

/**
 * How long a round waits after a path was left, ms: mostly an end has another address by then, which the other one learns at
 * once by the path that is left. A responder takes part in few rounds.
 */
const NEWS_DELAY = 400;

/**
 * The peer may be reached at another host now. Nothing is known of the path to one that was just validated; between
 * hosts that were validated before the peer may go back and forth, and the same estimates serve both. Another port
 * is the same path (RFC 9000 s. 9.4).
 *
 * @param validated the address that was just validated for the first time, if there is one
 */
export function followHost(session: Session, validated: PeerAddress | null, now: number): void {
  const { path, recovery } = session;
  const host = hostOf(path.current.address);
  if (!path.current.proven || host === session.measuredHost) return;
  session.measuredHost = host;
  if (validated === path.current) requeueLost(session, changePath(recovery, now));
  else alternatePaths(recovery, now);
}

export function challengeOptions(session: Session): ChallengeOptions {
  const newChallenge = () => session.random(CHALLENGE_LENGTH);
  return { newChallenge, timeout: currentProbeTimeout(session) };
}

/** A packet of the peer came: one that only probes a path does not lead the session there (RFC 9000 s. 9.1). */
export function packetCame(
  session: Session,
  frames: Uint8Array,
  from: SocketAddress,
  length: number,
  isNewest: boolean,
  now: number,
): void {
  if (isProbing(frames)) {
    probeReceived(session.path, from, length, challengeOptions(session), now);
  } else followPeer(session, from, length, isNewest, now);
}

/** The session moves to where the peer's newest packet came from (docs/protocol.md s. 14). */
function followPeer(
  session: Session,
  from: SocketAddress,
  length: number,
  newest: boolean,
  now: number,
): void {
  const { path } = session;
  if (!newest) return countFrom(path, from, length, now);
  if (sameAddress(from, path.current.address)) {
    stayOnPath(path, length, now);
    // All challenges were lost, and no other address is proven: the peer is there all the same.
    if (!path.current.proven) renewProof(path.current, challengeOptions(session), now);
    return;
  }
  if (session.role === "initiator" && session.candidates !== null) {
    const standby = findPeerAddress(path, from);
    if (standby?.standby === true) {
      // Sent before the responder followed us here, or it has left a path that is dead: a challenge shows which.
      countFrom(path, from, length, now);
      return renewProof(path.current, challengeOptions(session), now);
    }
  }
  migratePath(path, from, length, challengeOptions(session), now);
  followHost(session, null, now);
}

/** A PATH RESPONSE came. */
export function challengeAnswered(session: Session, data: Uint8Array, now: number): void {
  const validated = validatePath(session.path, data, challengeOptions(session), now);
  followHost(session, validated, now);
  choosePath(session, now);
}

export function candidatesNamed(
  session: Session,
  sequence: number,
  addresses: readonly SocketAddress[],
  now: number,
): void {
  session.candidates ??= createCandidates(now);
  const { candidates, path, role } = session;
  const isNews = candidatesReceived(candidates, sequence, addresses, path.current.address);
  if (isNews && role === "initiator") scheduleRound(candidates, now);
}

export function punched(session: Session, round: number, now: number): void {
  if (session.role === "initiator" || session.candidates === null) return;
  const addresses = punchReceived(session.candidates, round, now);
  challengeCandidates(session.path, addresses, challengeOptions(session), now);
}

/**
 * The addresses at which this end may be reached directly, the best first: the peer gets them, and the initiator tries
 * whether the peer can be reached without a relay.
 */
export function nameCandidates(
  session: Session,
  addresses: readonly SocketAddress[],
  now: number,
): void {
  session.candidates ??= createCandidates(now);
  const { candidates } = session;
  if (setOwnCandidates(candidates, addresses) && session.role === "initiator") {
    scheduleRound(candidates, now);
  }
}

/**
 * A way to the peer that the initiator knows of, such as a relay: it is kept open, for when the others are lost. Again when it
 * works again.
 */
export function addWay(session: Session, way: SocketAddress, now: number): void {
  session.candidates ??= createCandidates(now);
  const { ways } = session.candidates;
  const isNew = !ways.some((one) => sameAddress(one, way));
  if (isNew) ways.push(way);
  if (isNew || findPeerAddress(session.path, way)?.proven !== true) {
    scheduleRound(session.candidates, now);
  }
}

/** The carrier of this address has ended, or the initiator knows that nothing passes there any more. */
export function pathLost(session: Session, to: SocketAddress, now: number): void {
  const { path } = session;
  if (sameAddress(path.current.address, to)) leaveDeadPath(session, now);
  else for (const other of path.others) if (sameAddress(other.address, to)) other.proven = false;
}

/** An initiator doubts that the path in use carries anything. */
export function doubtCurrent(session: Session, now: number): void {
  renewProof(session.path.current, challengeOptions(session), now);
}

/** The paths are tried again. */
export function tryAgain({ candidates }: Session, now: number): void {
  if (candidates !== null) scheduleRound(candidates, now);
}

/** At the initiator, after a path was proven: goes to a better one. */
function choosePath(session: Session, now: number): void {
  const { candidates, path, recovery, role } = session;
  if (role !== "initiator" || candidates === null) return;
  const better = findBetterPath(path, recovery.path.roundTrip.smoothed, now);
  if (better !== null) {
    switchToStandby(path, better, challengeOptions(session), now);
    usePath(session, better, now);
  }
  if (path.current.proven && rankOf(path.current.address) === 0) restRounds(candidates);
}

/** Packets at the address in use are not answered: asks whether the others still work, once for each `since`. */
export function doubtPath(session: Session, since: number, now: number): void {
  const { path } = session;
  const options = challengeOptions(session);
  expireProofs(path, now);
  for (const other of doubtfulPaths(path, since, now)) renewProof(other, options, now);
}

/**
 * Nothing passes at the address in use: goes to another one, if one is proven. Returns whether it did.
 *
 * @param since when that began, if it is known
 */
export function leaveDeadPath(session: Session, now: number, since = -Infinity): boolean {
  const { candidates, path, role } = session;
  expireProofs(path, now);
  const next = findOtherPath(path, since, now);
  if (candidates !== null && role === "initiator") {
    scheduleRound(candidates, next === null ? now : now + NEWS_DELAY);
  }
  if (next === null) return false;
  // One that has answered since was found: the others, which have not, are tried again in the round.
  if (provenAt(next) >= since) expireProofs(path, now, since);
  leavePath(path, next, now);
  usePath(session, next, now);
  return true;
}

function usePath(session: Session, { address, roundTrip }: PeerAddress, now: number): void {
  session.measuredHost = hostOf(address);
  requeueLost(session, changePath(session.recovery, now, roundTrip ?? undefined));
  // The peer follows the first packet that is more than a probe.
  session.pingDue = true;
}

function isWay({ candidates }: Session): (address: SocketAddress) => boolean {
  return (address) => candidates?.ways.some((way) => sameAddress(way, address)) === true;
}

/** Begins a round of challenges, and renews the proofs of ways, when that is due. */
export function tryPaths(session: Session, now: number): void {
  const { candidates, path } = session;
  if (candidates === null) return;
  const options = challengeOptions(session);
  for (const way of staleWays(path, isWay(session), now)) renewProof(way, options, now);
  if (now < candidates.nextRoundAt) return;
  challengeCandidates(path, beginRound(candidates, path.current.address, now), options, now);
}

/** When `tryPaths` is due next, ms; Infinity for never. */
export function pathsTimerAt(session: Session): number {
  const { candidates, path } = session;
  if (candidates === null) return Infinity;
  return Math.min(candidates.nextRoundAt, waysTimerAt(path, isWay(session)));
}
