import { describe, expect, test } from "bun:test";

import { decodeText, encodeText, MAX_TEXT_BYTES } from "../../src/net/text-datagram.ts";

const bytes = (...values: number[]) => Uint8Array.from(values);

describe("a text becomes a datagram", () => {
  test("that holds its UTF-8 bytes and nothing else (RFC 3629)", () => {
    expect(encodeText("hi")).toEqual(bytes(0x68, 0x69));
    expect(encodeText("é")).toEqual(bytes(0xc3, 0xa9));
    expect(encodeText("€")).toEqual(bytes(0xe2, 0x82, 0xac));
    expect(encodeText("😀")).toEqual(bytes(0xf0, 0x9f, 0x98, 0x80));
  });

  test("that is empty when the text is", () => {
    expect(encodeText("")).toEqual(bytes());
  });

  test("with U+FFFD for half a surrogate pair, which UTF-8 cannot say (RFC 3629 s. 3)", () => {
    expect(encodeText("a\ud83d")).toEqual(bytes(0x61, 0xef, 0xbf, 0xbd));
  });

  // `encodeText` sends the text as it is; the other end removes the newline, and may read "bye".
  test("that does not end with a newline (docs/protocol.md s. 2)", () => {
    expect(Buffer.from(encodeText("bye\n")).toString()).toBe("bye");
  });

  test("of at most 65,507 bytes: 65,535 less the headers of IPv4 and UDP (RFC 791, RFC 768)", () => {
    expect(MAX_TEXT_BYTES).toBe(65_507);
    expect(encodeText("a".repeat(65_507)).byteLength).toBe(65_507);
  });

  test("or is MESSAGE_TOO_LONG from 65,508 bytes on", () => {
    expect(() => encodeText("a".repeat(65_508))).toThrow(
      expect.objectContaining({
        code: "MESSAGE_TOO_LONG",
        message: "the message is 65508 bytes long; one datagram carries 65507",
        hint: "say it in several messages",
      }),
    );
  });

  test("counted in bytes of UTF-8, not in characters", () => {
    // 32,753 é are 65,506 bytes: one more byte fits, one more é does not.
    expect(encodeText(`${"é".repeat(32_753)}a`).byteLength).toBe(65_507);
    expect(() => encodeText("é".repeat(32_754))).toThrow(
      expect.objectContaining({ code: "MESSAGE_TOO_LONG" }),
    );
  });
});

describe("a datagram becomes a text", () => {
  test("of its UTF-8 (RFC 3629)", () => {
    expect(decodeText(bytes(0x68, 0xc3, 0xa9, 0xf0, 0x9f, 0x98, 0x80))).toBe("hé😀");
  });

  test("that is empty when the datagram is", () => {
    expect(decodeText(bytes())).toBe("");
  });

  test.each([
    ["bye\n", "bye"],
    ["bye\r\n", "bye"],
    ["bye", "bye"],
    ["\n", ""],
    ["\r\n", ""],
    ["bye\n\n", "bye\n"],
    ["bye\r\n\r\n", "bye\r\n"],
    ["bye\n\r\n", "bye\n"],
    ["bye\r", "bye\r"],
    ["bye\n\r", "bye\n\r"],
    ["bye\r\r\n", "bye\r"],
    ["\nbye", "\nbye"],
    ["one\ntwo\n", "one\ntwo"],
    ["bye ", "bye "],
    ["bye\u2028", "bye\u2028"],
  ])("without one newline at the end, and no more: %p is %p", (sent, text) => {
    expect(decodeText(Buffer.from(sent))).toBe(text);
  });

  test("with its byte order mark, which is text like any other", () => {
    expect(decodeText(bytes(0xef, 0xbb, 0xbf, 0x61))).toBe("\ufeffa");
  });

  // The Unicode Standard, s. 3.9, "U+FFFD substitution of maximal subparts".
  test.each([
    ["a byte that begins nothing", bytes(0x61, 0xff, 0x62), "a\ufffdb"],
    ["a continuation without a beginning", bytes(0x80, 0x61), "\ufffda"],
    ["a character cut short at the end", bytes(0x61, 0xe2, 0x82), "a\ufffd"],
    ["a character cut short by another", bytes(0xf0, 0x9f, 0x98, 0x61), "\ufffda"],
    ["an overlong slash (C0 AF)", bytes(0xc0, 0xaf), "\ufffd\ufffd"],
    ["an overlong NUL in three bytes (E0 80 80)", bytes(0xe0, 0x80, 0x80), "\ufffd\ufffd\ufffd"],
    ["half a surrogate pair (ED A0 80)", bytes(0xed, 0xa0, 0x80), "\ufffd\ufffd\ufffd"],
    ["a code point past U+10FFFF (F4 90 80 80)", bytes(0xf4, 0x90, 0x80, 0x80), "\ufffd".repeat(4)],
    ["a sealed datagram's first byte (F8)", bytes(0xf8, 0x61), "\ufffda"],
    ["an é in Latin-1", bytes(0x63, 0x61, 0x66, 0xe9), "caf\ufffd"],
  ])("with U+FFFD for %s (RFC 3629 s. 3)", (_what, datagram, text) => {
    expect(decodeText(datagram)).toBe(text);
  });

  test("without its newline also after bytes that are not UTF-8", () => {
    expect(decodeText(bytes(0xff, 0x0d, 0x0a))).toBe("\ufffd");
  });

  test("of its own, whatever the datagram before it ended with", () => {
    expect(decodeText(bytes(0xe2, 0x82))).toBe("\ufffd");
    expect(decodeText(bytes(0xac))).toBe("\ufffd");
  });
});
