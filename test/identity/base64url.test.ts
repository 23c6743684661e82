import { describe, expect, test } from "bun:test";

import { base64urlLength, decodeBase64url, encodeBase64url } from "../../src/identity/base64url.ts";

describe("base64url without padding (RFC 4648 s. 5)", () => {
  test.each([
    [[], ""],
    [[0x66], "Zg"],
    [[0x66, 0x6f], "Zm8"],
    [[0x66, 0x6f, 0x6f], "Zm9v"],
    [[0xfb, 0xff, 0xfe], "-__-"],
  ])("writes %j as %p, and reads it back", (bytes, text) => {
    expect(encodeBase64url(Uint8Array.from(bytes))).toBe(text);
    expect(decodeBase64url(text, bytes.length)).toEqual(Uint8Array.from(bytes));
    expect(base64urlLength(bytes.length)).toBe(text.length);
  });

  test.each([
    ["padding", "Zg==", 1],
    ["the alphabet of plain base64", "+//+", 3],
    ["a blank", "Zm 9v", 3],
    ["a newline at the end", "Zm9v\n", 3],
    ["a character of no alphabet", "Zm9*", 3],
    ["spare bits that are set (s. 3.5)", "Zh", 1],
    ["fewer bytes than wanted", "Zg", 2],
    ["more bytes than wanted", "Zm9v", 2],
    ["nothing", "", 1],
  ])("does not read %s: %p", (_what, text, length) => {
    expect(decodeBase64url(text, length)).toBeNull();
  });
});
