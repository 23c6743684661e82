import { describe, expect, test } from "bun:test";

import {
  rangeHeaders,
  type ResumeOutcome,
  resumeOutcome,
  resumeValidator,
} from "../../../src/http/client/resume.ts";
import type { Header } from "../../../src/http/header-fields.ts";

const DATE = "Sun, 22 Nov 2026 12:00:00 GMT";
const BEFORE = "Sun, 22 Nov 2026 11:59:59 GMT";

function headers(of: Readonly<Record<string, string>>): Header[] {
  return Object.entries(of);
}

describe("the validator that a download is resumed with", () => {
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
  ])("the validator for %j is %p", (of, validator) => {
    expect(resumeValidator(headers(of))).toBe(validator);
  });
});

test("the rest is requested on condition that the file is the same", () => {
  expect(rangeHeaders({ from: 7, validator: '"a"' })).toEqual([
    ["Range", "bytes=7-"],
    ["If-Range", '"a"'],
  ]);
});

describe("the response to a client that has 7 bytes", () => {
  test.each<[number, Record<string, string>, ResumeOutcome]>([
    [200, {}, { kind: "whole" }],
    [404, {}, { kind: "whole" }],
    [206, { "content-range": "bytes 7-9/10" }, { kind: "rest", total: 10 }],
    [206, { "content-range": "bytes 7-9/10", etag: '"a"' }, { kind: "rest", total: 10 }],
    [206, { "content-range": "bytes 7-9/*" }, { kind: "rest", total: null }],
    [206, { "content-range": "bytes 7-8/10" }, { kind: "restart" }],
    [206, { "content-range": "bytes 6-9/10" }, { kind: "restart" }],
    [206, { "content-range": "bytes 7-9/10", etag: '"b"' }, { kind: "restart" }],
    [206, { "content-range": "lines 7-9/10" }, { kind: "restart" }],
    [206, {}, { kind: "restart" }],
    [416, { "content-range": "bytes */7" }, { kind: "complete" }],
    [416, { "content-range": "bytes */7", etag: '"b"' }, { kind: "restart" }],
    [416, { "content-range": "bytes */5" }, { kind: "restart" }],
    [416, { "content-range": "bytes */*" }, { kind: "restart" }],
    [416, {}, { kind: "restart" }],
  ])("a response %d with %j means %j", (status, of, means) => {
    const response = { status, headers: headers(of) };
    expect(resumeOutcome({ from: 7, validator: '"a"' }, response)).toEqual(means);
  });

  test("a response with another date is of another version", () => {
    const response = {
      status: 206,
      headers: headers({ "content-range": "bytes 7-9/10", "last-modified": DATE }),
    };
    expect(resumeOutcome({ from: 7, validator: BEFORE }, response)).toEqual({ kind: "restart" });
    expect(resumeOutcome({ from: 7, validator: DATE }, response)).toEqual({
      kind: "rest",
      total: 10,
    });
  });
});
