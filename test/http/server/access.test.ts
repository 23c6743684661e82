// Who may come, and from which pages: --auth (RFC 7617) and --cors (the Fetch standard's CORS protocol).

import { expect, test } from "bun:test";

import { exchange, type FileServer, readAnswer, serveFolder } from "../../harness/file-server.ts";

const basic = (credentials: string) => ({
  Authorization: `Basic ${Buffer.from(credentials).toString("base64")}`,
});

test("with --auth nothing is had without the user and the password", async () => {
  await using server = serveFolder({
    credentials: "ana:pass:wörd",
    upload: { overwrite: false, limit: 100 },
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
      const answer = await server.get(path, { ...headers, "Content-Length": "0" }, method);
      expect([path, method, answer.status]).toEqual([path, method, 401]);
      expect(answer.headers.get("www-authenticate")).toBe('Basic realm="charla", charset="UTF-8"');
      expect(answer.text).not.toContain("content");
    }
  }
  expect(server.log.at(0)).toMatchObject({ user: "ana", status: 200 });
  expect(server.log.at(-1)).toMatchObject({ user: null, status: 401 });
  expect(server.folder.list()).toEqual(["a"]);
});

test("without --cors pages of other origins read nothing", async () => {
  await using server = serveFolder();
  server.folder.write("a", "x");
  const { headers } = await server.get("/a", { Origin: "http://evil.example" });
  expect([...headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
});

test("with --cors they read all, and write nothing", async () => {
  await using server = serveFolder({
    crossOrigin: true,
    credentials: "ana:x",
    upload: { overwrite: true, limit: 100 },
  });
  server.folder.write("a", "content");
  const origin = { Origin: "http://other.example" };
  for (const [path, status] of [
    ["/a", 200],
    ["/", 200],
    ["/none", 404],
  ] as const) {
    const answer = await server.get(path, { ...origin, ...basic("ana:x") });
    expect(answer.status).toBe(status);
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    expect(answer.headers.get("access-control-expose-headers")).toContain("Content-Range");
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

const BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36";

async function statusFor(server: FileServer, host: string, agent: string): Promise<number> {
  const request = `GET /a HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: ${agent}\r\nConnection: close\r\n\r\n`;
  return readAnswer(await exchange(server.port, request)).status;
}

test("a site whose name leads to this machine reads nothing of what is for this machine alone", async () => {
  await using server = serveFolder();
  server.folder.write("a", "x");
  for (const host of ["attacker.example", "attacker.example:8000", "localhost.attacker.example"]) {
    expect([host, await statusFor(server, host, BROWSER)]).toEqual([host, 421]);
    expect([host, await statusFor(server, host, "curl/8.14.1")]).toEqual([host, 200]);
  }
  for (const host of [
    "localhost",
    "127.0.0.1:1",
    "[::1]:1",
    "my-machine",
    "a.localhost",
    "a.test",
  ]) {
    expect([host, await statusFor(server, host, BROWSER)]).toEqual([host, 200]);
  }
  await using open = serveFolder({ isLoopbackOnly: false });
  open.folder.write("a", "x");
  expect(await statusFor(open, "files.example", BROWSER)).toBe(200);
});
