import { describe, expect, test } from "bun:test";

import { isValidAck, MAX_ACK_RANGES } from "../../../src/protocol/recovery/ack-ranges.ts";

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
    expect(isValidAck(ranges, largestSent)).toBe(true);
  });

  test("up to 64 of them", () => {
    expect(MAX_ACK_RANGES).toBe(64);
    expect(isValidAck(everyOther(64), 126)).toBe(true);
  });
});

describe("a peer breaks the protocol (RFC 9000 s. 13.1)", () => {
  test.each([
    ["when it acknowledges nothing", [], 9],
    ["when it acknowledges what was never sent", [{ smallest: 0, largest: 10 }], 9],
    ["when it acknowledges before anything was sent", [{ smallest: 0, largest: 0 }], -1],
    ["when a range is upside down", [{ smallest: 5, largest: 4 }], 9],
    ["when a range begins below 0", [{ smallest: -1, largest: 4 }], 9],
    [
      "when ranges overlap",
      [
        { smallest: 5, largest: 9 },
        { smallest: 0, largest: 5 },
      ],
      9,
    ],
    [
      "when ranges touch, and so are one",
      [
        { smallest: 5, largest: 9 },
        { smallest: 0, largest: 4 },
      ],
      9,
    ],
    [
      "when the ranges ascend",
      [
        { smallest: 0, largest: 3 },
        { smallest: 5, largest: 9 },
      ],
      9,
    ],
    ["when a number is none", [{ smallest: 0, largest: Number.NaN }], 9],
  ])("%s", (_, ranges, largestSent) => {
    expect(isValidAck(ranges, largestSent)).toBe(false);
  });

  test("when it sends more than 64 ranges", () => {
    expect(isValidAck(everyOther(65), 1_000)).toBe(false);
  });
});
