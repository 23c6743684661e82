// The peer's addresses, and which of them are validated (docs/protocol.md s. 14; RFC 9000 s. 8.2, 9). A state
// machine without I/O; the bytes of its challenges are arguments.
//
//   unproven --- the challenge is answered ---> proven, for as long as it is used and PROOF_LASTS after it
//      |   limited to three times what came         |
//      +--- no answer to three challenges           +--- left: it is challenged, too, and an answer renews the proof
//
// The session goes to where the peer's newest packet came from, and may go back and forth between proven
// addresses. An unproven one is left again as soon as a proven one answers: then the newest packet may have been
// copied by somebody else (s. 9.3.3), and for CAUTION an address has to be proven before the session goes there.
// Candidates, which a peer has named (s. 14.1), are challenged before anything has come from there, a few times. It is long,
// because only this file writes what is known of an address.

import { equalBytes } from "../bytes.ts";
import { sameAddress, type SocketAddress } from "../socket-address.ts";

/** Bytes sent to an address before it is validated, for each that came from it (RFC 9000 s. 8.1). */
const AMPLIFICATION = 3;
/** How often a challenge is sent. */
const MAX_CHALLENGES = 3;
/** A candidate is challenged more often, and at this interval, ms: until the peer's router lets packets in. */
const CANDIDATE_CHALLENGES = 10;
const CANDIDATE_INTERVAL = 100;
/** How long the last of these challenges may take to be answered, ms. */
const CANDIDATE_PATIENCE = 1_000;
/**
 * How long the proof of an address counts after the session has left it, ms: no longer than a NAT keeps the binding
 * (30 s at some, RFC 4787 s. 4.3), for then somebody else may have the address.
 */
export const PROOF_LASTS = 30_000;
/** For how long the session is cautious, ms: copied packets lead it away for at most one round trip in that time. */
const CAUTION = 30_000;
/** Addresses remembered besides the one in use. A peer that has more is challenged again at those forgotten. */
const MAX_OTHERS = 7;

export interface PeerAddress {
  readonly address: SocketAddress;
  /** Whether the peer has shown that it receives there. */
  proven: boolean;
  /** Until when that counts, if the session comes back there, ms. */
  provenUntil: number;
  /** What it was challenged with and has not answered yet. */
  challenge: Challenge | null;
  /** The peer is there as well as at the address in use, for it has probed from there, or answered before anything else. */
  standby: boolean;
  /** ms from a challenge to its answer, when it was measured last; null when it was not. */
  roundTrip: number | null;
  /** While it is not proven. */
  bytesReceived: number;
  bytesSent: number;
}

interface Challenge {
  readonly data: Uint8Array;
  /** When it is abandoned, ms. */
  readonly until: number;
  readonly interval: number;
  /** How often it is sent at most. */
  readonly most: number;
  /** It is sent although nothing has come from there. */
  readonly unprompted: boolean;
  /** When it is sent next, ms; how often it was sent. */
  sendAt: number;
  sent: number;
}

export interface SessionPath {
  /** Where packets are sent. */
  current: PeerAddress;
  /** When a packet came from there, or it became the address in use, ms. */
  heardAt: number;
  /** Left before, or not used yet; the one left last comes first. */
  others: readonly PeerAddress[];
  /** Challenged, and not proven. */
  candidates: readonly PeerAddress[];
  /** Where the peer's newest packet came from. */
  newest: PeerAddress;
  /** Until when only proven addresses are used, ms. */
  cautiousUntil: number;
}

export interface ChallengeOptions {
  /** 8 random bytes, other ones each time. */
  readonly newChallenge: () => Uint8Array;
  /** A probe timeout, ms. */
  readonly timeout: number;
}

export function validatedPath(address: SocketAddress): SessionPath {
  const current = { ...unprovenAddress(address), proven: true, provenUntil: Infinity };
  return {
    current,
    heardAt: -Infinity,
    others: NONE,
    candidates: NONE,
    newest: current,
    cautiousUntil: -Infinity,
  };
}

