// Files over a real socket: whole, in part, and not modified.

import { expect, setSystemTime, test } from "bun:test";
import { chmodSync, mkdirSync, renameSync, unlinkSync, utimesSync } from "node:fs";
import { join } from "node:path";

import { serveFolder } from "../../harness/file-server.ts";

const MODIFIED = new Date("2024-02-29T12:34:56Z");
const HTTP_DATE = "Thu, 29 Feb 2024 12:34:56 GMT";
const TEN = "0123456789";

async function serveTen() {
  const server = await serveFolder();
  server.folder.write("ten.txt", TEN);
  utimesSync(join(server.folder.path, "ten.txt"), MODIFIED, MODIFIED);
  return server;
}

test("a file is sent with its headers", async () => {
  await using server = await serveTen();
  const { status, headers, text } = await server.get("/ten.txt");
  expect({ status, text }).toEqual({ status: 200, text: TEN });
  expect(Object.fromEntries(headers)).toMatchObject({
    "content-length": "10",
    "content-type": "text/plain; charset=utf-8",
    "last-modified": HTTP_DATE,
    etag: expect.stringMatching(/^"[^"]+"$/),
    "accept-ranges": "bytes",
    "cache-control": "no-cache",
    "x-content-type-options": "nosniff",
    vary: "Accept-Encoding",
    date: expect.stringMatching(/ GMT$/),
  });
});

function undated(headers: ReadonlyMap<string, string>) {
  return Object.fromEntries([...headers].filter(([name]) => name !== "date"));
}

test("HEAD has the headers of GET and no body", async () => {
  await using server = await serveTen();
  const get = await server.get("/ten.txt");
  const head = await server.get("/ten.txt", {}, "HEAD");
  expect(head.status).toBe(200);
  expect(head.body).toHaveLength(0);
  expect(undated(head.headers)).toEqual(undated(get.headers));
});

test("OPTIONS lists the methods", async () => {
  await using server = await serveTen();
  const { status, headers, body } = await server.get("/ten.txt", {}, "OPTIONS");
  expect({ status, length: body.length }).toEqual({ status: 204, length: 0 });
  expect(headers.get("allow")).toBe("GET, HEAD, OPTIONS");
});

