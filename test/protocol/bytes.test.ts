import { describe, expect, test } from "bun:test";

import { readVarint, varintLength, writeVarint } from "../../src/protocol/bytes.ts";

function written(value: number): number[] {
  const bytes = new Uint8Array(8);
  return [...bytes.subarray(0, writeVarint(bytes, 0, value))];
}

function read(...bytes: number[]): number | null {
  return readVarint({ bytes: Uint8Array.from(bytes), at: 0, end: bytes.length });
}

describe("a variable-length integer", () => {
  test("matches the examples of RFC 9000 s. A.1", () => {
    expect(read(0x9d, 0x7f, 0x3e, 0x7d)).toBe(494_878_333);
    expect(read(0x7b, 0xbd)).toBe(15_293);
    expect(read(0x25)).toBe(37);
    // 37 in two bytes is not how anyone writes it, but it is 37.
    expect(read(0x40, 0x25)).toBe(37);
  });

  test.each([
    [0, [0x00]],
    [63, [0x3f]],
    [64, [0x40, 0x40]],
    [16_383, [0x7f, 0xff]],
    [16_384, [0x80, 0x00, 0x40, 0x00]],
    [1_073_741_823, [0xbf, 0xff, 0xff, 0xff]],
    [1_073_741_824, [0xc0, 0x00, 0x00, 0x00, 0x40, 0x00, 0x00, 0x00]],
    [Number.MAX_SAFE_INTEGER, [0xc0, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
  ])("writes %d in as few bytes as possible, and reads it back", (value, bytes) => {
    expect(written(value)).toEqual(bytes);
    expect<number>(varintLength(value)).toBe(bytes.length);
    expect(read(...bytes)).toBe(value);
  });

  test("that is truncated reads as null, and the cursor stays", () => {
    for (const bytes of [[], [0x40], [0x80, 0, 0], [0xc0, 0, 0, 0, 0, 0, 0]]) {
      const cursor = { bytes: Uint8Array.from(bytes), at: 0, end: bytes.length };
      expect(readVarint(cursor)).toBeNull();
      expect(cursor.at).toBe(0);
    }
  });

  test("beyond 2^53 - 1 reads as null", () => {
    expect(read(0xc0, 0x20, 0, 0, 0, 0, 0, 0)).toBeNull();
    expect(read(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)).toBeNull();
  });

  test("is limited by the end of the cursor, not of the bytes", () => {
    const cursor = { bytes: Uint8Array.of(0x40, 0x25), at: 0, end: 1 };
    expect(readVarint(cursor)).toBeNull();
  });
});
