// Malformed requests: rejected or disconnected, and nothing is served (RFC 9112).

import { expect, test } from "bun:test";

import { serveFolder } from "../../harness/file-server.ts";

test.each<[string, string, number]>([
  ["a word", "NONSENSE\r\n\r\n", 400],
  ["a target without a slash", "GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400],
  ["no Host (RFC 9112 s. 3.2)", "GET /a HTTP/1.1\r\n\r\n", 400],
  ["two Hosts", "GET /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400],
  ["a Host with a path", "GET /a HTTP/1.1\r\nHost: a/b\r\n\r\n", 400],
  ["a Host with a user", "GET /a HTTP/1.1\r\nHost: a@b\r\n\r\n", 400],
  ["a space before a colon (s. 5.1)", "GET /a HTTP/1.1\r\nHost: a\r\nA : b\r\n\r\n", 400],
  ["a folded line (s. 5.2)", "GET /a HTTP/1.1\r\nHost: a\r\nA: b\r\n c\r\n\r\n", 400],
  ["a header with a NUL", "GET /a HTTP/1.1\r\nHost: a\r\nA: b\0c\r\n\r\n", 400],
  [
    "two lengths",
    "GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    400,
  ],
  ["a negative length", "GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400],
  [
    "a length and chunks (s. 6.3)",
    "PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    400,
  ],
  ["an unknown transfer coding", "PUT /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x\r\n\r\n", 400],
  ["percent without digits", "GET /%zz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 400],
  ["percent at the end", "GET /% HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 400],
  ["bytes that are not UTF-8", "GET /%ff HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 400],
  ["a NUL in the path", "GET /a%00b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 400],
  ["an unknown version", "GET /a HTTP/9.9\r\nHost: a\r\n\r\n", 505],
  ["no version", "GET /a\r\n\r\n", 505],
  ["a TLS handshake", "\x16\x03\x01\x02\0\x01\0\r\n\r\n", 400],
  ["an endless header", `GET /a HTTP/1.1\r\nHost: a\r\nA: ${"b".repeat(100_000)}`, 431],
  ["endless headers", `GET /a HTTP/1.1\r\nHost: a\r\n${"A: b\r\n".repeat(10_000)}`, 431],
  ["an endless target", `GET /${"a".repeat(100_000)}`, 431],
])(
  "a malformed request gets an error, and the connection is closed: %s",
  async (_what, request, status) => {
    await using server = serveFolder({ upload: { overwrite: false, limit: 100 } });
    server.folder.write("a", "the content");
    const received = await server.raw(request);
    expect(received).toStartWith(`HTTP/1.1 ${status} `);
    expect(received).not.toContain("the content");
    expect(server.folder.list()).toEqual(["a"]);
  },
);

test("the server keeps running after malformed requests", async () => {
  await using server = serveFolder();
  server.folder.write("a", "the content");
  for (let at = 0; at < 50; at++) await server.raw("\r\n\0\xff".repeat(at) + "x\r\n\r\n");
  expect((await server.get("/a")).text).toBe("the content");
});

test("HTTP/1.0 is served without Host", async () => {
  await using server = serveFolder();
  server.folder.write("a", "the content");
  expect(await server.raw("GET /a HTTP/1.0\r\n\r\n")).toEndWith("\r\n\r\nthe content");
});