test.each(["POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "MKCOL", "MOVE", "LOCK"])(
  "%s is refused with a list of the allowed methods (RFC 9110 s. 15.5.6)",
  async (method) => {
    await using server = await serveTen();
    const { status, headers } = await server.get("/ten.txt", { "Content-Length": "0" }, method);
    expect({ status, allow: headers.get("allow") }).toEqual({
      status: 405,
      allow: "GET, HEAD, OPTIONS",
    });
    expect(server.folder.read("ten.txt")).toBe(TEN);
  },
);

test.each([
  ["a.html", "text/html; charset=utf-8"],
  ["a.HTM", "text/html; charset=utf-8"],
  ["a.css", "text/css; charset=utf-8"],
  ["a.js", "text/javascript; charset=utf-8"],
  ["a.mjs", "text/javascript; charset=utf-8"],
  ["a.json", "application/json"],
  ["a.svg", "image/svg+xml"],
  ["a.png", "image/png"],
  ["a.jpg", "image/jpeg"],
  ["a.webp", "image/webp"],
  ["a.mp4", "video/mp4"],
  ["a.mp3", "audio/mpeg"],
  ["a.pdf", "application/pdf"],
  ["a.wasm", "application/wasm"],
  ["a.woff2", "font/woff2"],
  ["a.md", "text/markdown; charset=utf-8"],
  ["a.csv", "text/csv; charset=utf-8"],
  ["a.xml", "application/xml"],
  ["a.zip", "application/zip"],
  ["a.ts", "text/plain; charset=utf-8"],
  ["a.py", "text/plain; charset=utf-8"],
  ["a.yaml", "application/yaml"],
  ["a.jsonl", "application/jsonl"],
  ["a.ipynb", "application/x-ipynb+json"],
  ["a.ics", "text/calendar; charset=utf-8"],
  ["a.vcf", "text/vcard; charset=utf-8"],
  ["a.po", "text/plain; charset=utf-8"],
  ["a.key", "application/octet-stream"],
  ["a.pub", "application/octet-stream"],
  ["a.pot", "application/octet-stream"],
  ["README", "text/plain; charset=utf-8"],
  ["Makefile", "text/plain; charset=utf-8"],
  ["a.unheardof", "application/octet-stream"],
  ["constructor", "application/octet-stream"],
  ["a.__proto__", "application/octet-stream"],
])("the type of %s is %s", async (name, type) => {
  await using server = await serveFolder();
  server.folder.write(name, "x");
  expect((await server.get(`/${name}`)).headers.get("content-type")).toBe(type);
});

test("?download suggests the file's name, in any language (RFC 6266, RFC 8187)", async () => {
  await using server = await serveFolder();
  server.folder.write('naïve "1".txt', "x");
  server.folder.write("plain.txt", "x");
  const plain = await server.get("/plain.txt?download");
  expect(plain.headers.get("content-disposition")).toBe('attachment; filename="plain.txt"');
  const { headers } = await server.get("/na%C3%AFve%20%221%22.txt?download");
  expect(headers.get("content-disposition")).toBe(
    `attachment; filename="na_ve _1_.txt"; filename*=UTF-8''na%C3%AFve%20%221%22.txt`,
  );
});

test.each<[string, string, number, string, string | undefined]>([
  ["the first bytes", "bytes=0-3", 206, "0123", "bytes 0-3/10"],
  ["one byte", "bytes=4-4", 206, "4", "bytes 4-4/10"],
  ["all from one on", "bytes=7-", 206, "789", "bytes 7-9/10"],
  ["the last bytes", "bytes=-3", 206, "789", "bytes 7-9/10"],
  ["more last bytes than there are", "bytes=-30", 206, TEN, "bytes 0-9/10"],
  ["an end beyond the end", "bytes=8-99", 206, "89", "bytes 8-9/10"],
  ["a start beyond the end", "bytes=10-", 416, "416: range not satisfiable\n", "bytes */10"],
  ["no last bytes", "bytes=-0", 416, "416: range not satisfiable\n", "bytes */10"],
  ["an end before the start, ignored", "bytes=5-3", 200, TEN, undefined],
  ["another unit, ignored", "lines=0-3", 200, TEN, undefined],
  ["a malformed range, ignored", "bytes=a-b", 200, TEN, undefined],
  ["no numbers, ignored", "bytes=-", 200, TEN, undefined],
  ["several ranges, ignored", "bytes=0-1,4-5", 200, TEN, undefined],
  ["a number beyond 64 bits", "bytes=0-99999999999999999999", 206, TEN, "bytes 0-9/10"],
])(
  "Range is answered as RFC 9110 s. 14.2 says: %s",
  async (_what, range, status, text, contentRange) => {
    await using server = await serveTen();
    const response = await server.get("/ten.txt", { Range: range });
    expect({ status: response.status, text: response.text }).toEqual({ status, text });
    expect(response.headers.get("content-range")).toBe(contentRange);
    expect(response.headers.get("content-length")).toBe(String(text.length));
  },
);

test("a range of a large file, which the runtime sends, is exact", async () => {
  await using server = await serveFolder();
  const bytes = Buffer.alloc(1_000_000, TEN);
  server.folder.write("large.bin", bytes);
  expect((await server.get("/large.bin")).body.equals(bytes)).toBe(true);
  const { status, headers, body } = await server.get("/large.bin", { Range: "bytes=100-900001" });
  expect(status).toBe(206);
  expect(headers.get("content-length")).toBe("899902");
  expect(body.equals(bytes.subarray(100, 900_002))).toBe(true);
  expect((await server.get("/large.bin", { Range: "bytes=-5" })).text).toBe("56789");
});

test("many large files requested at once are not mixed up", async () => {
  await using server = await serveFolder();
  const size = 300_000;
  for (let at = 0; at < 10; at++) server.folder.write(`${at}.bin`, Buffer.alloc(size, `${at}`));
  await Promise.all(
    Array.from({ length: 100 }, async (_, count) => {
      const { status, body } = await server.get(`/${count % 10}.bin`);
      const isSame = body.equals(Buffer.alloc(size, `${count % 10}`));
      expect([count, status, isSame]).toEqual([count, 200, true]);
    }),
  );
});

test("Range is ignored for HEAD (RFC 9110 s. 14.2)", async () => {
  await using server = await serveTen();
  const { status, headers } = await server.get("/ten.txt", { Range: "bytes=0-3" }, "HEAD");
  expect({ status, length: headers.get("content-length") }).toEqual({ status: 200, length: "10" });
});

test("an empty file has no ranges", async () => {
  await using server = await serveFolder();
  server.folder.write("empty", "");
  expect(await server.get("/empty")).toMatchObject({ status: 200, text: "" });
  expect((await server.get("/empty", { Range: "bytes=0-" })).status).toBe(416);
});

test("a range is sent only for the version in If-Range (RFC 9110 s. 13.1.5)", async () => {
  await using server = await serveTen();
  const etag = (await server.get("/ten.txt")).headers.get("etag") ?? "";
  const statusFor = async (ifRange: string) =>
    (await server.get("/ten.txt", { Range: "bytes=0-3", "If-Range": ifRange })).status;
  expect(await statusFor(etag)).toBe(206);
  expect(await statusFor(HTTP_DATE)).toBe(206);
  expect(await statusFor('"another"')).toBe(200);
  expect(await statusFor(`W/${etag}`)).toBe(200);
  expect(await statusFor("Thu, 29 Feb 2024 12:34:57 GMT")).toBe(200);
  expect(await statusFor("nonsense")).toBe(200);
});

test.each<[string, Record<string, string>, number]>([
  ["If-None-Match of the same", { "If-None-Match": "ETAG" }, 304],
  ["If-None-Match of the same, weak", { "If-None-Match": "W/ETAG" }, 304],
  ["If-None-Match of several", { "If-None-Match": '"a", ETAG, "b"' }, 304],
  ["If-None-Match of anything", { "If-None-Match": "*" }, 304],
  ["If-None-Match of another", { "If-None-Match": '"a"' }, 200],
  ["If-Modified-Since then", { "If-Modified-Since": HTTP_DATE }, 304],
  ["If-Modified-Since later", { "If-Modified-Since": "Fri, 01 Mar 2024 00:00:00 GMT" }, 304],
  ["If-Modified-Since before", { "If-Modified-Since": "Thu, 29 Feb 2024 12:34:55 GMT" }, 200],
  [
    "If-Modified-Since in RFC 850's form",
    { "If-Modified-Since": "Thursday, 29-Feb-24 12:34:56 GMT" },
    304,
  ],
  ["If-Modified-Since as asctime writes", { "If-Modified-Since": "Thu Feb 29 12:34:56 2024" }, 304],
  ["If-Modified-Since without a date", { "If-Modified-Since": "yesterday" }, 200],
  [
    "If-None-Match before If-Modified-Since (s. 13.2.2)",
    { "If-None-Match": '"a"', "If-Modified-Since": HTTP_DATE },
    200,
  ],
  ["If-Match of the same", { "If-Match": "ETAG" }, 200],
  ["If-Match of anything", { "If-Match": "*" }, 200],
  ["If-Match of another", { "If-Match": '"a"' }, 412],
  ["If-Match of the same, weak", { "If-Match": "W/ETAG" }, 412],
  ["If-Unmodified-Since then", { "If-Unmodified-Since": HTTP_DATE }, 200],
  ["If-Unmodified-Since before", { "If-Unmodified-Since": "Wed, 28 Feb 2024 00:00:00 GMT" }, 412],
  [
    "If-Match before If-Unmodified-Since (s. 13.2.2)",
    { "If-Match": "ETAG", "If-Unmodified-Since": "Wed, 28 Feb 2024 00:00:00 GMT" },
    200,
  ],
])(
  "a conditional request is answered as RFC 9110 s. 13.1 says: %s",
  async (_what, headers, status) => {
    await using server = await serveTen();
    const etag = (await server.get("/ten.txt")).headers.get("etag") ?? "";
    const requested = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, value.replace("ETAG", etag)]),
    );
    for (const method of ["GET", "HEAD"]) {
      const response = await server.get("/ten.txt", requested, method);
      expect(response.status).toBe(status);
      if (status !== 304) continue;
      expect(response.body).toHaveLength(0);
      expect(response.headers.get("etag")).toBe(etag);
      expect(response.headers.get("vary")).toBe("Accept-Encoding");
    }
  },
);

