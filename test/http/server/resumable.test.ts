// Uploads that go on after an interruption (tus 1.0.0), with literal bytes on a socket.

import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";

import type { OnConflict } from "../../../src/http/server/upload/new-file.ts";
import { type FileServer, parseResponse, serveFolder } from "../../harness/file-server.ts";
import { until } from "../../harness/until.ts";

const serve = (onConflict: OnConflict = "refuse") =>
  serveFolder({ upload: { onConflict, limit: 1_000 } });

const TUS = { "Tus-Resumable": "1.0.0" };
const base64 = (text: string) => Buffer.from(text).toString("base64");

function send(
  server: FileServer,
  method: string,
  path: string,
  headers: Record<string, string>,
  body = "",
) {
  const length = body === "" && method === "HEAD" ? [] : [`Content-Length: ${body.length}`];
  const lines = [
    `${method} ${path} HTTP/1.1`,
    "Host: localhost",
    "Connection: close",
    ...Object.entries({ ...TUS, ...headers }).map(([name, value]) => `${name}: ${value}`),
    ...length,
  ];
  return server
    .raw(`${lines.join("\r\n")}\r\n\r\n${body}`)
    .then((received) => parseResponse(Buffer.from(received, "latin1")));
}

function begin(server: FileServer, name: string, length: number, path = "/", more = {}, body = "") {
  return send(
    server,
    "POST",
    path,
    { "Upload-Length": String(length), "Upload-Metadata": `filename ${base64(name)}`, ...more },
    body,
  );
}

const OFFSET_TYPE = { "Content-Type": "application/offset+octet-stream" };
const patch = (server: FileServer, place: string, offset: number, body: string) =>
  send(server, "PATCH", place, { "Upload-Offset": String(offset), ...OFFSET_TYPE }, body);

const shown = ({ folder }: FileServer) => folder.list().filter((name) => !name.startsWith("."));

test("OPTIONS says what is spoken", async () => {
  await using server = await serve();
  const { headers } = await send(server, "OPTIONS", "/", {});
  expect(Object.fromEntries(headers)).toMatchObject({
    "tus-resumable": "1.0.0",
    "tus-version": "1.0.0",
    "tus-extension": "creation,creation-with-upload,termination,expiration",
    "tus-max-size": "1000",
  });
});

test("a file is there when all of it has come, in as many parts as it takes, and not before", async () => {
  await using server = await serve();
  const created = await begin(server, "naïve.txt", 10);
  expect(created.status).toBe(201);
  expect(created.headers.get("content-location")).toBe("/na%C3%AFve.txt");
  expect(created.headers.get("upload-expires")).toMatch(/ GMT$/);
  const place = created.headers.get("location") ?? "";
  expect(place).toMatch(/^\/\?upload=[\da-f]{32}$/);

  const first = await patch(server, place, 0, "01234");
  expect([first.status, first.headers.get("upload-offset")]).toEqual([204, "5"]);
  expect(shown(server)).toEqual([]);
  const head = await send(server, "HEAD", place, {});
  expect(Object.fromEntries(head.headers)).toMatchObject({
    "tus-resumable": "1.0.0",
    "upload-offset": "5",
    "upload-length": "10",
    "cache-control": "no-store",
  });
  const wrong = await patch(server, place, 3, "xx");
  expect([wrong.status, wrong.headers.get("upload-offset")]).toEqual([409, "5"]);
  const last = await patch(server, place, 5, "56789");
  expect([last.status, last.headers.get("content-location")]).toEqual([204, "/na%C3%AFve.txt"]);
  expect(server.folder.list()).toEqual(["naïve.txt"]);
  expect(server.folder.read("naïve.txt")).toBe("0123456789");
  expect((await send(server, "HEAD", place, {})).status).toBe(404);
});

