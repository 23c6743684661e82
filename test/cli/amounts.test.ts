import { expect, test } from "bun:test";

import {
  formatBytes,
  formatSeconds,
  parseBytes,
  parseCount,
  parseSeconds,
} from "../../src/cli/amounts.ts";

test.each([
  ["0", 0],
  ["2048", 2_048],
  ["10k", 10_240],
  ["10K", 10_240],
  ["10KiB", 10_240],
  ["1.5M", 1_572_864],
  ["2G", 2_147_483_648],
  ["1TB", 1_099_511_627_776],
  ["", null],
  ["-1", null],
  ["1e3", null],
  ["10 M", null],
  ["M", null],
  ["99999999T", null],
])("%p is %p bytes", (written, bytes) => {
  expect(parseBytes(written)).toBe(bytes);
});

test.each([
  ["0", 0],
  ["9", 9],
  ["10", 10],
  ["11", null],
  ["1.5", null],
  ["-1", null],
])("%p of at most 10 is %p", (written, count) => {
  expect(parseCount(written, 10)).toBe(count);
});

test.each([
  ["0", 0],
  ["0.5", 500],
  ["60", 60_000],
  ["61", null],
  ["a", null],
])("%p seconds of at most 60 are %p ms", (written, ms) => {
  expect(parseSeconds(written, 60)).toBe(ms);
});

test.each([
  [0, "0 B"],
  [1_023, "1023 B"],
  [1_024, "1.0 KiB"],
  [1_048_575, "1.0 MiB"],
  [1_572_864, "1.5 MiB"],
  [5_000_000_000_000_000, "4547.5 TiB"],
])("%d bytes are %s", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [0.2, "1 s"],
  [59, "59 s"],
  [59.5, "1 min 0 s"],
  [200, "3 min 20 s"],
  [7_500, "2 h 5 min"],
])("%d seconds are %s", (seconds, text) => {
  expect(formatSeconds(seconds)).toBe(text);
});
