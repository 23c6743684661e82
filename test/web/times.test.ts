import { expect, test } from "bun:test";

import { createTimes } from "../../web/view/times.ts";
import { en } from "../../web/words/en.ts";
import { es } from "../../web/words/es.ts";

test.each([
  ["en-US", en],
  ["en-GB", en],
  ["es-ES", es],
])("times of the day are as on the terminal, also in %s", (locale, words) => {
  const times = createTimes(words, locale);
  expect(times.timeOfDay(new Date(2026, 2, 3, 14, 3).getTime())).toBe("14:03");
  expect(times.timeOfDay(new Date(2026, 2, 3, 0, 5).getTime())).toBe("00:05");
});

test("days are today, yesterday, or named, with the year where that is another one", () => {
  const times = createTimes(en, "en-GB");
  const now = new Date(2026, 2, 3, 12).getTime();
  const day = (year: number, month: number, date: number) =>
    times.day(new Date(year, month, date, 23).getTime(), now);
  expect(day(2026, 2, 3)).toBe("Today");
  expect(day(2026, 2, 2)).toBe("Yesterday");
  expect(day(2026, 1, 27)).toBe("Friday 27 February");
  expect(day(2025, 1, 27)).toBe("Thursday, 27 February 2025");
});
