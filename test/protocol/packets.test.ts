import { describe, expect, test } from "bun:test";

import { concatenate } from "../../src/protocol/bytes.ts";
import {
  expandPacketNumber,
  isSealedWire,
  readPacket,
  writeAnswer,
  writeFinish,
  writeHello,
  writeReset,
  writeRetry,
  writeSealedHeader,
  writeUnprovenRefusal,
} from "../../src/protocol/packets.ts";

/** `length` bytes that count up from `first`. */
function counting(first: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => first + index);
}

const INITIATOR = counting(0x01, 8);
const RESPONDER = counting(0x11, 8);
const TOKEN = counting(0x21, 16);
const COOKIE = counting(0x31, 17);
const NOISE_1 = counting(0x41, 48);
const PADDING = new Uint8Array(1_200).fill(0x77);

/** A datagram of this first byte and length, zeros otherwise. */
function datagram(first: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  if (length > 0) bytes[0] = first;
  return bytes;
}

/** The lengths from 0 to 1,500 and the largest of UDP at which a datagram is a packet. */
function lengthsTaken(first: number): number[] {
  const lengths = [...Array.from({ length: 1_501 }, (_, length) => length), 65_507];
  return lengths.filter((length) => readPacket(datagram(first, length)) !== null);
}

/** Whole numbers from `first` to `last`. */
function upTo(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

describe("a hello (docs/protocol.md s. 8.1)", () => {
  test("without a cookie is version, id, a zero, Noise message 1, and padding to 1,200", () => {
    const hello = writeHello(INITIATOR, new Uint8Array(0), NOISE_1, PADDING);
    expect(hello).toHaveLength(1_200);
    expect([...hello.subarray(0, 11)]).toEqual([0xf8, 1, 1, 2, 3, 4, 5, 6, 7, 8, 0]);
    expect(hello.subarray(11, 59)).toEqual(NOISE_1);
    expect(hello.subarray(59)).toEqual(new Uint8Array(1_141).fill(0x77));
    expect(readPacket(hello)).toEqual({
      kind: "hello",
      datagram: hello,
      version: 1,
      initiatorId: INITIATOR,
      cookie: new Uint8Array(0),
      noise: NOISE_1,
    });
  });

  test("with a cookie has it, 17 bytes, before Noise message 1", () => {
    const hello = writeHello(INITIATOR, COOKIE, NOISE_1, PADDING);
    expect(hello).toHaveLength(1_200);
    expect([...hello.subarray(0, 11)]).toEqual([0xf8, 1, 1, 2, 3, 4, 5, 6, 7, 8, 17]);
    expect(hello.subarray(11, 28)).toEqual(COOKIE);
    expect(hello.subarray(28, 76)).toEqual(NOISE_1);
    expect(hello.subarray(76)).toEqual(new Uint8Array(1_124).fill(0x77));
    expect(readPacket(hello)).toMatchObject({ kind: "hello", cookie: COOKIE, noise: NOISE_1 });
  });

  test("leaves the padding argument unchanged", () => {
    writeHello(INITIATOR, COOKIE, NOISE_1, PADDING);
    expect(PADDING.every((byte) => byte === 0x77)).toBe(true);
  });

  test("has a cookie of 0 or 17 bytes, and no other length", () => {
    const lengths = upTo(0, 255).filter((length) => {
      const hello = datagram(0xf8, 1_200);
      hello[1] = 1;
      hello[10] = length;
      return readPacket(hello) !== null;
    });
    expect(lengths).toEqual([0, 17]);
  });

  test("of another version is recognised, so that it can be refused", () => {
    const hello = datagram(0xf8, 1_200);
    hello[1] = 2;
    expect(readPacket(hello)).toMatchObject({ kind: "hello", version: 2 });
  });
});

describe("the other packets of the handshake", () => {
  test("a retry is an id and a cookie, 26 bytes (docs/protocol.md s. 8.2)", () => {
    const retry = writeRetry(INITIATOR, COOKIE);
    expect([...retry]).toEqual([0xf9, ...INITIATOR, ...COOKIE]);
    expect(readPacket(retry)).toEqual({ kind: "retry", initiatorId: INITIATOR, cookie: COOKIE });
  });

  test("an answer is the initiator's id and Noise message 2 (docs/protocol.md s. 8.3)", () => {
    const noise = counting(0, 32 + 48 + 8 + 22 + 16);
    const answer = writeAnswer(INITIATOR, noise);
    expect([...answer]).toEqual([0xfa, ...INITIATOR, ...noise]);
    expect(readPacket(answer)).toEqual({ kind: "answer", initiatorId: INITIATOR, noise });
    // Its payload holds the responder's id at least, and a tag.
    expect(readPacket(writeAnswer(INITIATOR, noise.subarray(0, 32 + 48 + 8 + 15)))).toBeNull();
  });

  test("a finish is the responder's id and Noise message 3 (docs/protocol.md s. 8.4)", () => {
    const noise = counting(0, 48 + 5 + 16);
    const finish = writeFinish(RESPONDER, noise);
    expect([...finish]).toEqual([0xfb, ...RESPONDER, ...noise]);
    expect(readPacket(finish)).toEqual({ kind: "finish", responderId: RESPONDER, noise });
  });

  test("a refusal is an id, a code, and a proof of the ten bytes before (docs/protocol.md s. 8.5)", () => {
    const proven = writeUnprovenRefusal(INITIATOR, 2);
    expect([...proven]).toEqual([0xfe, ...INITIATOR, 2]);
    const refusal = concatenate(proven, TOKEN);
    expect([...refusal]).toEqual([0xfe, ...INITIATOR, 2, ...TOKEN]);
    expect(readPacket(refusal)).toEqual({
      kind: "refusal",
      initiatorId: INITIATOR,
      code: 2,
      proven,
      proof: TOKEN,
    });
  });

  test("a reset is the id as received and a token (docs/protocol.md s. 15.4)", () => {
    const reset = writeReset(RESPONDER, TOKEN);
    expect([...reset]).toEqual([0xff, ...RESPONDER, ...TOKEN]);
    expect(readPacket(reset)).toEqual({ kind: "reset", connectionId: RESPONDER, token: TOKEN });
  });
});

describe("a sealed packet (docs/protocol.md s. 9)", () => {
  test("begins with 0xFC or 0xFD, the receiver's id and the low half of its number", () => {
    const into = new Uint8Array(13);
    writeSealedHeader(into, RESPONDER, 0, 0x0102_0304);
    expect([...into]).toEqual([0xfc, ...RESPONDER, 1, 2, 3, 4]);
    writeSealedHeader(into, RESPONDER, 1, 5 * 2 ** 32 + 0xfffe_fdfc);
    expect([...into]).toEqual([0xfd, ...RESPONDER, 0xff, 0xfe, 0xfd, 0xfc]);
  });

  test("is parsed as it was written", () => {
    const bytes = new Uint8Array(30);
    writeSealedHeader(bytes, RESPONDER, 1, 0xfffe_fdfc);
    expect(readPacket(bytes)).toEqual({
      kind: "sealed",
      receiverId: RESPONDER,
      phase: 1,
      number: 0xfffe_fdfc,
    });
    bytes[0] = 0xfc;
    expect(readPacket(bytes)).toMatchObject({ phase: 0 });
  });
});

describe("a datagram", () => {
  test("belongs to the sealed wire if its first byte is 0xF8 or more, which no UTF-8 text contains (docs/protocol.md s. 6)", () => {
    const marked = upTo(0, 255).filter((first) => isSealedWire(Uint8Array.of(first)));
    expect(marked).toEqual(upTo(0xf8, 0xff));
    expect(isSealedWire(new Uint8Array(0))).toBe(false);
  });

  test.each([
    ["hello", 0xf8, [1_200]],
    ["retry", 0xf9, [26]],
    ["finish", 0xfb, upTo(73, 1_200)],
    ["refusal", 0xfe, [26]],
    ["reset", 0xff, [25]],
  ])(
    "is a %s at the lengths of its kind and at no other (docs/protocol.md s. 7)",
    (kind, first, lengths) => {
      expect(lengthsTaken(first)).toEqual(lengths);
      expect<string | undefined>(readPacket(datagram(first, lengths[0] ?? 0))?.kind).toBe(kind);
    },
  );

  test("is a sealed packet from 30 bytes on: one byte of frames (docs/protocol.md s. 9)", () => {
    for (const first of [0xfc, 0xfd])
      expect(lengthsTaken(first)).toEqual([...upTo(30, 1_500), 65_507]);
  });

  test("is an answer from 113 bytes on: the responder's id, no frames, and a tag (docs/protocol.md s. 8.3)", () => {
    expect(lengthsTaken(0xfa)[0]).toBe(113);
  });

  // The header and Noise message 2 without its payload, and the longest payload: 9 + 80 + 256.
  test("is an answer up to 345 bytes (docs/protocol.md s. 8.3)", () => {
    expect(lengthsTaken(0xfa).at(-1)).toBe(345);
  });

  test("of any other first byte, or empty, is no packet", () => {
    for (const first of upTo(0, 0xf7)) expect(lengthsTaken(first)).toEqual([]);
    expect(readPacket(new Uint8Array(0))).toBeNull();
  });
});

describe("the whole packet number (RFC 9000 s. A.3)", () => {
  test("matches the RFC's example, shifted by 16 bits because ours has 32 bits instead of 16", () => {
    // The largest is 0xa82f30ea; 0x9b32 is 0xa82f9b32.
    const expected = 0xa82f_30eb * 2 ** 16;
    expect(expandPacketNumber(0x9b32_0000, expected)).toBe(0xa82f_9b32 * 2 ** 16);
  });

  test.each([
    // [low half, expected, whole]
    [0, 0, 0],
    [5, 0, 5],
    // Nothing is below 0, however far this is above.
    [0xffff_ffff, 0, 0xffff_ffff],
    // Across 2^32, forwards and back.
    [0, 0xffff_ffff, 0x1_0000_0000],
    [7, 0xffff_fff0, 0x1_0000_0007],
    [0xffff_ffff, 0x1_0000_0000, 0xffff_ffff],
    [0xffff_fff0, 0x1_0000_0007, 0xffff_fff0],
    // Across 2^33.
    [3, 0x1_ffff_fffe, 0x2_0000_0003],
    [0xffff_fffd, 0x2_0000_0003, 0x1_ffff_fffd],
    // Half a range ahead is ahead, one more is behind.
    [0x8000_0005, 0x1_0000_0005, 0x1_8000_0005],
    [0x8000_0006, 0x1_0000_0005, 0x8000_0006],
    // Half a range behind counts as ahead, one less is behind.
    [0x0000_0005, 0x1_8000_0005, 0x2_0000_0005],
    [0x0000_0006, 0x1_8000_0005, 0x1_0000_0006],
  ])("of %d where %d is expected is %d", (low, expected, whole) => {
    expect(expandPacketNumber(low, expected)).toBe(whole);
  });

  test("is exact near 2^53", () => {
    expect(expandPacketNumber(0xffff_ffff, 2 ** 53 - 2)).toBe(2 ** 53 - 1);
    expect(expandPacketNumber(0xffff_fff0, 2 ** 53 - 1)).toBe(2 ** 53 - 16);
  });
});
