// A room is a log. The interface of every store of rooms (memory, SQLite, and written so that one across a network can
// be the next), with the bounds of all of them. These are wider than those of the conversation (chat/frames.ts):
// to break them is a bug of the caller. Knows nothing of members and permissions.

import type { Draft, LogEntry } from "../chat/frames.ts";
import { CharlaError } from "../errors.ts";

/** Entries returned at once: some MB of a conversation's messages. */
const MAX_READ = 1_000;
/** Sequence numbers returned at once, without the entries: 1 MB. Many, for each query goes through a whole index. */
export const MAX_FOUND = 100_000;
/** Rooms in one store; all of their names are in memory. */
export const MAX_ROOMS = 1_000;
/** Names that one author may hold in one room: enough for a whim, too few to take them all. */
export const MAX_NAMES = 20;
/** Keys of these names: a name has two at most, and other spellings of it may have others. */
export const MAX_NAME_KEYS = 4 * MAX_NAMES;
/** A name is free once its author has claimed none in the room for so long, ms. */
const NAME_LIFETIME = 90 * 24 * 60 * 60 * 1_000;
/** How exactly the last activity in a room is known, ms: so that not every `enter` is another write. */
export const ACTIVITY_STEP = 60 * 60 * 1_000;
/** Characters of one text: as many as the bytes of the longest message on the wire. */
const MAX_TEXT = 65_536;
/** Characters of everything else, such as a room's name or a fingerprint. */
const MAX_LABEL = 256;

/** Every method rejects with a CharlaError when the store fails, with STORE_... (docs/errors.md). */
export interface LogReader extends AsyncDisposable {
  /** Tells this log from every other: a sequence number means nothing in another one. */
  readonly id: string;
  /**
   * The newest sequence number of a room, also when that entry was deleted: it never goes back, as long as there is
   * this log. 0 where nothing was ever said or deleted.
   */
  readonly last: (room: string) => Promise<number>;
  /** The sequence number of the oldest entry that was not deleted; one more than `last` where there is none. */
  readonly first: (room: string) => Promise<number>;
  /** Entries after the sequence number `after`, oldest first: at most `limit`, and at most MAX_READ. */
  readonly read: (room: string, after: number, limit: number) => Promise<LogEntry[]>;
  /** The last `count` entries, at most MAX_READ, oldest first; with `before`, of those before that sequence number. */
  readonly readLast: (room: string, count: number, before?: number) => Promise<LogEntry[]>;
  /** Who holds a name in a room (`claimName`), and how they wrote it; null if nobody does. */
  readonly nameHolder: (room: string, name: string) => Promise<NameHolder | null>;
  /** The name that an author has claimed last in a room; null if they hold none. */
  readonly nameOf: (room: string, author: string) => Promise<string | null>;
  /** Those of the entries after a sequence number, oldest first: at most `limit`, and at most MAX_READ. */
  readonly marks: (room: string, after: number, limit: number) => Promise<Mark[]>;
  /** In the order in which they were created. */
  readonly rooms: () => Promise<RoomSummary[]>;
  /**
   * The newest that match, oldest first: at most `limit`, and at most MAX_READ. Others are served meanwhile.
   */
  readonly search: (search: Search) => Promise<FoundEntry[]>;
  /**
   * The sequence numbers of the entries after `after` that match, oldest first: at most `limit`, and at most
   * MAX_FOUND. To get all of them, continue after the last one returned.
   */
  readonly find: (
    room: string,
    conditions: Conditions,
    after: number,
    limit: number,
  ) => Promise<number[]>;
}

/** When an entry was appended, and its part of all bytes that its room has taken since it began. */
export interface Mark {
  readonly sequence: number;
  /** As in an entry. */
  readonly time: number;
  readonly start: number;
  readonly end: number;
}

