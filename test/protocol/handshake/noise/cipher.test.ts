import { describe, expect, test } from "bun:test";
import { createCipheriv } from "node:crypto";

import { platformCrypto } from "../../../../src/net/crypto.ts";
import {
  MAX_MESSAGE_BYTES,
  open,
  rekey,
  seal,
} from "../../../../src/protocol/handshake/noise/cipher.ts";
import { EMPTY, fromHex, text, toHex } from "./both-sides.ts";

const KEY = Uint8Array.from({ length: 32 }, (_, index) => index);
const ZERO_KEY = new Uint8Array(32);
const HEADER = text("header");
const HELLO = text("hello");

/** What `seal` writes, in new memory. */
function sealed(
  plaintext: Uint8Array,
  options: { key?: Uint8Array; packetNumber?: number; associatedData?: Uint8Array } = {},
): Uint8Array {
  const { key = KEY, packetNumber = 0, associatedData = HEADER } = options;
  const into = new Uint8Array(plaintext.byteLength + 16);
  expect(seal(platformCrypto, key, packetNumber, associatedData, plaintext, into, 0)).toBe(
    into.byteLength,
  );
  return into;
}

/** AES-256-GCM with a nonce written out (Noise s. 12.4). */
function withNonce(nonce: string, plaintext: Uint8Array, associatedData: Uint8Array): Uint8Array {
  const cipher = createCipheriv("aes-256-gcm", KEY, fromHex(nonce));
  cipher.setAAD(associatedData);
  const body = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Uint8Array.from(Buffer.concat([body, cipher.getAuthTag()]));
}

describe("sealing", () => {
  test("is AES-256-GCM (test cases 13 and 14 of McGrew and Viega's specification)", () => {
    const options = { key: ZERO_KEY, associatedData: EMPTY };
    expect(toHex(sealed(EMPTY, options))).toBe("530f8afbc74536b9a963b4f1c4cb738b");
    expect(toHex(sealed(new Uint8Array(16), options))).toBe(
      "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919",
    );
  });

  test.each([
    [0, "000000000000000000000000"],
    [1, "000000000000000000000001"],
    [0x1_02_03_04, "000000000000000001020304"],
    [2 ** 32 - 1, "0000000000000000ffffffff"],
    [2 ** 32, "000000000000000100000000"],
    [0x5_06_07_08_09_0a, "00000000000005060708090a"],
    [2 ** 53 - 1, "00000000001fffffffffffff"],
  ])("takes packet %d as the nonce 0x%s (Noise s. 12.4)", (packetNumber, nonce) => {
    expect(sealed(HELLO, { packetNumber })).toEqual(withNonce(nonce, HELLO, HEADER));
  });

  test("writes at the given index, and nowhere else", () => {
    const datagram = new Uint8Array(30).fill(0xee);
    expect(seal(platformCrypto, KEY, 3, HEADER, HELLO, datagram, 6)).toBe(21);
    const around = "ee".repeat(6) + toHex(sealed(HELLO, { packetNumber: 3 })) + "ee".repeat(3);
    expect(toHex(datagram)).toBe(around);
  });

  test("may write over the plaintext", () => {
    const datagram = new Uint8Array(21);
    datagram.set(HELLO);
    seal(platformCrypto, KEY, 3, HEADER, datagram.subarray(0, 5), datagram, 0);
    expect(toHex(datagram)).toBe(toHex(sealed(HELLO, { packetNumber: 3 })));
  });

  test("takes 65,519 bytes, so that a message has at most 65,535 (Noise s. 3)", () => {
    const into = new Uint8Array(70_000);
    expect(MAX_MESSAGE_BYTES).toBe(65_535);
    expect(seal(platformCrypto, KEY, 0, HEADER, new Uint8Array(65_519), into, 0)).toBe(65_535);
    expect(() => seal(platformCrypto, KEY, 0, HEADER, new Uint8Array(65_520), into, 0)).toThrow(
      "65536 sealed bytes have no room",
    );
  });

  test("throws when the sealed bytes do not fit, and writes nothing", () => {
    const into = new Uint8Array(30);
    expect(() => seal(platformCrypto, KEY, 0, HEADER, HELLO, into, 10)).toThrow(
      "21 sealed bytes have no room",
    );
    expect(into).toEqual(new Uint8Array(30));
    expect(seal(platformCrypto, KEY, 0, HEADER, HELLO, into, 9)).toBe(21);
  });

  test.each([-1, 0.5, Number.NaN, Infinity, 2 ** 53])("throws for packet number %p", (number) => {
    expect(() => sealed(HELLO, { packetNumber: number })).toThrow(
      `${number} is not a packet number`,
    );
  });

  test.each([0, 16, 31, 33])("throws for a key of %d bytes", (length) => {
    expect(() => sealed(HELLO, { key: new Uint8Array(length) })).toThrow("Invalid key length");
  });
});

