import { describe, expect, test } from "bun:test";

import {
  BASE_DATAGRAM_SIZE,
  BLACK_HOLE_FLIGHTS,
  BLACK_HOLE_PAUSE,
  type BlackHoleWatch,
  createBlackHoleWatch,
  createPathMtu,
  LIKELY_SIZES,
  longDatagramArrived,
  longDatagramLost,
  MAX_DATAGRAM_SIZE,
  MAX_PROBES,
  nextProbeSize,
  type PathMtu,
  probeAcknowledged,
  probeLost,
  probeSent,
  RAISE_INTERVAL,
  returnToBase,
  sizeRefused,
} from "../../../src/protocol/recovery/path-mtu.ts";

/** A window that holds any two datagrams. */
const WIDE = 1_000_000;

/** Probes until nothing more is tried, over a path that carries `carried` bytes: their sizes. */
function search(mtu: PathMtu, carried: number, now = 0): number[] {
  const sizes: number[] = [];
  for (;;) {
    const size = nextProbeSize(mtu, WIDE, now);
    if (size === null) return sizes;
    sizes.push(size);
    probeSent(mtu, size);
    if (size <= carried) probeAcknowledged(mtu, size);
    else probeLost(mtu, size);
  }
}

/** A path that was found to carry 1,472 bytes. */
function found(): PathMtu {
  const mtu = createPathMtu();
  search(mtu, 1_472);
  return mtu;
}

/** Each size as often as it is tried. */
function thrice(...sizes: number[]): number[] {
  return sizes.flatMap((size) => Array.from({ length: MAX_PROBES }, () => size));
}

describe("the search (RFC 8899 s. 5.3)", () => {
  test("starts at 1,200 bytes, which the hello has proven (RFC 9000 s. 14.3)", () => {
    expect(BASE_DATAGRAM_SIZE).toBe(1_200);
    expect(createPathMtu().size).toBe(1_200);
  });

  test("tries likely sizes up to 65,487 bytes", () => {
    expect(LIKELY_SIZES).toEqual([1_372, 1_452, 1_472, 8_952, 16_336, 65_487]);
    expect(MAX_DATAGRAM_SIZE).toBe(65_487);
  });

  test("finds 65,487 bytes on loopback with one probe of each size", () => {
    const mtu = createPathMtu();
    expect(search(mtu, 65_507)).toEqual([1_372, 1_452, 1_472, 8_952, 16_336, 65_487]);
    expect(mtu.size).toBe(65_487);
  });

  test("finds 1,472 bytes on Ethernet with IPv4, and tries sizes between it and jumbo frames", () => {
    const mtu = createPathMtu();
    expect(search(mtu, 1_472)).toEqual([
      1_372,
      1_452,
      1_472,
      ...thrice(8_952, 5_212, 3_342, 2_407, 1_939, 1_705, 1_588),
    ]);
    expect(mtu.size).toBe(1_472);
  });

  test("finds 1,452 bytes on Ethernet with IPv6", () => {
    const mtu = createPathMtu();
    expect(search(mtu, 1_452)).toEqual([1_372, 1_452, ...thrice(1_472)]);
    expect(mtu.size).toBe(1_452);
  });

  test("stays at 1,200 bytes if the path carries 1,280-byte packets", () => {
    const mtu = createPathMtu();
    expect(search(mtu, 1_232)).toEqual(thrice(1_372, 1_286));
    expect(mtu.size).toBe(1_200);
  });

  test("comes within an eighth of jumbo frames that are a little shorter", () => {
    const mtu = createPathMtu();
    // 8,896 less 28 bytes of headers.
    search(mtu, 8_868);
    expect(mtu.size).toBeGreaterThan(8_868 * (7 / 8));
    expect(mtu.size).toBeLessThanOrEqual(8_868);
  });

  test.each([1_200, 1_300, 1_400, 2_000, 4_000, 10_000, 20_000, 60_000])(
    "never exceeds what a path of %d bytes carries, and finds at least seven eighths of it",
    (carried) => {
      const mtu = createPathMtu();
      expect(search(mtu, carried).length).toBeLessThan(40);
      expect(mtu.size).toBeLessThanOrEqual(carried);
      expect(mtu.size).toBeGreaterThanOrEqual((carried * 7) / 8);
    },
  );

  test("never exceeds what the ends can take, and tries exactly that", () => {
    const mtu = createPathMtu(4_000);
    expect(search(mtu, 65_507)).toEqual([1_372, 1_452, 1_472, 4_000]);
    expect(mtu.size).toBe(4_000);
  });

  test("does not happen if the ends take no more than the base", () => {
    expect(nextProbeSize(createPathMtu(1_200), WIDE, 0)).toBeNull();
  });
});