export interface Log extends LogReader {
  /** How much the log takes, and may take: always the same object, whose values change. */
  readonly usage: () => Usage;
  /**
   * Resolves once the entry is durable. The same author, device and number in the same room are the same
   * message: it resolves with the entry that is there, whatever the text. Sequence numbers follow the order of
   * the calls; the calls of one turn of the event loop become durable together. A half surrogate
   * becomes U+FFFD, for no UTF-8 can hold it.
   *
   * After a rejection with a STORE_... code the message may be stored nevertheless, as it may after a crash:
   * to append it again is safe.
   *
   * @throws {CharlaError} TOO_MANY_ROOMS, QUOTA_REACHED, STORE_...
   */
  readonly append: (room: string, draft: Draft) => Promise<LogEntry>;
  /**
   * Calls `onAppended` with what is appended to a room from now on, once it is durable: each entry once, in the order of
   * the sequence numbers, what is appended in one turn together. Ends when it is disposed of, or the log closes.
   */
  readonly subscribe: (room: string, onAppended: OnAppended) => Disposable;
  /**
   * Binds a name in a room to the first author who claims it, durably, until that author has claimed none there for
   * NAME_LIFETIME. Names that differ only in case or in the spelling of their characters (Unicode NFKC) are one.
   *
   * @throws {CharlaError} TOO_MANY_NAMES, TOO_MANY_ROOMS, STORE_...
   */
  readonly claimName: (room: string, name: string, author: string) => Promise<"yours" | "taken">;
  /**
   * Deletes a room with its entries and names; resolves with whether there was one. Those who subscribe to it
   * stay subscribed: a room of that name may be created again. No room that is created later has a sequence
   * number that the deleted one had, so that a cursor of it is before everything that follows.
   *
   * @throws {CharlaError} STORE_...
   */
  readonly deleteRoom: (room: string) => Promise<boolean>;
  /**
   * Deletes the entries of a room before a sequence number, and resolves with how many they were. A message that
   * was deleted and is sent again is a new one.
   *
   * @throws {CharlaError} STORE_...
   */
  readonly deleteBefore: (room: string, sequence: number) => Promise<number>;
}

/** @param entries at least one */
export type OnAppended = (entries: readonly LogEntry[]) => void;

export interface NameHolder {
  readonly author: string;
  readonly name: string;
}

/** In bytes; a log in memory counts characters. */
export interface Usage {
  readonly used: number;
  readonly quota: number;
}

export interface RoomSummary {
  readonly name: string;
  /** How many were not deleted. */
  readonly entries: number;
  /** Of the newest entry, as in that entry; null where there is none. */
  readonly time: number | null;
  /** When somebody last entered (claimed a name) or said something, ms since 1970, up to an hour too early. */
  readonly active: number;
}

/** An entry must match every condition that is given. */
export interface Conditions {
  /**
   * Each of the first MAX_SEARCH_WORDS is the beginning of a word of the text, whatever its case and accents.
   * Words of one letter are ignored; a string that is not `isSearchable` finds nothing.
   */
  readonly words?: string | undefined;
  /** Not before this time, ms since 1970. */
  readonly since?: number | undefined;
}

export interface Search extends Conditions {
  readonly room?: string | undefined;
  readonly limit: number;
}

export interface FoundEntry extends LogEntry {
  readonly room: string;
}

/** The draft as UTF-8 can hold it. */
export function checkDraft(room: string, draft: Draft): Draft {
  const { author, name, device, number, text } = draft;
  checkLabels(room, author, name, device);
  if (text.length > MAX_TEXT) throw new RangeError(`a text of ${text.length} characters`);
  if (!Number.isSafeInteger(number) || number < 0) throw new RangeError(`number ${number}`);
  return { author, name, device, number, text: text.toWellFormed() };
}

/** Everything but texts: it is looked up again, and so must be stored as it is. */
export function checkLabels(...labels: readonly string[]): void {
  const unfit = labels.find((label) => label.length > MAX_LABEL || !label.isWellFormed());
  if (unfit !== undefined) throw new RangeError(`${unfit.length} characters in ${unfit}`);
}

/** `limit`, from 0 to `bound`. */
export function clampLimit(limit: number, bound = MAX_READ): number {
  return Math.min(Math.max(limit, 0), bound);
}

/** Whether the names of an author are free now; `claimed` is when they claimed one last, ms since 1970. */
export function isLapsed(claimed: number, now: number): boolean {
  return now - claimed > NAME_LIFETIME;
}

/** The last activity in a room that is active now; ms since 1970. */
export function activityAt(now: number, before: number): number {
  // Also when the clock was ahead, and has been set back.
  return Math.abs(now - before) < ACTIVITY_STEP ? before : now;
}

export function tooManyRooms(room: string): CharlaError {
  return new CharlaError(
    "TOO_MANY_ROOMS",
    `there are already ${MAX_ROOMS} rooms, and ${room} would be one more`,
    "use a room that exists",
  );
}

/** @param quota bytes */
export function quotaReached(quota: number): CharlaError {
  return new CharlaError(
    "QUOTA_REACHED",
    `this server keeps at most ${formatBytes(quota)} of messages, and has them`,
    "ask its owner to delete old ones",
  );
}

/** Such as 512 MB or 1.5 GB: each unit is 1,024 times the one before. */
export function formatBytes(bytes: number): string {
  let amount = bytes;
  for (const unit of ["bytes", "KB", "MB", "GB"]) {
    if (amount < 1_024) return `${Number(amount.toFixed(1))} ${unit}`;
    amount /= 1_024;
  }
  return `${Number(amount.toFixed(1))} TB`;
}

export function tooManyNames(): CharlaError {
  return new CharlaError(
    "TOO_MANY_NAMES",
    `you hold ${MAX_NAMES} names in this room, and a person can hold no more`,
    "use one of the names that you had",
  );
}
