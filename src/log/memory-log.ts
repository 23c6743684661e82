// A log in memory, gone when the program ends: for `--ephemeral`, for tests, and as the readable model that tests hold
// every other log to.

import { randomUUID } from "node:crypto";

import type { Draft, LogEntry } from "../chat/frames.ts";
import { nameKeys } from "../chat/name-keys.ts";
import { CharlaError } from "../errors.ts";
import {
  activityAt,
  checkDraft,
  checkLabels,
  clampLimit,
  isLapsed,
  MAX_FOUND,
  MAX_NAME_KEYS,
  MAX_NAMES,
  MAX_ROOMS,
  tooManyNames,
  tooManyRooms,
} from "./log.ts";
import type { FoundEntry, Log, Mark, NameHolder } from "./log.ts";
import { createSubscribers } from "./subscribers.ts";
import { hasPrefixes, searchPrefixes } from "./text-matching.ts";
import { createTimeSlices } from "./time-slices.ts";

/** Characters of text before the log is full: some 500 MB at worst. */
const MAX_CHARACTERS = 256 * 1024 * 1024;
/** What an entry counts for beside its text, in characters. */
const ENTRY_OVERHEAD = 200;

interface MemoryLogOptions {
  /** ms since 1970. */
  readonly now: () => number;
  /** Characters before the log is full; each entry counts for 200 more. */
  readonly maxCharacters?: number;
  /** Another one for every log. */
  readonly id?: string;
}

interface Room {
  /** Without gaps. */
  readonly entries: LogEntry[];
  /** Characters that the deleted ones took. */
  removed: number;
  /** Sequence number up to which the entries were deleted, or belonged to a deleted room. */
  deleted: number;
  active: number;
  readonly byMessage: Map<string, LogEntry>;
  /** By each key of a name, who holds it: one object for each name. */
  readonly names: Map<string, HeldName>;
}

interface HeldName extends Pick<NameHolder, "author"> {
  /** As it was written last. */
  name: string;
  /** When it was claimed last, up to an hour too early, ms since 1970; no two of one author at the same time. */
  used: number;
}