describe("a probe", () => {
  test("is the only one in flight", () => {
    const mtu = createPathMtu();
    expect(nextProbeSize(mtu, WIDE, 0)).toBe(1_372);
    probeSent(mtu, 1_372);
    expect(nextProbeSize(mtu, WIDE, 10_000)).toBeNull();
  });

  test("does not change the size before it has arrived", () => {
    const mtu = createPathMtu();
    probeSent(mtu, 1_372);
    expect(mtu.size).toBe(1_200);
    probeAcknowledged(mtu, 1_372);
    expect(mtu.size).toBe(1_372);
  });

  test("is repeated twice when it is lost, three times in all (RFC 8899 s. 5.1.2)", () => {
    expect(MAX_PROBES).toBe(3);
    const mtu = createPathMtu();
    for (let lost = 0; lost < 3; lost++) {
      expect(nextProbeSize(mtu, WIDE, 0)).toBe(1_372);
      probeSent(mtu, 1_372);
      probeLost(mtu, 1_372);
    }
    expect(nextProbeSize(mtu, WIDE, 0)).toBe(1_286);
  });

  test("that is lost by chance does not count once another of its size has arrived", () => {
    const mtu = createPathMtu();
    for (const size of [1_372, 1_452]) {
      for (let lost = 0; lost < 2; lost++) {
        probeSent(mtu, size);
        probeLost(mtu, size);
      }
      probeSent(mtu, size);
      probeAcknowledged(mtu, size);
      expect(mtu.size).toBe(size);
    }
  });

  test("that arrives after it was given up still counts", () => {
    const mtu = createPathMtu();
    for (let lost = 0; lost < 3; lost++) {
      probeSent(mtu, 1_372);
      probeLost(mtu, 1_372);
    }
    probeSent(mtu, 1_286);
    probeAcknowledged(mtu, 1_372);
    expect(mtu.size).toBe(1_372);
    // The one in flight is still waited for; then the search goes on above.
    expect(nextProbeSize(mtu, WIDE, 0)).toBeNull();
    probeAcknowledged(mtu, 1_286);
    expect(mtu.size).toBe(1_372);
    expect(nextProbeSize(mtu, WIDE, 0)).toBe(1_452);
  });

  test("waits for a window that holds two of its size (RFC 9002 s. 7.2, RFC 8899 s. 3)", () => {
    const mtu = createPathMtu();
    for (const size of [1_372, 1_452, 1_472]) {
      expect(nextProbeSize(mtu, 12_000, 0)).toBe(size);
      probeSent(mtu, size);
      probeAcknowledged(mtu, size);
    }
    expect(nextProbeSize(mtu, 17_903, 0)).toBeNull();
    expect(nextProbeSize(mtu, 17_904, 0)).toBe(8_952);
  });

  test("that the local link refuses is not sent three times", () => {
    const mtu = createPathMtu();
    for (const size of [1_372, 1_452, 1_472]) {
      probeSent(mtu, size);
      probeAcknowledged(mtu, size);
    }
    probeSent(mtu, 8_952);
    sizeRefused(mtu, 8_952);
    expect(mtu.size).toBe(1_472);
    expect(nextProbeSize(mtu, WIDE, 0)).toBe(5_212);
  });
});

describe("once the search is over (RFC 8899 s. 5.2)", () => {
  test("nothing is tried for 600 s, then longer sizes are tried again (s. 5.1.1)", () => {
    expect(RAISE_INTERVAL).toBe(600_000);
    const mtu = createPathMtu();
    search(mtu, 1_452, 1_000);
    expect(nextProbeSize(mtu, WIDE, 600_999)).toBeNull();
    expect(nextProbeSize(mtu, WIDE, 601_000)).toBe(1_472);
    expect(search(mtu, 9_000, 601_000).slice(0, 3)).toEqual([1_472, 8_952, 16_336]);
    expect(mtu.size).toBeGreaterThanOrEqual(8_952);
  });
});

