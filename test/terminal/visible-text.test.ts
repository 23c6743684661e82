import { describe, expect, test } from "bun:test";

import { visibleLine, visibleName, visibleText } from "../../src/terminal/visible-text.ts";

describe("control characters are shown, not interpreted", () => {
  test("each of C0, in caret notation, but tab and newline (ECMA-48 s. 5.2)", () => {
    const names =
      "^@ ^A ^B ^C ^D ^E ^F ^G ^H \t \n ^K ^L ^M ^N ^O ^P ^Q ^R ^S ^T ^U ^V ^W ^X ^Y ^Z ^[ ^\\ ^] ^^ ^_";
    for (const [code, name] of names.split(" ").entries()) {
      expect(visibleText(`a${String.fromCharCode(code)}b`)).toBe(`a${name}b`);
    }
  });

  test("DEL, as ^?", () => {
    expect(visibleText("a\u007fb")).toBe("a^?b");
  });

  test("each of C1, by its number (ECMA-48 s. 5.3)", () => {
    for (let code = 0x80; code <= 0x9f; code += 1) {
      expect(visibleText(`a${String.fromCharCode(code)}b`)).toBe(`a\\u{${code.toString(16)}}b`);
    }
    expect(visibleText("\u009b2J")).toBe("\\u{9b}2J");
  });

  test.each([
    ["the Arabic letter mark", "\u061c", "\\u{61c}"],
    ["the left-to-right mark", "\u200e", "\\u{200e}"],
    ["the right-to-left mark", "\u200f", "\\u{200f}"],
    ["a left-to-right embedding", "\u202a", "\\u{202a}"],
    ["a right-to-left embedding", "\u202b", "\\u{202b}"],
    ["the end of an embedding", "\u202c", "\\u{202c}"],
    ["a left-to-right override", "\u202d", "\\u{202d}"],
    ["a right-to-left override", "\u202e", "\\u{202e}"],
    ["a left-to-right isolate", "\u2066", "\\u{2066}"],
    ["a right-to-left isolate", "\u2067", "\\u{2067}"],
    ["an isolate of either direction", "\u2068", "\\u{2068}"],
    ["the end of an isolate", "\u2069", "\\u{2069}"],
  ])("%s, which would reorder what is read (UAX #9 s. 2)", (_what, mark, name) => {
    expect(visibleText(`a${mark}b`)).toBe(`a${name}b`);
  });

  test("the line and paragraph separators, which some terminals break lines at", () => {
    expect(visibleText("a\u2028b\u2029c")).toBe("a\\u{2028}b\\u{2029}c");
  });

  test.each([
    ["clears the screen (CSI)", "\u001b[2J\u001b[H", "^[[2J^[[H"],
    ["hides what follows (SGR)", "\u001b[8mpassword", "^[[8mpassword"],
    ["writes the clipboard (OSC 52)", "\u001b]52;c;cm0gLXJm\u0007", "^[]52;c;cm0gLXJm^G"],
    ["renames the window (OSC 0)", "\u001b]0;root\u001b\\", "^[]0;root^[\\"],
    ["asks who the terminal is (DA)", "\u001b[c", "^[[c"],
    ["resets the terminal (RIS)", "\u001bc", "^[c"],
    ["is a CSI in one character (C1)", "\u009b31mred", "\\u{9b}31mred"],
    ["overwrites its line", "good\revil", "good^Mevil"],
    ["takes a letter back", "evil\b\b\b\bgood", "evil^H^H^H^Hgood"],
    ["rings", "\u0007", "^G"],
  ])("a sequence that %s", (_what, sequence, shown) => {
    expect(visibleText(sequence)).toBe(shown);
  });
});

describe("text that needs no care stays as it is", () => {
  test.each([
    ["ASCII", " !\"#$%&'()*+,-./0189:;<=>?@AZ[\\]^_`az{|}~"],
    ["tabs and newlines", "a\tb\nc\n"],
    ["letters with accents, in one code point and in two", "é e\u0301"],
    ["wide letters", "日本語 한국어"],
    ["letters written from right to left", "שלום مرحبا"],
    ["a family, joined by U+200D (UTS #51)", "👩‍👩‍👧"],
    ["flags and skin colours", "🇩🇪 👍🏽"],
    ["an emoji chosen by U+FE0F", "❤️"],
    ["a key cap", "1️⃣"],
    ["marks that combine, however many", "Z\u0351\u036b\u0343"],
    ["the non-joiner that Persian spells with", "می\u200cخواهم"],
    ["the replacement character", "a\ufffdb"],
    ["a no-break space, the first after C1", "a\u00a0b"],
    ["nothing", ""],
  ])("%s", (_what, text) => {
    expect(visibleText(text)).toBe(text);
  });

  test("what looks like the name of a control character", () => {
    expect(visibleText("^[ \\u{9b}")).toBe("^[ \\u{9b}");
  });
});

