// The protocol's cryptography where there is no node:crypto: on @noble/*, which is JavaScript and works in any page, also on plain
// http, where browsers have no crypto.subtle. The twin of crypto.ts (package.json, `imports`). Knows nothing of handshakes.

import { gcm } from "@noble/ciphers/aes.js";
import { montgomery } from "@noble/curves/abstract/montgomery.js";
import { hmac as startHmac } from "@noble/hashes/hmac.js";
import { sha256 as hash } from "@noble/hashes/sha2.js";

import {
  type CryptoProvider,
  KEY_BYTES,
  type KeyPair,
  prepared,
} from "../protocol/crypto-provider.ts";
import { SharedSecrets } from "./shared-secrets.ts";

/** RFC 7748 s. 4.1. */
const P = 2n ** 255n - 19n;
/** The curve alone, as RFC 7748 s. 5 has it: noble's own x25519 brings Ed25519 and its curve along, 7 KiB of the page. */
const x25519 = montgomery({
  P,
  type: "x25519",
  powPminus2(x) {
    let power = 1n;
    for (let exponent = P - 2n, square = x; exponent > 0n; exponent >>= 1n) {
      if (exponent & 1n) power = (power * square) % P;
      square = (square * square) % P;
    }
    return power;
  },
  adjustScalarBytes(bytes: Uint8Array) {
    bytes[0] = (bytes[0] ?? 0) & 248;
    bytes[31] = ((bytes[31] ?? 0) & 127) | 64;
    return bytes;
  },
});

/** Bytes that a browser gives at a time (Web Cryptography s. 10.1.1). */
const MAX_RANDOM = 65_536;

/** RFC 5869: two lines of HMAC, for which noble's own brings a module along. */
export const hkdf: CryptoProvider["hkdf"] = (salt, inputKeyMaterial, info, length) => {
  const key = hmac(salt, inputKeyMaterial);
  const output = new Uint8Array(length);
  let block: Uint8Array = new Uint8Array(0);
  for (let at = 0, counter = 1; at < length; at += block.length, counter += 1) {
    block = hmac(key, block, info, Uint8Array.of(counter));
    output.set(block.subarray(0, length - at), at);
  }
  return output;
};

function hmac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const state = startHmac.create(hash, key);
  for (const part of parts) state.update(part);
  return state.digest();
}

export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const state = hash.create();
  for (const part of parts) state.update(part);
  return state.digest();
}

export const platformCrypto: CryptoProvider = {
  generateKeyPair,

  importPublicKey: (bytes) => ({ bytes: Uint8Array.from(bytes), [prepared]: null }),

  diffieHellman(own, peer) {
    const secrets = own[prepared];
    if (secrets instanceof SharedSecrets) return secrets.with(peer.bytes);
    return x25519.getSharedSecret(own.privateKey, peer.bytes);
  },

  sha256,

  hmac,

  hkdf,

  seal(key, nonce, associatedData, plaintext, into, at) {
    into.set(gcm(key, nonce, associatedData).encrypt(plaintext), at);
  },

  open(key, nonce, associatedData, sealed) {
    try {
      return gcm(key, nonce, associatedData).decrypt(sealed);
    } catch {
      // With a key and a nonce of the right lengths, its only error is a wrong tag.
      return null;
    }
  },

  constantTimeEqual(one, other) {
    let difference = 0;
    for (const [at, byte] of one.entries()) difference |= byte ^ (other[at] ?? 0);
    return difference === 0;
  },
};

/** @throws {Error} when the private key does not have 32 bytes */
export function generateKeyPair(privateKey: Uint8Array): KeyPair {
  if (privateKey.byteLength !== KEY_BYTES) {
    throw new Error(`a private key is ${KEY_BYTES} bytes long, not ${privateKey.byteLength}`);
  }
  return {
    publicKey: x25519.getPublicKey(privateKey),
    privateKey: Uint8Array.from(privateKey),
    [prepared]: null,
  };
}

export function randomBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += MAX_RANDOM) {
    crypto.getRandomValues(bytes.subarray(at, at + MAX_RANDOM));
  }
  return bytes;
}
