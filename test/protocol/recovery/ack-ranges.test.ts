import { describe, expect, test } from "bun:test";

import { findAckFault, MAX_ACK_RANGES } from "../../../src/protocol/recovery/ack-ranges.ts";

/** So many ranges of one packet each, every other packet missing, the largest first. */
function everyOther(count: number): { smallest: number; largest: number }[] {
  return Array.from({ length: count }, (_, index) => {
    const number = 2 * (count - 1 - index);
    return { smallest: number, largest: number };
  });
}

describe("ranges are valid (RFC 9000 s. 19.3.1)", () => {
  test.each([
    [[{ smallest: 0, largest: 0 }], 0],
    [[{ smallest: 0, largest: 9 }], 9],
    [[{ smallest: 5, largest: 7 }], 9],
    [
      [
        { smallest: 9, largest: 9 },
        { smallest: 0, largest: 7 },
      ],
      9,
    ],
  ])("%j of packets up to %d", (ranges, largestSent) => {
    expect(findAckFault(ranges, largestSent)).toBeNull();
  });

  test("up to 64 of them", () => {
    expect(MAX_ACK_RANGES).toBe(64);
    expect(findAckFault(everyOther(64), 126)).toBeNull();
  });
});

describe("a peer breaks the protocol (RFC 9000 s. 13.1)", () => {
  test.each([
    ["when it acknowledges nothing", [], 9, "acknowledged nothing"],
    [
      "when it acknowledges what was never sent",
      [{ smallest: 0, largest: 10 }],
      9,
      "acknowledged packet 10, never sent",
    ],
    [
      "when it acknowledges before anything was sent",
      [{ smallest: 0, largest: 0 }],
      -1,
      "acknowledged packet 0, never sent",
    ],
    [
      "when a range is upside down",
      [{ smallest: 5, largest: 4 }],
      9,
      "acknowledged 5 to 4 out of order",
    ],
    [
      "when a range begins below 0",
      [{ smallest: -1, largest: 4 }],
      9,
      "acknowledged -1 to 4 out of order",
    ],
    [
      "when ranges overlap",
      [
        { smallest: 5, largest: 9 },
        { smallest: 0, largest: 5 },
      ],
      9,
      "acknowledged 0 to 5 out of order",
    ],
    [
      "when ranges touch, and so are one",
      [
        { smallest: 5, largest: 9 },
        { smallest: 0, largest: 4 },
      ],
      9,
      "acknowledged 0 to 4 out of order",
    ],
    [
      "when the ranges ascend",
      [
        { smallest: 0, largest: 3 },
        { smallest: 5, largest: 9 },
      ],
      9,
      "acknowledged 5 to 9 out of order",
    ],
    [
      "when a number is none",
      [{ smallest: 0, largest: Number.NaN }],
      9,
      "acknowledged packet NaN, never sent",
    ],
  ])("%s", (_, ranges, largestSent, reason) => {
    expect(findAckFault(ranges, largestSent)).toBe(reason);
  });

  test("when it sends more than 64 ranges", () => {
    expect(findAckFault(everyOther(65), 1_000)).toBe("acknowledged 65 ranges, more than 64");
  });
});
