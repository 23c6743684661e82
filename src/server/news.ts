// What members learn of rooms that they are not in at the moment: how many messages they have not read there, and which
// name them. Each session names the rooms that it wants news of (`watch`), and gets at most one frame a second, with what
// has changed since the last. What a message costs does not depend on how many watch its room. Knows the log, not who may
// see a room.

import { encodeFrame, type LogEntry, MAX_MENTION, type RoomNews } from "../chat/frames.ts";
import type { WatchedRoom } from "../chat/member-frames.ts";
import { NameIndex } from "../chat/mentions.ts";
import type { Log } from "../log/log.ts";
import { encodeMessages } from "../protocol/session/outgoing-messages.ts";
import type { Member } from "./room.ts";

/** Between two frames to one member, ms. */
const NEWS_EVERY = 1_000;
/** Messages of before a `watch` that are searched for names, in all of its rooms: what was missed in some minutes. */
const MAX_SEARCHED = 200;
/** Characters of a text that are searched for names: where 10,000 are watching, the longest would take 40 ms. */
const MAX_SEARCHED_TEXT = 2_000;

interface NewsOptions {
  readonly log: Log;
  readonly clock: {
    /** ms */
    now(): number;
    setTimer(run: () => void, delay: number): Disposable;
  };
  /** Whether a member may read a room now. */
  maySee(this: void, member: Member, room: string): boolean;
}

/** A room with somebody who wants news of it. */
interface Source {
  readonly room: string;
  readonly subscription: Disposable;
  /** By the fingerprints of their members. */
  readonly watches: Map<string, Set<Watch>>;
  /** Sequence number of the newest message that the log has announced. */
  newest: number;
  /** Of those whose watch has begun. */
  readonly names: NameIndex<Watch>;
  /** The room was deleted, and nothing was said since in another one of its name. */
  isDeleted: boolean;
}

/** One member's interest in one room. */
interface Watch {
  readonly member: Member;
  readonly source: Source;
  /** Which the member has, or had, in that room. */
  name: string;
  /** Sequence number up to which the member has read the room. */
  after: number;
  /** The newest message when it began; null until the log was read up to it. */
  start: number | null;
  /** Messages of the member's own since `after`. */
  own: number;
  mentions: number;
  /** The newest of these, if it was not sent yet. */
  mention: NonNullable<RoomNews["mention"]> | null;
  /** What the last news said; null before the first. */
  sent: number | null;
}

export class News {
  readonly #log: Log;
  readonly #clock: NewsOptions["clock"];
  readonly #maySee: NewsOptions["maySee"];
  /** By room. */
  readonly #sources = new Map<string, Source>();
  readonly #watches = new Map<Member, Set<Watch>>();
  /** Where something was said since the last news. */
  readonly #due = new Set<Source>();
  #timer: Disposable | null = null;
  #nextAt = 0;

  constructor({ log, clock, maySee }: NewsOptions) {
    this.#log = log;
    this.#clock = clock;
    this.#maySee = maySee;
  }

