// Access: --auth (RFC 7617), --cors (the Fetch standard's CORS protocol), DNS rebinding and CSRF.

import { expect, test } from "bun:test";

import {
  credentialsCheck,
  isAllowedOrigin,
  isPreflight,
} from "../../../src/http/server/access-control.ts";
import { HOST_PATTERN, ownHosts } from "../../../src/http/server/own-hosts.ts";
import {
  exchange,
  type FileServer,
  parseResponse,
  serveFolder,
} from "../../harness/file-server.ts";

const basicHeader = (credentials: string) => `Basic ${Buffer.from(credentials).toString("base64")}`;
const basic = (credentials: string) => ({ Authorization: basicHeader(credentials) });

test("with --auth every request needs the user and the password", async () => {
  await using server = await serveFolder({
    credentials: "ana:pass:wörd",
    upload: { onConflict: "refuse", limit: 100 },
  });
  server.folder.write("a", "content");
  for (let count = 0; count < 3; count++) {
    expect((await server.get("/a", basic("ana:pass:wörd"))).text).toBe("content");
  }
  const wrong: Record<string, string>[] = [
    {},
    basic("ana:pass"),
    basic("ana:pass:wörd2"),
    basic("ben:pass:wörd"),
    basic(""),
    { Authorization: "Basic !!!" },
    { Authorization: "Bearer x" },
  ];
  for (const headers of wrong) {
    for (const [path, method] of [
      ["/a", "GET"],
      ["/", "GET"],
      ["/?archive=zip", "GET"],
      ["/none", "GET"],
      ["/a", "HEAD"],
      ["/b", "PUT"],
      ["/", "OPTIONS"],
    ] as const) {
      const response = await server.get(path, { ...headers, "Content-Length": "0" }, method);
      expect([path, method, response.status]).toEqual([path, method, 401]);
      expect(response.headers.get("www-authenticate")).toBe(
        'Basic realm="charla", charset="UTF-8"',
      );
      expect(response.text).not.toContain("content");
    }
  }
  expect(server.log.at(0)).toMatchObject({ user: "ana", status: 200 });
  expect(server.log.at(-1)).toMatchObject({ user: null, status: 401 });
  expect(server.folder.list()).toEqual(["a"]);
});

test("without --cors pages of other origins cannot read", async () => {
  await using server = await serveFolder();
  server.folder.write("a", "x");
  const { headers } = await server.get("/a", { Origin: "http://evil.example" });
  expect([...headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
});

test("with --cors pages of other origins can read everything and write nothing", async () => {
  await using server = await serveFolder({
    crossOrigin: true,
    credentials: "ana:x",
    upload: { onConflict: "replace", limit: 100 },
  });
  server.folder.write("a", "content");
  const origin = { Origin: "http://other.example" };
  for (const [path, status] of [
    ["/a", 200],
    ["/", 200],
    ["/none", 404],
  ] as const) {
    const response = await server.get(path, { ...origin, ...basic("ana:x") });
    expect(response.status).toBe(status);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.get("access-control-expose-headers")).toContain("Content-Range");
  }
  expect((await server.get("/a", origin)).headers.get("access-control-allow-origin")).toBe("*");

  const preflight = await server.get(
    "/a",
    { ...origin, "Access-Control-Request-Method": "GET" },
    "OPTIONS",
  );
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get("access-control-allow-methods")).toBe("GET, HEAD");
  expect(preflight.headers.get("access-control-allow-headers")).toContain("Range");

  const put = { ...origin, ...basic("ana:x"), "Content-Length": "0" };
  expect((await server.get("/a", put, "PUT")).status).toBe(403);
  expect(server.folder.read("a")).toBe("content");
});

async function statusFor(server: FileServer, host: string, more = ""): Promise<number> {
  const request = `GET /a HTTP/1.1\r\nHost: ${host}\r\n${more}Connection: close\r\n\r\n`;
  return parseResponse(await exchange(server.port, request)).status;
}

test.each([
  "attacker.example",
  "attacker.example:8000",
  "localhost.attacker.example",
  "127.0.0.1.attacker.example",
])(
  "a name that another site can own is refused, whatever User-Agent says (DNS rebinding): %s",
  async (host) => {
    await using server = await serveFolder({ credentials: "ana:x", crossOrigin: true });
    server.folder.write("a", "x");
    for (const agent of ["", "User-Agent: Mozilla/5.0\r\n", "User-Agent: curl/8.14.1\r\n"]) {
      expect(await statusFor(server, host, agent)).toBe(421);
    }
  },
);

test("the refusal of a name says which option allows it", async () => {
  await using server = await serveFolder();
  const received = await server.raw(
    "GET / HTTP/1.1\r\nHost: Files.Example.com:8000\r\nConnection: close\r\n\r\n",
  );
  expect(received).toEndWith(
    "421: this server is not called files.example.com; if it should be, start it with --host files.example.com\n",
  );
});

