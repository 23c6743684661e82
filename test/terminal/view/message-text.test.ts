import { afterAll, beforeAll, expect, test } from "bun:test";

import { messageText } from "../../../src/terminal/view/message-text.ts";

const before = process.env["NO_COLOR"];
beforeAll(() => {
  process.env["NO_COLOR"] = "1";
});
afterAll(() => {
  if (before === undefined) delete process.env["NO_COLOR"];
  else process.env["NO_COLOR"] = before;
});

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
])("of %j who says %j", (name, text, shown) => {
  expect(messageText({ name, text }, false)).toBe(shown);
});
