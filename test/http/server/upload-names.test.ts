import { expect, test } from "bun:test";

import { isLoopbackHost } from "../../../src/http/server/dns-rebinding.ts";
import { isFromOwnPage } from "../../../src/http/server/upload/csrf.ts";
import { baseName, isFileName } from "../../../src/http/server/upload/file-name.ts";

test.each(["a", "a b.txt", "日本.txt", "a..b", "-", "x".repeat(255)])("%p is a name", (name) => {
  expect(isFileName(name, false)).toBe(true);
});

test.each([
  "",
  ".",
  "..",
  "a/b",
  "/",
  "..\\b",
  "a\0",
  "a\nb",
  "a\x7f",
  "\ufffd",
  "\ud800",
  "x".repeat(256),
  "é".repeat(128),
])("%p is no name", (name) => {
  expect(isFileName(name, true)).toBe(false);
});

test("a name that begins with a dot is one only where such files are shared", () => {
  expect(isFileName(".profile", false)).toBe(false);
  expect(isFileName(".profile", true)).toBe(true);
});

test("a path before the name is left out, whatever it is parted with", () => {
  expect(baseName("C:\\Users\\ana\\a.txt")).toBe("a.txt");
  expect(baseName("../../etc/passwd")).toBe("passwd");
  expect(baseName("a.txt")).toBe("a.txt");
  expect(baseName("a/")).toBe("");
});

test.each<[string, Record<string, string>, boolean]>([
  ["a program", {}, true],
  ["its own page", { "Sec-Fetch-Site": "same-origin", Origin: "http://a:1" }, true],
  ["what was typed", { "Sec-Fetch-Site": "none" }, true],
  ["another site", { "Sec-Fetch-Site": "cross-site", Origin: "http://a:8000" }, false],
  ["another port of the same site", { "Sec-Fetch-Site": "same-site" }, false],
  ["its own page in an older browser", { Origin: "http://a:8000" }, true],
  ["its own page behind a proxy with TLS", { Origin: "https://a:8000" }, true],
  ["another site in an older browser", { Origin: "http://b:8000" }, false],
  ["another port in an older browser", { Origin: "http://a:8001" }, false],
  ["a page of no origin", { Origin: "null" }, false],
])("%s: %p", (_who, headers, isOwn) => {
  expect(isFromOwnPage(new Headers({ Host: "a:8000", ...headers }), false)).toBe(isOwn);
});

function from(host: string): Headers {
  return new Headers({ Host: host, Origin: `http://${host}`, "Sec-Fetch-Site": "same-origin" });
}

test("a name that leads to this machine is another site's, where nobody else reaches it", () => {
  expect(isFromOwnPage(from("localhost:8000"), true)).toBe(true);
  expect(isFromOwnPage(from("attacker.example:8000"), true)).toBe(false);
  expect(isFromOwnPage(from("attacker.example:8000"), false)).toBe(true);
  expect(isFromOwnPage(new Headers({ Host: "my-machine:8000" }), true)).toBe(true);
});

test.each([
  ["localhost", true],
  ["LocalHost:8000", true],
  ["app.localhost:8000", true],
  ["127.0.0.1:8000", true],
  ["[::1]:8000", true],
  ["[::1]", true],
  ["attacker.example:8000", false],
  ["localhost.attacker.example", false],
  ["127.0.0.1.attacker.example", false],
  ["", false],
])("whether %p means this machine without the DNS: %p", (host, isOwn) => {
  expect(isLoopbackHost(host)).toBe(isOwn);
});