test("--host allows a name, and with a dot before it every name below it, too", async () => {
  await using server = await serveFolder({ hosts: ["files.example.com", ".example.org"] });
  server.folder.write("a", "x");
  for (const host of [
    "files.example.com",
    "FILES.example.com.:80",
    "example.org",
    "a.b.example.org",
  ]) {
    expect([host, await statusFor(server, host)]).toEqual([host, 200]);
  }
  for (const host of ["a.files.example.com", "example.com", "badexample.org"]) {
    expect([host, await statusFor(server, host)]).toEqual([host, 421]);
  }
});

test("where every name is allowed, as with --public, none is refused", async () => {
  await using server = await serveFolder({ hosts: null });
  server.folder.write("a", "x");
  expect(await statusFor(server, "files.example")).toBe(200);
});

test.each([
  "localhost",
  "LocalHost:8000",
  "app.localhost:8000",
  "127.0.0.1:8000",
  "192.168.1.5",
  "[::1]:8000",
  "[fe80::1]",
  "my-machine",
  "my-machine.local:8000",
  "nas.home.arpa",
  "laptop.example.net",
])("no other site can own %p", (host) => {
  expect(ownHosts([], "Laptop.example.net")(host)).toBe(true);
});

test.each([
  ["files.example.com", true],
  [".example.com", true],
  ["localhost", true],
  ["a_b.example", true],
  ["", false],
  [".", false],
  ["a..b", false],
  ["https://a.example", false],
  ["a.example:80", false],
  ["*.example", false],
])("--host takes %p: %p", (name, isTaken) => {
  expect(HOST_PATTERN.test(name)).toBe(isTaken);
});

test("the right user and password are accepted, with the scheme in any case", () => {
  const allows = credentialsCheck("Aladdin:open sesame");
  // RFC 7617 s. 2
  expect(allows("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")).toBe(true);
  expect(allows("bASIC   QWxhZGRpbjpvcGVuIHNlc2FtZQ== ")).toBe(true);
});

test("a password may contain colons and any characters", () => {
  expect(credentialsCheck("ana:a:b:c")(basicHeader("ana:a:b:c"))).toBe(true);
  // RFC 7617 s. 2.1
  expect(credentialsCheck("test:123£")("Basic dGVzdDoxMjPCow==")).toBe(true);
});

test("a password may be empty", () => {
  expect(credentialsCheck("ana:")(basicHeader("ana:"))).toBe(true);
  expect(credentialsCheck("ana:")(basicHeader("ana"))).toBe(false);
});

test.each([
  ["no header", null],
  ["an empty header", ""],
  ["no credentials", "Basic"],
  ["empty credentials", "Basic "],
  ["another scheme", `Bearer ${Buffer.from("ana:secret").toString("base64")}`],
  ["another user", basicHeader("Ana:secret")],
  ["a part of the password", basicHeader("ana:secre")],
  ["more than the password", basicHeader("ana:secret ")],
  ["what is not base64", "Basic ana:secret"],
  ["something after the credentials", `${basicHeader("ana:secret")}, Basic x`],
  ["a very long header", `Basic ${"A".repeat(100_000)}`],
])("credentials are rejected: %s", (_what, header) => {
  expect(credentialsCheck("ana:secret")(header)).toBe(false);
});

const PREFLIGHT = { origin: "http://example.org", "access-control-request-method": "GET" };

const isOne = (method: string, fields: Record<string, string>) =>
  isPreflight({ method, fields: new Map(Object.entries(fields)) });

test("a preflight is OPTIONS with an origin and the method of the actual request", () => {
  expect(isOne("OPTIONS", PREFLIGHT)).toBe(true);
  expect(isOne("GET", PREFLIGHT)).toBe(false);
  expect(isOne("OPTIONS", {})).toBe(false);
  expect(isOne("OPTIONS", { origin: "http://example.org" })).toBe(false);
});

test.each<[string, Record<string, string>, boolean]>([
  ["a program", {}, true],
  ["its own page", { "sec-fetch-site": "same-origin", origin: "http://a:1" }, true],
  ["a typed address", { "sec-fetch-site": "none" }, true],
  ["another site", { "sec-fetch-site": "cross-site", origin: "http://a:8000" }, false],
  ["another port of the same site", { "sec-fetch-site": "same-site" }, false],
  ["its own page in an older browser", { origin: "http://a:8000" }, true],
  ["its own page behind a proxy with TLS", { origin: "https://a:8000" }, true],
  ["another site in an older browser", { origin: "http://b:8000" }, false],
  ["another port in an older browser", { origin: "http://a:8001" }, false],
  ["a page of no origin", { origin: "null" }, false],
])("a request from %s is allowed: %p", (_what, headers, isAllowed) => {
  const fields = new Map(Object.entries(headers));
  expect(isAllowedOrigin({ fields, host: "a:8000", forwardedHost: null })).toBe(isAllowed);
});
