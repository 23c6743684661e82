// Times and days in words, in the reader's language and time zone. Pure, but for the zone of this machine.

import type { Words } from "../words/en.ts";

/** The first of them, for a day has 23 to 25 hours where clocks change. */
export function startOfDay(time: number): number {
  const date = new Date(time);
  date.setHours(0, 0, 0, 0);
  return date.getTime();
}

export interface Times {
  /** `14:05`. */
  timeOfDay(time: number): string;
  /** `today`, `yesterday`, `Tuesday, March 3`, with the year if that is another one. */
  day(time: number, now: number): string;
  /** Both, in full. */
  moment(time: number): string;
}

export function createTimes(words: Words, locale: string): Times {
  const days = createFormat(locale, { weekday: "long", month: "long", day: "numeric" });
  const dates = createFormat(locale, { dateStyle: "full" });
  const moments = createFormat(locale, { dateStyle: "full", timeStyle: "short" });
  return {
    // As on the terminal, in every language.
    timeOfDay(time) {
      const date = new Date(time);
      return `${twoDigits(date.getHours())}:${twoDigits(date.getMinutes())}`;
    },
    day(time, now) {
      const today = startOfDay(now);
      const day = startOfDay(time);
      if (day === today) return words.today;
      if (day === startOfDay(today - 1)) return words.yesterday;
      const isThisYear = new Date(day).getFullYear() === new Date(today).getFullYear();
      return (isThisYear ? days : dates)(time);
    },
    moment: moments,
  };
}

function twoDigits(count: number): string {
  return String(count).padStart(2, "0");
}

/** Made when it is used first: on a slow phone that takes 50 ms. */
function createFormat(locale: string, options: Intl.DateTimeFormatOptions) {
  let format: Intl.DateTimeFormat | null = null;
  return (time: number): string => {
    format ??= new Intl.DateTimeFormat(locale, options);
    return format.format(time);
  };
}
