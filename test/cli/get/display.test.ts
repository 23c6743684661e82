import { expect, test } from "bun:test";

import { headText, indentedJson, requestText, responseText } from "../../../src/cli/get/display.ts";
import { parseHead } from "../../../src/http/client/wire/response-head.ts";

test("a head is shown as it came, with control characters made visible", () => {
  const raw =
    "HTTP/1.0 404 Not\u00c2\u009b2J Found\r\nx-A:ü\u001b[2J\n  folded\r\nX-b: \u00e2\u0080\u00aeb\r\n";
  const head = parseHead(raw.replace("\u001b", ""));
  const lines = ["HTTP/1.0 404 Not\\u{9b}2J Found", "x-A:ü[2J", "  folded", "X-b: \\u{202e}b"];
  expect(headText(head)).toBe(lines.join("\n"));
  expect(responseText(head)).toBe(lines.map((line) => `< ${line}`).join("\n"));
});

test("a request is shown as it is sent, without credentials and control characters", () => {
  const request =
    "POST /a?b HTTP/1.1\r\nHost: example.com:8000\r\nauthorization: Basic c2VjcmV0\r\n" +
    "Cookie: a=secret\r\nProxy-Authorization: secret\r\nX-A: \u00c2\u009b2J\r\n\r\n";
  expect(requestText(request)).toBe(
    "> POST /a?b HTTP/1.1\n> Host: example.com:8000\n> authorization: (not shown)\n" +
      "> Cookie: (not shown)\n> Proxy-Authorization: (not shown)\n> X-A: \\u{9b}2J",
  );
});

test.each([
  ["{}", "{}"],
  ["[ ]", "[]"],
  ["1", "1"],
  ['{"a":1,"b":[true,null,{}]}', '{\n  "a": 1,\n  "b": [\n    true,\n    null,\n    {}\n  ]\n}'],
  ['{"a":12345678901234567890,"a":1.0}', '{\n  "a": 12345678901234567890,\n  "a": 1.0\n}'],
  ['{"a{[,:]}":"\\"b, \\\\"}', '{\n  "a{[,:]}": "\\"b, \\\\"\n}'],
  ['["\u009b\u202e"]', '[\n  "\\u{9b}\\u{202e}"\n]'],
])("%s is indented", (text, indented) => {
  expect(indentedJson(text, false)).toBe(indented);
});

test.each(["", "{", "hello", '{"a":1}{"b":2}', "[1,]"])("%p is not JSON", (text) => {
  expect(indentedJson(text, false)).toBeNull();
});

test("keys, strings and other values have colours of their own", () => {
  expect(indentedJson('{"a":["b",1]}', true)).toBe(
    '{\n  \x1b[36m"a"\x1b[0m: [\n    \x1b[32m"b"\x1b[0m,\n    \x1b[33m1\x1b[0m\n  ]\n}',
  );
});
