import { expect, test } from "bun:test";

import { answerText, headText, requestText } from "../../../src/cli/get/head-text.ts";
import { bytesBody } from "../../../src/http/client/body.ts";

const HEAD = {
  url: new URL("http://example.com/"),
  status: 404,
  statusText: "Not\u009b2J Found",
  headers: [
    ["x-a", "ü\u001b[2J"],
    ["x-b", "\u202eb"],
  ] as const,
};

test("what a server says before its body is shown, not obeyed", () => {
  expect(headText(HEAD)).toBe("HTTP/1.1 404 Not\\u{9b}2J Found\nx-a: ü^[[2J\nx-b: \\u{202e}b");
  expect(answerText(HEAD)).toBe(
    "< HTTP/1.1 404 Not\\u{9b}2J Found\n< x-a: ü^[[2J\n< x-b: \\u{202e}b",
  );
  expect(headText({ ...HEAD, statusText: "", headers: [] })).toBe("HTTP/1.1 404");
});

test("what is asked is shown without credentials, and not obeyed either", () => {
  const request = {
    method: "POST",
    url: new URL("http://ann:secret@example.com:8000/a?b#c"),
    headers: [
      ["authorization", "Basic c2VjcmV0"],
      ["Cookie", "a=secret"],
      ["Proxy-Authorization", "secret"],
      ["X-A", "\u009b2J"],
    ] as const,
    body: bytesBody(Buffer.from("secret"), "text/plain"),
  };
  expect(requestText(request)).toBe(
    "> POST /a?b HTTP/1.1\n> Host: example.com:8000\n> authorization: (not shown)\n" +
      "> Cookie: (not shown)\n> Proxy-Authorization: (not shown)\n> X-A: \\u{9b}2J\n" +
      "> (6 bytes of text/plain)",
  );
});
