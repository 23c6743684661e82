import { describe, expect, test } from "bun:test";

import {
  type Continued,
  continued,
  rangeHeaders,
  validatorOf,
} from "../../../src/http/client/range.ts";
import type { Header } from "../../../src/http/client/request.ts";

const DATE = "Sun, 22 Nov 2026 12:00:00 GMT";
const BEFORE = "Sun, 22 Nov 2026 11:59:59 GMT";

function headers(of: Readonly<Record<string, string>>): Header[] {
  return Object.entries(of);
}

describe("with what a download can be gone on with", () => {
  test.each([
    [{ etag: '"a"' }, '"a"'],
    [{ etag: '"a"', "last-modified": BEFORE, date: DATE }, '"a"'],
    [{ etag: 'W/"a"' }, null],
    [{ etag: 'W/"a"', "last-modified": BEFORE, date: DATE }, null],
    [{ "last-modified": BEFORE, date: DATE }, BEFORE],
    [{ "last-modified": DATE, date: DATE }, null],
    [{ "last-modified": BEFORE }, null],
    [{ "last-modified": "yesterday", date: DATE }, null],
    [{ etag: '"a"', "accept-ranges": "none" }, null],
    [{ etag: "a" }, null],
    [{}, null],
  ])("of %j is %p", (of, validator) => {
    expect(validatorOf(headers(of))).toBe(validator);
  });
});

test("the rest is asked for under the condition that it is the same", () => {
  expect(rangeHeaders({ from: 7, validator: '"a"' })).toEqual([
    ["Range", "bytes=7-"],
    ["If-Range", '"a"'],
  ]);
});

describe("the answer to who has 7 bytes of it", () => {
  test.each<[number, Record<string, string>, Continued]>([
    [200, {}, { kind: "whole" }],
    [404, {}, { kind: "whole" }],
    [206, { "content-range": "bytes 7-9/10" }, { kind: "rest", total: 10 }],
    [206, { "content-range": "bytes 7-9/10", etag: '"a"' }, { kind: "rest", total: 10 }],
    [206, { "content-range": "bytes 7-9/*" }, { kind: "rest", total: null }],
    [206, { "content-range": "bytes 7-8/10" }, { kind: "again" }],
    [206, { "content-range": "bytes 6-9/10" }, { kind: "again" }],
    [206, { "content-range": "bytes 7-9/10", etag: '"b"' }, { kind: "again" }],
    [206, { "content-range": "lines 7-9/10" }, { kind: "again" }],
    [206, {}, { kind: "again" }],
    [416, { "content-range": "bytes */7" }, { kind: "complete" }],
    [416, { "content-range": "bytes */7", etag: '"b"' }, { kind: "again" }],
    [416, { "content-range": "bytes */5" }, { kind: "again" }],
    [416, { "content-range": "bytes */*" }, { kind: "again" }],
    [416, {}, { kind: "again" }],
  ])("%d with %j means %j", (status, of, means) => {
    const answer = { status, headers: headers(of) };
    expect(continued({ from: 7, validator: '"a"' }, answer)).toEqual(means);
  });

  test("of another date is another file's", () => {
    const answer = {
      status: 206,
      headers: headers({ "content-range": "bytes 7-9/10", "last-modified": DATE }),
    };
    expect(continued({ from: 7, validator: BEFORE }, answer)).toEqual({ kind: "again" });
    expect(continued({ from: 7, validator: DATE }, answer)).toEqual({ kind: "rest", total: 10 });
  });
});
