import { describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";

import { platformCrypto } from "../../../../src/net/crypto.ts";
import {
  initializeSymmetric,
  mixHash,
  mixKey,
  mixKeyAndHash,
  split,
} from "../../../../src/protocol/handshake/noise/symmetric-state.ts";
import { fromHex, text } from "./both-sides.ts";

function hmac(key: Uint8Array, ...data: Uint8Array[]): Uint8Array {
  return Uint8Array.from(createHmac("sha256", key).update(Buffer.concat(data)).digest());
}

/** HKDF() step by step as in Noise s. 4.3. */
function noiseOutputs(
  chainingKey: Uint8Array,
  inputKeyMaterial: Uint8Array,
): [Uint8Array, Uint8Array, Uint8Array] {
  const temporary = hmac(chainingKey, inputKeyMaterial);
  const output1 = hmac(temporary, fromHex("01"));
  const output2 = hmac(temporary, output1, fromHex("02"));
  const output3 = hmac(temporary, output2, fromHex("03"));
  return [output1, output2, output3];
}

describe("the symmetric state", () => {
  const start = initializeSymmetric(platformCrypto, "Noise_XXpsk3_25519_AESGCM_SHA256");
  const input = fromHex("c5".repeat(32));
  const [output1, output2, output3] = noiseOutputs(start.chainingKey, input);

  test("starts with its protocol's name, padded with zeros (Noise s. 5.2)", () => {
    expect(start.hash).toEqual(text("Noise_XXpsk3_25519_AESGCM_SHA256"));
    expect(start.chainingKey).toEqual(start.hash);
    expect(initializeSymmetric(platformCrypto, "Noise_XX_25519_AESGCM_SHA256").hash).toEqual(
      text("Noise_XX_25519_AESGCM_SHA256\0\0\0\0"),
    );
  });

  test("mixes in a key with two outputs of Noise's HKDF (Noise s. 4.3, 5.2)", () => {
    const mixed = mixKey({ ...start, nonce: 7 }, input);
    expect(mixed).toEqual({
      crypto: platformCrypto,
      chainingKey: output1,
      hash: start.hash,
      key: output2,
      nonce: 0,
    });
  });

  test("mixes in a key and its hash with three outputs (Noise s. 5.2)", () => {
    const mixed = mixKeyAndHash({ ...start, nonce: 7 }, input);
    const { hash } = mixHash(start, output2);
    expect(mixed).toEqual({
      crypto: platformCrypto,
      chainingKey: output1,
      hash,
      key: output3,
      nonce: 0,
    });
  });

  test("splits into the two outputs for an empty input (Noise s. 5.2)", () => {
    const [first, second] = noiseOutputs(start.chainingKey, fromHex(""));
    expect(split(start)).toEqual([first, second]);
  });
});
