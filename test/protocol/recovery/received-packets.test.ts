import { describe, expect, test } from "bun:test";

import { isValidAck, MAX_ACK_RANGES } from "../../../src/protocol/recovery/ack-ranges.ts";
import {
  ackAcknowledged,
  createReceivedPackets,
  isAckOwed,
  packetReceived,
  type ReceivedPackets,
  takeAck,
} from "../../../src/protocol/recovery/received-packets.ts";
import { seeded } from "../../harness/random.ts";

/** What was received after ack-eliciting packets of these numbers, one each millisecond. */
function after(...numbers: number[]): ReceivedPackets {
  const received = createReceivedPackets();
  for (const [time, number] of numbers.entries()) packetReceived(received, number, true, time);
  return received;
}

/** The ranges of the next ACK, each as "smallest-largest". */
function reportedRanges(received: ReceivedPackets): string[] {
  const ack = takeAck(received, 1_000);
  return ack?.ranges.map(({ smallest, largest }) => `${smallest}-${largest}`) ?? [];
}

describe("an ACK is due (RFC 9000 s. 13.2)", () => {
  test("never before a packet has arrived", () => {
    const received = createReceivedPackets();
    expect(received.ackDueAt).toBe(Infinity);
    expect(isAckOwed(received)).toBe(false);
    expect(takeAck(received, 0)).toBeNull();
  });

  test("25 ms after the first ack-eliciting packet (s. 13.2.1)", () => {
    const received = createReceivedPackets();
    packetReceived(received, 0, true, 100);
    expect(received.ackDueAt).toBe(125);
    expect(isAckOwed(received)).toBe(true);
  });

  test("at once after the second (s. 13.2.2)", () => {
    const received = createReceivedPackets();
    packetReceived(received, 0, true, 100);
    packetReceived(received, 1, true, 110);
    expect(received.ackDueAt).toBe(110);
  });

  test("at once after short ones only when together they are longer than a full datagram (RFC 5681 s. 4.2)", () => {
    const received = createReceivedPackets();
    for (let number = 0; number < 4; number += 1) packetReceived(received, number, true, 100, 300);
    expect(received.ackDueAt).toBe(125);
    packetReceived(received, 4, true, 101, 1);
    expect(received.ackDueAt).toBe(101);
    takeAck(received, 101);
    packetReceived(received, 5, true, 102, 1_200);
    packetReceived(received, 6, true, 103, 1);
    expect(received.ackDueAt).toBe(103);
  });

  test("25 ms after one packet, however long it is", () => {
    const received = createReceivedPackets();
    packetReceived(received, 0, true, 100, 65_487);
    expect(received.ackDueAt).toBe(125);
  });

  test("never for packets that are not ack-eliciting (s. 13.2.1)", () => {
    const received = createReceivedPackets();
    packetReceived(received, 0, false, 100);
    packetReceived(received, 5, false, 101);
    packetReceived(received, 2, false, 102);
    expect(received.ackDueAt).toBe(Infinity);
    expect(isAckOwed(received)).toBe(false);
    expect(reportedRanges(received)).toEqual(["5-5", "2-2", "0-0"]);
  });

  test("25 ms after an ack-eliciting packet, however many others arrived", () => {
    const received = createReceivedPackets();
    packetReceived(received, 0, false, 100);
    packetReceived(received, 1, true, 110);
    packetReceived(received, 2, false, 120);
    expect(received.ackDueAt).toBe(135);
  });

  test("at once when a packet arrives after a later one (s. 13.2.1)", () => {
    const received = after(0, 1, 3);
    takeAck(received, 3);
    packetReceived(received, 2, true, 50);
    expect(received.ackDueAt).toBe(50);
  });

  test("at once when a packet is missing before this one (s. 13.2.1)", () => {
    const received = after(0, 1);
    takeAck(received, 2);
    packetReceived(received, 3, true, 50);
    expect(received.ackDueAt).toBe(50);
  });

  test("at once when the very first packets are missing", () => {
    const received = createReceivedPackets();
    packetReceived(received, 2, true, 50);
    expect(received.ackDueAt).toBe(50);
  });

  test("after 25 ms when the missing packet was sent before the last ack-eliciting one", () => {
    const received = after(0, 3);
    takeAck(received, 2);
    packetReceived(received, 4, true, 50);
    expect(received.ackDueAt).toBe(75);
  });

  test("at once when a packet is missing between an ack-eliciting one, another, and this", () => {
    const received = after(0);
    takeAck(received, 1);
    packetReceived(received, 2, false, 40);
    packetReceived(received, 3, true, 50);
    expect(received.ackDueAt).toBe(50);
  });

  test("after 25 ms when only packets that are not ack-eliciting arrived in between", () => {
    const received = after(0);
    takeAck(received, 1);
    packetReceived(received, 1, false, 40);
    packetReceived(received, 2, true, 50);
    expect(received.ackDueAt).toBe(75);
  });

  test("not any more once it was sent", () => {
    const received = after(0, 1);
    takeAck(received, 2);
    expect(received.ackDueAt).toBe(Infinity);
    expect(isAckOwed(received)).toBe(false);
  });

  test("not for a duplicate", () => {
    const received = after(0, 1);
    takeAck(received, 2);
    expect(packetReceived(received, 1, true, 50)).toBe(false);
    expect(received.ackDueAt).toBe(Infinity);
  });

  test("not later for a packet that arrives while one is due", () => {
    const received = after(0, 1);
    packetReceived(received, 2, true, 50);
    expect(received.ackDueAt).toBe(1);
  });
});

