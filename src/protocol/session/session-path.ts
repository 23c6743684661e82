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
  validation: PathValidation | null;
}

interface PathValidation {
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

export function validatedPath(address: SocketAddress): SessionPath {
  return { address, validation: null };
}

/**
 * The peer's newest packet came from another address: from now on it is there, on trial.
 *
 * @param challenge 8 random bytes
 * @param timeout a probe timeout, ms
 */
export function migratePath(
  path: SessionPath,
  address: SocketAddress,
  challenge: Uint8Array,
  timeout: number,
  now: number,
): void {
  const fallback = path.validation?.fallback ?? path.address;
  path.address = address;
  if (sameAddress(address, fallback)) {
    path.validation = null;
    return;
  }
  path.validation = {
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
  { address, validation }: SessionPath,
  from: SocketAddress,
  length: number,
): void {
  if (validation !== null && sameAddress(from, address)) validation.bytesReceived += length;
}

export function countSent({ validation }: SessionPath, length: number): void {
  if (validation !== null) validation.bytesSent += length;
}

/** Bytes that may be sent there now. */
export function sendAllowance({ validation }: SessionPath): number {
  if (validation === null) return Number.POSITIVE_INFINITY;
  return AMPLIFICATION * validation.bytesReceived - validation.bytesSent;
}

/** The challenge that is due, null for none. */
export function dueChallenge({ validation }: SessionPath, now: number): Uint8Array | null {
  if (
    validation === null ||
    now < validation.challengeAt ||
    validation.challenges >= MAX_CHALLENGES
  )
    return null;
  return validation.challenge;
}

export function challengeSent({ validation }: SessionPath, now: number): void {
  if (validation === null) return;
  validation.challenges += 1;
  validation.challengeAt = now + validation.interval;
}

/** Not enough has come from there to send a challenge: later, then. */
export function postponeChallenge({ validation }: SessionPath, now: number): void {
  if (validation !== null)
    validation.challengeAt = Math.max(validation.challengeAt, now + validation.interval);
}

/** A response came: whether it proves the address. */
export function validatePath(path: SessionPath, response: Uint8Array): boolean {
  if (path.validation === null || !equalBytes(path.validation.challenge, response)) return false;
  path.validation = null;
  return true;
}

/** When `abandonValidation` is to be asked, or a challenge is due, ms. */
export function validationTimerAt({ validation }: SessionPath): number {
  if (validation === null) return Number.POSITIVE_INFINITY;
  return validation.challenges < MAX_CHALLENGES
    ? Math.min(validation.challengeAt, validation.until)
    : validation.until;
}

/** Goes back to the last proven address when the time is up: whether it did. */
export function abandonValidation(path: SessionPath, now: number): boolean {
  if (path.validation === null || now < path.validation.until) return false;
  path.address = path.validation.fallback;
  path.validation = null;
  return true;
}