test("a changed file is served at once, even if it was requested before", async () => {
  await using server = await serveTen();
  const path = join(server.folder.path, "ten.txt");
  for (let round = 0; round < 20; round++) {
    const text = `round ${round % 10}`;
    server.folder.write("ten.txt", text);
    // The time of modification is always the same: only the time of change differs.
    utimesSync(path, MODIFIED, MODIFIED);
    for (let count = 0; count < 3; count++) expect((await server.get("/ten.txt")).text).toBe(text);
  }
});

test("a cached file is not served after it has changed or was replaced", async () => {
  await using server = await serveFolder();
  const path = join(server.folder.path, "a.txt");
  // A minute later: a file that has just changed is not cached.
  setSystemTime(Date.now() + 60_000);
  try {
    for (let round = 0; round < 50; round++) {
      const text = "x".repeat(round);
      if (round % 2 === 0) server.folder.write("a.txt", text);
      else {
        server.folder.write("new", text);
        renameSync(join(server.folder.path, "new"), path);
      }
      for (let count = 0; count < 3; count++) {
        const { headers, text: received } = await server.get("/a.txt");
        expect([received, headers.get("content-length")]).toEqual([text, String(round)]);
      }
    }
    unlinkSync(path);
    expect((await server.get("/a.txt")).status).toBe(404);
  } finally {
    setSystemTime();
  }
});

