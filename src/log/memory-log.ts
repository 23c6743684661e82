// A log in memory, gone when the program ends: for `--ephemeral`, for tests, and as the readable model that tests hold
// every other log to.

import { randomUUID } from "node:crypto";

import type { LogEntry } from "../chat/frames.ts";
import { CharlaError } from "../errors.ts";
import {
  checkDraft,
  checkLabels,
  clampLimit,
  MAX_FOUND,
  MAX_NAMES,
  MAX_ROOMS,
  tooManyNames,
  tooManyRooms,
} from "./log.ts";
import type { FoundEntry, Log } from "./log.ts";
import { createSubscribers } from "./subscribers.ts";
import { foldName, hasPrefixes, searchPrefixes } from "./text-matching.ts";

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
  readonly entries: LogEntry[];
  readonly byMessage: Map<string, LogEntry>;
  /** Author by folded name. */
  readonly names: Map<string, string>;
}

export function openMemoryLog(options: MemoryLogOptions): Log {
  const { now, maxCharacters = MAX_CHARACTERS, id = randomUUID() } = options;
  const rooms = new Map<string, Room>();
  /** The entries of all rooms, in the order of their times. */
  const everything: { readonly room: string; readonly entry: LogEntry }[] = [];
  let characters = 0;
  let open = true;
  const subscribers = createSubscribers();

  function checkOpen(): void {
    if (!open) throw new Error("the log is closed");
  }

  function entriesIn(room: string): LogEntry[] {
    checkOpen();
    return rooms.get(room)?.entries ?? [];
  }

  function findOrAddRoom(name: string): Room {
    checkOpen();
    let room = rooms.get(name);
    if (room === undefined) {
      if (rooms.size >= MAX_ROOMS) throw tooManyRooms(name);
      room = { entries: [], byMessage: new Map(), names: new Map() };
      rooms.set(name, room);
    }
    return room;
  }

  return {
    id,
    async append(name, given) {
      const draft = checkDraft(name, given);
      const room = findOrAddRoom(name);
      const message = JSON.stringify([draft.author, draft.device, draft.number]);
      const stored = room.byMessage.get(message);
      if (stored !== undefined) return stored;
      const weight = ENTRY_OVERHEAD + draft.text.length;
      if (characters + weight > maxCharacters) {
        throw new CharlaError(
          "STORE_FULL",
          "this conversation is only in memory, and its memory is full",
          "start a new one; without --ephemeral it is stored on the disk",
        );
      }
      characters += weight;
      const time = Math.max(now(), everything.at(-1)?.entry.time ?? 0);
      const entry = { sequence: room.entries.length + 1, time, ...draft };
      room.entries.push(entry);
      room.byMessage.set(message, entry);
      everything.push({ room: name, entry });
      subscribers.notify(name, [entry]);
      return entry;
    },
    async read(room, after, limit) {
      // Without gaps: the entry after `after` is at that index.
      const start = Math.max(after, 0);
      return entriesIn(room).slice(start, start + clampLimit(limit));
    },
    async readLast(room, count, before = Number.POSITIVE_INFINITY) {
      const entries = entriesIn(room);
      const end = Math.min(Math.max(before - 1, 0), entries.length);
      return entries.slice(Math.max(end - clampLimit(count), 0), end);
    },
    subscribe: subscribers.subscribe,
    async last(room) {
      return entriesIn(room).length;
    },
    async rooms() {
      checkOpen();
      return Array.from(rooms, ([name, { entries }]) => ({
        name,
        entries: entries.length,
        time: entries.at(-1)?.time ?? null,
      }));
    },
    async search({ room: name, words, since = 0, limit }) {
      checkOpen();
      const prefixes = words === undefined ? null : searchPrefixes(words);
      if (prefixes?.length === 0) return [];
      const found: FoundEntry[] = [];
      for (const { room, entry } of everything.toReversed()) {
        if (entry.time < since || found.length >= clampLimit(limit)) break;
        if (name !== undefined && room !== name) continue;
        if (prefixes === null || hasPrefixes(entry.text, prefixes)) found.push({ ...entry, room });
      }
      return found.toReversed();
    },
    async find(room, words, after, limit) {
      const prefixes = searchPrefixes(words);
      if (prefixes.length === 0) return [];
      return entriesIn(room)
        .values()
        .filter(({ sequence, text }) => sequence > after && hasPrefixes(text, prefixes))
        .map(({ sequence }) => sequence)
        .take(clampLimit(limit, MAX_FOUND))
        .toArray();
    },
    async claimName(room, name, author) {
      checkLabels(room, author, name);
      const { names } = findOrAddRoom(room);
      const folded = foldName(name);
      const holder = names.get(folded);
      if (holder !== undefined) return holder === author ? "yours" : "taken";
      const held = names.values().filter((each) => each === author);
      if (held.toArray().length >= MAX_NAMES) throw tooManyNames();
      names.set(folded, author);
      return "yours";
    },
    async [Symbol.asyncDispose]() {
      open = false;
      subscribers.close();
    },
  };
}
