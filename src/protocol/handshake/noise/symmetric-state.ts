// The SymmetricState of Noise s. 5.2, with the CipherState of s. 5.1 inside: what both sides have hashed
// and mixed so far. Pure functions from one state to the next; it knows nothing of key pairs and turns.

import { concatenate } from "../../bytes.ts";
import { type CryptoProvider, HASH_BYTES, TAG_BYTES } from "../../crypto-provider.ts";
import { open, seal } from "./cipher.ts";

const EMPTY = new Uint8Array(0);

export interface SymmetricState {
  readonly crypto: CryptoProvider;
  /** `ck`, from which every key is derived. */
  readonly chainingKey: Uint8Array;
  /** `h`, the hash of everything sent and received. */
  readonly hash: Uint8Array;
  /** `k`; null before the first key was mixed in, while everything is sent in the clear. */
  readonly key: Uint8Array | null;
  /** `n`, how often `key` was used. */
  readonly nonce: number;
}

/** @param protocolName at most 32 characters of ASCII, as all our patterns' are */
export function initializeSymmetric(crypto: CryptoProvider, protocolName: string): SymmetricState {
  const hash = new Uint8Array(HASH_BYTES);
  hash.set(new TextEncoder().encode(protocolName));
  return { crypto, chainingKey: hash, hash, key: null, nonce: 0 };
}

export function mixKey(state: SymmetricState, inputKeyMaterial: Uint8Array): SymmetricState {
  const [chainingKey, key] = deriveTwoKeys(state, inputKeyMaterial);
  return { ...state, chainingKey, key, nonce: 0 };
}

export function mixHash(state: SymmetricState, data: Uint8Array): SymmetricState {
  return { ...state, hash: state.crypto.sha256(state.hash, data) };
}

/** @param inputKeyMaterial the pre-shared key (Noise s. 9.2) */
export function mixKeyAndHash(state: SymmetricState, inputKeyMaterial: Uint8Array): SymmetricState {
  const output = state.crypto.hkdf(state.chainingKey, inputKeyMaterial, EMPTY, 3 * HASH_BYTES);
  return {
    crypto: state.crypto,
    chainingKey: output.slice(0, HASH_BYTES),
    hash: mixHash(state, output.subarray(HASH_BYTES, 2 * HASH_BYTES)).hash,
    key: output.slice(2 * HASH_BYTES),
    nonce: 0,
  };
}

/** The state after, and what to send: the plaintext itself while there is no key. */
export function encryptAndHash(
  state: SymmetricState,
  plaintext: Uint8Array,
): [SymmetricState, Uint8Array] {
  if (state.key === null) return [mixHash(state, plaintext), plaintext];
  const ciphertext = new Uint8Array(plaintext.byteLength + TAG_BYTES);
  seal(state.crypto, state.key, state.nonce, state.hash, plaintext, ciphertext, 0);
  return [mixHash({ ...state, nonce: state.nonce + 1 }, ciphertext), ciphertext];
}

/** The state after, and the plaintext. Returns null when the ciphertext is not authentic. */
export function decryptAndHash(
  state: SymmetricState,
  ciphertext: Uint8Array,
): [SymmetricState, Uint8Array] | null {
  if (state.key === null) return [mixHash(state, ciphertext), ciphertext];
  const plaintext = open(state.crypto, state.key, state.nonce, state.hash, ciphertext);
  if (plaintext === null) return null;
  return [mixHash({ ...state, nonce: state.nonce + 1 }, ciphertext), plaintext];
}

/** The two transport keys: first the one from the initiator to the responder (Noise s. 5). */
export function split(state: SymmetricState): [Uint8Array, Uint8Array] {
  return deriveTwoKeys(state, EMPTY);
}

/**
 * A key independent of Noise's own: HKDF (RFC 5869) of the chaining key as salt and an empty input, with the
 * label and `h` as info. Every key that Noise derives from the same chaining key has an empty info, so none
 * of them is this one; `h` binds it to every byte sent so far, which the chaining key alone does not
 * (Noise s. 14, "Channel binding").
 *
 * @param label not empty
 */
export function deriveLabelledKey(state: SymmetricState, label: Uint8Array): Uint8Array {
  return state.crypto.hkdf(state.chainingKey, EMPTY, concatenate(label, state.hash), HASH_BYTES);
}

function deriveTwoKeys(
  state: SymmetricState,
  inputKeyMaterial: Uint8Array,
): [Uint8Array, Uint8Array] {
  const output = state.crypto.hkdf(state.chainingKey, inputKeyMaterial, EMPTY, 2 * HASH_BYTES);
  return [output.slice(0, HASH_BYTES), output.slice(HASH_BYTES)];
}