describe("the delay in an ACK (RFC 9000 s. 13.2.5)", () => {
  test("is counted from the arrival of the largest number", () => {
    const received = createReceivedPackets();
    packetReceived(received, 0, true, 100);
    expect(takeAck(received, 112.5)?.delay).toBe(12.5);
  });

  test("is not shortened by a late packet", () => {
    const received = createReceivedPackets();
    packetReceived(received, 1, true, 100);
    packetReceived(received, 0, true, 110);
    expect(takeAck(received, 112)?.delay).toBe(12);
  });
});

describe("the ranges (RFC 9000 s. 13.2.3)", () => {
  test.each([
    [[0, 1, 2, 3], ["0-3"]],
    [
      [0, 1, 3, 4],
      ["3-4", "0-1"],
    ],
    [[0, 1, 3, 4, 2], ["0-4"]],
    [[3, 2, 1, 0], ["0-3"]],
    [
      [0, 2, 4, 6],
      ["6-6", "4-4", "2-2", "0-0"],
    ],
    [
      [0, 2, 4, 6, 3],
      ["6-6", "2-4", "0-0"],
    ],
    [
      [0, 6, 3],
      ["6-6", "3-3", "0-0"],
    ],
    [
      [0, 6, 1, 5],
      ["5-6", "0-1"],
    ],
    [[9, 9, 9], ["9-9"]],
  ])("of packets %j are %j", (numbers, ranges) => {
    expect(reportedRanges(after(...numbers))).toEqual(ranges);
  });

  test("are repeated in every ACK until one of those has arrived", () => {
    const received = after(0, 2, 4);
    expect(reportedRanges(received)).toEqual(["4-4", "2-2", "0-0"]);
    expect(reportedRanges(received)).toEqual(["4-4", "2-2", "0-0"]);
  });

  test("are at most 64: beyond that the oldest are forgotten", () => {
    const numbers = Array.from({ length: 100 }, (_, index) => 2 * index);
    const received = after(...numbers);
    const ack = takeAck(received, 100);
    expect(ack?.ranges).toHaveLength(MAX_ACK_RANGES);
    expect(ack?.ranges[0]).toEqual({ smallest: 198, largest: 198 });
    expect(ack?.ranges.at(-1)).toEqual({ smallest: 72, largest: 72 });
  });

  test("that were forgotten do not let a packet be accepted a second time", () => {
    const received = after(...Array.from({ length: 100 }, (_, index) => 2 * index));
    expect(packetReceived(received, 0, true, 200)).toBe(false);
    expect(packetReceived(received, 70, true, 200)).toBe(false);
  });

  test("belong to the ACK: later packets do not change it", () => {
    const received = after(0);
    const ack = takeAck(received, 1);
    packetReceived(received, 1, true, 2);
    expect(ack?.ranges).toEqual([{ smallest: 0, largest: 0 }]);
  });
});

