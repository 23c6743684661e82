// The bounds of every log, and the check of what is to be appended. They are wider than those of the
// conversation (chat/frames.ts): who breaks them here has not checked there, which is a bug.

import type { Draft } from "../chat/log-entry.ts";
import { CharlaError } from "../errors.ts";

/** Entries handed out at once: some MB at most of a conversation's messages. */
export const MAX_READ = 1_000;
/** Sequence numbers handed out at once, without the entries: 1 MB, for each such look is through a whole index. */
export const MAX_FOUND = 100_000;
/** Rooms in one store; all of their names are in memory. */
export const MAX_ROOMS = 1_000;
/** Names that one author may hold in one room: enough for a whim, too few to take them all. */
export const MAX_NAMES = 20;
/** Characters of one text: as many as the bytes of the wire's longest message. */
const MAX_TEXT = 65_536;
/** Characters of everything else, such as a room's name or a fingerprint. */
const MAX_LABEL = 256;

/** The draft as UTF-8 can hold it. */
export function checkDraft(room: string, draft: Draft): Draft {
  const { author, name, device, number, text } = draft;
  checkLabels(room, author, name, device);
  if (text.length > MAX_TEXT) throw new RangeError(`a text of ${text.length} characters`);
  if (!Number.isSafeInteger(number) || number < 0) throw new RangeError(`number ${number}`);
  return { author, name, device, number, text: text.toWellFormed() };
}

/** Everything but texts: what is looked up again, and so must come back as it went in. */
export function checkLabels(...labels: readonly string[]): void {
  const unfit = labels.find((label) => label.length > MAX_LABEL || !label.isWellFormed());
  if (unfit !== undefined) throw new RangeError(`${unfit.length} characters in ${unfit}`);
}

/** How many entries, or whatever else has a bound, to hand out to who asks for `limit`. */
export function atMost(limit: number, bound = MAX_READ): number {
  return Math.min(Math.max(limit, 0), bound);
}

export function tooManyRooms(room: string): CharlaError {
  return new CharlaError(
    "TOO_MANY_ROOMS",
    `there are ${MAX_ROOMS} rooms already, and ${room} is none of them`,
    "talk in one of those that there are",
  );
}

export function tooManyNames(): CharlaError {
  return new CharlaError(
    "TOO_MANY_NAMES",
    `one person can hold ${MAX_NAMES} names in a room, and these are all taken`,
    "go back to one of the names that you had",
  );
}
