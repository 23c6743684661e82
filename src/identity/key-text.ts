// Keys and secrets as text. Pure.
//
// Base64url without padding (RFC 4648 s. 5, s. 3.2) needs no escaping in a URI, in a shell or in a line of a file.
// A fingerprint is a public key in the short form that people compare, by eye or over the telephone.

import { sha256 } from "#crypto";

const FINGERPRINT_PREFIX = "SHA256:";
const DIGEST_BYTES = 32;

export function encodeBase64url(bytes: Uint8Array): string {
  return encodeBase64(bytes).replaceAll("+", "-").replaceAll("/", "_");
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
  const bytes = decodeBase64(text.replaceAll("-", "+").replaceAll("_", "/"));
  return bytes?.byteLength === length && encodeBase64url(bytes) === text ? bytes : null;
}

/** `SHA256:` and the unpadded base64 of the key's SHA-256, as `ssh-keygen -l` prints it. */
export function fingerprint(publicKey: Uint8Array): string {
  return FINGERPRINT_PREFIX + encodeBase64(sha256(publicKey));
}

/** Whether it is written as `fingerprint` writes one. */
export function isFingerprint(text: string): boolean {
  const digest = decodeBase64(text.slice(FINGERPRINT_PREFIX.length));
  return digest?.byteLength === DIGEST_BYTES && text === FINGERPRINT_PREFIX + encodeBase64(digest);
}

/** Without padding. The functions of a browser, since it has no Buffer. */
function encodeBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replaceAll("=", "");
}

/** Null for a text that is no base64. */
function decodeBase64(text: string): Uint8Array | null {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}
