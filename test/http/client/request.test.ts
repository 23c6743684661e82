import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  bytesBody,
  checkedMethod,
  fileBody,
  formBody,
  parseHeader,
  type RequestBody,
} from "../../../src/http/client/request.ts";
import { type Header } from "../../../src/http/header-fields.ts";

describe("headers of -H", () => {
  test.each<[string, Header]>([
    ["Accept: text/plain", ["Accept", "text/plain"]],
    ["Accept:text/plain", ["Accept", "text/plain"]],
    ["X-Time: 12:30", ["X-Time", "12:30"]],
    ["X-Empty:", ["X-Empty", ""]],
    ["X-Empty;", ["X-Empty", ""]],
    ["X-A: é", ["X-A", "\u00c3\u00a9"]],
  ])("-H %p is the header %j", (written, header) => {
    expect(parseHeader(written)).toEqual(header);
  });

  test.each([
    ["Accept", '"Accept" is not a header'],
    ["", '"" is not a header'],
    [": a", '": a" is not a header'],
    ["A B: c", '"A B: c" is not a header'],
    ["A: b\r\nC: d", "the header A contains a control character"],
    ["A: b\0", "the header A contains a control character"],
    ["Content-Length: 5", "charla sets Content-Length itself"],
    ["transfer-encoding: chunked", "charla sets transfer-encoding itself"],
  ])("-H %p is USAGE: %s", (written, message) => {
    expect(() => parseHeader(written)).toThrow(expect.objectContaining({ code: "USAGE", message }));
  });
});

describe("a method", () => {
  test.each([
    ["GET", false, "GET"],
    ["patch", true, "PATCH"],
    ["DELETE", false, "DELETE"],
    ["PROPFIND", true, "PROPFIND"],
    ["BREW", false, "BREW"],
    ["brew", true, "brew"],
  ])("the method %p is sent, with a body: %p", (written, hasBody, method) => {
    expect(checkedMethod(written, hasBody)).toBe(method);
  });

  test.each([
    ["trace", false, '"trace" is not a method that charla can send'],
    ["", false, '"" is not a method that charla can send'],
    ["CONNECT", false, '"CONNECT" is not a method that charla can send'],
    ["GET /", false, '"GET /" is not a method that charla can send'],
    ["get", true, "a GET request cannot carry data"],
  ])("the method %p is USAGE, with a body: %p", (written, hasBody, message) => {
    expect(() => checkedMethod(written, hasBody)).toThrow(
      expect.objectContaining({ code: "USAGE", message }),
    );
  });
});

async function read(body: RequestBody): Promise<string> {
  const opened = body.open();
  if (opened instanceof Uint8Array) return Buffer.from(opened).toString();
  const pieces: Uint8Array[] = [];
  for await (const piece of opened) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

function fileOf(content: string): { path: string } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), "charla-body-"));
  const path = join(folder, "f");
  writeFileSync(path, content);
  return { path, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

test("a form has its fields and files between boundaries (RFC 7578), and the announced length", async () => {
  using file = fileOf("content");
  const form = await formBody(
    [
      { name: "a", content: { kind: "text", text: "b\nc" }, contentType: null },
      {
        name: 'q"\n',
        content: { kind: "file", path: file.path, fileName: 'x".txt' },
        contentType: null,
      },
      {
        name: "p",
        content: { kind: "file", path: file.path, fileName: "p" },
        contentType: "image/png",
      },
    ],
    "XX",
  );
  const expected =
    '--XX\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\nc\r\n' +
    '--XX\r\nContent-Disposition: form-data; name="q%22%0A"; filename="x%22.txt"\r\n' +
    "Content-Type: application/octet-stream\r\n\r\ncontent\r\n" +
    '--XX\r\nContent-Disposition: form-data; name="p"; filename="p"\r\n' +
    "Content-Type: image/png\r\n\r\ncontent\r\n--XX--\r\n";
  expect(form.contentType).toBe("multipart/form-data; boundary=XX");
  expect(form.length).toBe(expected.length);
  expect(await read(form)).toBe(expected);
});

test("a body can be sent again", async () => {
  using file = fileOf("content");
  for (const body of [await fileBody(file.path, "a/b"), bytesBody(Buffer.from("content"), "a/b")]) {
    expect([body.length, await read(body), await read(body)]).toEqual([7, "content", "content"]);
  }
});

test("a long body is sent in pieces, so that there is progress to show", async () => {
  const bytes = Buffer.alloc(1_000_000, "abc");
  const opened = bytesBody(bytes, "a/b").open();
  if (opened instanceof Uint8Array) throw new Error("it is in one piece");
  const pieces = await Array.fromAsync(opened);
  expect(pieces.length).toBeGreaterThan(1);
  expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
});

test("a file that becomes shorter while it is sent is an error", async () => {
  using file = fileOf("content");
  const body = await fileBody(file.path, "a/b");
  truncateSync(file.path, 3);
  expect(read(body)).rejects.toMatchObject({ code: "FILE_NOT_READABLE" });
});

test("an empty file is an empty body", async () => {
  using file = fileOf("");
  expect(await read(await fileBody(file.path, "a/b"))).toBe("");
});

test.each(["/nowhere", tmpdir()])("a body from the file %s is FILE_NOT_READABLE", async (path) => {
  expect(fileBody(path, "a/b")).rejects.toMatchObject({ code: "FILE_NOT_READABLE" });
});
