import { expect, test } from "bun:test";

import { indentedJson } from "../../../src/cli/get/json-text.ts";

test.each([
  ["{}", "{}"],
  ["[ ]", "[]"],
  ["1", "1"],
  ['{"a":1,"b":[true,null,{}]}', '{\n  "a": 1,\n  "b": [\n    true,\n    null,\n    {}\n  ]\n}'],
  ['{"a":12345678901234567890,"a":1.0}', '{\n  "a": 12345678901234567890,\n  "a": 1.0\n}'],
  ['{"a{[,:]}":"\\"b, \\\\"}', '{\n  "a{[,:]}": "\\"b, \\\\"\n}'],
  ['["\u009b\u202e"]', '[\n  "\\u{9b}\\u{202e}"\n]'],
])("%s is laid out", (text, laidOut) => {
  expect(indentedJson(text, false)).toBe(laidOut);
});

test.each(["", "{", "hello", '{"a":1}{"b":2}', "[1,]"])("%p is no JSON", (text) => {
  expect(indentedJson(text, false)).toBeNull();
});

test("keys, strings and the rest have their colours", () => {
  expect(indentedJson('{"a":["b",1]}', true)).toBe(
    '{\n  \x1b[36m"a"\x1b[0m: [\n    \x1b[32m"b"\x1b[0m,\n    \x1b[33m1\x1b[0m\n  ]\n}',
  );
});
