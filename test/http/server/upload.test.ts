// Uploads over a real socket: PUT and the form, refused uploads, and interrupted ones.

import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";

import type { OnConflict } from "../../../src/http/server/upload/new-file.ts";
import { type FileServer, serveFolder } from "../../harness/file-server.ts";
import { until } from "../../harness/until.ts";

const LIMIT = 1_000;

async function acceptUploads(onConflict: OnConflict = "refuse", more = {}): Promise<FileServer> {
  const server = await serveFolder({ upload: { onConflict, limit: LIMIT }, ...more });
  mkdirSync(join(server.folder.path, "sub"));
  return server;
}

interface UploadResponse {
  readonly status: number;
  readonly text: string;
  readonly location: string | null;
}

async function put(
  server: FileServer,
  path: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<UploadResponse> {
  const response = await fetch(server.url + path, { method: "PUT", body, headers });
  const { status } = response;
  return { status, text: await response.text(), location: response.headers.get("location") };
}

async function post(
  server: FileServer,
  path: string,
  files: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<UploadResponse> {
  const form = new FormData();
  form.append("comment", "a field that is not a file");
  for (const [name, content] of Object.entries(files))
    form.append("file", new File([content], name));
  const response = await fetch(server.url + path, {
    method: "POST",
    body: form,
    headers,
    redirect: "manual",
  });
  const { status } = response;
  return { status, text: await response.text(), location: response.headers.get("location") };
}

test("PUT creates a file and returns its location (RFC 9110 s. 9.3.4)", async () => {
  await using server = await acceptUploads();
  expect(await put(server, "/sub/a%20b.txt", "content")).toEqual({
    status: 201,
    text: "",
    location: "/sub/a%20b.txt",
  });
  expect(server.folder.read("sub/a b.txt")).toBe("content");
  expect((await server.get("/sub/a%20b.txt")).text).toBe("content");
});

test("PUT without content creates an empty file", async () => {
  await using server = await acceptUploads();
  expect((await put(server, "/empty", "")).status).toBe(201);
  expect(server.folder.read("empty")).toBe("");
});

test("PUT in chunks, without a length, is accepted", async () => {
  await using server = await acceptUploads();
  const received = await server.raw(
    "PUT /a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n" +
      "3\r\none\r\n4\r\n two\r\n0\r\n\r\n",
  );
  expect(received).toStartWith("HTTP/1.1 201 ");
  expect(server.folder.read("a")).toBe("one two");
});

test("an existing file stays, unless it may be overwritten", async () => {
  await using server = await acceptUploads();
  server.folder.write("a", "old");
  expect((await put(server, "/a", "new")).status).toBe(409);
  expect(server.folder.read("a")).toBe("old");

  await using other = await acceptUploads("replace");
  other.folder.write("a", "old");
  expect((await put(other, "/a", "new")).status).toBe(204);
  expect((await other.get("/a")).text).toBe("new");
  expect((await put(other, "/sub", "new")).status).toBe(409);
});

test("with If-Match only the version that the client has seen is replaced (RFC 9110 s. 13.1.1)", async () => {
  await using server = await acceptUploads("replace");
  await put(server, "/a", "one");
  const etag = (await server.get("/a")).headers.get("etag") ?? "";
  expect((await put(server, "/a", "two!", { "If-Match": etag })).status).toBe(204);
  expect((await put(server, "/a", "three", { "If-Match": etag })).status).toBe(412);
  expect((await put(server, "/a", "three", { "If-None-Match": "*" })).status).toBe(412);
  expect((await put(server, "/new", "x", { "If-Match": "*" })).status).toBe(412);
  expect((await put(server, "/new", "x", { "If-None-Match": "*" })).status).toBe(201);
  expect(server.folder.read("a")).toBe("two!");
});

test("a file longer than the limit is refused, with and without Content-Length", async () => {
  await using server = await acceptUploads();
  expect((await put(server, "/exact", "x".repeat(LIMIT))).status).toBe(201);
  expect((await put(server, "/over", "x".repeat(LIMIT + 1))).status).toBe(413);
  const received = await server.raw(
    "PUT /chunks HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n" +
      `${`c8\r\n${"x".repeat(200)}\r\n`.repeat(6)}0\r\n\r\n`,
  );
  expect(received).toStartWith("HTTP/1.1 413 ");
  expect((await post(server, "/", { form: "x".repeat(LIMIT + 1) })).status).toBe(413);
  expect(server.folder.list()).toEqual(["exact", "sub"]);
});

test("a Content-Length beyond the limit is refused before the body is sent", async () => {
  await using server = await acceptUploads();
  const received = await server.raw(
    "PUT /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\nConnection: close\r\n\r\n",
  );
  expect(received).toStartWith("HTTP/1.1 413 ");
});

test.each([
  ["/sub/", 400],
  ["/", 400],
  ["/.hidden", 400],
  ["/.charla-upload-1", 400],
  ["/none/a", 409],
  ["/a%0Ab", 400],
  ["/back%5Cslash", 400],
  [`/${"x".repeat(256)}`, 400],
])("PUT %p is refused with %p", async (path, status) => {
  await using server = await acceptUploads();
  expect((await put(server, path, "x")).status).toBe(status);
  expect(server.folder.list()).toEqual(["sub"]);
});

test("an upload with Content-Range or Content-Encoding is refused", async () => {
  await using server = await acceptUploads("replace");
  expect((await put(server, "/a", "x", { "Content-Range": "bytes 0-0/9" })).status).toBe(400);
  expect((await put(server, "/a", "x", { "Content-Encoding": "gzip" })).status).toBe(415);
  expect(server.folder.list()).toEqual(["sub"]);
});

test("nothing is written through a link out of the folder", async () => {
  await using server = await acceptUploads("replace");
  await using outside = await serveFolder();
  symlinkSync(outside.folder.path, join(server.folder.path, "out"));
  symlinkSync(join(outside.folder.path, "b"), join(server.folder.path, "file-out"));
  expect((await put(server, "/out/a", "x")).status).toBe(409);
  expect((await post(server, "/out/", { a: "x" })).status).toBe(409);
  expect([201, 204]).toContain((await put(server, "/file-out", "x")).status);
  expect(outside.folder.list()).toEqual([]);
});

test("the form accepts several files and redirects to the page", async () => {
  await using server = await acceptUploads();
  const files = { "a.txt": "one", '日本 "1".txt': "two", "C:\\Users\\ana\\c.txt": "three" };
  expect(await post(server, "/sub/", files)).toEqual({ status: 303, text: "", location: "/sub/" });
  expect(readdirSync(join(server.folder.path, "sub")).toSorted()).toEqual(
    ["a.txt", "c.txt", '日本 "1".txt'].toSorted(),
  );
  expect(server.folder.read("sub/c.txt")).toBe("three");
  expect((await post(server, "/sub/", { "a.txt": "other" })).status).toBe(409);
  expect(server.folder.read("sub/a.txt")).toBe("one");
});

test.each<[string, string, Record<string, string>, number]>([
  ["a form without files", "a=b", { "Content-Type": "application/x-www-form-urlencoded" }, 415],
  ["an incomplete form", "--X\r\n", { "Content-Type": "multipart/form-data; boundary=X" }, 400],
])("%s is refused", async (_what, body, headers, status) => {
  await using server = await acceptUploads();
  const response = await fetch(`${server.url}/`, { method: "POST", body, headers });
  expect(response.status).toBe(status);
  expect(server.folder.list()).toEqual(["sub"]);
});

test("uploads from another site's page are refused", async () => {
  await using server = await acceptUploads();
  const foreign: Record<string, string>[] = [
    { Origin: "http://evil.example", "Sec-Fetch-Site": "cross-site" },
    { Origin: "http://evil.example" },
    { Origin: "null" },
  ];
  const rebound = { Origin: "http://evil.example:1", Host: "evil.example:1" };
  expect((await put(server, "/a", "x", rebound)).status).toBe(421);
  for (const headers of foreign) {
    expect((await put(server, "/a", "x", headers)).status).toBe(403);
    expect((await post(server, "/", { a: "x" }, headers)).status).toBe(403);
  }
  expect(server.folder.list()).toEqual(["sub"]);
  expect((await put(server, "/a", "x", { Origin: server.url })).status).toBe(201);
});

test("a client that disconnects leaves nothing behind", async () => {
  await using server = await acceptUploads("refuse", {
    upload: { onConflict: "refuse", limit: 1_000_000 },
  });
  const temporary = () => server.folder.list().filter((name) => name.startsWith(".charla-upload-"));
  const requests = [
    "PUT /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500000\r\n\r\n",
    "PUT /a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n186a0\r\n",
    'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500000\r\nContent-Type: multipart/form-data; boundary=X\r\n\r\n--X\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n',
  ];
  for (const request of requests) {
    const socket = connect(server.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write(request + "x".repeat(50_000));
    await until("the upload to start", () => temporary().length === 1);
    socket.destroy();
    await until("the temporary file to be removed", () => temporary().length === 0);
  }
  expect(server.folder.list()).toEqual(["sub"]);
  await until("the log", () => server.log.length === requests.length);
  expect(server.log.map(({ status }) => status)).toEqual([400, 400, 400]);
});

test("an upload is not visible until it is complete", async () => {
  await using server = await acceptUploads("refuse", {
    upload: { onConflict: "refuse", limit: 1_000_000 },
  });
  const socket = connect(server.port, "127.0.0.1");
  socket.write(
    "PUT /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\nConnection: close\r\n\r\n",
  );
  socket.write("x".repeat(60_000));
  await until("the upload to start", () => server.folder.list().length === 2);
  expect((await server.get("/a")).status).toBe(404);
  expect((await server.get("/", { Accept: "application/json" })).text).not.toContain(
    "charla-upload",
  );
  socket.write("x".repeat(40_000));
  await until("the file", () => server.folder.list().includes("a"));
  expect((await server.get("/a")).body).toHaveLength(100_000);
  socket.destroy();
});

test("without --upload nothing is accepted, and the page has no form", async () => {
  await using server = await serveFolder();
  expect((await put(server, "/a", "x")).status).toBe(405);
  expect((await post(server, "/", { a: "x" })).status).toBe(405);
  expect(server.folder.list()).toEqual([]);
  expect((await server.get("/")).text).not.toContain('<form class="upload"');
  await using open = await acceptUploads();
  const { text, headers } = await open.get("/");
  expect(text).toContain('<form class="upload"');
  expect(headers.get("content-security-policy")).toContain("; form-action 'self';");
  expect((await open.get("/", {}, "OPTIONS")).headers.get("allow")).toBe(
    "GET, HEAD, OPTIONS, PUT, POST",
  );
});

test("the path in a form's file name is ignored", async () => {
  await using server = await acceptUploads();
  expect((await post(server, "/sub/", { "../../escaped": "x" })).status).toBe(303);
  expect(readdirSync(join(server.folder.path, "sub"))).toEqual(["escaped"]);
  expect((await post(server, "/sub/", { "..": "x" })).status).toBe(400);
});

test("the body of a refused request is not read as another request", async () => {
  for (const upload of [null, { onConflict: "refuse", limit: LIMIT } as const]) {
    await using server = await serveFolder({ upload });
    server.folder.write("a", "the content");
    const inner = "GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n";
    const bodies = [
      [`Content-Length: ${inner.length}`, inner],
      ["Transfer-Encoding: chunked", `${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`],
    ];
    for (const [header, body] of bodies) {
      let received = "";
      const socket = connect(server.port, "127.0.0.1");
      const closed = new Promise((resolve) => socket.once("close", resolve));
      socket.on("data", (data) => {
        received += data.toString();
        socket.write(`${body}GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      });
      // It is refused before its body has come, and so nothing else is read from the connection.
      socket.write(`PUT /a HTTP/1.1\r\nHost: localhost\r\n${header}\r\n\r\n`);
      await closed;
      const statuses = Array.from(received.matchAll(/HTTP\/1\.1 (\d+)/g), ([, status]) => status);
      expect(statuses).toEqual([upload === null ? "405" : "409"]);
      expect(received).toContain("\r\nconnection: close\r\n");
      expect(received).not.toContain("the content");
    }
  }
});
