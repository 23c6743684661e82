// What stands in a line of its own before a message: that what follows was said before one came, or came while
// nobody looked, and when it was said where that is not plain. Pure: times come in, in ms since 1970.

import { calendarDay, moment } from "./clock-text.ts";

export interface Marks {
  /** Whether the terminal has the person's eyes, as far as it tells. */
  readonly looking: boolean;
  /** What came since nobody looks is marked. */
  readonly marked: boolean;
  /** What is marked when the next message was said before `time`. */
  readonly past: { readonly label: "earlier" | "new"; readonly time: number } | null;
  /** The time that was last told: so near, the next need not be. */
  readonly told: number;
}

/** So long after the time that was last told, it is told again, ms. */
const TELL_AGAIN = 5 * 60_000;

/** Whoever starts now knows what time it is. */
export function noMarks(now: number): Marks {
  return { looking: true, marked: false, past: null, told: now };
}

export function looked(marks: Marks, looking: boolean): Marks {
  return { ...marks, looking, marked: marks.marked && !looking };
}

/** In the room at `now`, for the first time or again: what was said before is about to be shown. */
export function arrived(marks: Marks, label: "earlier" | "new", now: number): Marks {
  return { ...marks, past: { label, time: now } };
}

/** The line before a message of that `time`, or null where none is wanted. */
export function markBefore(marks: Marks, time: number, now: number): [Marks, string | null] {
  const { looking, past } = marks;
  const isPast = past !== null && time < past.time;
  const isUnread = !looking && !marks.marked;
  const isTold =
    Math.abs(time - marks.told) < TELL_AGAIN && calendarDay(time) === calendarDay(marks.told);
  const words = [
    ...(isPast ? [past.label] : isUnread ? ["new"] : []),
    ...(isTold ? [] : [moment(time, now)]),
  ];
  const next = {
    looking,
    marked: marks.marked || isUnread,
    past: null,
    told: isTold ? marks.told : time,
  };
  return [next, words.length === 0 ? null : `-- ${words.join(", ")} --`];
}
