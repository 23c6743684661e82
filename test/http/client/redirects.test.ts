import { describe, expect, test } from "bun:test";

import { redirectedRequest } from "../../../src/http/client/redirects.ts";
import { bytesBody, type HttpRequest } from "../../../src/http/client/request.ts";
import type { Header } from "../../../src/http/header-fields.ts";

const HEADERS: readonly Header[] = [
  ["Authorization", "Basic x"],
  ["cookie", "a=b"],
  ["Host", "example.com"],
  ["Content-Type", "text/plain"],
  ["Accept", "*/*"],
];

function request(method: string): HttpRequest {
  const body = method === "GET" || method === "HEAD" ? null : bytesBody(Buffer.from("a"), "b/c");
  return { method, url: new URL("https://example.com/a/b?c"), headers: HEADERS, body };
}

describe("the method and the body after a redirect (RFC 9110 s. 15.4)", () => {
  test.each([
    [301, "GET", "GET", false],
    [301, "HEAD", "HEAD", false],
    [301, "POST", "GET", false],
    [301, "PUT", "PUT", true],
    [302, "POST", "GET", false],
    [302, "DELETE", "DELETE", true],
    [303, "GET", "GET", false],
    [303, "HEAD", "HEAD", false],
    [303, "POST", "GET", false],
    [303, "PUT", "GET", false],
    [307, "POST", "POST", true],
    [308, "POST", "POST", true],
    [308, "GET", "GET", false],
  ])("a redirect with %d turns %s into %s, with a body: %p", (status, method, becomes, hasBody) => {
    const next = redirectedRequest(request(method), status, "/d");
    expect(next?.method).toBe(becomes);
    expect(next !== null && next.body !== null).toBe(hasBody);
    const dropsType = method !== becomes;
    expect(next?.headers.some(([name]) => name === "Content-Type")).toBe(!dropsType);
  });

  test.each([200, 204, 300, 304, 305, 306, 404])("the status %d is not a redirect", (status) => {
    expect(redirectedRequest(request("GET"), status, "/d")).toBeNull();
  });

  test("a response without Location is not a redirect", () => {
    expect(redirectedRequest(request("GET"), 302, null)).toBeNull();
  });
});

describe("the target of a redirect", () => {
  test.each([
    ["/d", "https://example.com/d"],
    ["d", "https://example.com/a/d"],
    ["?d", "https://example.com/a/b?d"],
    ["//other.example/d", "https://other.example/d"],
    ["http://ann:secret@other.example/d", "http://other.example/d"],
  ])("a redirect to %p leads to %s", (location, url) => {
    expect(redirectedRequest(request("GET"), 302, location)?.url.href).toBe(url);
  });

  test.each([
    ["file:///etc/passwd", "file:///etc/passwd, which is neither http nor https"],
    ["data:text/plain,a", "data:text/plain,a, which is neither http nor https"],
    ["s3://bucket/a", "s3://bucket/a, which is neither http nor https"],
    ["http://", '"http://", which is not a URL'],
  ])("a redirect to %p is REDIRECT_REFUSED", (location, description) => {
    expect(() => redirectedRequest(request("GET"), 302, location)).toThrow(
      expect.objectContaining({
        code: "REDIRECT_REFUSED",
        message: `the server redirects to ${description}`,
      }),
    );
  });
});

test.each([
  ["https://example.com/d", true],
  ["https://example.com:443/d", true],
  ["http://example.com/d", false],
  ["https://example.com:8443/d", false],
  ["https://www.example.com/d", false],
])("credentials, cookies and Host are sent on to %s: %p", (location, areSent) => {
  const names = redirectedRequest(request("GET"), 307, location)?.headers.map(([name]) => name);
  const own = ["Authorization", "cookie", "Host"];
  expect(names).toEqual([...(areSent ? own : []), "Content-Type", "Accept"]);
});
