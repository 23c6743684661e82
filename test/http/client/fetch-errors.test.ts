import { describe, expect, test } from "bun:test";

import { CharlaError, type ErrorCode } from "../../../src/errors.ts";
import {
  isTemporaryStatus,
  mayRetryError,
  mayRetryStatus,
  parseRetryAfter,
  waitBeforeRetry,
} from "../../../src/http/client/fetch-errors.ts";

const NOW = Date.UTC(2026, 10, 22, 12);

test.each([
  ["GET", true],
  ["HEAD", true],
  ["OPTIONS", true],
  ["PUT", true],
  ["DELETE", true],
  ["POST", false],
  ["PATCH", false],
])("a %s request may be sent again: %p", (method, may) => {
  expect(mayRetryStatus(method, 503)).toBe(may);
  expect(mayRetryError(method, new CharlaError("CONNECTION_LOST", "", ""))).toBe(may);
  // Before any server has received the request.
  expect(mayRetryError(method, new CharlaError("NOBODY_LISTENING", "", ""))).toBe(true);
});

test.each([
  [200, false],
  [400, false],
  [404, false],
  [408, true],
  [429, true],
  [500, true],
  [501, false],
  [503, true],
  [505, false],
  [522, true],
])("the status %d is temporary: %p", (status, may) => {
  expect(isTemporaryStatus(status)).toBe(may);
});

test.each<[ErrorCode, boolean]>([
  ["NOBODY_LISTENING", true],
  ["TIMED_OUT", true],
  ["CONNECTION_LOST", true],
  ["UNREACHABLE", true],
  ["UNKNOWN_HOST", false],
  ["CERTIFICATE_NOT_TRUSTED", false],
  ["BAD_RESPONSE", false],
  ["DISK_FULL", false],
])("the error %s is temporary: %p", (code, may) => {
  expect(mayRetryError("GET", new CharlaError(code, "", ""))).toBe(may);
});

describe("Retry-After", () => {
  test.each([
    ["0", 0],
    ["120", 120_000],
    ["Sun, 22 Nov 2026 12:00:30 GMT", 30_000],
    ["Sun, 22 Nov 2026 11:00:00 GMT", 0],
    ["soon", null],
    ["-1", null],
    ["1.5", null],
    ["", null],
  ])("Retry-After %p means %p ms from now", (written, wait) => {
    expect(parseRetryAfter(written, NOW)).toBe(wait);
  });
});

describe("the wait before a retry", () => {
  test.each([
    [1, null, 1, 1_000],
    [1, null, 0, 500],
    [2, null, 1, 2_000],
    [4, null, 1, 8_000],
    [7, null, 1, 60_000],
    [100, null, 0, 30_000],
    [1, "soon", 1, 1_000],
    [5, "3", 1, 3_000],
    // Never at once: a server that is overloaded must not be asked in a loop.
    [1, "0", 1, 250],
    [1, "Sun, 22 Nov 2026 11:00:00 GMT", 1, 250],
    [1, "600", 1, 600_000],
    [1, "601", 1, null],
  ])(
    "the wait after %d tries with Retry-After %p and a random %d is %p ms",
    (tries, after, random, wait) => {
      expect(waitBeforeRetry(tries, after, NOW, random)).toBe(wait);
    },
  );
});