describe("a black hole (RFC 8899 s. 4.3)", () => {
  test("returns the size to the base, and after 60 s the search starts again", () => {
    expect(BLACK_HOLE_PAUSE).toBe(60_000);
    const mtu = found();
    returnToBase(mtu, 5_000);
    expect(mtu.size).toBe(1_200);
    expect(nextProbeSize(mtu, WIDE, 64_999)).toBeNull();
    expect(nextProbeSize(mtu, WIDE, 65_000)).toBe(1_372);
  });

  test("ends a search, and a probe of it that arrives or is lost later changes nothing", () => {
    const mtu = createPathMtu();
    probeSent(mtu, 1_372);
    probeAcknowledged(mtu, 1_372);
    probeSent(mtu, 1_452);
    returnToBase(mtu, 5_000);
    probeAcknowledged(mtu, 1_452);
    probeLost(mtu, 1_452);
    expect(mtu).toMatchObject({ size: 1_200, search: { type: "resting" } });
  });

  test("in the local link itself is found at once", () => {
    const mtu = found();
    sizeRefused(mtu, 1_472);
    expect(mtu.size).toBe(1_200);
    expect(search(mtu, 1_400)).toEqual([1_372, ...thrice(1_452)]);
  });
});

/** Datagrams of 1,472 bytes are lost; each is found so before the next number is used. */
function lose(watch: BlackHoleWatch, ...numbers: number[]): boolean[] {
  return numbers.map((number) => longDatagramLost(watch, { number, size: 1_472 }, number + 1));
}

describe("the black hole watch (RFC 8899 s. 4.3)", () => {
  test("detects the third flight in a row of which no long datagram arrives", () => {
    expect(BLACK_HOLE_FLIGHTS).toBe(3);
    expect(lose(createBlackHoleWatch(), 1, 3, 5)).toEqual([false, false, true]);
  });

  test("detects nothing in one flight, however many of its datagrams are lost, in any order", () => {
    const watch = createBlackHoleWatch();
    for (let number = 0; number < 100; number++) {
      expect(longDatagramLost(watch, { number, size: 1_472 }, 100)).toBe(false);
    }
    expect(watch.flights).toBe(1);
  });

  test("detects nothing when one as long arrives in between", () => {
    const watch = createBlackHoleWatch();
    lose(watch, 1, 3);
    longDatagramArrived(watch, { number: 4, size: 1_472 });
    expect(lose(watch, 5, 7)).toEqual([false, false]);
    expect(lose(watch, 9)).toEqual([true]);
  });

  test("detects nothing when one as long that was sent later has arrived, which is congestion", () => {
    const watch = createBlackHoleWatch();
    for (let number = 1; number < 100; number += 2) {
      longDatagramArrived(watch, { number: number + 1, size: 1_472 });
      expect(lose(watch, number)).toEqual([false]);
    }
    expect(watch.flights).toBe(0);
  });

  test("ignores one that was sent before the losses and is acknowledged after them", () => {
    const watch = createBlackHoleWatch();
    lose(watch, 5, 7);
    longDatagramArrived(watch, { number: 4, size: 1_472 });
    expect(lose(watch, 9)).toEqual([true]);
  });

  test("ignores a shorter one, for the path may carry 1,300 bytes and not 1,472", () => {
    const watch = createBlackHoleWatch();
    lose(watch, 1, 3);
    longDatagramArrived(watch, { number: 4, size: 1_300 });
    expect(lose(watch, 5)).toEqual([true]);
  });

  test("detects nothing when medium datagrams are lost while medium ones arrive", () => {
    const watch = createBlackHoleWatch();
    for (let number = 0; number < 100; number += 2) {
      expect(longDatagramLost(watch, { number, size: 1_300 }, number + 1)).toBe(false);
      longDatagramArrived(watch, { number: number + 1, size: 1_300 });
    }
  });

  test("detects another black hole only after three more flights", () => {
    const watch = createBlackHoleWatch();
    expect(lose(watch, 1, 3, 5, 7, 9, 11)).toEqual([false, false, true, false, false, true]);
  });
});
