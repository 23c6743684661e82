// Compressed responses (RFC 9110 s. 8.4, 12.5.3, 12.5.5).

import { expect, test } from "bun:test";
import { utimesSync } from "node:fs";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";

import {
  type FileServer,
  type FileServerResponse,
  serveFolder,
} from "../../harness/file-server.ts";

const TEXT = "a line of text, of many\n".repeat(1_000);
const LARGE = TEXT.repeat(100);

const DECOMPRESS: Readonly<Record<string, (bytes: Uint8Array) => Buffer>> = {
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
  gzip: gunzipSync,
};

function decompressed({ headers, body }: FileServerResponse): string {
  const coding = headers.get("content-encoding");
  return (coding === undefined ? body : (DECOMPRESS[coding]?.(body) ?? body)).toString();
}

async function serveTexts(): Promise<FileServer> {
  const server = await serveFolder();
  server.folder.write("text.txt", TEXT);
  server.folder.write("large.txt", LARGE);
  server.folder.write("short.txt", "short");
  server.folder.write("photo.jpg", TEXT);
  return server;
}

test.each([
  ["br", "br"],
  ["zstd", "zstd"],
  ["gzip", "gzip"],
  ["x-gzip", "gzip"],
  ["gzip, br, zstd", "zstd"],
  ["gzip, deflate, br", "br"],
  ["GZIP;q=0.5, br;q=0.4", "gzip"],
  ["*", "zstd"],
  ["zstd;q=0, *", "br"],
  ["identity", undefined],
  ["br;q=0", undefined],
  ["br;q=0.5, identity", undefined],
  ["compress", undefined],
  ["", undefined],
  ["br;q=nonsense", undefined],
])("Accept-Encoding %p gets %p", async (accepted, coding) => {
  await using server = await serveTexts();
  for (const path of ["/text.txt", "/large.txt"]) {
    const response = await server.get(path, { "Accept-Encoding": accepted });
    expect(response.headers.get("content-encoding")).toBe(coding);
    expect(response.headers.get("vary")).toBe("Accept-Encoding");
    expect(decompressed(response)).toBe(path === "/text.txt" ? TEXT : LARGE);
    if (coding !== undefined) expect(response.body.length).toBeLessThan(TEXT.length);
  }
});

test("files that are compressed already, or short, are not compressed", async () => {
  await using server = await serveTexts();
  for (const path of ["/photo.jpg", "/short.txt"]) {
    const { headers } = await server.get(path, { "Accept-Encoding": "gzip, br" });
    expect(headers.get("content-encoding")).toBeUndefined();
  }
  const photo = await server.get("/photo.jpg", { "Accept-Encoding": "br" });
  expect(photo.headers.get("vary")).toBeUndefined();
});

test("each coding has an ETag of its own", async () => {
  await using server = await serveTexts();
  const etags = new Set<string>();
  for (const coding of ["br", "zstd", "gzip", "identity"]) {
    const requested = { "Accept-Encoding": coding };
    const etag = (await server.get("/text.txt", requested)).headers.get("etag") ?? "";
    etags.add(etag);
    const again = await server.get("/text.txt", { ...requested, "If-None-Match": etag });
    expect([coding, again.status, again.body.length]).toEqual([coding, 304, 0]);
    expect(again.headers.get("vary")).toBe("Accept-Encoding");
  }
  expect(etags.size).toBe(4);
  const [compressedTag = ""] = etags;
  const other = await server.get("/text.txt", { "If-None-Match": compressedTag });
  expect(other.status).toBe(200);
});

test("a range is of the uncompressed file", async () => {
  await using server = await serveTexts();
  const requested = { "Accept-Encoding": "gzip", Range: "bytes=0-5" };
  const { status, headers, text } = await server.get("/text.txt", requested);
  expect({ status, text }).toEqual({ status: 206, text: "a line" });
  expect(headers.get("content-encoding")).toBeUndefined();
});

test("the response to HEAD names the coding", async () => {
  await using server = await serveTexts();
  const requested = { "Accept-Encoding": "br" };
  const { status, headers, body } = await server.get("/text.txt", requested, "HEAD");
  expect({ status, coding: headers.get("content-encoding") }).toEqual({
    status: 200,
    coding: "br",
  });
  expect(body).toHaveLength(0);
  expect(headers.get("content-length")).toBe(
    (await server.get("/text.txt", requested)).headers.get("content-length"),
  );
});

test("a file compressed beforehand is sent in the best coding that is accepted", async () => {
  await using server = await serveFolder();
  server.folder.write("app.js", "the program");
  server.folder.write("app.js.br", "made by brotli");
  server.folder.write("app.js.zst", "made by zstd");
  server.folder.write("app.js.gz", "made by gzip");
  const bodyOf = async (accepted: string) => {
    const { headers, text } = await server.get("/app.js", { "Accept-Encoding": accepted });
    expect(headers.get("content-type")).toBe("text/javascript; charset=utf-8");
    expect(headers.get("vary")).toBe("Accept-Encoding");
    return [headers.get("content-encoding"), text];
  };
  expect(await bodyOf("gzip, br, zstd")).toEqual(["br", "made by brotli"]);
  expect(await bodyOf("gzip, zstd")).toEqual(["zstd", "made by zstd"]);
  expect(await bodyOf("gzip")).toEqual(["gzip", "made by gzip"]);
  expect(await bodyOf("br;q=0.1, gzip")).toEqual(["gzip", "made by gzip"]);
  expect(await bodyOf("identity")).toEqual([undefined, "the program"]);
  // The bytes never change, so ranges of them are possible.
  const part = await server.get("/app.js", { "Accept-Encoding": "br", Range: "bytes=0-3" });
  expect([part.status, part.text]).toEqual([206, "made"]);
  expect(part.headers.get("content-encoding")).toBe("br");
});

test("a file compressed before the last change is not sent", async () => {
  await using server = await serveFolder();
  server.folder.write("app.js", "the new program");
  server.folder.write("app.js.br", "made of the old one");
  const before = new Date(Date.now() - 60_000);
  utimesSync(join(server.folder.path, "app.js.br"), before, before);
  const { headers, text } = await server.get("/app.js", { "Accept-Encoding": "br" });
  expect([headers.get("content-encoding"), text]).toEqual([undefined, "the new program"]);
});

test("a cached uncompressed response is not sent to clients that accept a coding", async () => {
  await using server = await serveTexts();
  for (let count = 0; count < 3; count++) {
    expect((await server.get("/text.txt")).text).toBe(TEXT);
    const compressed = await server.get("/text.txt", { "Accept-Encoding": "gzip" });
    expect(compressed.headers.get("content-encoding")).toBe("gzip");
  }
});
