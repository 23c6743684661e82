import { describe, expect, test } from "bun:test";

import {
  createPacer,
  initialWindow,
  pacedAt,
  pacingRate,
  SHORTEST_WAIT,
  spendCredit,
} from "../../../src/protocol/recovery/congestion.ts";

const SIZE = 1_200;
const BURST = initialWindow(SIZE);

/** Times at which datagrams leave, of a sender that always has more, until `end` ms. */
function leaving(rate: number, end: number, wakeUp: (at: number) => number = (at) => at): number[] {
  const pacer = createPacer();
  const times: number[] = [];
  let now = 0;
  while (now < end && times.length < 1_000_000) {
    const at = pacedAt(pacer, rate, BURST, SIZE, now);
    if (at <= now) {
      times.push(now);
      spendCredit(pacer, SIZE);
    } else {
      expect(at - now).toBeGreaterThanOrEqual(SHORTEST_WAIT);
      now = wakeUp(at);
    }
  }
  return times;
}

describe("the rate (RFC 9002 s. 7.7)", () => {
  test("is 1.25 windows each round trip: 1,500 bytes a ms for 120,000 bytes in 100 ms", () => {
    expect(pacingRate(120_000, 100, false)).toBe(1_500);
  });

  test("is 2 windows in slow start, so that the window can double", () => {
    expect(pacingRate(120_000, 100, true)).toBe(2_400);
  });

  test("is finite even if a simulated network takes no time at all", () => {
    expect(pacingRate(12_000, 0, false)).toBe(15_000_000);
  });
});

describe("a burst", () => {
  test("of ten datagrams is sent at once after a pause, the eleventh later", () => {
    const pacer = createPacer();
    for (let count = 0; count < 10; count++) {
      expect(pacedAt(pacer, 120, BURST, SIZE, 500)).toBe(500);
      spendCredit(pacer, SIZE);
    }
    // 1,200 bytes at 120 bytes a ms.
    expect(pacedAt(pacer, 120, BURST, SIZE, 500)).toBe(510);
  });

  test("is no longer for a longer pause", () => {
    const pacer = createPacer();
    pacedAt(pacer, 120, BURST, SIZE, 0);
    for (let count = 0; count < 10; count++) spendCredit(pacer, SIZE);
    expect(pacedAt(pacer, 120, BURST, SIZE, 1_000_000)).toBe(1_000_000);
    for (let count = 0; count < 10; count++) spendCredit(pacer, SIZE);
    expect(pacedAt(pacer, 120, BURST, SIZE, 1_000_000)).toBe(1_000_010);
  });

  test("is 2 ms of the rate if that is more, for no timer is finer than 1 ms", () => {
    const pacer = createPacer();
    let count = 0;
    while (count < 1_000 && pacedAt(pacer, 60_000, BURST, SIZE, 0) === 0) {
      spendCredit(pacer, SIZE);
      count += 1;
    }
    expect(count).toBe(100);
  });
});

describe("over a virtual second", () => {
  test("a burst and then 1,250 datagrams are sent at 1.25 datagrams a ms", () => {
    expect(leaving(1_500, 1_000)).toHaveLength(10 + 1_250);
  });

  test("in any 20 ms at most a burst and what the rate allows are sent", () => {
    const times = leaving(1_500, 1_000);
    for (const [index, time] of times.entries()) {
      const within = times.slice(index).filter((other) => other < time + 20);
      expect(within.length).toBeLessThanOrEqual(10 + 25 + 1);
    }
  });

  test.each([100, 1_500, 12_000, 120_000])(
    "at %d bytes a ms a timer that wakes up to 1 ms late costs no throughput",
    (rate) => {
      const late = leaving(rate, 1_000, (at) => Math.floor(at) + 1);
      const exact = (1_000 * rate) / SIZE;
      expect(late.length).toBeGreaterThan(exact * 0.99);
      expect(late.length).toBeLessThanOrEqual(exact + Math.max(BURST, 2 * rate) / SIZE + 1);
    },
  );

  test("it waits at most 1,000 times, whatever the rate", () => {
    for (const rate of [1, 100, 10_000, 1_000_000]) {
      let waits = 0;
      leaving(rate, 1_000, (at) => {
        waits += 1;
        return at;
      });
      expect(waits).toBeLessThanOrEqual(1_000);
    }
  });
});

test("a datagram that overdraws the credit delays the next", () => {
  const pacer = createPacer();
  pacedAt(pacer, 120, BURST, SIZE, 0);
  spendCredit(pacer, 15_000);
  // 3,000 bytes of debt and 1,200 of credit at 120 bytes a ms.
  expect(pacedAt(pacer, 120, BURST, SIZE, 0)).toBe(35);
  expect(pacedAt(pacer, 120, BURST, SIZE, 35)).toBe(35);
});

test("probes and ACKs sent before the first call do not matter", () => {
  const pacer = createPacer();
  spendCredit(pacer, 50_000);
  expect(pacedAt(pacer, 120, BURST, SIZE, 0)).toBe(0);
});
