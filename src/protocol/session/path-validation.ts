// The peer's address, and whether it is validated (docs/protocol.md s. 14; RFC 9000 s. 8.2, 9). A state
// machine without I/O; the bytes of its challenges are arguments.

import { equalBytes } from "../bytes.ts";
import { sameAddress, type SocketAddress } from "../socket-address.ts";

/** Bytes sent to an address before it is validated, for each that came from it (RFC 9000 s. 8.1). */
const AMPLIFICATION = 3;
/** How often a challenge is sent. */
const MAX_CHALLENGES = 3;

export interface SessionPath {
  address: SocketAddress;
  /** Null once the address is validated. */
  validation: PathValidation | null;
}

interface PathValidation {
  readonly challenge: Uint8Array;
  /** The last validated address: the session returns to it when validation fails. */
  readonly fallback: SocketAddress;
  /** When it is abandoned, ms. */
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
 * The peer's newest packet came from another address: the session moves there, and validates it.
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

/** Bytes that may be sent to the address now. */
export function sendAllowance({ validation }: SessionPath): number {
  if (validation === null) return Number.POSITIVE_INFINITY;
  return AMPLIFICATION * validation.bytesReceived - validation.bytesSent;
}

/** The challenge that is due, null for none. */
export function dueChallenge({ validation }: SessionPath, now: number): Uint8Array | null {
  if (validation === null || now < validation.challengeAt) return null;
  return validation.challenges < MAX_CHALLENGES ? validation.challenge : null;
}

export function challengeSent({ validation }: SessionPath, now: number): void {
  if (validation === null) return;
  validation.challenges += 1;
  validation.challengeAt = now + validation.interval;
}

/** Too little has come from the address for a challenge to be sent there: it is sent later. */
export function postponeChallenge({ validation }: SessionPath, now: number): void {
  if (validation === null) return;
  validation.challengeAt = Math.max(validation.challengeAt, now + validation.interval);
}

/** A PATH RESPONSE arrived; returns whether it validates the address. */
export function validatePath(path: SessionPath, response: Uint8Array): boolean {
  if (path.validation === null || !equalBytes(path.validation.challenge, response)) return false;
  path.validation = null;
  return true;
}

/** When a challenge is due, or `abandonValidation`, ms. */
export function validationTimerAt({ validation }: SessionPath): number {
  if (validation === null) return Number.POSITIVE_INFINITY;
  const { challengeAt, challenges, until } = validation;
  return challenges < MAX_CHALLENGES ? Math.min(challengeAt, until) : until;
}

/** Returns to the last validated address once the time is up; returns whether it did. */
export function abandonValidation(path: SessionPath, now: number): boolean {
  if (path.validation === null || now < path.validation.until) return false;
  path.address = path.validation.fallback;
  path.validation = null;
  return true;
}
