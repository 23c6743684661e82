// A room is a log. The one interface of every store of rooms: in memory, in SQLite, and written so that one
// across a network (NATS JetStream) can be the next. Knows nothing of members, and nothing of who may what.

import type { Draft, LogEntry } from "../chat/log-entry.ts";

/** Every method rejects with a CharlaError when the store fails, with STORE_... (docs/errors.md). */
export interface LogReader extends AsyncDisposable {
  /** Tells this log from every other: a sequence number means nothing in another one. */
  readonly id: string;
  /** The newest sequence number of a room, 0 where nothing was said. */
  readonly last: (room: string) => Promise<number>;
  /** Entries after `after`, oldest first: at most `limit`, and at most MAX_READ. */
  readonly read: (room: string, after: number, limit: number) => Promise<LogEntry[]>;
  /** The last `count` entries, at most MAX_READ, oldest first; with `before`, of those before that sequence number. */
  readonly readLast: (room: string, count: number, before?: number) => Promise<LogEntry[]>;
  /** In the order they came to be. */
  readonly rooms: () => Promise<RoomSummary[]>;
  /** The newest that match, oldest first: at most `limit`, and at most MAX_READ. */
  readonly search: (search: Search) => Promise<FoundEntry[]>;
  /**
   * The sequence numbers of the entries after `after` in which `search` finds these words, oldest first: at
   * most `limit`, and at most MAX_FOUND. To go through all of them, from the last one that was handed out.
   */
  readonly find: (room: string, words: string, after: number, limit: number) => Promise<number[]>;
}

export interface Log extends LogReader {
  /**
   * Resolves once the entry is durable. The same author, device and number in the same room are the same
   * message: it resolves with the entry that is there, whatever the text. Order of calls is order of
   * sequence numbers; the calls of one turn of the event loop become durable together. A half surrogate
   * becomes U+FFFD, for no UTF-8 can hold it.
   *
   * After a rejection with a STORE_... code the message may be there nevertheless, as it may after a crash:
   * to append it again is safe.
   *
   * @throws {CharlaError} TOO_MANY_ROOMS, STORE_...
   */
  readonly append: (room: string, draft: Draft) => Promise<LogEntry>;
  /**
   * Calls `onAppended` with what is appended to a room from now on, once it is durable: each entry once, in the order of
   * the sequence numbers, what is appended in one turn together. Ends when it is disposed of, or the log closes.
   */
  readonly subscribe: (room: string, onAppended: OnAppended) => Disposable;
  /**
   * Binds a name in a room to the author who is the first to claim it, durably. Names that differ only in
   * capitals or in the spelling of their characters (Unicode NFKC) are one.
   *
   * @throws {CharlaError} TOO_MANY_NAMES, TOO_MANY_ROOMS, STORE_...
   */
  readonly claimName: (room: string, name: string, author: string) => Promise<"yours" | "taken">;
}

/** @param entries at least one */
export type OnAppended = (entries: readonly LogEntry[]) => void;

export interface RoomSummary {
  readonly name: string;
  readonly entries: number;
  /** Of the newest entry, ms since 1970; null where a name was claimed and nothing said. */
  readonly time: number | null;
}

/** What is given must all be so. */
export interface Search {
  readonly room?: string | undefined;
  /**
   * Each of the first MAX_SEARCH_WORDS begins a word of the text, whatever its capitals and accents; where
   * there are no words in it, it finds nothing.
   */
  readonly words?: string | undefined;
  /** Not before this time, ms since 1970. */
  readonly since?: number | undefined;
  readonly limit: number;
}

export interface FoundEntry extends LogEntry {
  readonly room: string;
}
