// The separator lines between messages: that what follows is from before one joined, or came while nobody
// was looking, and when it was sent if that isn't obvious. Pure: times come in, in ms since 1970.

import { calendarDay, clockTime } from "./message-text.ts";

export interface Separators {
  /** Whether the terminal has the focus, as far as it reports that. */
  readonly focused: boolean;
  /** "new" was shown since the focus was lost. */
  readonly markedNew: boolean;
  /** The label of the next message, if it is from before `time`. */
  readonly past: { readonly label: "earlier" | "new"; readonly time: number } | null;
  /** The last time that was shown: a message near it needs none. */
  readonly shownTime: number;
}

/** How far from the last time shown a message may be without showing its own, ms. */
const SHOW_TIME_AFTER = 5 * 60_000;

/** At the start, when people know what time it is. */
export function noSeparators(now: number): Separators {
  return { focused: true, markedNew: false, past: null, shownTime: now };
}

export function focusChanged(separators: Separators, focused: boolean): Separators {
  return { ...separators, focused, markedNew: separators.markedNew && !focused };
}

/** In the room since `now`, for the first time or again; messages from before may follow. */
export function enteredRoom(
  separators: Separators,
  label: "earlier" | "new",
  now: number,
): Separators {
  return { ...separators, past: { label, time: now } };
}

/** The line before a message of that `time`, or null if none is needed. */
export function separatorBefore(
  separators: Separators,
  time: number,
  now: number,
): [Separators, string | null] {
  const { focused, markedNew, past, shownTime } = separators;
  const isPast = past !== null && time < past.time;
  const isUnseen = !focused && !markedNew;
  const isNear =
    Math.abs(time - shownTime) < SHOW_TIME_AFTER && calendarDay(time) === calendarDay(shownTime);
  const words = [
    ...(isPast ? [past.label] : isUnseen ? ["new"] : []),
    ...(isNear ? [] : [dayAndTime(time, now)]),
  ];
  const next = {
    focused,
    markedNew: markedNew || isUnseen,
    past: null,
    shownTime: isNear ? shownTime : time,
  };
  return [next, words.length === 0 ? null : `-- ${words.join(", ")} --`];
}

/** "14:05", with the day before it unless that is today. */
function dayAndTime(time: number, now: number): string {
  const day = calendarDay(time);
  return day === calendarDay(now) ? clockTime(time) : `${day} ${clockTime(time)}`;
}