  /**
   * From now on the member gets news of these rooms, as long as it may see them, and of no others. The first comes at once,
   * with all that it may see.
   *
   * @throws {CharlaError} STORE_...
   */
  async watch(member: Member, current: string, wanted: readonly WatchedRoom[]): Promise<void> {
    this.stop(member);
    const rooms = new Map(wanted.map(({ room, after }) => [room, after]));
    rooms.delete(current);
    let searchable = MAX_SEARCHED;
    for (const [room, after] of rooms) {
      const watch = this.#add(member, room);
      searchable -= await this.#begin(watch, after, searchable);
    }
    if (rooms.size === 0) return;
    const news: RoomNews[] = [];
    for (const watch of this.#watches.get(member) ?? []) {
      if (this.#maySee(member, watch.source.room)) news.push(describe(watch));
      else watch.sent = 0;
    }
    send(member, news);
  }

  /** The member gets no more news. */
  stop(member: Member): void {
    for (const watch of this.#watches.get(member) ?? []) this.#remove(watch);
  }

  /** A person gets no more news of a room, but that nothing is unread there. */
  removePerson(room: string, fingerprint: string): void {
    for (const watch of this.#sources.get(room)?.watches.get(fingerprint) ?? []) {
      if (watch.sent !== 0) send(watch.member, [nothingIn(room, watch.after)]);
      this.#remove(watch);
    }
  }

  /**
   * People may have lost or got the right to enter one of these rooms, by default any: for those who may not, nothing is unread
   * there until they may.
   */
  checkRights(rooms: Iterable<string> = this.#sources.keys().toArray()): void {
    for (const room of rooms) {
      const source = this.#sources.get(room);
      if (source === undefined) continue;
      for (const watch of watchesOf(source)) {
        if (!this.#maySee(watch.member, room)) hide(watch);
      }
      this.#announce(source);
    }
  }

  /** The room was deleted: nothing is unread there, until one of the same name has messages. */
  clearRoom(room: string): void {
    const source = this.#sources.get(room);
    if (source === undefined) return;
    source.isDeleted = true;
    this.#restart(source, source.newest);
    this.#announce(source);
  }

  /** What came up to this sequence number is not news any more. */
  #restart(source: Source, sequence: number): void {
    for (const watch of watchesOf(source)) {
      watch.after = sequence;
      // One that is still reading the log finds out itself.
      if (watch.start !== null) watch.start = sequence;
      watch.own = 0;
      watch.mentions = 0;
      watch.mention = null;
    }
  }

  /** A person has another name in a room. */
  rename(room: string, fingerprint: string, name: string): void {
    for (const watch of this.#sources.get(room)?.watches.get(fingerprint) ?? []) {
      const { names } = watch.source;
      names.delete(watch.name, watch);
      watch.name = name;
      if (watch.start !== null) names.add(name, watch);
    }
  }

  #add(member: Member, room: string): Watch {
    const source = this.#sources.get(room) ?? this.#open(room);
    const watch: Watch = {
      member,
      source,
      name: member.name,
      after: 0,
      start: null,
      own: 0,
      mentions: 0,
      mention: null,
      sent: null,
    };
    addTo(source.watches, member.fingerprint, watch);
    addTo(this.#watches, member, watch);
    return watch;
  }

  #open(room: string): Source {
    const source: Source = {
      room,
      subscription: this.#log.subscribe(room, (entries) => this.#appended(source, entries)),
      watches: new Map(),
      newest: 0,
      names: new NameIndex(),
      isDeleted: false,
    };
    this.#sources.set(room, source);
    return source;
  }

  #remove(watch: Watch): void {
    const { member, source } = watch;
    removeFrom(source.watches, member.fingerprint, watch);
    removeFrom(this.#watches, member, watch);
    source.names.delete(watch.name, watch);
    if (source.watches.size > 0) return;
    source.subscription[Symbol.dispose]();
    this.#sources.delete(source.room);
    this.#due.delete(source);
    if (this.#due.size > 0) return;
    this.#timer?.[Symbol.dispose]();
    this.#timer = null;
  }

  /**
   * Reads the log up to where the announcements go on.
   *
   * @param searchable how many messages may be searched for the member's name
   * @returns how many were
   */
  async #begin(watch: Watch, read: number | undefined, searchable: number): Promise<number> {
    const { member, source } = watch;
    const { room } = source;
    const log = this.#log;
    watch.name = (await log.nameOf(room, member.fingerprint)) ?? member.name;
    let entries: LogEntry[] = [];
    let last: number;
    do {
      last = await log.last(room);
      // Those that were deleted can't be read any more, nor those of a room that had the name before.
      const oldest = Math.min((await log.first(room)) - 1, last);
      watch.after = Math.min(Math.max(read ?? last, oldest), last);
      const count = Math.min(last - watch.after, searchable);
      entries = count === 0 ? [] : await log.readLast(room, count);
      last = Math.max(last, entries.at(-1)?.sequence ?? 0);
    } while (source.newest > last);
    source.newest = last;
    watch.start = watch.after;
    const names = new NameIndex<Watch>();
    names.add(watch.name, watch);
    const missed = entries.filter(({ sequence }) => sequence > watch.after);
    for (const entry of missed) {
      if (entry.author === member.fingerprint) watch.own += 1;
      note(names, entry);
    }
    watch.start = last;
    // It may have been stopped while the log was read.
    if (source.watches.get(member.fingerprint)?.has(watch) === true) {
      source.names.add(watch.name, watch);
    }
    return missed.length;
  }

  #appended(source: Source, entries: readonly LogEntry[]): void {
    // The numbers of another room of that name may begin far behind those of the deleted one.
    if (source.isDeleted) this.#restart(source, (entries[0]?.sequence ?? 1) - 1);
    source.isDeleted = false;
    source.newest = Math.max(source.newest, entries.at(-1)?.sequence ?? 0);
    for (const entry of entries) {
      for (const watch of source.watches.get(entry.author) ?? []) {
        if (isNew(watch, entry)) watch.own += 1;
      }
      note(source.names, entry);
    }
    this.#announce(source);
  }

