import { describe, expect, test } from "bun:test";
import { createPublicKey, diffieHellman, generateKeyPairSync } from "node:crypto";

import * as inBrowsers from "../../src/net/crypto.browser.ts";
import * as onNode from "../../src/net/crypto.ts";
import { readPublicKey } from "../../src/protocol/handshake/noise/public-key.ts";
import { rounds } from "../harness/rounds.ts";
import { fromHex, toHex } from "../protocol/handshake/noise/both-sides.ts";

const NINE = `09${"00".repeat(31)}`;

/** Each encoding of a point of small order that has its highest bit clear. */
const SMALL_ORDER = [
  ["0", "0000000000000000000000000000000000000000000000000000000000000000"],
  ["1", "0100000000000000000000000000000000000000000000000000000000000000"],
  ["order 8", "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"],
  ["order 8, again", "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"],
  ["p - 1", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"],
  ["p", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"],
  ["p + 1", "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"],
] as const;

function withHighestBit(hex: string): Uint8Array {
  const bytes = fromHex(hex);
  bytes[31] = (bytes[31] ?? 0) | 0x80;
  return bytes;
}

/** `from`, `from` + 1, ... in hexadecimal. */
const run = (from: number, length: number) =>
  toHex(Uint8Array.from({ length }, (_, index) => from + index));

describe.each([
  ["on node:crypto", onNode],
  ["in a browser", inBrowsers],
])("cryptography %s", (_, { generateKeyPair, hkdf, platformCrypto }) => {
  /** X25519(k, u) of RFC 7748 s. 5, in hexadecimal. */
  function x25519(k: string, u: string): string {
    const publicKey = readPublicKey(platformCrypto, fromHex(u));
    if (publicKey === null) throw new Error(`${u} was refused`);
    return toHex(platformCrypto.diffieHellman(generateKeyPair(fromHex(k)), publicKey));
  }

  describe("X25519 gives the secrets of RFC 7748", () => {
    test("X25519 gives the result of the first vector of RFC 7748 s. 5.2", () => {
      expect(
        x25519(
          "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
          "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
        ),
      ).toBe("c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
    });

    test("X25519 ignores the highest bit, which is set in the second vector of RFC 7748 s. 5.2", () => {
      expect(
        x25519(
          "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
          "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
        ),
      ).toBe("95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");
    });

    test("X25519 gives the result of many iterations (RFC 7748 s. 5.2)", () => {
      let k = NINE;
      let u = NINE;
      const round = () => ([k, u] = [x25519(k, u), k]);
      round();
      expect(k).toBe("422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
      const count = rounds(1, 1_000);
      for (let done = 1; done < count; done += 1) round();
      if (count === 1_000)
        expect(k).toBe("684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
    });

    test("X25519 gives Alice and Bob the same secret (RFC 7748 s. 6.1)", () => {
      const alice = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
      const bob = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb";
      const alicePublic = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
      const bobPublic = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f";
      const secret = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
      expect(toHex(generateKeyPair(fromHex(alice)).publicKey)).toBe(alicePublic);
      expect(toHex(generateKeyPair(fromHex(bob)).publicKey)).toBe(bobPublic);
      expect(x25519(alice, bobPublic)).toBe(secret);
      expect(x25519(bob, alicePublic)).toBe(secret);
    });
  });

  describe("a key pair", () => {
    test("a key pair can be made of any 32 bytes, which are not changed (RFC 7748 s. 5)", () => {
      for (const byte of [0x00, 0x7f, 0xff]) {
        const bytes = new Uint8Array(32).fill(byte);
        const pair = generateKeyPair(bytes);
        expect(pair.privateKey).toEqual(new Uint8Array(32).fill(byte));
        expect(pair.publicKey).toHaveLength(32);
      }
    });

    test("a key pair of more or fewer than 32 bytes throws", () => {
      for (const length of [0, 31, 33, 64]) {
        expect(() => generateKeyPair(new Uint8Array(length))).toThrow(
          `a private key is 32 bytes long, not ${length}`,
        );
      }
    });

    test("a key pair does not change when the bytes it was made of are overwritten", () => {
      const bytes = fromHex("77".repeat(32));
      const pair = generateKeyPair(bytes);
      bytes.fill(0);
      expect(toHex(pair.privateKey)).toBe("77".repeat(32));
    });
  });

  describe("a peer's public key", () => {
    test.each(SMALL_ORDER)(
      "a public key of small order is refused: %s (RFC 7748 s. 6.1)",
      (_, hex) => {
        expect(readPublicKey(platformCrypto, fromHex(hex))).toBeNull();
        expect(readPublicKey(platformCrypto, withHighestBit(hex))).toBeNull();
      },
    );

    test.each(SMALL_ORDER)(
      "OpenSSL refuses a public key of small order, too, since the secret would be all zero: %s",
      (_, hex) => {
        const { privateKey } = generateKeyPairSync("x25519");
        const format = { format: "raw-public", asymmetricKeyType: "x25519" } as const;
        for (const key of [fromHex(hex), withHighestBit(hex)]) {
          const publicKey = createPublicKey({ key, ...format });
          expect(() => diffieHellman({ privateKey, publicKey })).toThrow();
        }
      },
    );

    test("a public key is accepted in every other encoding, also from 2^255 - 17 on (RFC 7748 s. 5)", () => {
      const own = generateKeyPair(new Uint8Array(32).fill(1));
      for (let last = 0xef; last <= 0xff; last += 1) {
        const hex = `${last.toString(16)}${"ff".repeat(30)}7f`;
        // 2^255 - 19 + n is the same point as n.
        const small = `${(last - 0xed).toString(16).padStart(2, "0")}${"00".repeat(31)}`;
        for (const bytes of [fromHex(hex), withHighestBit(hex), withHighestBit(small)]) {
          const publicKey = readPublicKey(platformCrypto, bytes);
          expect(publicKey?.bytes).toEqual(bytes);
          if (publicKey === null) continue;
          expect(toHex(platformCrypto.diffieHellman(own, publicKey))).toBe(
            x25519("01".repeat(32), small),
          );
        }
      }
    });

    test("a public key that is not 32 bytes long is refused", () => {
      for (const length of [0, 1, 31, 33, 64]) {
        expect(readPublicKey(platformCrypto, new Uint8Array(length).fill(9))).toBeNull();
      }
    });

    test("a public key does not change when its datagram is overwritten", () => {
      const datagram = fromHex(NINE);
      const publicKey = readPublicKey(platformCrypto, datagram);
      datagram.fill(0);
      expect(toHex(publicKey?.bytes ?? datagram)).toBe(NINE);
    });
  });

  describe("HKDF with SHA-256 derives the bytes of RFC 5869", () => {
    test("HKDF gives the bytes of RFC 5869 s. A.1, with a salt and an info", () => {
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

    test("HKDF gives the bytes of RFC 5869 s. A.2, with long inputs", () => {
      const output = hkdf(
        fromHex(run(0x60, 80)),
        fromHex(run(0x00, 80)),
        fromHex(run(0xb0, 80)),
        82,
      );
      expect(toHex(output)).toBe(
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41" +
          "c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
      );
    });

    test("HKDF gives the bytes of RFC 5869 s. A.3, with an empty salt and an empty info", () => {
      const output = hkdf(fromHex(""), fromHex("0b".repeat(22)), fromHex(""), 42);
      expect(toHex(output)).toBe(
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
      );
    });
  });
});

describe.each([
  ["node:crypto", onNode.platformCrypto, inBrowsers.platformCrypto],
  ["a browser", inBrowsers.platformCrypto, onNode.platformCrypto],
])("what was sealed with %s", (_, sealing, opening) => {
  const key = fromHex("feffe9928665731c6d6a8f9467308308".repeat(2));
  const nonce = fromHex("cafebabefacedbaddecaf888");
  const plaintext = fromHex(
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
  );
  const associatedData = fromHex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  const sealed = new Uint8Array(3 + plaintext.length + 16);
  sealing.seal(key, nonce, associatedData, plaintext, sealed, 3);

  test("is the ciphertext and tag of test case 16 of McGrew and Viega's AES-GCM", () => {
    expect(toHex(sealed)).toBe(
      "000000" +
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662" +
        "76fc6ece0f4e1768cddf8853bb2d551b",
    );
  });

  test("is opened by the other, but not with a bit changed, another key or other associated data", () => {
    const bytes = sealed.slice(3);
    expect(opening.open(key, nonce, associatedData, bytes)).toEqual(plaintext);
    for (const at of [0, bytes.length - 1]) {
      const changed = bytes.slice();
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(opening.open(key, nonce, associatedData, changed)).toBeNull();
    }
    expect(
      opening.open(
        key.map((byte) => byte ^ 1),
        nonce,
        associatedData,
        bytes,
      ),
    ).toBeNull();
    expect(opening.open(key, nonce, associatedData.subarray(1), bytes)).toBeNull();
  });

  test("has hashes and secrets that are equal at both ends", () => {
    const parts = [plaintext, associatedData];
    expect(sealing.sha256(...parts)).toEqual(opening.sha256(...parts));
    expect(sealing.hmac(key, ...parts)).toEqual(opening.hmac(key, ...parts));
    expect(sealing.constantTimeEqual(key, key.slice())).toBe(true);
    expect(
      sealing.constantTimeEqual(
        key,
        key.map((byte) => byte ^ 128),
      ),
    ).toBe(false);
  });
});
