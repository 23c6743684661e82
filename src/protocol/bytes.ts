// Integers in bytes, and whole arrays of bytes: compared, joined, as a key of a map. Variable-length integers
// are RFC 9000's (s. 16): the first two bits say how many bytes follow. Numbers up to 2^53 - 1, which
// JavaScript has exactly, are enough: none of ours gets that large.
//
//   00xxxxxx                                      6 bits
//   01xxxxxx xxxxxxxx                            14 bits
//   10xxxxxx xxxxxxxx xxxxxxxx xxxxxxxx          30 bits
//   11xxxxxx ... 8 bytes in all                  62 bits (53 here)

const MAX_1_BYTE = 0x3f;
const MAX_2_BYTES = 0x3fff;
const MAX_4_BYTES = 0x3fff_ffff;
const TWO_TO_32 = 0x1_0000_0000;

/** How many bytes `value` takes: 1, 2, 4 or 8. */
export function varintLength(value: number): 1 | 2 | 4 | 8 {
  if (value <= MAX_1_BYTE) return 1;
  if (value <= MAX_2_BYTES) return 2;
  return value <= MAX_4_BYTES ? 4 : 8;
}

/** Writes `value` (a whole number, 0 to 2^53 - 1) at `at`; returns the index after it. */
export function writeVarint(into: Uint8Array, at: number, value: number): number {
  if (value <= MAX_1_BYTE) {
    into[at] = value;
    return at + 1;
  }
  if (value <= MAX_2_BYTES) {
    into[at] = 0x40 | (value >>> 8);
    into[at + 1] = value;
    return at + 2;
  }
  if (value <= MAX_4_BYTES) {
    writeUint32(into, at, (0x8000_0000 | value) >>> 0);
    return at + 4;
  }
  writeUint32(into, at, (0xc000_0000 | Math.floor(value / TWO_TO_32)) >>> 0);
  writeUint32(into, at + 4, value % TWO_TO_32);
  return at + 8;
}

/** Bytes, and where in them the next value is read. */
export interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;
}

/** The next varint; null when it is cut short or greater than 2^53 - 1. Then `at` has not moved. */
export function readVarint(cursor: Cursor): number | null {
  const { bytes, at, end } = cursor;
  if (at >= end) return null;
  const first = bytes[at] ?? 0;
  const length = 1 << (first >>> 6);
  if (at + length > end) return null;
  let value = first & 0x3f;
  for (let index = 1; index < length; index += 1) value = value * 256 + (bytes[at + index] ?? 0);
  if (!Number.isSafeInteger(value)) return null;
  cursor.at = at + length;
  return value;
}

export function writeUint32(into: Uint8Array, at: number, value: number): void {
  into[at] = value >>> 24;
  into[at + 1] = value >>> 16;
  into[at + 2] = value >>> 8;
  into[at + 3] = value;
}

export function readUint32(from: Uint8Array, at: number): number {
  const high = ((from[at] ?? 0) << 8) | (from[at + 1] ?? 0);
  const low = ((from[at + 2] ?? 0) << 8) | (from[at + 3] ?? 0);
  return high * 0x1_0000 + low;
}

/** The arrays one after the other, in a new one. */
export function concatenate(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Whether two arrays have the same bytes. Not for secrets: it stops at the first difference. */
export function equalBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

/** A string to find bytes by in a map or set, one character for each byte. */
export function mapKey(bytes: Uint8Array): string {
  // Not by way of a Buffer: that makes the runtime keep a second object for the memory. Not by spreading:
  // the connection id of each packet comes here, and that takes twice as long.
  return Reflect.apply(String.fromCharCode, null, bytes);
}
