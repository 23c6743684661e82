import { describe, expect, test } from "bun:test";

import {
  enteredRoom,
  noSeparators,
  reconnected,
  separatorBefore,
  type Separators,
} from "../../src/terminal/separators.ts";

/** On the second of March, by the clock of this machine. */
const at = (hours: number, minutes: number, day = 2) =>
  new Date(2026, 2, day, hours, minutes).getTime();
const NOON = at(12, 0);

const past = (time: number) => ({ time, past: true }) as const;

/** The separators before messages of these times, all shown at noon. */
function before(start: Separators, ...times: number[]): (string | null)[] {
  return beforeEach(
    start,
    times.map((time) => ({ time })),
  );
}

function beforeEach(
  start: Separators,
  messages: readonly { time: number; past?: true }[],
): (string | null)[] {
  let separators = start;
  return messages.map((message) => {
    const [next, line] = separatorBefore(separators, message, NOON);
    separators = next;
    return line;
  });
}

describe("the time", () => {
  test("is not shown near the last one that was shown", () => {
    expect(before(noSeparators(NOON), NOON, at(12, 4), at(11, 56))).toEqual([null, null, null]);
  });

  test("is shown every five minutes at most, however short the pauses are", () => {
    const times = [3, 6, 9, 12, 15].map((minutes) => at(12, minutes));
    expect(before(noSeparators(NOON), ...times)).toEqual([
      null,
      "-- 12:06 --",
      null,
      "-- 12:12 --",
      null,
    ]);
  });

  test("is shown with the day if that is another one", () => {
    expect(before(noSeparators(NOON), at(9, 5, 1), at(9, 6, 1), at(8, 0))).toEqual([
      "-- 2026-03-01 09:05 --",
      null,
      "-- 08:00 --",
    ]);
    expect(before(noSeparators(at(23, 59, 1)), at(0, 1))).toEqual(["-- 00:01 --"]);
  });
});

describe("what was sent before one joined", () => {
  test("is marked once, with its time unless that is near", () => {
    const separators = enteredRoom(noSeparators(NOON));
    const messages = [past(at(11, 59)), past(at(11, 59)), { time: NOON }];
    expect(beforeEach(separators, messages)).toEqual(["-- earlier --", null, "-- now --"]);
    expect(beforeEach(separators, [past(at(9, 0)), past(at(9, 1))])).toEqual([
      "-- earlier, 09:00 --",
      null,
    ]);
  });

  test("is marked by what the server says, and not by the clocks of two machines", () => {
    const separators = enteredRoom(noSeparators(NOON));
    expect(beforeEach(separators, [{ time: at(12, 2), past: true }])).toEqual(["-- earlier --"]);
    expect(before(separators, at(11, 58))).toEqual([null]);
  });

  test("does not include what is sent from then on", () => {
    const separators = reconnected(noSeparators(NOON), NOON);
    expect(before(separators, NOON, at(11, 59))).toEqual([null, null]);
  });
});
