// Forms as browsers, curl and Python send them, split into pieces at every possible place.

import { expect, test } from "bun:test";

import {
  MalformedForm,
  parseBoundary,
  parseParts,
} from "../../../src/http/server/upload/multipart.ts";

const FORM = [
  "preamble\r\n",
  '--XX\r\nContent-Disposition: form-data; name="comment"\r\n\r\nhello\r\n',
  '--XX  \r\ncontent-disposition: form-data; name="file"; filename="日本 1.txt"\r\nContent-Type: text/plain\r\n\r\n',
  "one\r\n--X\r\n--XXL\r\n",
  '--XX\r\nContent-Disposition: form-data; name="file"; filename=""\r\n\r\n\r\n',
  '--XX\r\nContent-Type: text/plain\r\nContent-Disposition: form-data; filename="a\\"b%22c.txt"; name="f"\r\n\r\n',
  "\r\ntwo\r\n",
  "\r\n--XX--\r\nepilogue",
].join("");

async function* pieces(text: string, size: number) {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(text: string, size = text.length): Promise<[string | null, string][]> {
  const parts: [string | null, string][] = [];
  for await (const { fileName, content } of parseParts(pieces(text, size), "XX")) {
    let bytes = Buffer.alloc(0);
    for await (const chunk of content) bytes = Buffer.concat([bytes, chunk]);
    parts.push([fileName, bytes.toString()]);
  }
  return parts;
}

async function failureOf(text: string): Promise<string> {
  try {
    await read(text, 7);
  } catch (error) {
    if (error instanceof MalformedForm) return error.message;
    throw error;
  }
  return "nothing";
}

test("the result does not depend on the size of the pieces", async () => {
  // "--XXL" starts like the boundary, but is not one.
  const form = FORM.replace("\r\n--XXL", "\r\n--XLX");
  const expected: [string | null, string][] = [
    [null, "hello"],
    ["日本 1.txt", "one\r\n--X\r\n--XLX"],
    ["", ""],
    ['a"b"c.txt', "\r\ntwo\r\n"],
  ];
  for (let size = 1; size < 100; size++) expect(await read(form, size)).toEqual(expected);
  expect(await read(form)).toEqual(expected);
});

test("parts that are not read are skipped", async () => {
  const form = FORM.replace("\r\n--XXL", "");
  const names: (string | null)[] = [];
  for await (const { fileName } of parseParts(pieces(form, 5), "XX")) names.push(fileName);
  expect(names).toEqual([null, "日本 1.txt", "", 'a"b"c.txt']);
});

test.each([
  ["that ends in a file", FORM.slice(0, FORM.indexOf("two")).replace("--XXL", ""), "incomplete"],
  [
    "without its end",
    '--XX\r\nContent-Disposition: form-data; name="f"\r\n\r\nx\r\n--XX',
    "incomplete",
  ],
  ["whose boundary is followed by text", FORM, "line of its own"],
  [
    "with a part without Content-Disposition",
    "--XX\r\nContent-Type: text/plain\r\n\r\nx\r\n--XX--",
    "no Content-Disposition",
  ],
  ["with endless headers", `--XX\r\nX: ${"x".repeat(20_000)}`, "too long"],
  [
    "of endless parts",
    `${'--XX\r\nContent-Disposition: form-data; name="f"\r\n\r\nx\r\n'.repeat(1_001)}--XX--`,
    "1000 parts",
  ],
  ["that is empty", "", "incomplete"],
])("a form %s is an error", async (_what, form, message) => {
  expect(await failureOf(form)).toContain(message);
});

test.each([
  ["multipart/form-data; boundary=XX", "XX"],
  ['Multipart/Form-Data; charset=utf-8; Boundary="a b:c"', "a b:c"],
  [
    "multipart/form-data;boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW",
    "----WebKitFormBoundary7MA4YWxkTrZu0gW",
  ],
  ["multipart/form-data", null],
  [`multipart/form-data; boundary=${"x".repeat(71)}`, null],
  ["multipart/mixed; boundary=XX", null],
  ["application/x-www-form-urlencoded", null],
  [null, null],
])("the boundary of %p is %p", (contentType, boundary) => {
  expect(parseBoundary(contentType)).toBe(boundary);
});
