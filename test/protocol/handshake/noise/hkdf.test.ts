import { describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";

import { hkdf } from "../../../../src/protocol/handshake/noise/hkdf.ts";
import {
  initializeSymmetric,
  mixHash,
  mixKey,
  mixKeyAndHash,
  split,
} from "../../../../src/protocol/handshake/noise/symmetric-state.ts";
import { fromHex, text, toHex } from "./both-sides.ts";

/** `from`, `from` + 1, ... in hexadecimal. */
const run = (from: number, length: number) =>
  toHex(Uint8Array.from({ length }, (_, index) => from + index));

describe("HKDF with SHA-256 derives the bytes of RFC 5869", () => {
  test("s. A.1, with a salt and an info", () => {
    const output = hkdf(
      fromHex(run(0x00, 13)),
      fromHex("0b".repeat(22)),
      fromHex(run(0xf0, 10)),
      42,
    );
    expect(toHex(output)).toBe(
      "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    );
  });

  test("s. A.2, with long inputs", () => {
    const output = hkdf(fromHex(run(0x60, 80)), fromHex(run(0x00, 80)), fromHex(run(0xb0, 80)), 82);
    expect(toHex(output)).toBe(
      "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41" +
        "c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
    );
  });

  test("s. A.3, with an empty salt and an empty info", () => {
    const output = hkdf(fromHex(""), fromHex("0b".repeat(22)), fromHex(""), 42);
    expect(toHex(output)).toBe(
      "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
    );
  });
});

function hmac(key: Uint8Array, ...data: Uint8Array[]): Uint8Array {
  return Uint8Array.from(createHmac("sha256", key).update(Buffer.concat(data)).digest());
}

/** HKDF() word for word as Noise s. 4.3 has it. */
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
  const start = initializeSymmetric("Noise_XXpsk3_25519_AESGCM_SHA256");
  const input = fromHex("c5".repeat(32));
  const [output1, output2, output3] = noiseOutputs(start.chainingKey, input);

  test("begins with its protocol's name, filled up with zeros (Noise s. 5.2)", () => {
    expect(start.hash).toEqual(text("Noise_XXpsk3_25519_AESGCM_SHA256"));
    expect(start.chainingKey).toEqual(start.hash);
    expect(initializeSymmetric("Noise_XX_25519_AESGCM_SHA256").hash).toEqual(
      text("Noise_XX_25519_AESGCM_SHA256\0\0\0\0"),
    );
  });

  test("mixes a key in by the two outputs of Noise's HKDF (Noise s. 4.3, 5.2)", () => {
    const mixed = mixKey({ ...start, nonce: 7 }, input);
    expect(mixed).toEqual({ chainingKey: output1, hash: start.hash, key: output2, nonce: 0 });
  });

  test("mixes a key and its hash in by the three (Noise s. 5.2)", () => {
    const mixed = mixKeyAndHash({ ...start, nonce: 7 }, input);
    const { hash } = mixHash(start, output2);
    expect(mixed).toEqual({ chainingKey: output1, hash, key: output3, nonce: 0 });
  });

  test("splits into the two outputs for an empty input (Noise s. 5.2)", () => {
    const [first, second] = noiseOutputs(start.chainingKey, fromHex(""));
    expect(split(start)).toEqual([first, second]);
  });
});