test("a file that is removed, renamed or made unreadable is not served from then on", async () => {
  await using server = await serveTen();
  const path = join(server.folder.path, "ten.txt");
  for (let count = 0; count < 3; count++) await server.get("/ten.txt");
  renameSync(path, join(server.folder.path, "other.txt"));
  expect((await server.get("/ten.txt")).status).toBe(404);
  expect((await server.get("/other.txt")).text).toBe(TEN);
  if (process.getuid?.() === 0) return;
  chmodSync(join(server.folder.path, "other.txt"), 0);
  expect((await server.get("/other.txt")).status).toBe(403);
});

test("index.html is served for its folder, and a path without a slash redirects to the folder", async () => {
  await using server = await serveFolder();
  mkdirSync(join(server.folder.path, "a b"));
  server.folder.write("a b/index.html", "<p>here");
  expect(await server.get("/a%20b/")).toMatchObject({ status: 200, text: "<p>here" });
  const { status, headers } = await server.get("/a%20b?q=1");
  expect({ status, location: headers.get("location") }).toEqual({
    status: 301,
    location: "/a%20b/?q=1",
  });
  expect((await server.get("/a%20b/index.html/")).status).toBe(404);
});

test("the redirect to a folder cannot lead to another host", async () => {
  await using server = await serveFolder();
  mkdirSync(join(server.folder.path, "evil.example"));
  for (const path of ["//evil.example", "/\\evil.example", "/%2fevil.example"]) {
    const { status, headers } = await server.get(path);
    expect({ path, status, location: headers.get("location") }).toEqual({
      path,
      status: 404,
      location: undefined,
    });
  }
});

test("--spa serves index.html for an unknown path without an extension", async () => {
  await using server = await serveFolder({ spa: true });
  server.folder.write("index.html", "the program");
  expect(await server.get("/users/7")).toMatchObject({ status: 200, text: "the program" });
  expect((await server.get("/app.js")).status).toBe(404);
  expect((await server.get("/.env")).status).toBe(404);
});

test("a path without an extension finds its page, and keeps finding folders", async () => {
  await using server = await serveFolder();
  server.folder.write("about.html", "about us");
  server.folder.write("sub.html", "a page");
  server.folder.write("notes", "a file");
  server.folder.write("notes.html", "a page");
  mkdirSync(join(server.folder.path, "sub"));
  server.folder.write("sub/deep.html", "deep");
  expect(await server.get("/about")).toMatchObject({ status: 200, text: "about us" });
  expect((await server.get("/about")).headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(await server.get("/sub/deep")).toMatchObject({ status: 200, text: "deep" });
  expect((await server.get("/notes")).text).toBe("a file");
  expect((await server.get("/sub")).headers.get("location")).toBe("/sub/");
  for (const path of ["/about/", "/about.htm", "/abou", "/.about", "/sub/about"]) {
    expect([path, (await server.get(path)).status]).toEqual([path, 404]);
  }
});

test("404.html of the shared folder is the page for what is not found", async () => {
  await using server = await serveFolder();
  server.folder.write("404.html", "nothing here");
  for (const headers of [{}, { Range: "bytes=0-1" }, { "If-None-Match": "*" }]) {
    const { status, text } = await server.get("/sub/none.png", headers);
    expect({ status, text }).toEqual({ status: 404, text: "nothing here" });
  }
  const head = await server.get("/none", {}, "HEAD");
  expect([head.status, head.headers.get("content-length"), head.body.length]).toEqual([
    404,
    "12",
    0,
  ]);
  await using spa = await serveFolder({ spa: true }, server.folder);
  server.folder.write("index.html", "the program");
  expect((await spa.get("/none")).text).toBe("the program");
  expect((await spa.get("/none.js")).text).toBe("nothing here");
});

test("with --no-listing a folder without an index is not found, and has no archive", async () => {
  await using server = await serveFolder({ listing: false });
  mkdirSync(join(server.folder.path, "sub"));
  server.folder.write("sub/a", "x");
  for (const path of ["/", "/sub/", "/sub", "/?archive=zip", "/sub/?archive=tar"]) {
    expect([path, (await server.get(path)).status]).toEqual([path, 404]);
  }
  expect((await server.get("/sub/a")).text).toBe("x");
});

test("several requests on one connection are answered in order", async () => {
  await using server = await serveTen();
  const one = "GET /ten.txt HTTP/1.1\r\nHost: a\r\nRange: bytes=RANGE\r\n\r\n";
  const last = "GET /none HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  const received = await server.raw(
    one.replace("RANGE", "0-0") + one.replace("RANGE", "9-9") + last,
  );
  expect(Array.from(received.matchAll(/HTTP\/1\.1 (\d+)/g), ([, status]) => status)).toEqual([
    "206",
    "206",
    "404",
  ]);
  expect(server.log.map(({ target, status }) => [target, status])).toEqual([
    ["/ten.txt", 206],
    ["/ten.txt", 206],
    ["/none", 404],
  ]);
});
