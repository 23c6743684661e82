import { expect, test } from "bun:test";

import { formatDuration, parseDuration } from "../../src/chat/commands.ts";

test.each([
  ["30s", 30],
  ["10m", 600],
  ["1h", 3_600],
  ["2d", 172_800],
  ["1h30m", 5_400],
  ["1d2h3m4s", 93_784],
  ["90m", 5_400],
  ["007s", 7],
  ["0h5s", 5],
  ["3650d", 315_360_000],
] as const)("%p is so many seconds", (written, seconds) => {
  expect(parseDuration(written)).toBe(seconds);
});

test.each([
  "",
  "5",
  "h",
  "1",
  "-1h",
  "1.5h",
  "1 h",
  "1h ",
  "30m1h",
  "1h1h",
  "1H",
  "1w",
  "1e3s",
  "١h",
  "1h\n",
])("%p is no duration", (written) => {
  expect(parseDuration(written)).toBeNull();
});

test("none at all is no duration", () => {
  expect(parseDuration("0s")).toBeNull();
  expect(parseDuration("0d0h")).toBeNull();
});

test("more than ten years is no duration", () => {
  expect(parseDuration("3651d")).toBeNull();
  expect(parseDuration("3650d1s")).toBeNull();
  expect(parseDuration(`${"9".repeat(400)}s`)).toBeNull();
});

test.each([
  [1, "1s"],
  [90, "1m30s"],
  [5_400, "1h30m"],
  [86_400, "1d"],
  [93_784, "1d2h3m4s"],
])("%d s are written as %p, and read as so many again", (seconds, written) => {
  expect(formatDuration(seconds)).toBe(written);
  expect(parseDuration(written)).toBe(seconds);
});
