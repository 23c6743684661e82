import { describe, expect, test } from "bun:test";

import {
  BLACK_HOLE_FLIGHTS,
  type BlackHoleWatch,
  createBlackHoleWatch,
  longArrived,
  longLost,
} from "../../../src/protocol/recovery/black-hole.ts";

/** Datagrams of 1,472 bytes are lost; each is found so before the next number is used. */
function lose(watch: BlackHoleWatch, ...numbers: number[]): boolean[] {
  return numbers.map((number) => longLost(watch, { number, size: 1_472 }, number + 1));
}

describe("a black hole (RFC 8899 s. 4.3)", () => {
  test("is found in the third flight of which no long datagram arrives", () => {
    expect(BLACK_HOLE_FLIGHTS).toBe(3);
    expect(lose(createBlackHoleWatch(), 1, 3, 5)).toEqual([false, false, true]);
  });

  test("is not found in one flight, however many of it are lost, and however they are found", () => {
    const watch = createBlackHoleWatch();
    for (let number = 0; number < 100; number++) {
      expect(longLost(watch, { number, size: 1_472 }, 100)).toBe(false);
    }
    expect(watch.flights).toBe(1);
  });

  test("is none when one as long arrives in between", () => {
    const watch = createBlackHoleWatch();
    lose(watch, 1, 3);
    longArrived(watch, { number: 4, size: 1_472 });
    expect(lose(watch, 5, 7)).toEqual([false, false]);
    expect(lose(watch, 9)).toEqual([true]);
  });

  test("is none when one as long that was sent later has arrived: that is congestion", () => {
    const watch = createBlackHoleWatch();
    for (let number = 1; number < 100; number += 2) {
      longArrived(watch, { number: number + 1, size: 1_472 });
      expect(lose(watch, number)).toEqual([false]);
    }
    expect(watch.flights).toBe(0);
  });

  test("is not disproved by one that was sent before the losses and is heard of after", () => {
    const watch = createBlackHoleWatch();
    lose(watch, 5, 7);
    longArrived(watch, { number: 4, size: 1_472 });
    expect(lose(watch, 9)).toEqual([true]);
  });

  test("is not disproved by a shorter one: the path carries 1,300 bytes and not 1,472", () => {
    const watch = createBlackHoleWatch();
    lose(watch, 1, 3);
    longArrived(watch, { number: 4, size: 1_300 });
    expect(lose(watch, 5)).toEqual([true]);
  });

  test("is not seen in losses of middling datagrams while middling ones arrive", () => {
    const watch = createBlackHoleWatch();
    for (let number = 0; number < 100; number += 2) {
      expect(longLost(watch, { number, size: 1_300 }, number + 1)).toBe(false);
      longArrived(watch, { number: number + 1, size: 1_300 });
    }
  });

  test("is found again only in three more flights", () => {
    const watch = createBlackHoleWatch();
    expect(lose(watch, 1, 3, 5, 7, 9, 11)).toEqual([false, false, true, false, false, true]);
  });
});
