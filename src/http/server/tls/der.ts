// Writing DER (ITU-T X.690 s. 8, 10): what a certificate needs of it. Knows no certificates.

import { Buffer } from "node:buffer";

/** s. 8.1.2: universal tags, those of structures with the bit for "constructed". */
const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** s. 8.1.3: a length below 128 in one byte, another after the number of its bytes. */
function element(tag: number, content: Uint8Array): Uint8Array {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Uint8Array.of(tag, length), content]);
  const digits = length.toString(16);
  const bytes = Buffer.from(digits.padStart(digits.length + (digits.length % 2), "0"), "hex");
  return Buffer.concat([Uint8Array.of(tag, 0x80 | bytes.length), bytes, content]);
}

export const sequence = (...parts: Uint8Array[]) => element(TAG.sequence, Buffer.concat(parts));
export const set = (...parts: Uint8Array[]) => element(TAG.set, Buffer.concat(parts));
export const octetString = (content: Uint8Array) => element(TAG.octetString, content);
export const utf8String = (text: string) => element(TAG.utf8String, Buffer.from(text));
export const boolean = (value: boolean) => element(TAG.boolean, Uint8Array.of(value ? 0xff : 0));

/** s. 8.3: big-endian, as short as it goes; a first bit that is set would make it negative. */
export function unsignedInteger(bytes: Uint8Array): Uint8Array {
  const start = bytes.findIndex((byte) => byte !== 0);
  const digits = start === -1 ? Uint8Array.of(0) : bytes.subarray(start);
  const isHigh = (digits[0] ?? 0) >= 0x80;
  return element(TAG.integer, isHigh ? Buffer.concat([Uint8Array.of(0), digits]) : digits);
}

/** s. 8.6: @param unused bits at the end that do not count */
export function bitString(content: Uint8Array, unused = 0): Uint8Array {
  return element(TAG.bitString, Buffer.concat([Uint8Array.of(unused), content]));
}

/** s. 8.19: the first two numbers share a byte, the rest are written with seven bits to a byte. */
export function objectIdentifier(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return element(
    TAG.objectIdentifier,
    Uint8Array.from([first * 40 + second, ...rest.flatMap(base128)]),
  );
}

function base128(number: number): number[] {
  const bytes = [number % 128];
  for (let left = Math.floor(number / 128); left > 0; left = Math.floor(left / 128)) {
    bytes.unshift((left % 128) | 0x80);
  }
  return bytes;
}

/** RFC 5280 s. 4.1.2.5: two digits for the year until 2049, four from then on. */
export function time(moment: Date): Uint8Array {
  const digits = moment.toISOString().replaceAll(/[-:T]|\.\d+/g, "");
  return moment.getUTCFullYear() < 2050
    ? element(TAG.utcTime, Buffer.from(digits.slice(2)))
    : element(TAG.generalizedTime, Buffer.from(digits));
}

/** s. 8.14: a tag that the structure around it gives a meaning of its own. */
export function tagged(
  number: number,
  content: Uint8Array,
  form: "primitive" | "constructed",
): Uint8Array {
  return element(0x80 | (form === "constructed" ? 0x20 : 0) | number, content);
}