  /** Sends its news with those of others that are due then. */
  #announce(source: Source): void {
    this.#due.add(source);
    const wait = Math.max(0, this.#nextAt - this.#clock.now());
    this.#timer ??= this.#clock.setTimer(() => this.#send(), wait);
  }

  #send(): void {
    this.#timer = null;
    this.#nextAt = this.#clock.now() + NEWS_EVERY;
    const news = new Map<Member, RoomNews[]>();
    const due = [...this.#due];
    this.#due.clear();
    for (const source of due) {
      for (const watch of watchesOf(source)) {
        const { member } = watch;
        if (!this.#maySee(member, source.room)) {
          hide(watch);
        } else if (
          // The answer to `watch` names all rooms.
          watch.sent !== null &&
          (watch.mention !== null || watch.sent !== unread(watch))
        ) {
          const rooms = news.get(member) ?? [];
          rooms.push(describe(watch));
          news.set(member, rooms);
        }
      }
    }
    for (const [member, rooms] of news) send(member, rooms);
  }
}

/** Counts an entry for each member that it names. */
function note(names: NameIndex<Watch>, entry: LogEntry): void {
  const { name, author, text } = entry;
  for (const watch of names.find(text.slice(0, MAX_SEARCHED_TEXT))) {
    if (author === watch.member.fingerprint || !isNew(watch, entry)) continue;
    watch.mentions += 1;
    watch.mention = { name, text: text.slice(0, MAX_MENTION).toWellFormed() };
  }
}

/** Whether the log was not read up to this entry when the watch began. */
function isNew({ start }: Watch, { sequence }: LogEntry): boolean {
  return start !== null && sequence > start;
}

function unread({ source, after, own }: Watch): number {
  return Math.max(0, source.newest - after - own);
}

/** What is sent of a room; it is not sent again. */
function describe(watch: Watch): RoomNews {
  const { source, after, mentions, mention } = watch;
  watch.sent = unread(watch);
  watch.mention = null;
  const news = { room: source.room, after, unread: watch.sent, mentions };
  return mention === null ? news : { ...news, mention };
}

/** Its member may not see the room, at the moment. */
function hide(watch: Watch): void {
  const { member, source, after, sent } = watch;
  // The answer to `watch` is still to come, and leaves the room out.
  if (sent === null) return;
  if (sent !== 0) send(member, [nothingIn(source.room, after)]);
  watch.sent = 0;
}

/** Of a room that the member may not see any more. */
function nothingIn(room: string, after: number): RoomNews {
  return { room, after, unread: 0, mentions: 0 };
}

function send(member: Member, rooms: RoomNews[]): void {
  const bytes = encodeFrame({ type: "news", rooms });
  member.notify(bytes, encodeMessages([bytes]));
}

function watchesOf(source: Source | undefined): IteratorObject<Watch> {
  return (source?.watches ?? new Map<string, Set<Watch>>()).values().flatMap((watches) => watches);
}

function addTo<Key>(sets: Map<Key, Set<Watch>>, key: Key, watch: Watch): void {
  const watches = sets.get(key) ?? new Set();
  watches.add(watch);
  sets.set(key, watches);
}

function removeFrom<Key>(sets: Map<Key, Set<Watch>>, key: Key, watch: Watch): void {
  const watches = sets.get(key);
  watches?.delete(watch);
  if (watches?.size === 0) sets.delete(key);
}
