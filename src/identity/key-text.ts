// Keys and secrets as text. Pure.
//
// Base64url without padding (RFC 4648 s. 5, s. 3.2) needs no escaping in a URI, in a shell or in a line of a file.
// A fingerprint is a public key in the short form that people compare, by eye or over the telephone.

import { createHash } from "node:crypto";

const FINGERPRINT_PREFIX = "SHA256:";
const DIGEST_BYTES = 32;

export function encodeBase64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}

/** How many characters that many bytes take. */
export function base64urlLength(bytes: number): number {
  return Math.ceil((bytes * 4) / 3);
}

/**
 * Reads exactly `length` bytes. Returns null for anything that `encodeBase64url` would not have written:
 * each value has one spelling, so spare bits that are set (RFC 4648 s. 3.5) are a mistyped character.
 */
export function decodeBase64url(text: string, length: number): Uint8Array | null {
  const bytes = Uint8Array.from(Buffer.from(text, "base64url"));
  return bytes.byteLength === length && encodeBase64url(bytes) === text ? bytes : null;
}

/** `SHA256:` and the unpadded base64 of the key's SHA-256, as `ssh-keygen -l` prints it. */
export function fingerprint(publicKey: Uint8Array): string {
  return FINGERPRINT_PREFIX + unpadded(createHash("sha256").update(publicKey).digest());
}

/** Whether it is written as `fingerprint` writes one. */
export function isFingerprint(text: string): boolean {
  const digest = Buffer.from(text.slice(FINGERPRINT_PREFIX.length), "base64");
  return digest.byteLength === DIGEST_BYTES && text === FINGERPRINT_PREFIX + unpadded(digest);
}

function unpadded(digest: Buffer): string {
  return digest.toString("base64").replaceAll("=", "");
}
