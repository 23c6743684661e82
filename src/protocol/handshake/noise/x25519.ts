// X25519 (RFC 7748 s. 5, Noise s. 12.1) on node:crypto: keys are 32 raw bytes, kept beside the runtime's
// own form of them. It makes no randomness, and knows nothing of handshakes.

import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from "node:crypto";

/** Bytes of a private key, a public key and a shared secret: DHLEN of Noise s. 12.1. */
export const KEY_BYTES = 32;

/**
 * The key as the runtime wants it. Preparing a private key costs 21 us, two fifths of the
 * Diffie-Hellman it is for, so it is done once; that nobody else can name this property makes a key
 * something that only this file can make.
 */
const prepared = Symbol("prepared");

export interface KeyPair {
  readonly publicKey: Uint8Array;
  readonly privateKey: Uint8Array;
  readonly [prepared]: KeyObject;
}

/** A peer's key; never one of small order. */
export interface PublicKey {
  readonly bytes: Uint8Array;
  readonly [prepared]: KeyObject;
}

/**
 * The points of order 1, 2, 4 and 8 on the curve and its twist (u = 0, 1, -1 and two more), in each of
 * their encodings below 2^255, little-endian.
 */
const SMALL_ORDER: ReadonlySet<string> = new Set([
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]);

/**
 * GENERATE_KEYPAIR of Noise s. 12.1, its randomness an argument.
 *
 * @param privateKey 32 random bytes; any value is a key, because X25519 sets the bits that it needs
 *   (RFC 7748 s. 5)
 */
export function generateKeyPair(privateKey: Uint8Array): KeyPair {
  if (privateKey.byteLength !== KEY_BYTES) {
    throw new Error(`a private key is ${KEY_BYTES} bytes long, not ${privateKey.byteLength}`);
  }
  const key = createPrivateKey({
    key: privateKey,
    format: "raw-private",
    asymmetricKeyType: "x25519",
  });
  const publicKey = createPublicKey(key).export({ format: "raw-public" });
  return {
    publicKey: Uint8Array.from(publicKey),
    privateKey: Uint8Array.from(privateKey),
    [prepared]: key,
  };
}

/**
 * A public key that a peer sent; the bytes are copied. Returns null when they are not 32, or name a
 * point of small order: with such a point every private key gives the same all-zero secret (RFC 7748
 * s. 6.1), and with any other none does, so it is here that the peer is refused and no later
 * `diffieHellmanSecret` can fail.
 */
export function importPublicKey(bytes: Uint8Array): PublicKey | null {
  if (bytes.byteLength !== KEY_BYTES || isSmallOrder(bytes)) return null;
  const key = createPublicKey({ key: bytes, format: "raw-public", asymmetricKeyType: "x25519" });
  return { bytes: Uint8Array.from(bytes), [prepared]: key };
}

/** DH(key_pair, public_key) of Noise s. 4.1: 32 bytes, never all zero. */
export function diffieHellmanSecret(own: KeyPair, peer: PublicKey): Uint8Array {
  return diffieHellman({ privateKey: own[prepared], publicKey: peer[prepared] });
}

function isSmallOrder(bytes: Uint8Array): boolean {
  // X25519 ignores the highest bit (RFC 7748 s. 5).
  const masked = Buffer.from(bytes);
  masked.writeUInt8(masked.readUInt8(KEY_BYTES - 1) & 0x7f, KEY_BYTES - 1);
  return SMALL_ORDER.has(masked.toString("hex"));
}
