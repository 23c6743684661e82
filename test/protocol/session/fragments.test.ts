import { describe, expect, test } from "bun:test";

import {
  addFragment,
  findMissing,
  type Fragment,
  removeFragment,
} from "../../../src/protocol/session/fragments.ts";
import { seededRandom } from "../../simulator/random.ts";

const list = (...pairs: [offset: number, end: number][]): Fragment[] =>
  pairs.map(([offset, end]) => ({ offset, length: end - offset }));

const piece = (offset: number, end: number): Fragment => ({ offset, length: end - offset });

describe("a list of fragments", () => {
  test.each<[string, Fragment, Fragment[]]>([
    ["before all", piece(0, 5), list([0, 5], [10, 20], [30, 40])],
    ["between two", piece(22, 28), list([10, 20], [22, 28], [30, 40])],
    ["after all", piece(50, 51), list([10, 20], [30, 40], [50, 51])],
    ["that touches the one before", piece(20, 25), list([10, 25], [30, 40])],
    ["that touches the one after", piece(25, 30), list([10, 20], [25, 40])],
    ["that fills a gap", piece(20, 30), list([10, 40])],
    ["inside of one", piece(12, 18), list([10, 20], [30, 40])],
    ["that covers all", piece(5, 45), list([5, 45])],
    ["without bytes", piece(25, 25), list([10, 20], [30, 40])],
  ])("with one added %s", (_where, added, expected) => {
    const fragments = list([10, 20], [30, 40]);
    addFragment(fragments, added);
    expect(fragments).toEqual(expected);
  });

  test.each<[string, Fragment, Fragment[]]>([
    ["that is in none", piece(20, 30), list([10, 20], [30, 40])],
    ["that is one of them", piece(10, 20), list([30, 40])],
    ["inside of one", piece(12, 18), list([10, 12], [18, 20], [30, 40])],
    ["over parts of two", piece(15, 35), list([10, 15], [35, 40])],
    ["over all", piece(0, 99), []],
  ])("with one removed %s", (_where, removed, expected) => {
    const fragments = list([10, 20], [30, 40]);
    removeFragment(fragments, removed);
    expect(fragments).toEqual(expected);
  });

  test.each<[string, Fragment, Fragment[]]>([
    ["of one over all", piece(0, 50), list([0, 10], [20, 30], [40, 50])],
    ["of one inside of another", piece(12, 18), []],
    ["of one between two", piece(20, 30), list([20, 30])],
    ["of one at two ends", piece(15, 35), list([20, 30])],
  ])("knows the missing parts %s", (_which, whole, expected) => {
    expect(findMissing(list([10, 20], [30, 40]), whole)).toEqual(expected);
  });

  test("is the same as a set of offsets, after any 2,000 changes", () => {
    const random = seededRandom(1);
    const fragments: Fragment[] = [];
    const offsets = new Set<number>();
    for (let change = 0; change < 2_000; change += 1) {
      const fragment = { offset: random.between(0, 200), length: random.between(0, 20) };
      const covered = Array.from({ length: fragment.length }, (_, at) => fragment.offset + at);
      const missing = findMissing(fragments, fragment).flatMap(({ offset, length }) =>
        Array.from({ length }, (_, at) => offset + at),
      );
      expect(missing).toEqual(covered.filter((offset) => !offsets.has(offset)));
      const isAdded = random.chance(0.5);
      if (isAdded) addFragment(fragments, fragment);
      else removeFragment(fragments, fragment);
      for (const offset of covered) {
        if (isAdded) offsets.add(offset);
        else offsets.delete(offset);
      }
      const expected: Fragment[] = [];
      for (let offset = 0; offset <= 220; offset += 1) {
        if (!offsets.has(offset)) continue;
        const last = expected.at(-1);
        if (last !== undefined && last.offset + last.length === offset) {
          expected[expected.length - 1] = { offset: last.offset, length: last.length + 1 };
        } else expected.push({ offset, length: 1 });
      }
      expect(fragments).toEqual(expected);
    }
  });
});
