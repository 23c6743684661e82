import { expect, test } from "bun:test";

import { describeClock } from "../../src/doctor/clock.ts";

/** Asked at 1,000,000 by this clock; the server's was `ahead` when it answered in the middle. */
const view = (ahead: number, roundTrip: number) => ({
  address: "192.0.2.7:1",
  askedAt: 1_000_000,
  answeredAt: 1_000_000 + roundTrip,
  serverTime: 1_000_000 + roundTrip / 2 + ahead,
});

test("clocks that differ by less than can be told are the same", () => {
  expect(describeClock([view(20, 40)])).toEqual({
    name: "clock",
    status: "ok",
    message: "the server's clock and this one are the same, give or take 21 ms",
    value: { ahead: 20, uncertain: 21 },
  });
});

test("the fastest exchange counts", () => {
  const { value } = describeClock([view(400, 1_000), view(100, 10), view(-300, 800)]);
  expect(value).toEqual({ ahead: 100, uncertain: 6 });
});

test.each([
  [1_500, "ok", "the server's clock is 1.5 s ahead of this one, give or take 6 ms"],
  [-1_500, "ok", "the server's clock is 1.5 s behind this one, give or take 6 ms"],
  [30_000, "note", "the server's clock is 30.0 s ahead of this one, give or take 6 ms"],
  [-600_000, "note", "the server's clock is 10 minutes behind this one, give or take 6 ms"],
  [7_200_000, "note", "the server's clock is 2 hours ahead of this one, give or take 6 ms"],
])("a server's clock that is off by %d ms is %s: %s", (ahead, status, message) => {
  expect(describeClock([view(ahead, 10)])).toMatchObject({ status, message });
});

test("a clock that was set while the question was under way says nothing false", () => {
  expect(describeClock([view(0, -5_000)]).value).toMatchObject({ uncertain: 2_501 });
});
