// The plain wire's whole format (docs/protocol.md s. 2): one message is one datagram holding its
// UTF-8 text. Pure functions on bytes.
//
//   0                                        at most 65,507 bytes
//   +----------------------------------------------------------+
//   | UTF-8 text, without a newline of its own at the end      |
//   +----------------------------------------------------------+

import { CharlaError } from "../errors.ts";

/** Bytes of one message: a UDP datagram over IPv4 carries no more (65,535 - 20 - 8, RFC 768, 791). */
export const MAX_TEXT_BYTES = 65_507;

const encoder = new TextEncoder();
// A mark of byte order is text like any other here, and stays.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A message without the newline that line-based tools end what they send with: one, not more. */
export function withoutNewline(text: string): string {
  return text.replace(/\r?\n$/, "");
}

/** @throws {CharlaError} MESSAGE_TOO_LONG past 65,507 bytes of UTF-8 */
export function encodeText(text: string): Uint8Array {
  const datagram = encoder.encode(withoutNewline(text));
  if (datagram.byteLength <= MAX_TEXT_BYTES) return datagram;
  throw new CharlaError(
    "MESSAGE_TOO_LONG",
    `the message is ${datagram.byteLength} bytes long; one datagram carries ${MAX_TEXT_BYTES}`,
    "say it in several messages",
  );
}

/** The text of a datagram; bytes that are not UTF-8 become U+FFFD. */
export function decodeText(datagram: Uint8Array): string {
  return withoutNewline(decoder.decode(datagram));
}
