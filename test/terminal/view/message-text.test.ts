import { describe, expect, test } from "bun:test";

import type { LogEntry } from "../../../src/chat/frames.ts";
import {
  messageText,
  pipedMessage,
  transcriptLine,
} from "../../../src/terminal/view/message-text.ts";

/** Sent on 22 November 2026 at 14:03:09 where this machine is. */
function sent(text: string, name = "ana"): LogEntry {
  const time = new Date(2026, 10, 22, 14, 3, 9).getTime();
  return { sequence: 7, time, author: "SHA256:abc", name, device: "laptop", number: 1, text };
}

test.each([
  ["ana", "hello", "ana: hello"],
  ["ana", "one\ntwo\r\nthree", "ana: one\n  two\n  three"],
  ["ana", "/me waves", "* ana waves"],
  ["ana", "/me waves\nand leaves", "* ana waves\n  and leaves"],
  ["ana", "/mean", "ana: /mean"],
  ["a\nb: hello", "\u001b[2J\u202e", "a^Jb: hello: ^[[2J\\u{202e}"],
  ["ana", "/me \u0007", "* ana ^G"],
  ["שרה", "hello", "\u2068שרה\u2069: hello"],
  ["ana", "שלום\nhello\nسلام", "ana: \u2068שלום\u2069\n  hello\n  \u2068سلام\u2069"],
  ["日本", "e\u0301 👩‍👩‍👧", "日本: e\u0301 👩‍👩‍👧"],
])("a message of %j that says %j", (name, text, shown) => {
  expect(messageText({ name, text })).toBe(shown);
});

test.each([
  ["ana agrees", "to pay 500", '* "ana agrees" to pay 500'],
  ["Ana María", "waves", '* "Ana María" waves'],
  // Not to be read as Ana María who agrees.
  ['"Ana', 'María" agrees', '* "\\"Ana" María" agrees'],
  ['Ana" b\\', "waves", '* "Ana\\" b\\\\" waves'],
  ["“Ana", "María” agrees", '* "“Ana" María” agrees'],
  ["ʺAna", "Maríaʺ agrees", '* "ʺAna" Maríaʺ agrees'],
  ["O'Neil", "waves", "* O'Neil waves"],
  ["🦜", "waves", "* 🦜 waves"],
  ["日本太郎", "waves", "* 日本太郎 waves"],
])(
  "an action of %j is not taken for somebody else's, wherever it is shown",
  (name, does, shown) => {
    const text = `/me ${does}`;
    expect(messageText({ name, text })).toBe(shown);
    expect(pipedMessage(name, text)).toBe(shown);
    expect(transcriptLine(sent(text, name), false)).toBe(`2026-11-22 14:03  ${shown}`);
    const verbose = transcriptLine(sent(text, name), true);
    expect(verbose).toBe(
      `2026-11-22 14:03:09  ${shown.slice(0, -does.length - 1)} (SHA256:abc) ${does}`,
    );
  },
);

const coloured = (name: string) => `<${name}>`;

test("where there are styles the name has the person's colour", () => {
  expect(messageText({ name: "ana", text: "hello" }, coloured)).toBe("<ana>: hello");
  expect(messageText({ name: "ana", text: "/me waves" }, coloured)).toBe("* <ana> waves");
});

describe("a message in the transcript of a room", () => {
  test("is one line: day and time, the author, and the text", () => {
    expect(transcriptLine(sent("hello there"), false)).toBe("2026-11-22 14:03  ana: hello there");
  });

  test("has the seconds and the fingerprint as well if it is verbose", () => {
    expect(transcriptLine(sent("hello"), true)).toBe(
      "2026-11-22 14:03:09  ana (SHA256:abc): hello",
    );
  });

  test("writes days and times with as many digits as the others", () => {
    const early = { ...sent("hi"), time: new Date(2026, 0, 2, 3, 4, 5).getTime() };
    expect(transcriptLine(early, true)).toStartWith("2026-01-02 03:04:05  ");
  });

  test("has its further lines indented, so that none of them poses as another message", () => {
    const text = "one\n2026-11-22 14:03  ben: two\r\n\nthree";
    expect(transcriptLine(sent(text), false).split("\n")).toEqual([
      "2026-11-22 14:03  ana: one",
      "                  2026-11-22 14:03  ben: two",
      "                  ",
      "                  three",
    ]);
  });

  test("has an action as on a screen, and neither name nor text between marks of direction", () => {
    expect(transcriptLine(sent("/me waves\nand leaves"), false).split("\n")).toEqual([
      "2026-11-22 14:03  * ana waves",
      "                  and leaves",
    ]);
    expect(transcriptLine(sent("/me waves"), true)).toBe(
      "2026-11-22 14:03:09  * ana (SHA256:abc) waves",
    );
    expect(transcriptLine(sent("שלום", "שרה"), false)).toBe("2026-11-22 14:03  שרה: שלום");
  });

  test("shows control characters as text, in the message as in the name", () => {
    expect(transcriptLine(sent("\x1b[2Jgone\rben: hi\u2028", "a\nna\x9b"), true)).toBe(
      "2026-11-22 14:03:09  a^Jna\\u{9b} (SHA256:abc): ^[[2Jgone^Mben: hi\\u{2028}",
    );
  });
});
