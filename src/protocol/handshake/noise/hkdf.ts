// HKDF with SHA-256 (RFC 5869), which is also Noise's HKDF (Noise s. 4.3): the chaining key is the salt,
// the info is empty, and outputs 1, 2 and 3 are the first, second and third 32 bytes.

import { hkdfSync } from "node:crypto";

/**
 * @param salt Noise's chaining key
 * @param length bytes to derive, at most 255 * 32 (RFC 5869 s. 2.3)
 */
export function hkdf(
  salt: Uint8Array,
  inputKeyMaterial: Uint8Array,
  info: Uint8Array,
  length: number,
): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", inputKeyMaterial, salt, info, length));
}