export function openMemoryLog(options: MemoryLogOptions): Log {
  const { now, maxCharacters = MAX_CHARACTERS, id = randomUUID() } = options;
  const rooms = new Map<string, Room>();
  /** The entries of all rooms, in the order in which they were appended. */
  let everything: { readonly room: string; readonly entry: LogEntry }[] = [];
  /** The newest sequence number of all rooms that were deleted. */
  let deletedRooms = 0;
  let characters = 0;
  /** One for all: it is asked for after every message. */
  const usage = {
    get used() {
      return characters;
    },
    quota: maxCharacters,
  };
  let open = true;
  const subscribers = createSubscribers();
  const slices = createTimeSlices();

  function checkOpen(): void {
    if (!open) throw new Error("the log is closed");
  }

  function entriesIn(room: string): LogEntry[] {
    checkOpen();
    return rooms.get(room)?.entries ?? [];
  }

  function deletedIn(room: string): number {
    return rooms.get(room)?.deleted ?? deletedRooms;
  }

  /** @param time of what is done there now, ms since 1970 */
  function findOrAddRoom(name: string, time: number): Room {
    checkOpen();
    let room = rooms.get(name);
    if (room === undefined) {
      if (rooms.size >= MAX_ROOMS) throw tooManyRooms(name);
      room = {
        entries: [],
        removed: 0,
        deleted: deletedRooms,
        active: time,
        byMessage: new Map(),
        names: new Map(),
      };
      rooms.set(name, room);
    }
    room.active = activityAt(time, room.active);
    return room;
  }

  function removeOldest(name: string, room: Room, count: number): void {
    const gone = new Set(room.entries.splice(0, count));
    for (const entry of gone) {
      characters -= weightOf(entry);
      room.removed += weightOf(entry);
      room.byMessage.delete(messageKey(entry));
    }
    room.deleted += gone.size;
    everything = everything.filter(({ room: of, entry }) => of !== name || !gone.has(entry));
  }

  return {
    id,
    usage: () => usage,
    async append(name, given) {
      const draft = checkDraft(name, given);
      const time = now();
      const room = findOrAddRoom(name, time);
      const message = messageKey(draft);
      const stored = room.byMessage.get(message);
      if (stored !== undefined) return stored;
      const weight = weightOf(draft);
      if (characters + weight > maxCharacters) {
        throw new CharlaError(
          "STORE_FULL",
          "this conversation is only in memory, and its memory is full",
          "start a new one; without --ephemeral it is stored on the disk",
        );
      }
      characters += weight;
      const entry = { sequence: room.deleted + room.entries.length + 1, time, ...draft };
      room.entries.push(entry);
      room.byMessage.set(message, entry);
      everything.push({ room: name, entry });
      subscribers.notify(name, [entry]);
      return entry;
    },
    async read(room, after, limit) {
      // Without gaps: the entry after `after` is at that index.
      const start = Math.max(after - deletedIn(room), 0);
      return entriesIn(room).slice(start, start + clampLimit(limit));
    },
    async readLast(room, count, before = Number.POSITIVE_INFINITY) {
      const entries = entriesIn(room);
      const end = Math.min(Math.max(before - 1 - deletedIn(room), 0), entries.length);
      return entries.slice(Math.max(end - clampLimit(count), 0), end);
    },
    subscribe: subscribers.subscribe,
    async last(room) {
      return deletedIn(room) + entriesIn(room).length;
    },
    async first(room) {
      checkOpen();
      return deletedIn(room) + 1;
    },
    async marks(name, after, limit) {
      const marks: Mark[] = [];
      let end = rooms.get(name)?.removed ?? 0;
      for (const entry of entriesIn(name)) {
        const start = end;
        end += weightOf(entry);
        const { sequence, time } = entry;
        if (sequence > after && marks.length < clampLimit(limit))
          marks.push({ sequence, time, start, end });
      }
      return marks;
    },
    async rooms() {
      checkOpen();
      return Array.from(rooms, ([name, { entries, active }]) => ({
        name,
        entries: entries.length,
        time: entries.at(-1)?.time ?? null,
        active,
      }));
    },
    async search({ room: name, words, since = 0, limit }) {
      checkOpen();
      const prefixes = words === undefined ? null : searchPrefixes(words);
      if (prefixes?.length === 0) return [];
      const found: FoundEntry[] = [];
      const most = clampLimit(limit);
      if (most === 0) return found;
      await slices.run(newestFirst(everything), ({ room, entry }) => {
        if (entry.time < since || (name !== undefined && room !== name)) return true;
        if (prefixes === null || hasPrefixes(entry.text, prefixes)) found.push({ ...entry, room });
        return found.length < most;
      });
      // Without those that were deleted meanwhile.
      return found.toReversed().filter(({ room, sequence }) => sequence > deletedIn(room));
    },
    async find(room, { words, since = 0 }, after, limit) {
      const prefixes = words === undefined ? [] : searchPrefixes(words);
      if (words !== undefined && prefixes.length === 0) return [];
      const found: number[] = [];
      const most = clampLimit(limit, MAX_FOUND);
      if (most === 0) return found;
      await slices.run(entriesIn(room).slice(), ({ sequence, time, text }) => {
        if (sequence > after && time >= since && hasPrefixes(text, prefixes)) found.push(sequence);
        return found.length < most;
      });
      return found.filter((sequence) => sequence > deletedIn(room));
    },
    async nameHolder(room, name) {
      checkOpen();
      const names = rooms.get(room)?.names;
      const holder = nameKeys(name).flatMap((key) => names?.get(key) ?? [])[0];
      return holder === undefined ? null : { author: holder.author, name: holder.name };
    },
    async nameOf(room, author) {
      checkOpen();
      const names = rooms.get(room)?.names;
      return names === undefined ? null : (lastHeld(names, author)?.name ?? null);
    },
    async claimName(room, name, author) {
      checkLabels(room, author, name);
      const time = now();
      const { names } = findOrAddRoom(room, time);
      const keys = nameKeys(name);
      const holders = keys.flatMap((key) => names.get(key) ?? []);
      const others = new Set(holders.filter((holder) => holder.author !== author));
      const isHeld = (other: HeldName) => !isLapsed(lastHeld(names, other.author)?.used ?? 0, time);
      if (others.values().some(isHeld)) return "taken";
      const own = holders.filter((holder) => holder.author === author);
      const held = names
        .values()
        .filter((holder) => holder.author === author)
        .toArray();
      if (own.length === 0 && new Set(held).size >= MAX_NAMES) throw tooManyNames();
      if (own.length < keys.length && held.length >= MAX_NAME_KEYS) throw tooManyNames();
      for (const [key, holder] of names) if (others.has(holder)) names.delete(key);
      const claimed = own[0] ?? { author, name, used: Number.NEGATIVE_INFINITY };
      // The same name in other letters, as when ana becomes Ana.
      if (nameKeys(claimed.name).join() === keys.join()) claimed.name = name;
      for (const key of keys) names.set(key, claimed);
      const last = lastHeld(names, author);
      if (last !== claimed || activityAt(time, claimed.used) === time) {
        // So that none that was claimed earlier counts as the last one, also where the clock was set back.
        for (const other of held) other.used = Math.min(other.used, time - 1);
        claimed.used = time;
      }
      return "yours";
    },
    async deleteRoom(name) {
      checkOpen();
      const room = rooms.get(name);
      if (room === undefined) return false;
      removeOldest(name, room, room.entries.length);
      deletedRooms = Math.max(deletedRooms, room.deleted);
      rooms.delete(name);
      subscribers.forget(name);
      return true;
    },
    async deleteBefore(name, sequence) {
      checkOpen();
      const room = rooms.get(name);
      if (room === undefined) return 0;
      const count = Math.min(Math.max(sequence - 1 - room.deleted, 0), room.entries.length);
      removeOldest(name, room, count);
      return count;
    },
    async [Symbol.asyncDispose]() {
      open = false;
      subscribers.close();
    },
  };
}

/** The name that an author has claimed last. */
function lastHeld(names: ReadonlyMap<string, HeldName>, author: string): HeldName | null {
  const held = names.values().filter((holder) => holder.author === author);
  return held.reduce<HeldName | null>(
    (last, holder) => (last === null || holder.used > last.used ? holder : last),
    null,
  );
}

function* newestFirst<Item>(items: readonly Item[]): Generator<Item> {
  for (let index = items.length - 1; index >= 0; index -= 1) {
    const item = items[index];
    if (item !== undefined) yield item;
  }
}

/** The same author, device and number are the same message. */
function messageKey({ author, device, number }: Draft): string {
  return JSON.stringify([author, device, number]);
}

/** Characters that an entry counts for. */
function weightOf({ text }: Draft): number {
  return ENTRY_OVERHEAD + text.length;
}