/** Of all sessions without other addresses. */
const NONE: readonly PeerAddress[] = [];

function unprovenAddress(address: SocketAddress): PeerAddress {
  return {
    address,
    proven: false,
    provenUntil: -Infinity,
    challenge: null,
    standby: false,
    roundTrip: null,
    bytesReceived: 0,
    bytesSent: 0,
  };
}

/** The peer's newest packet came from the address in use. */
export function stayOnPath(path: SessionPath, length: number, now: number): void {
  path.newest = path.current;
  receivedFromCurrent(path, length, now);
}

function receivedFromCurrent(path: SessionPath, length: number, now: number): void {
  path.heardAt = now;
  countReceived(path.current, length);
}

/** The peer's newest packet came from another address: the session moves there, now or once that is proven. */
export function migratePath(
  path: SessionPath,
  address: SocketAddress,
  length: number,
  options: ChallengeOptions,
  now: number,
): void {
  const next = findOther(path, address) ?? unprovenAddress(address);
  if (next.proven && now >= next.provenUntil) Object.assign(next, unprovenAddress(address));
  path.newest = next;
  countReceived(next, length);
  if (!next.proven && next.challenge === null) startChallenge(next, options, now);
  if (next.proven || now >= path.cautiousUntil) switchTo(path, next, options, now);
  else remember(path, next);
}

/** A packet that is not the newest came from this address. */
export function countFrom(
  path: SessionPath,
  from: SocketAddress,
  length: number,
  now: number,
): void {
  if (sameAddress(from, path.current.address)) return receivedFromCurrent(path, length, now);
  const known = findOther(path, from);
  if (known !== undefined) countReceived(known, length);
}

/**
 * A packet that only probes the path came from this address: it is answered there, and challenged if need be, but the session
 * stays where it is.
 */
export function probeReceived(
  path: SessionPath,
  from: SocketAddress,
  length: number,
  options: ChallengeOptions,
  now: number,
): void {
  if (sameAddress(from, path.current.address)) return receivedFromCurrent(path, length, now);
  const other = findOther(path, from) ?? unprovenAddress(from);
  if (!path.candidates.includes(other)) remember(path, other);
  if (other.proven && now >= other.provenUntil) Object.assign(other, unprovenAddress(from));
  other.standby = true;
  countReceived(other, length);
  const isFresh = other.proven && now < other.provenUntil - PROOF_LASTS / 2;
  if (!isFresh && other.challenge === null) startChallenge(other, options, now);
}

/** Challenges addresses that the peer has named, unless the session knows that the peer is there. */
export function challengeCandidates(
  path: SessionPath,
  addresses: readonly SocketAddress[],
  options: ChallengeOptions,
  now: number,
): void {
  const candidates = [...path.candidates];
  for (const address of addresses) {
    if (sameAddress(address, path.current.address)) continue;
    let found = findOther(path, address);
    if (found?.proven === true && now < found.provenUntil) {
      found.standby = true;
      continue;
    }
    if (found === undefined || path.others.includes(found)) {
      if (found !== undefined) forget(path, found);
      found = unprovenAddress(address);
      candidates.push(found);
    }
    found.proven = false;
    found.standby = true;
    found.challenge = candidateChallenge(options, now);
  }
  path.candidates = candidates;
}

function candidateChallenge({ newChallenge, timeout }: ChallengeOptions, now: number): Challenge {
  const interval = CANDIDATE_INTERVAL;
  const most = CANDIDATE_CHALLENGES;
  const until = now + most * interval + Math.max(CANDIDATE_PATIENCE, MAX_CHALLENGES * timeout);
  return { data: newChallenge(), until, interval, most, unprompted: true, sendAt: now, sent: 0 };
}

