// Where a session's peer is, and whether that is proven (docs/protocol.md s. 14; RFC 9000 s. 8.2, 9). A
// state machine without I/O; its challenges are arguments.

import { equalBytes } from "../bytes.ts";
import { sameAddress, type SocketAddress } from "../socket-address.ts";

/** Bytes sent to an address that is not proven, for each that came from it (RFC 9000 s. 8.1). */
const AMPLIFICATION = 3;
/** A challenge is sent so many times. */
const MAX_CHALLENGES = 3;

export interface SessionPath {
  address: SocketAddress;
  /** What is to be proven, and what is gone back to when it is not; null once it is proven. */
  trial: PathTrial | null;
}

interface PathTrial {
  readonly challenge: Uint8Array;
  readonly fallback: SocketAddress;
  /** When it is given up, ms. */
  readonly until: number;
  /** When the challenge is sent again, ms. */
  challengeAt: number;
  challenges: number;
  readonly interval: number;
  bytesReceived: number;
  bytesSent: number;
}

export function provenPath(address: SocketAddress): SessionPath {
  return { address, trial: null };
}

/**
 * The peer's newest packet came from another address: from now on it is there, on trial.
 *
 * @param challenge 8 random bytes
 * @param timeout a probe timeout, ms
 */
export function moveTo(
  path: SessionPath,
  address: SocketAddress,
  challenge: Uint8Array,
  timeout: number,
  now: number,
): void {
  const fallback = path.trial?.fallback ?? path.address;
  path.address = address;
  if (sameAddress(address, fallback)) {
    path.trial = null;
    return;
  }
  path.trial = {
    challenge,
    fallback,
    until: now + MAX_CHALLENGES * timeout,
    challengeAt: now,
    challenges: 0,
    interval: timeout,
    bytesReceived: 0,
    bytesSent: 0,
  };
}

export function countReceived(
  { address, trial }: SessionPath,
  from: SocketAddress,
  length: number,
): void {
  if (trial !== null && sameAddress(from, address)) trial.bytesReceived += length;
}

export function countSent({ trial }: SessionPath, length: number): void {
  if (trial !== null) trial.bytesSent += length;
}

/** Bytes that may be sent there now. */
export function allowance({ trial }: SessionPath): number {
  if (trial === null) return Number.POSITIVE_INFINITY;
  return AMPLIFICATION * trial.bytesReceived - trial.bytesSent;
}

/** The challenge that is due, null for none. */
export function dueChallenge({ trial }: SessionPath, now: number): Uint8Array | null {
  if (trial === null || now < trial.challengeAt || trial.challenges >= MAX_CHALLENGES) return null;
  return trial.challenge;
}

export function challengeSent({ trial }: SessionPath, now: number): void {
  if (trial === null) return;
  trial.challenges += 1;
  trial.challengeAt = now + trial.interval;
}

/** Not enough has come from there to send a challenge: later, then. */
export function postponeChallenge({ trial }: SessionPath, now: number): void {
  if (trial !== null) trial.challengeAt = Math.max(trial.challengeAt, now + trial.interval);
}

/** A response came: whether it proves the address. */
export function prove(path: SessionPath, response: Uint8Array): boolean {
  if (path.trial === null || !equalBytes(path.trial.challenge, response)) return false;
  path.trial = null;
  return true;
}

/** When `giveUpTrial` is to be asked, or a challenge is due, ms. */
export function pathWakeAt({ trial }: SessionPath): number {
  if (trial === null) return Number.POSITIVE_INFINITY;
  return trial.challenges < MAX_CHALLENGES ? Math.min(trial.challengeAt, trial.until) : trial.until;
}

/** Goes back to the last proven address when the time is up: whether it did. */
export function giveUpTrial(path: SessionPath, now: number): boolean {
  if (path.trial === null || now < path.trial.until) return false;
  path.address = path.trial.fallback;
  path.trial = null;
  return true;
}
