// Proofs of 16 bytes, short enough for the smallest packets and too long to guess: truncated HMACs and hashes.
// The cookie of a stateless retry (docs/protocol.md s. 8.2) is one: it proves that the sender of a hello
// receives what is sent to its address, and costs the responder no memory. The key proof of a hello (s. 8.1) is
// another: its sender knows the responder's static key. Time and randomness are arguments.

import { concatenate } from "../bytes.ts";
import type { CryptoProvider } from "../crypto-provider.ts";
import { COOKIE_LENGTH, KEY_PROOF_AT, type Packet, TOKEN_LENGTH } from "../packets.ts";
import { encodeSocketAddress, type SocketAddress } from "../socket-address.ts";

/** How long a cookie secret is used, ms; afterwards it is still accepted for as long again. */
const COOKIE_SECRET_LIFETIME = 30_000;

const KEY_PROOF_LABEL = new TextEncoder().encode("charla hello");

/** The first 16 bytes of HMAC-SHA256 (RFC 2104 s. 5 on truncation). */
export function truncatedHmac(
  crypto: CryptoProvider,
  key: Uint8Array,
  ...parts: readonly Uint8Array[]
): Uint8Array {
  return crypto.hmac(key, ...parts).slice(0, TOKEN_LENGTH);
}

/** The first 16 bytes of SHA-256: identifies a datagram before there is a key. */
export function truncatedHash(crypto: CryptoProvider, datagram: Uint8Array): Uint8Array {
  return crypto.sha256(datagram).slice(0, TOKEN_LENGTH);
}

/** The key under which hellos to the owner of this static key carry a key proof; WireGuard's mac1 has one like it. */
export function deriveKeyProofKey(crypto: CryptoProvider, responderStatic: Uint8Array): Uint8Array {
  return crypto.sha256(KEY_PROOF_LABEL, responderStatic);
}

/** Writes the key proof into a hello that is complete but for it. */
export function addKeyProof(crypto: CryptoProvider, key: Uint8Array, hello: Uint8Array): void {
  hello.set(truncatedHmac(crypto, key, hello.subarray(0, KEY_PROOF_AT)), KEY_PROOF_AT);
}

export function hasKeyProof(
  crypto: CryptoProvider,
  key: Uint8Array,
  { datagram }: Extract<Packet, { kind: "hello" }>,
): boolean {
  const expected = truncatedHmac(crypto, key, datagram.subarray(0, KEY_PROOF_AT));
  return crypto.constantTimeEqual(expected, datagram.subarray(KEY_PROOF_AT));
}

export interface CookieSecrets {
  current: Uint8Array;
  previous: Uint8Array;
  /** The number of `current`, modulo 256: the cookie's first byte. */
  generation: number;
  renewAt: number;
  /** When the previous one is no longer accepted, ms. */
  previousUntil: number;
}

/** What a cookie is bound to, beside the secret. */
export interface CookieClaim {
  readonly from: SocketAddress;
  readonly initiatorId: Uint8Array;
  /** The hello's Noise message. */
  readonly noise: Uint8Array;
}

/** @param random 32 random bytes at each call */
export function createCookieSecrets(random: () => Uint8Array, now: number): CookieSecrets {
  const renewAt = now + COOKIE_SECRET_LIFETIME;
  return { current: random(), previous: random(), generation: 0, renewAt, previousUntil: now };
}

/** A cookie for this hello from this address, 17 bytes; of the current generation, or the one before. */
export function makeCookie(
  crypto: CryptoProvider,
  { current, previous, generation: newest }: CookieSecrets,
  { from, initiatorId, noise }: CookieClaim,
  generation: number = newest,
): Uint8Array {
  const secret = generation === newest ? current : previous;
  const proof = truncatedHmac(crypto, secret, encodeSocketAddress(from), initiatorId, noise);
  return concatenate(Uint8Array.of(generation), proof);
}

/** Whether it was made for the same hello and address, at most 60 s ago. */
export function isValidCookie(
  crypto: CryptoProvider,
  secrets: CookieSecrets,
  cookie: Uint8Array,
  claim: CookieClaim,
): boolean {
  if (cookie.length !== COOKIE_LENGTH) return false;
  const generation = cookie[0] ?? 0;
  const isCurrent = generation === secrets.generation;
  if (!isCurrent && generation !== (secrets.generation + 255) % 256) return false;
  return crypto.constantTimeEqual(cookie, makeCookie(crypto, secrets, claim, generation));
}

/** Takes a new secret when the current one has been used for 30 s. */
export function renewCookieSecrets(
  secrets: CookieSecrets,
  random: () => Uint8Array,
  now: number,
): void {
  if (now >= secrets.renewAt) {
    secrets.previous = secrets.current;
    secrets.previousUntil = secrets.renewAt + COOKIE_SECRET_LIFETIME;
    secrets.current = random();
    secrets.generation = (secrets.generation + 1) % 256;
    secrets.renewAt = now + COOKIE_SECRET_LIFETIME;
  }
  if (now >= secrets.previousUntil) secrets.previous = random();
}