/** Challenges a proven address again that the session is not at, so that its proof and what is on the way don't expire. */
export function renewProof(address: PeerAddress, options: ChallengeOptions, now: number): void {
  if (address.challenge === null) startChallenge(address, options, now);
}

/** Goes to a proven address that is not in use. It was not the peer who left the other one: it is still there. */
export function switchToStandby(
  path: SessionPath,
  next: PeerAddress,
  options: ChallengeOptions,
  now: number,
): void {
  path.current.standby = path.current.proven;
  switchTo(path, next, options, now);
  path.newest = next;
  next.provenUntil = Infinity;
}

/** Nothing passes at the address in use any more: goes to a proven one. */
export function leavePath(path: SessionPath, next: PeerAddress, now: number): void {
  const left = path.current;
  Object.assign(left, unprovenAddress(left.address));
  path.current = next;
  path.heardAt = now;
  path.newest = next;
  next.provenUntil = Infinity;
  forget(path, next);
}

/** Proofs whose time is over don't count any more, nor do those from before `since`. */
export function expireProofs({ others }: SessionPath, now: number, since = -Infinity): void {
  for (const other of others) {
    if (now >= other.provenUntil || other.provenUntil - PROOF_LASTS < since) other.proven = false;
  }
}

/** Where the peer is besides the address in use, and can be reached. */
export function provenStandbys({ others }: SessionPath, now: number): PeerAddress[] {
  return others.filter(
    ({ standby, proven, provenUntil }) => standby && proven && now < provenUntil,
  );
}

/** The peer's address that is this one, if the session knows it. */
export function findPeerAddress(path: SessionPath, address: SocketAddress): PeerAddress | null {
  const { current } = path;
  return sameAddress(address, current.address) ? current : (findOther(path, address) ?? null);
}

function findOther(
  { others, candidates }: SessionPath,
  address: SocketAddress,
): PeerAddress | undefined {
  const isThere = (other: PeerAddress) => sameAddress(other.address, address);
  return others.find(isThere) ?? candidates.find(isThere);
}

function countReceived(from: PeerAddress, length: number): void {
  if (!from.proven) from.bytesReceived += length;
}

export function countSent(to: PeerAddress, length: number): void {
  if (!to.proven) to.bytesSent += length;
}

/** Bytes that may be sent to the address now. */
export function sendAllowance({ proven, bytesReceived, bytesSent }: PeerAddress): number {
  return proven ? Infinity : AMPLIFICATION * bytesReceived - bytesSent;
}

/** The address that was in use is challenged: a peer that is still there answers (RFC 9000 s. 9.3.3). */
function switchTo(
  path: SessionPath,
  next: PeerAddress,
  options: ChallengeOptions,
  now: number,
): void {
  const left = path.current;
  path.current = next;
  path.heardAt = now;
  if (left.proven) {
    left.provenUntil = Math.min(left.provenUntil, now + PROOF_LASTS);
    if (left.challenge === null) startChallenge(left, options, now);
  }
  forget(path, next);
  remember(path, left);
}

function remember(path: SessionPath, address: PeerAddress): void {
  forget(path, address);
  const others = [address, ...path.others];
  path.others = others;
  if (others.length <= MAX_OTHERS) return;
  const unproven = others.findLastIndex(({ proven }) => !proven);
  others.splice(unproven > 0 ? unproven : -1, 1);
}

function forget(path: SessionPath, address: PeerAddress): void {
  const { others, candidates } = path;
  if (others.includes(address)) path.others = others.filter((one) => one !== address);
  if (candidates.includes(address)) path.candidates = candidates.filter((one) => one !== address);
}

function startChallenge(
  address: PeerAddress,
  { newChallenge, timeout }: ChallengeOptions,
  now: number,
): void {
  address.challenge = {
    data: newChallenge(),
    until: now + MAX_CHALLENGES * timeout,
    interval: timeout,
    most: MAX_CHALLENGES,
    unprompted: false,
    sendAt: now,
    sent: 0,
  };
}