test("what came before an interruption is kept, and the rest goes on from there", async () => {
  await using server = await serve();
  const place = (await begin(server, "a", 10)).headers.get("location") ?? "";
  const socket = connect(server.port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write(
    `PATCH ${place} HTTP/1.1\r\nHost: localhost\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n` +
      "Content-Type: application/offset+octet-stream\r\nContent-Length: 10\r\n\r\n012",
  );
  const offset = async () => (await send(server, "HEAD", place, {})).headers.get("upload-offset");
  await until("it to be written", async () => {
    const part = server.folder.list().find((name) => /^\.charla-upload-[\da-f]+$/.test(name)) ?? "";
    return server.folder.read(part) === "012";
  });
  // The server has not noticed yet that this client is gone: who asks for the upload takes it over.
  expect(await offset()).toBe("3");
  socket.destroy();
  expect((await patch(server, place, 3, "3456789")).status).toBe(204);
  expect(server.folder.read("a")).toBe("0123456789");
});

test("an upload goes on after the server was started again", async () => {
  const server = await serve();
  const place = (await begin(server, "a", 4)).headers.get("location") ?? "";
  await patch(server, place, 0, "01");
  await using other = await serveFolder(
    { upload: { onConflict: "refuse", limit: 1_000 } },
    server.folder,
  );
  expect((await send(other, "HEAD", place, {})).headers.get("upload-offset")).toBe("2");
  await patch(other, place, 2, "23");
  expect(server.folder.read("a")).toBe("0123");
});

test("a file may come with its creation, and an empty one does", async () => {
  await using server = await serve();
  const whole = await begin(server, "a", 3, "/", OFFSET_TYPE, "abc");
  expect([whole.status, whole.headers.get("upload-offset")]).toEqual([201, "3"]);
  const empty = await begin(server, "empty", 0);
  expect([empty.status, empty.headers.get("content-location")]).toEqual([201, "/empty"]);
  expect(server.folder.list()).toEqual(["a", "empty"]);
  expect(server.folder.read("a")).toBe("abc");
});

test("folders in the name are made, beneath the shared folder only", async () => {
  await using server = await serve();
  mkdirSync(join(server.folder.path, "sub"));
  symlinkSync("/tmp", join(server.folder.path, "out"));
  const made = await begin(server, "one/two/a.txt", 3, "/sub/", OFFSET_TYPE, "abc");
  expect(made.headers.get("content-location")).toBe("/sub/one/two/a.txt");
  expect(server.folder.read("sub/one/two/a.txt")).toBe("abc");
  for (const [name, status] of [
    ["../a", 400],
    ["one/../../a", 400],
    ["/a", 400],
    [".hidden/a", 400],
    ["a/", 400],
    ["", 400],
    ["a\0b", 400],
    ["sub\\a", 400],
    [".charla-upload-1", 400],
    ["out/evil.txt", 409],
    ["sub/one/two/a.txt/b", 409],
  ] as const) {
    expect([name, (await begin(server, name, 1, "/", OFFSET_TYPE, "x")).status]).toEqual([
      name,
      status,
    ]);
  }
  expect((await begin(server, "a", 1, "/none/")).status).toBe(409);
  expect((await begin(server, "a", 1, "/sub")).status).toBe(409);
  expect(readdirSync("/tmp").includes("evil.txt")).toBe(false);
});

test("what becomes of a taken name is said before a byte of it is sent", async () => {
  await using refusing = await serve("refuse");
  refusing.folder.write("a.txt", "old");
  expect((await begin(refusing, "a.txt", 3)).status).toBe(409);
  expect(refusing.folder.list()).toEqual(["a.txt"]);

  await using renaming = await serve("rename");
  renaming.folder.write("a.txt", "old");
  const renamed = await begin(renaming, "a.txt", 3);
  expect([renamed.status, renamed.headers.get("content-location")]).toEqual([201, "/a%20(1).txt"]);
  await patch(renaming, renamed.headers.get("location") ?? "", 0, "new");
  expect(shown(renaming)).toEqual(["a (1).txt", "a.txt"]);

  await using replacing = await serve("replace");
  replacing.folder.write("a.txt", "old");
  await begin(replacing, "a.txt", 3, "/", OFFSET_TYPE, "new");
  expect(replacing.folder.read("a.txt")).toBe("new");
});

test("a name that is taken while a file comes stays with who took it", async () => {
  await using server = await serve();
  const place = (await begin(server, "a.txt", 3)).headers.get("location") ?? "";
  server.folder.write("a.txt", "other");
  expect((await patch(server, place, 0, "new")).status).toBe(409);
  expect(server.folder.read("a.txt")).toBe("other");
  expect(server.folder.list()).toEqual(["a.txt"]);
});

test.each<[string, number, Record<string, string>]>([
  ["no length", 400, { "Upload-Length": "" }],
  ["a length that is no number", 400, { "Upload-Length": "-1" }],
  ["more than the limit", 413, { "Upload-Length": "1001" }],
  ["another version", 412, { "Tus-Resumable": "0.2.2" }],
  ["another site's page", 403, { Origin: "http://evil.example" }],
])("an upload is not begun with %s: %p", async (_what, status, headers) => {
  await using server = await serve();
  expect((await begin(server, "a", 3, "/", headers)).status).toBe(status);
  expect(server.folder.list()).toEqual([]);
});

test("more than was announced is refused, and what is no upload is not found", async () => {
  await using server = await serve();
  const place = (await begin(server, "a", 3)).headers.get("location") ?? "";
  expect((await patch(server, place, 0, "abcd")).status).toBe(413);
  expect((await send(server, "PATCH", place, { "Upload-Offset": "0" }, "abc")).status).toBe(415);
  for (const other of [
    "/?upload=../../a",
    "/?upload=",
    `/?upload=${"0".repeat(32)}`,
    "/none/?upload=1",
  ]) {
    expect([other, (await patch(server, other, 0, "abc")).status]).toEqual([other, 404]);
  }
  expect((await patch(server, place, 0, "abc")).status).toBe(204);
});

test("an upload can be given up, and one that nobody goes on with is gone after a day", async () => {
  await using server = await serve();
  const place = (await begin(server, "a", 3)).headers.get("location") ?? "";
  expect((await send(server, "DELETE", place, {})).status).toBe(204);
  expect(server.folder.list()).toEqual([]);
  // Without --manage nothing else can be deleted.
  server.folder.write("b", "x");
  expect((await send(server, "DELETE", "/b", {})).status).toBe(405);
  expect((await send(server, "DELETE", "/b?upload=1", {})).status).toBe(404);

  await using later = await serve();
  const yesterday = Date.now() / 1_000 - 90_000;
  for (const name of [".charla-upload-1", ".charla-upload-2", ".charla-upload-2.json"]) {
    writeFileSync(join(later.folder.path, name), "x");
    if (name !== ".charla-upload-2")
      utimesSync(join(later.folder.path, name), yesterday, yesterday);
  }
  await begin(later, "a", 1, "/", OFFSET_TYPE, "x");
  expect(later.folder.list()).toEqual([".charla-upload-2", ".charla-upload-2.json", "a"]);
});

test("parts of files are never served or listed, not even with --dotfiles", async () => {
  await using server = await serveFolder({
    dotfiles: true,
    upload: { onConflict: "refuse", limit: 1_000 },
  });
  const place = (await begin(server, "a", 10)).headers.get("location") ?? "";
  await patch(server, place, 0, "secret");
  const [part = ""] = server.folder.list();
  expect(part).toStartWith(".charla-upload-");
  expect((await server.get(`/${part}`)).status).toBe(404);
  expect((await server.get("/", { Accept: "application/json" })).text).toContain('"total":0');
  expect((await server.get("/?archive=tar")).text).not.toContain("secret");
});
