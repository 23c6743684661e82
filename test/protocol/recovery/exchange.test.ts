import { describe, expect, test } from "bun:test";

import { FULL_SIZE } from "../../harness/full-size.ts";
import { seeded } from "../../harness/random.ts";
import { type Conditions, type End, exchange } from "./exchange.ts";
import { fixedWindow } from "./sender.ts";

const PERFECT_NETWORK: Conditions = { loss: 0, duplication: 0, delay: 25, jitter: 0, mtu: 1_500 };

/** A window of 50 datagrams, whatever happens. */
const STEADY = fixedWindow(60_000);

/** What holds at the end of every exchange. */
function expectDone(ends: readonly [End, End], items: readonly [number, number]): void {
  for (const [index, end] of ends.entries()) {
    const other = index === 0 ? ends[1] : ends[0];
    expect(other.arrived.size).toBe(items[index] ?? 0);
    expect(end.confirmed.size).toBe(items[index] ?? 0);
    expect(end.recovery.sent).toMatchObject({
      packetsInFlight: 0,
      bytesInFlight: 0,
      packets: [],
    });
    expect([...end.fates.values()].filter((fate) => fate === "sent")).toEqual([]);
    // Each wake-up sends something, finds a loss or waits for a datagram that is due.
    expect(end.wakeUps).toBeLessThan(3 * end.packets + 10);
  }
}

function countFates(end: End): Record<string, number> {
  const counts: Record<string, number> = { sent: 0, acknowledged: 0, lost: 0, revived: 0 };
  for (const fate of end.fates.values()) counts[fate] = (counts[fate] ?? 0) + 1;
  return counts;
}

describe("10,000 items arrive, every packet is acknowledged or lost, none twice,", () => {
  test("over a perfect network, without a single loss or needless packet", () => {
    const { ends } = exchange({ ...PERFECT_NETWORK, mtu: 65_507 }, [10_000, 0], 1);
    expectDone(ends, [10_000, 0]);
    // Six path MTU probes, of which the window holds the sixth only when it has grown.
    expect(countFates(ends[0])).toMatchObject({ lost: 0, revived: 0, acknowledged: 10_006 });
  });

  const seeds = Array.from({ length: FULL_SIZE ? 12 : 2 }, (_, index) => index + 1);
  test.each(seeds)("over a network of random faults, seed %d", (seed) => {
    const random = seeded(seed);
    const delay = [0.025, 1, 10, 50, 150][random(5)] ?? 0;
    const conditions: Conditions = {
      loss: random(500),
      duplication: random(200),
      delay,
      jitter: (delay * random(300)) / 100,
      mtu: [1_200, 1_400, 1_500, 9_000, 65_507][random(5)] ?? 0,
    };
    const items = [8_000, 2_000] as const;
    const { ends } = exchange(conditions, items, seed);
    expectDone(ends, items);
    expect(ends[0].refused + ends[1].refused > 0).toBe(conditions.duplication > 0);
  });
});

test("the window grows until it fills the path: 10,000 packets take a few dozen round trips", () => {
  const { ends, now } = exchange(PERFECT_NETWORK, [10_000, 0], 1);
  expect(now).toBeLessThan(40 * 50);
  expect(ends[0].recovery.path.mtu.size).toBe(1_472);
});

test("pacing does not slow down loopback: 50 us there and back, 10,000 packets in 10 ms", () => {
  const { now } = exchange({ ...PERFECT_NETWORK, delay: 0.025, mtu: 1_300 }, [10_000, 0], 1);
  expect(now).toBeLessThan(10);
});

test("loss detection adapts to reordering: of 10,000 packets, none of them lost, few are sent twice", () => {
  const conditions: Conditions = { ...PERFECT_NETWORK, jitter: 25 };
  const { ends } = exchange(conditions, [10_000, 0], 1, { controller: () => STEADY });
  expectDone(ends, [10_000, 0]);
  const { lost = 0, revived = 0 } = countFates(ends[0]);
  expect(lost + revived).toBeLessThan(100);
});

test("a silence of 30 s in the middle loses nothing, and traffic continues within 3 s of its end", () => {
  const conditions: Conditions = { ...PERFECT_NETWORK, silence: [60, 30_060] };
  const { ends, now } = exchange(conditions, [500, 500], 7);
  expectDone(ends, [500, 500]);
  expect(now).toBeGreaterThan(30_060);
  // A probe within 3 s, and then slow start from two datagrams.
  expect(now).toBeLessThan(30_060 + 3_000 + 40 * 50);
});
