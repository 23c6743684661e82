// The lines between messages where a screen only shows them one after the other: that what follows is from before one joined,
// or was missed, and when it was sent if that isn't obvious. Pure; times are ms since 1970.

import { isFromBefore, type Past, type RoomMessage } from "./state/room.ts";
import { calendarDay, clockTime } from "./view/message-text.ts";

export interface Separators {
  /** The label of the next message, if it is from before `time`. */
  readonly past: Past | null;
  /** The last time that was shown: a message near it needs none. */
  readonly shownTime: number;
}

/** How far from the last time shown a message may be without showing its own, ms. */
const SHOW_TIME_AFTER = 5 * 60_000;

/** At the start, when people know what time it is. */
export function noSeparators(now: number): Separators {
  return { past: null, shownTime: now };
}

/** In the room since `now`, for the first time or again; messages from before may follow. */
export function enteredRoom(
  separators: Separators,
  label: "earlier" | "new",
  now: number,
): Separators {
  return { ...separators, past: { label, time: now } };
}

/** The line before a message, or null if none is needed. */
export function separatorBefore(
  { past, shownTime }: Separators,
  message: Pick<RoomMessage, "time" | "past">,
  now: number,
): [Separators, string | null] {
  const { time } = message;
  const isNear =
    Math.abs(time - shownTime) < SHOW_TIME_AFTER && calendarDay(time) === calendarDay(shownTime);
  const words = [
    ...(past !== null && isFromBefore(message, past) ? [past.label] : []),
    ...(isNear ? [] : [dayAndTime(time, now)]),
  ];
  const next = { past: null, shownTime: isNear ? shownTime : time };
  return [next, words.length === 0 ? null : `-- ${words.join(", ")} --`];
}

/** "14:05", with the day before it unless that is today. */
function dayAndTime(time: number, now: number): string {
  const day = calendarDay(time);
  return day === calendarDay(now) ? clockTime(time) : `${day} ${clockTime(time)}`;
}
