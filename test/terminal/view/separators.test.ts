import { describe, expect, test } from "bun:test";

import {
  arrived,
  looked,
  markBefore,
  type Marks,
  noMarks,
} from "../../../src/terminal/view/separators.ts";

/** On the second of March, by the clock of this machine. */
const at = (hours: number, minutes: number, day = 2) =>
  new Date(2026, 2, day, hours, minutes).getTime();
const NOON = at(12, 0);

/** The lines before messages of these times, all shown at noon. */
function before(start: Marks, ...times: number[]): (string | null)[] {
  let marks = start;
  return times.map((time) => {
    const [next, line] = markBefore(marks, time, NOON);
    marks = next;
    return line;
  });
}

describe("the time", () => {
  test("is not told while it is near the one that is known", () => {
    expect(before(noMarks(NOON), NOON, at(12, 4), at(11, 56))).toEqual([null, null, null]);
  });

  test("is told every five minutes at most, however short the pauses are", () => {
    const times = [3, 6, 9, 12, 15].map((minutes) => at(12, minutes));
    expect(before(noMarks(NOON), ...times)).toEqual([
      null,
      "-- 12:06 --",
      null,
      "-- 12:12 --",
      null,
    ]);
  });

  test("is told with the day where that is another one", () => {
    expect(before(noMarks(NOON), at(9, 5, 1), at(9, 6, 1), at(8, 0))).toEqual([
      "-- 2026-03-01 09:05 --",
      null,
      "-- 08:00 --",
    ]);
    expect(before(noMarks(at(23, 59, 1)), at(0, 1))).toEqual(["-- 00:01 --"]);
  });
});

describe("what was said before one came", () => {
  test("is marked once, with its time where that is not plain", () => {
    const marks = arrived(noMarks(NOON), "earlier", NOON);
    expect(before(marks, at(11, 59), at(11, 59), NOON)).toEqual(["-- earlier --", null, null]);
    expect(before(marks, at(9, 0), at(9, 1))).toEqual(["-- earlier, 09:00 --", null]);
  });

  test("is not what is said from then on", () => {
    const marks = arrived(noMarks(NOON), "new", NOON);
    expect(before(marks, NOON, at(11, 59))).toEqual([null, null]);
  });
});

describe("what comes while nobody looks", () => {
  const away = looked(noMarks(NOON), false);

  test("is marked before the first of it", () => {
    expect(before(away, NOON, NOON)).toEqual(["-- new --", null]);
  });

  test("is marked again only once somebody has looked", () => {
    const [marked] = markBefore(away, NOON, NOON);
    expect(before(looked(marked, false), NOON)).toEqual([null]);
    expect(before(looked(marked, true), NOON)).toEqual([null]);
    expect(before(looked(looked(marked, true), false), NOON)).toEqual(["-- new --"]);
  });

  test("is marked once also where it was missed", () => {
    expect(before(arrived(away, "new", NOON), at(11, 58), NOON)).toEqual(["-- new --", null]);
  });
});
