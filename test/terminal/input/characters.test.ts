// UTF-8 that is split anywhere, and bytes that are none.

import { describe, expect, test } from "bun:test";

import { createInputDecoder } from "../../../src/terminal/input/input-decoder.ts";
import { bytesOf, decoded, typedText, utf8 } from "./decoding.ts";

function typed(...sent: string[]): string {
  const decoder = createInputDecoder();
  const events = sent.flatMap((read) => decoder.decode(bytesOf(read), 0));
  return typedText([...events, ...decoder.expire(Infinity)]);
}

describe("UTF-8", () => {
  test("may be split anywhere", () => {
    const text = "aé日👍🏽\u0800\uffff\u{10ffff}z";
    expect(typed(...Array.from(utf8(text)))).toBe(text);
    expect(typed(utf8(text))).toBe(text);
  });

  test("may come slowly", () => {
    expect(decoded(["\xe6", 99, "\x97", 99, "\xa5"])).toEqual(["日"]);
  });

  test("is read as the runtime reads it, for every pair of bytes that is well-formed", () => {
    const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    for (let first = 0xc0; first < 0x100; first += 1) {
      for (let second = 0x80; second < 0xc0; second += 1) {
        const bytes = String.fromCharCode(first, second, 0x80, 0x80);
        for (const length of [2, 3, 4]) {
          let text = null;
          try {
            text = strict.decode(bytesOf(bytes.slice(0, length)));
          } catch {
            continue;
          }
          // U+0080 to U+009F are controls.
          if (text >= "\u00a0") expect(typed(bytes.slice(0, length))).toBe(text);
        }
      }
    }
  });
});

describe("a byte that is no UTF-8 is Latin-1", () => {
  test("before ASCII, which is not lost", () => {
    expect(typed("caf\xe9 x")).toBe("café x");
    expect(typed("\xe9a\xe9")).toBe("éaé");
    expect(typed("\xff\xc0\xc1\xf5")).toBe("ÿÀÁõ");
  });

  test("before an escape sequence, which is a key", () => {
    expect(decoded(["\xe9\x1b[D\xe9\r"])).toEqual(["é", "left", "é", "return"]);
  });

  test("alone, after 100 ms", () => {
    expect(decoded(["\xe9", 99])).toEqual([]);
    expect(decoded(["\xe9", 100])).toEqual(["é"]);
  });

  test("in a sequence that is cut off, overlong, a surrogate or too large", () => {
    expect(typed("\xe6\xa5a")).toBe("æ¥a");
    expect(typed("\xe0\xa0")).toBe("à\u00a0");
    expect(typed("\xed\xa0\xa1")).toBe("í\u00a0¡");
    expect(typed("\xf4\xa0a")).toBe("ô\u00a0a");
  });

  test("and the C1 controls in it are none: the ASCII after them is not lost", () => {
    expect(typed("\xe6\x9ba")).toBe("æa");
    expect(typed("\xe6\x9b1;2Rb")).toBe("æ1;2Rb");
  });

  test("with Alt", () => {
    expect(decoded(["\x1b\xe9a"])).toEqual(["meta+é", "a"]);
    expect(decoded(["\x1b\xe9", 50])).toEqual(["meta+é"]);
  });
});
