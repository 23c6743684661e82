import { describe, expect, test } from "bun:test";

import { chooseHue, HUES, withHue, withHues } from "../../../src/terminal/state/colours.ts";
import { seeded } from "../../harness/random.ts";

const key = (number: number) => `SHA256:${number}`;

/** The hues of people who come one after the other. */
function hues(count: number, first = 0): number[] {
  const chosen: number[] = [];
  for (let index = 0; index < count; index += 1) chosen.push(chooseHue(key(first + index), chosen));
  return chosen;
}

function distance(one: number, other: number): number {
  const steps = Math.abs(one - other);
  return Math.min(steps, HUES - steps);
}

test("somebody's hue is chosen by their key, the same every time", () => {
  const fingerprint = "SHA256:NZ9cVAmlIuCBQoMkGRMaVCYUPVSkWKVzQHQhQgtqE1k";
  expect(chooseHue(fingerprint, [])).toBe(3);
  expect(chooseHue(fingerprint, [9])).toBe(3);
});

test("all hues are the choice of some key", () => {
  const chosen = Array.from({ length: 500 }, (_, index) => chooseHue(key(index), []));
  expect(new Set(chosen).size).toBe(HUES);
});

describe("of the people who are there", () => {
  test.each([2, 3, 4])("%d have hues that are no neighbours", (count) => {
    for (let first = 0; first < 200; first += 1) {
      const chosen = hues(count, first);
      const gaps = chosen.flatMap((hue, index) =>
        chosen.slice(index + 1).map((other) => distance(hue, other)),
      );
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(2);
    }
  });

  test("no two have the same hue until all are in use, whatever their keys are", () => {
    for (let first = 0; first < 200; first += 1) {
      expect(new Set(hues(HUES, first)).size).toBe(HUES);
    }
  });

  test("as many have each hue when there are more people than hues", () => {
    const counts = Map.groupBy(hues(3 * HUES), (hue) => hue);
    expect(Array.from(counts.values(), (people) => people.length)).toEqual(Array(HUES).fill(3));
  });
});

test("a hue that is taken makes way for the free one farthest from all", () => {
  const random = seeded(1);
  for (let round = 0; round < 100; round += 1) {
    const fingerprint = key(random(1_000));
    const preferred = chooseHue(fingerprint, []);
    expect(distance(chooseHue(fingerprint, [preferred]), preferred)).toBe(6);
    // A neighbour looks alike.
    const neighbour = (preferred + 1) % HUES;
    expect(distance(chooseHue(fingerprint, [neighbour]), neighbour)).toBe(6);
  }
});

describe("the hues of the people who were met", () => {
  const main = withHues(new Map(), [key(1), key(2), key(3)]);

  test("stay the same, in this room and in another one", () => {
    const lunch = withHues(main, [key(2), key(4)]);
    for (const met of [1, 2, 3]) expect(lunch.get(key(met))).toBe(main.get(key(met)));
    expect(withHues(lunch, [key(3), key(4), key(1)])).toBe(lunch);
    expect(withHue(lunch, key(4))).toBe(lunch);
  });

  test("are apart from those who are in the room with them", () => {
    for (let stranger = 10; stranger < 100; stranger += 1) {
      const lunch = withHues(main, [key(2), key(stranger)]);
      const gap = distance(lunch.get(key(2)) ?? NaN, lunch.get(key(stranger)) ?? NaN);
      expect(gap).toBeGreaterThanOrEqual(2);
      expect([...main.values()]).not.toContain(withHue(main, key(stranger)).get(key(stranger)));
    }
  });

  test("are kept of a thousand people, the latest ones", () => {
    const keys = Array.from({ length: 1_001 }, (_, index) => key(index));
    const kept = withHue(withHues(new Map(), keys.slice(0, -1)), key(1_000));
    expect(kept.size).toBe(1_000);
    expect(kept.has(key(0))).toBe(false);
    expect(kept.has(key(1_000))).toBe(true);
  });
});
