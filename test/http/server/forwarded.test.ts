// What a reverse proxy says of a request (RFC 7239), and who is believed.

import { expect, test } from "bun:test";

import { originFinder, parseNetwork } from "../../../src/http/server/forwarded.ts";
import { serveFolder } from "../../harness/file-server.ts";

const find = originFinder(["127.0.0.1", "10.0.0.0/8", "2001:db8::/32"]);
const from = (address: string, fields: Record<string, string>) =>
  find(address, new Map(Object.entries(fields)));

test.each<[string, Record<string, string>, string, string | null]>([
  ["nothing", {}, "127.0.0.1", null],
  ["one client", { "x-forwarded-for": "192.0.2.7" }, "192.0.2.7", null],
  ["a client with its port", { "x-forwarded-for": "192.0.2.7:4711" }, "192.0.2.7", null],
  [
    "what the client has made up before it",
    { "x-forwarded-for": "203.0.113.1, 192.0.2.7" },
    "192.0.2.7",
    null,
  ],
  ["another trusted proxy", { "x-forwarded-for": "192.0.2.7, 10.1.2.3" }, "192.0.2.7", null],
  ["trusted proxies only", { "x-forwarded-for": "10.1.1.1, 10.1.2.3" }, "10.1.1.1", null],
  ["a name", { "x-forwarded-host": "files.example.com" }, "127.0.0.1", "files.example.com"],
  [
    "RFC 7239 s. 4",
    { forwarded: 'for="[2001:db9:cafe::17]:4711";proto=https; Host="a.example:8443"' },
    "2001:db9:cafe::17",
    "a.example:8443",
  ],
  [
    "several elements",
    { forwarded: "for=192.0.2.43;host=made.up, for=198.51.100.17;host=a.example" },
    "198.51.100.17",
    "a.example",
  ],
  [
    "Forwarded before the older headers",
    { forwarded: "for=192.0.2.43", "x-forwarded-for": "192.0.2.7" },
    "192.0.2.43",
    null,
  ],
  ["an obfuscated client (s. 6.3)", { forwarded: "for=_hidden" }, "_hidden", null],
  ["what is malformed", { forwarded: "for=192.0.2.43;;" }, "127.0.0.1", null],
])("a trusted proxy is believed: %s", (_what, fields, client, forwardedHost) => {
  expect(from("127.0.0.1", fields)).toEqual({ client, forwardedHost });
});

test("nobody else is believed", () => {
  const fields = {
    "x-forwarded-for": "192.0.2.7",
    "x-forwarded-host": "a",
    forwarded: "for=1.2.3.4",
  };
  for (const address of ["192.0.2.1", "11.0.0.1", "2001:db9::1"]) {
    expect(from(address, fields)).toEqual({ client: address, forwardedHost: null });
  }
  expect(from("2001:db8::5", fields).client).toBe("1.2.3.4");
});

test.each([
  ["127.0.0.1", 32],
  ["::1", 128],
  ["10.0.0.0/8", 8],
  ["localhost", null],
  ["10.0.0.0/33", null],
  ["10.0.0.0/", null],
  ["10.0.0.0/8/8", null],
])("--trust-proxy takes %p with a prefix of %p bits", (written, prefix) => {
  expect(parseNetwork(written)?.prefix ?? null).toBe(prefix);
});

test("the log names the client that a trusted proxy names, and its page may upload under the proxy's name", async () => {
  const upload = { onConflict: "refuse", limit: 100 } as const;
  await using server = await serveFolder({ trustedProxies: ["127.0.0.1"], upload });
  await using other = await serveFolder({ upload });
  const request =
    "PUT /a HTTP/1.1\r\nHost: localhost\r\nForwarded: for=192.0.2.7;host=files.example.com\r\n" +
    "Origin: https://files.example.com\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx";
  expect(await server.raw(request)).toStartWith("HTTP/1.1 201 ");
  expect(await other.raw(request)).toStartWith("HTTP/1.1 403 ");
  expect([server.log[0]?.client, other.log[0]?.client]).toEqual(["192.0.2.7", "127.0.0.1"]);
});

test("what a proxy says is no name of the server: a page could say it, too", async () => {
  await using server = await serveFolder({ trustedProxies: ["127.0.0.1"] });
  const received = await server.raw(
    "GET / HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: localhost\r\nConnection: close\r\n\r\n",
  );
  expect(received).toStartWith("HTTP/1.1 421 ");
});