test("a newline may be CR LF, and only a CR of its own is shown", () => {
  expect(visibleText("one\r\ntwo")).toBe("one\ntwo");
  expect(visibleText("one\r\r\ntwo\r")).toBe("one^M\ntwo^M");
  expect(visibleText("one\n\rtwo")).toBe("one\n^Mtwo");
});

test("on one line, newlines are shown too", () => {
  expect(visibleLine("one\ntwo\r\nthree\n")).toBe("one^Jtwo^Jthree^J");
  expect(visibleLine("\u001b[2J\tdone")).toBe("^[[2J\tdone");
});

describe("what is not drawn", () => {
  test.each([
    ["a space of no width", "a\u200bb", "a\\u{200b}b"],
    ["a joiner between letters that don't join", "a\u200db\u200cc", "a\\u{200d}b\\u{200c}c"],
    ["a word joiner and a byte order mark", "a\u2060b\ufeffc", "a\\u{2060}b\\u{feff}c"],
    ["a soft hyphen", "a\u00adb", "a\\u{ad}b"],
    [
      "tag characters",
      "hi\u{e0001}\u{e0068}\u{e0069}\u{e007f}",
      "hi\\u{e0001}\\u{e0068}\\u{e0069}\\u{e007f}",
    ],
    ["tags behind an emoji that takes none", "🙂\u{e0068}", "🙂\\u{e0068}"],
    ["selectors behind a letter", "a\ufe0fb\u{e0100}", "a\\u{fe0f}b\\u{e0100}"],
    [
      "a second selector or joiner",
      "❤\ufe0f\ufe0f ل\u200d\u200d",
      "❤\ufe0f\\u{fe0f} ل\u200d\\u{200d}",
    ],
    ["fillers of Hangul", "\u3164\u115fa\u1160\uffa0", "\\u{3164}\\u{115f}a\\u{1160}\\u{ffa0}"],
    ["invisible operators and annotations", "x\u2062y\ufff9z", "x\\u{2062}y\\u{fff9}z"],
    ["a grapheme joiner without marks", "a\u034fb", "a\\u{34f}b"],
  ])("%s is named", (_, text, shown) => {
    expect(visibleText(text)).toBe(shown);
    expect(visibleLine(text)).toBe(shown);
  });

  test.each([
    ["an emoji of several", "👩‍👩‍👧 👩🏽‍🚀 🏳️‍🌈 ❤️ ✌︎ 1️⃣"],
    ["a flag of tags", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"],
    ["Persian", "می\u200cخواهم"],
    ["Hindi", "क्\u200dष क्\u200cष"],
    ["Sinhala", "ශ්\u200dරී"],
    ["Khmer with places to break a line", "ភាសា\u200bខ្មែរ"],
    ["a variant of a Chinese character", "葛\u{e0100}"],
    ["Mongolian", "ᠮᠣᠩᠭᠣᠯ\u180b"],
    ["a grapheme joiner between marks", "א\u05b7\u034f\u05b8"],
    ["old Hangul", "\u1100\u1160\u11a8"],
  ])("%s stays as it is", (_, text) => {
    expect(visibleText(text)).toBe(text);
  });

  test("no character that Unicode says may be ignored is left between two letters", () => {
    for (let code = 0; code <= 0x10ffff; code += 1) {
      const character = String.fromCodePoint(code);
      if (!/\p{Default_Ignorable_Code_Point}/u.test(character)) continue;
      expect(visibleText(`a${character}b`)).toBe(`a\\u{${code.toString(16)}}b`);
    }
  });
});

test.each([
  ["Hebrew", "א"],
  ["Arabic", "ع"],
  ["Phoenician", "\u{10900}"],
  ["Old Hungarian", "\u{10c80}"],
  ["Yezidi", "\u{10e80}"],
  ["Mende Kikakui", "\u{1e800}"],
])("a name of %s letters stands between isolates", (_, letter) => {
  expect(visibleName(letter)).toBe(`\u2068${letter}\u2069`);
});