describe("opening", () => {
  test("returns what was sealed, in any order (Noise s. 11.4)", () => {
    const packets = [EMPTY, HELLO, new Uint8Array(1_100).fill(7)];
    const arriving = packets
      .map((plaintext, packetNumber) => ({
        packetNumber,
        plaintext,
        packet: sealed(plaintext, { packetNumber }),
      }))
      .toReversed();
    for (const { packetNumber, plaintext, packet } of arriving) {
      expect(toHex(open(platformCrypto, KEY, packetNumber, HEADER, packet) ?? HEADER)).toBe(
        toHex(plaintext),
      );
    }
  });

  test("does not change the packet, and the plaintext has memory of its own", () => {
    const packet = sealed(HELLO);
    const before = Uint8Array.from(packet);
    const plaintext = open(platformCrypto, KEY, 0, HEADER, packet);
    expect(packet).toEqual(before);
    packet.fill(0);
    expect(toHex(plaintext ?? EMPTY)).toBe(toHex(HELLO));
  });

  test("returns null under another key, number or associated data (Noise s. 4.2)", () => {
    const packet = sealed(HELLO, { packetNumber: 5 });
    expect(open(platformCrypto, KEY, 5, HEADER, packet)).not.toBeNull();
    expect(open(platformCrypto, ZERO_KEY, 5, HEADER, packet)).toBeNull();
    expect(open(platformCrypto, KEY, 4, HEADER, packet)).toBeNull();
    expect(open(platformCrypto, KEY, 5 + 2 ** 32, HEADER, packet)).toBeNull();
    expect(open(platformCrypto, KEY, 5, text("headers"), packet)).toBeNull();
    expect(open(platformCrypto, KEY, 5, text("headeR"), packet)).toBeNull();
    expect(open(platformCrypto, KEY, 5, EMPTY, packet)).toBeNull();
  });

  test("returns null when any one bit was changed", () => {
    const packet = sealed(HELLO);
    for (let bit = 0; bit < packet.byteLength * 8; bit += 1) {
      const changed = Uint8Array.from(packet);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(open(platformCrypto, KEY, 0, HEADER, changed)).toBeNull();
    }
  });

  test("returns null when anything was removed or added, also with an empty message", () => {
    for (const packet of [sealed(HELLO), sealed(EMPTY)]) {
      for (let length = 0; length < packet.byteLength; length += 1) {
        expect(open(platformCrypto, KEY, 0, HEADER, packet.subarray(0, length))).toBeNull();
        expect(
          open(platformCrypto, KEY, 0, HEADER, packet.subarray(packet.byteLength - length)),
        ).toBeNull();
      }
      expect(open(platformCrypto, KEY, 0, HEADER, Uint8Array.of(...packet, 0))).toBeNull();
      expect(open(platformCrypto, KEY, 0, HEADER, Uint8Array.of(0, ...packet))).toBeNull();
    }
  });

  test("returns null for more than 65,535 bytes, also from the holder of the key (Noise s. 3)", () => {
    const nonce = "00".repeat(12);
    const longest = withNonce(nonce, new Uint8Array(65_519), HEADER);
    expect(open(platformCrypto, KEY, 0, HEADER, longest)).toHaveLength(65_519);
    const tooLong = withNonce(nonce, new Uint8Array(65_520), HEADER);
    expect(open(platformCrypto, KEY, 0, HEADER, tooLong)).toBeNull();
  });

  test.each([-1, 0.5, Number.NaN, Infinity, 2 ** 53, 2 ** 64])(
    "returns null for packet number %p, which a peer could have sent",
    (packetNumber) => {
      expect(open(platformCrypto, KEY, packetNumber, HEADER, sealed(HELLO))).toBeNull();
    },
  );

  test.each([0, 16, 31, 33])("throws for a key of %d bytes", (length) => {
    expect(() => open(platformCrypto, new Uint8Array(length), 0, HEADER, sealed(HELLO))).toThrow(
      "Invalid key length",
    );
  });
});

describe("rekeying", () => {
  test("returns 32 zero bytes encrypted under the number 2^64 - 1 (Noise s. 4.2)", () => {
    // AES-256 of the nonce and the block counters 2 and 3, which is what GCM adds to zeros.
    expect(toHex(rekey(platformCrypto, ZERO_KEY))).toBe(
      "f1573ed7ea59562387a25c24fabe25a3155fecd880e181089fe581c148cc6ba9",
    );
    expect(toHex(rekey(platformCrypto, KEY))).toBe(
      "0201675c87335949b909793da5bb4d92fcf6d44b92a6e0792b6ae48b1881259d",
    );
    expect(rekey(platformCrypto, KEY)).toEqual(
      withNonce("00000000ffffffffffffffff", new Uint8Array(32), EMPTY).slice(0, 32),
    );
  });

  test("does not change the previous key, and neither key opens the other's packets (s. 11.3)", () => {
    const next = rekey(platformCrypto, KEY);
    expect(toHex(KEY)).toBe("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    expect(open(platformCrypto, next, 0, HEADER, sealed(HELLO))).toBeNull();
    expect(open(platformCrypto, KEY, 0, HEADER, sealed(HELLO, { key: next }))).toBeNull();
    expect(open(platformCrypto, next, 0, HEADER, sealed(HELLO, { key: next }))).not.toBeNull();
  });

  test("returns a new key each time (s. 11.3)", () => {
    const keys: Uint8Array[] = [KEY];
    for (let count = 0; count < 5; count += 1) keys.push(rekey(platformCrypto, keys.at(-1) ?? KEY));
    expect(new Set(keys.map(toHex)).size).toBe(6);
  });
});
