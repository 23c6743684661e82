// The lines between messages where a screen only shows them one after the other: that what follows is from before one joined,
// or was missed, and when it was sent if that isn't obvious. Pure; times are ms since 1970.

import { type RoomMessage, wasMissed } from "./state/room.ts";
import { calendarDay, clockTime } from "./view/message-text.ts";

export interface Separators {
  /** The last message is from before one joined. */
  readonly showsPast: boolean;
  /** When the connection was back; null once a message has come since then. */
  readonly reconnectedAt: number | null;
  /** The last time that was shown: a message near it needs none. */
  readonly shownTime: number;
}

/** How far from the last time shown a message may be without showing its own, ms. */
const SHOW_TIME_AFTER = 5 * 60_000;

/** At the start, when people know what time it is. */
export function noSeparators(now: number): Separators {
  return { showsPast: false, reconnectedAt: null, shownTime: now };
}

/** In another room. */
export function enteredRoom(separators: Separators): Separators {
  return { ...separators, showsPast: false, reconnectedAt: null };
}

/** The connection is back; messages that were missed may follow. */
export function reconnected(separators: Separators, now: number): Separators {
  return { ...separators, reconnectedAt: now };
}

/** The line before a message, or null if none is needed. */
export function separatorBefore(
  { showsPast, reconnectedAt, shownTime }: Separators,
  message: Pick<RoomMessage, "time" | "past">,
  now: number,
): [Separators, string | null] {
  const { time, past: isPast = false } = message;
  const isNear =
    Math.abs(time - shownTime) < SHOW_TIME_AFTER && calendarDay(time) === calendarDay(shownTime);
  const mark = isPast ? "earlier" : wasMissed(message, reconnectedAt) ? "new" : "now";
  const isMarked = mark === "new" || isPast !== showsPast;
  const words = [...(isMarked ? [mark] : []), ...(isNear ? [] : [dayAndTime(time, now)])];
  const next = {
    showsPast: isPast,
    reconnectedAt: null,
    shownTime: isNear ? shownTime : time,
  };
  return [next, words.length === 0 ? null : `-- ${words.join(", ")} --`];
}

/** "14:05", with the day before it unless that is today. */
function dayAndTime(time: number, now: number): string {
  const day = calendarDay(time);
  return day === calendarDay(now) ? clockTime(time) : `${day} ${clockTime(time)}`;
}
