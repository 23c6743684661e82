// What the protocol needs of cryptography and randomness, as types: it is given both, and so runs wherever
// somebody implements these. Everything is synchronous; net/crypto.ts is the implementation on
// node:crypto.

/** Bytes of an X25519 private key, public key and shared secret (RFC 7748 s. 5; DHLEN of Noise s. 12.1). */
export const KEY_BYTES = 32;
/** Bytes of an AES-256 key (Noise s. 4.2). */
export const CIPHER_KEY_BYTES = 32;
/** Bytes that sealing adds: AES-GCM's tag (Noise s. 4.2). */
export const TAG_BYTES = 16;
/** Bytes of a SHA-256 hash (HASHLEN of Noise s. 12.5). */
export const HASH_BYTES = 32;

/** @param length bytes; new ones at each call */
export type RandomBytes = (length: number) => Uint8Array;

/**
 * The provider's own form of a key, kept beside its bytes: preparing one can cost two fifths of the
 * Diffie-Hellman that it is for. Only a provider makes keys.
 */
export const prepared: unique symbol = Symbol("prepared");

export interface KeyPair {
  readonly publicKey: Uint8Array;
  readonly privateKey: Uint8Array;
  readonly [prepared]: unknown;
}

/** A peer's key. */
export interface PublicKey {
  readonly bytes: Uint8Array;
  readonly [prepared]: unknown;
}

export interface CryptoProvider {
  /**
   * GENERATE_KEYPAIR of Noise s. 12.1, with its randomness as an argument; the bytes are copied.
   *
   * @param privateKey 32 random bytes; any value is a key, because X25519 sets the bits that it needs
   *   (RFC 7748 s. 5)
   */
  generateKeyPair(privateKey: Uint8Array): KeyPair;
  /** @param bytes 32, no point of small order: see noise/public-key.ts. They are copied. */
  importPublicKey(bytes: Uint8Array): PublicKey;
  /** X25519: DH(key_pair, public_key) of Noise s. 4.1, 32 bytes. */
  diffieHellman(own: KeyPair, peer: PublicKey): Uint8Array;

  /** SHA-256 of the parts, one after the other; 32 bytes. */
  sha256(...parts: readonly Uint8Array[]): Uint8Array;
  /** HMAC-SHA256 (RFC 2104) of the parts, one after the other; 32 bytes. */
  hmac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array;
  /**
   * HKDF with SHA-256 (RFC 5869). It is also Noise's HKDF (Noise s. 4.3): the salt is the chaining key,
   * the info is empty, and outputs 1, 2 and 3 are the first, second and third 32 bytes.
   *
   * @param length bytes to derive, at most 255 * 32 (RFC 5869 s. 2.3)
   */
  hkdf(
    salt: Uint8Array,
    inputKeyMaterial: Uint8Array,
    info: Uint8Array,
    length: number,
  ): Uint8Array;

  /**
   * AES-256-GCM: writes the ciphertext and its tag, plaintext.byteLength + 16 bytes, to `into` from `at` on.
   * The plaintext may lie where it is written.
   *
   * @param key 32 bytes
   * @param nonce 12 bytes, never used before with this key; the caller may change it afterwards
   */
  seal(
    key: Uint8Array,
    nonce: Uint8Array,
    associatedData: Uint8Array,
    plaintext: Uint8Array,
    into: Uint8Array,
    at: number,
  ): void;
  /**
   * The plaintext of what `seal` wrote, in memory of its own; null when it is not authentic.
   *
   * @param sealed at least 16 bytes
   */
  open(
    key: Uint8Array,
    nonce: Uint8Array,
    associatedData: Uint8Array,
    sealed: Uint8Array,
  ): Uint8Array | null;

  /** Whether two arrays of the same length are equal, in a time that does not depend on their bytes. */
  constantTimeEqual(one: Uint8Array, other: Uint8Array): boolean;
}