describe("once an ACK has arrived (RFC 9000 s. 13.2.4)", () => {
  test("its ranges are not repeated, except that of the largest number", () => {
    const received = after(0, 2, 4, 5);
    const ack = takeAck(received, 5);
    ackAcknowledged(received, ack?.id ?? -1);
    expect(reportedRanges(received)).toEqual(["4-5"]);
  });

  test("packets that arrived since it was sent are still reported", () => {
    const received = after(0, 4, 6);
    const ack = takeAck(received, 5);
    packetReceived(received, 2, true, 6);
    packetReceived(received, 8, true, 7);
    ackAcknowledged(received, ack?.id ?? -1);
    expect(reportedRanges(received)).toEqual(["8-8", "2-2"]);
  });

  test("a range that has grown since is still reported", () => {
    const received = after(0, 4, 8);
    const ack = takeAck(received, 5);
    packetReceived(received, 3, true, 6);
    packetReceived(received, 1, true, 7);
    ackAcknowledged(received, ack?.id ?? -1);
    expect(reportedRanges(received)).toEqual(["8-8", "3-4", "0-1"]);
  });

  test("an earlier ACK that arrives later changes nothing more", () => {
    const received = after(0, 2);
    const first = takeAck(received, 3);
    packetReceived(received, 4, true, 4);
    packetReceived(received, 6, true, 4);
    const second = takeAck(received, 5);
    ackAcknowledged(received, second?.id ?? -1);
    ackAcknowledged(received, first?.id ?? -1);
    expect(reportedRanges(received)).toEqual(["6-6"]);
  });

  test("packets that it reported are still rejected", () => {
    const received = after(0, 2, 4);
    ackAcknowledged(received, takeAck(received, 5)?.id ?? -1);
    expect([0, 2, 4].map((number) => packetReceived(received, number, true, 9))).toEqual([
      false,
      false,
      false,
    ]);
    expect(packetReceived(received, 1, true, 9)).toBe(true);
    expect(reportedRanges(received)).toEqual(["4-4", "1-1"]);
  });

  test("nothing happens if nothing was received", () => {
    const received = createReceivedPackets();
    ackAcknowledged(received, 0);
    expect(takeAck(received, 0)).toBeNull();
  });
});

test.each([1, 2, 3, 4])("ranges agree with a plain set of numbers, seed %d", (seed) => {
  const random = seeded(seed);
  const received = createReceivedPackets();
  const seen = new Set<number>();
  let largest = -1;
  for (let step = 0; step < 3_000; step++) {
    const number = Math.max(0, largest + 2 - random(30));
    expect(packetReceived(received, number, random(2) === 0, step)).toBe(!seen.has(number));
    seen.add(number);
    largest = Math.max(largest, number);
    const ranges = takeAck(received, step)?.ranges ?? [];
    expect(isValidAck(ranges, largest)).toBe(true);
    const lowest = ranges.at(-1)?.smallest ?? 0;
    const covered = ranges.flatMap(({ smallest, largest: top }) =>
      Array.from({ length: top - smallest + 1 }, (_, index) => smallest + index),
    );
    const expected = [...seen].filter((one) => one >= lowest);
    expect(covered.length).toBe(expected.length);
    expect(expected.every((one) => covered.includes(one))).toBe(true);
    if (ranges.length < MAX_ACK_RANGES) expect(covered.length).toBe(seen.size);
  }
});
