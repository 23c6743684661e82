// Which public keys are accepted from a peer (RFC 7748 s. 6.1, Noise s. 12.1).

import { mapKey } from "../../bytes.ts";
import { type CryptoProvider, KEY_BYTES, type PublicKey } from "../../crypto-provider.ts";

/**
 * The points of order 1, 2, 4 and 8 on the curve and its twist (u = 0, 1, -1 and two more), in each of
 * their encodings below 2^255, little-endian.
 */
const SMALL_ORDER: ReadonlySet<string> = new Set(
  [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  ].map((hex) => mapKey(Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16)))),
);

/**
 * A public key that a peer sent. Returns null when it does not have 32 bytes, or is a point of small order:
 * with such a point every private key gives the same all-zero secret (RFC 7748 s. 6.1), and with any other
 * point none does. The peer is rejected here, and no later Diffie-Hellman can fail.
 */
export function readPublicKey(crypto: CryptoProvider, bytes: Uint8Array): PublicKey | null {
  if (bytes.byteLength !== KEY_BYTES || isSmallOrder(bytes)) return null;
  return crypto.importPublicKey(bytes);
}

function isSmallOrder(bytes: Uint8Array): boolean {
  const masked = bytes.slice();
  // X25519 ignores the highest bit (RFC 7748 s. 5).
  masked[KEY_BYTES - 1] = (masked[KEY_BYTES - 1] ?? 0) & 0x7f;
  return SMALL_ORDER.has(mapKey(masked));
}