/** The address that is to be challenged now, the one in use first; null for none. */
export function dueChallenge(
  { current, others, candidates }: SessionPath,
  now: number,
): PeerAddress | null {
  if (isChallengeDue(current, now)) return current;
  for (const other of others) if (isChallengeDue(other, now)) return other;
  for (const candidate of candidates) if (isChallengeDue(candidate, now)) return candidate;
  return null;
}

function isChallengeDue({ challenge }: PeerAddress, now: number): boolean {
  return challenge !== null && now >= challenge.sendAt && challenge.sent < challenge.most;
}

export function challengeSent({ challenge }: PeerAddress, now: number): void {
  if (challenge === null) return;
  challenge.sent += 1;
  challenge.sendAt = now + challenge.interval;
}

/** Too little has come from the address for a challenge to be sent there: it is sent later. */
export function postponeChallenge({ challenge }: PeerAddress, now: number): void {
  if (challenge === null) return;
  challenge.sendAt = Math.max(challenge.sendAt, now + challenge.interval);
}

/**
 * A PATH RESPONSE arrived: it validates the address that it answers, wherever it came from (RFC 9000 s. 8.2.3).
 * Returns that address when it was not validated before, else null.
 */
export function validatePath(
  path: SessionPath,
  response: Uint8Array,
  options: ChallengeOptions,
  now: number,
): PeerAddress | null {
  const isAnswer = ({ challenge }: PeerAddress) =>
    challenge !== null && equalBytes(challenge.data, response);
  const { current, newest } = path;
  const answers = isAnswer(current)
    ? current
    : (path.others.find(isAnswer) ?? path.candidates.find(isAnswer));
  if (answers === undefined) return null;
  const isFirst = !answers.proven;
  answers.roundTrip = measureRoundTrip(answers.challenge, now);
  answers.challenge = null;
  answers.proven = true;
  answers.provenUntil = now + PROOF_LASTS;
  if (path.candidates.includes(answers)) remember(path, answers);
  if (answers !== current && (answers === newest || !current.proven)) {
    if (answers !== newest) path.cautiousUntil = now + CAUTION;
    switchTo(path, answers, options, now);
  }
  if (answers === path.current) answers.provenUntil = Infinity;
  return isFirst ? answers : null;
}

/** Null where it is not clear which challenge was answered (Karn's algorithm, RFC 6298 s. 3). */
function measureRoundTrip(challenge: Challenge | null, now: number): number | null {
  if (challenge === null || challenge.sent !== 1) return null;
  return Math.max(1, now - (challenge.sendAt - challenge.interval));
}

/** When a challenge is due, or `abandonChallenges`, ms. */
export function validationTimerAt({ current, others, candidates }: SessionPath): number {
  let at = challengeTimerAt(current);
  for (const other of others) at = Math.min(at, challengeTimerAt(other));
  for (const candidate of candidates) at = Math.min(at, challengeTimerAt(candidate));
  return at;
}

function challengeTimerAt({ challenge }: PeerAddress): number {
  if (challenge === null) return Infinity;
  const { sendAt, sent, most, until } = challenge;
  return sent < most ? Math.min(sendAt, until) : until;
}

/**
 * Gives up addresses whose time to answer is over; from an unproven one the session returns to a proven one.
 *
 * @returns whether the address in use, which was proven, has not answered
 */
export function abandonChallenges(path: SessionPath, now: number): boolean {
  let isSilent = false;
  for (const address of [path.current, ...path.others, ...path.candidates]) {
    if (address.challenge === null || now < address.challenge.until) continue;
    address.challenge = null;
    if (address.proven) {
      if (address === path.current) isSilent = true;
      continue;
    }
    if (address === path.current) {
      path.current = path.others.find(({ proven }) => proven) ?? address;
      path.heardAt = now;
      forget(path, path.current);
    } else forget(path, address);
  }
  return isSilent;
}
