import { describe, expect, test } from "bun:test";

import { parseMoment } from "../../src/cli/history.ts";

const NOW = Date.parse("2026-11-22T14:00:00Z");

describe("a moment", () => {
  test.each([
    ["1h", "2026-11-22T13:00:00Z"],
    ["30m", "2026-11-22T13:30:00Z"],
    ["1d12h", "2026-11-21T02:00:00Z"],
    ["2026-11-22T10:00Z", "2026-11-22T10:00:00Z"],
    ["2026-11-22T10:00+02:00", "2026-11-22T08:00:00Z"],
    ["2026-11-22T10:00:30.5Z", "2026-11-22T10:00:30.5Z"],
  ])("%p is %s", (written, moment) => {
    expect(parseMoment(written, NOW)).toBe(Date.parse(moment));
  });

  // new Date(year, month - 1, ...) is of this machine's time zone.
  test.each([
    ["2026-11-22", new Date(2026, 10, 22)],
    ["2024-02-29", new Date(2024, 1, 29)],
    ["2026-11-22T10:00", new Date(2026, 10, 22, 10)],
    ["2026-11-22 10:00", new Date(2026, 10, 22, 10)],
    ["2026-11-22 10:00:30", new Date(2026, 10, 22, 10, 0, 30)],
  ])("%p is that time where this machine is", (written, moment) => {
    expect(parseMoment(written, NOW)).toBe(moment.getTime());
  });

  test.each([
    "",
    "yesterday",
    "1",
    "-1h",
    "10:00",
    "2026",
    "2026-11",
    "22-11-2026",
    "2026-11-22T",
    "2026-11-22T25:00",
    "2026-11-22T10",
    "2026-13-01",
    "2026-11-00",
    "2026-02-30",
    "2025-02-29T10:00",
    " 1h",
    "2026-11-22\n",
  ])("%j is none", (written) => {
    expect(parseMoment(written, NOW)).toBeNull();
  });
});
