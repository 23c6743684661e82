// A log that is gone when the program ends: for `--ephemeral`, for tests, and as the short statement of what
// every other log does.

import { randomUUID } from "node:crypto";

import type { LogEntry } from "../chat/log-entry.ts";
import { CharlaError } from "../errors.ts";
import {
  atMost,
  checkDraft,
  checkLabels,
  MAX_FOUND,
  MAX_NAMES,
  MAX_ROOMS,
  tooManyNames,
  tooManyRooms,
} from "./bounds.ts";
import { foldedName } from "./folded-name.ts";
import type { FoundEntry, Log } from "./log.ts";
import { hasWords, searchedWords } from "./search-words.ts";
import { createSubscribers } from "./subscribers.ts";

/** Characters of text that are held before the log is full: some 500 MB at worst. */
const MAX_CHARACTERS = 256 * 1024 * 1024;
/** What an entry weighs beside its text, in characters. */
const ENTRY_OVERHEAD = 200;

export interface MemoryLogOptions {
  /** ms since 1970. */
  readonly now: () => number;
  /** Held before the log is full; 200 more for each entry. */
  readonly maxCharacters?: number;
  /** Another for every log. */
  readonly id?: string;
}

interface Room {
  readonly entries: LogEntry[];
  readonly byMark: Map<string, LogEntry>;
  /** Author by folded name. */
  readonly names: Map<string, string>;
}

export function openMemoryLog(options: MemoryLogOptions): Log {
  const { now, maxCharacters = MAX_CHARACTERS, id = randomUUID() } = options;
  const rooms = new Map<string, Room>();
  /** Of every room, in the order they were appended, which is that of their times. */
  const everything: { readonly room: string; readonly entry: LogEntry }[] = [];
  let characters = 0;
  let open = true;
  const subscribers = createSubscribers();

  function checkOpen(): void {
    if (!open) throw new Error("the log is closed");
  }

  function entriesOf(room: string): LogEntry[] {
    checkOpen();
    return rooms.get(room)?.entries ?? [];
  }

  function roomOf(name: string): Room {
    checkOpen();
    let room = rooms.get(name);
    if (room === undefined) {
      if (rooms.size >= MAX_ROOMS) throw tooManyRooms(name);
      room = { entries: [], byMark: new Map(), names: new Map() };
      rooms.set(name, room);
    }
    return room;
  }

  return {
    id,
    async append(name, given) {
      const draft = checkDraft(name, given);
      const room = roomOf(name);
      const mark = JSON.stringify([draft.author, draft.device, draft.number]);
      const known = room.byMark.get(mark);
      if (known !== undefined) return known;
      const weight = ENTRY_OVERHEAD + draft.text.length;
      if (characters + weight > maxCharacters) throw memoryFull();
      characters += weight;
      const time = Math.max(now(), everything.at(-1)?.entry.time ?? 0);
      const entry = { sequence: room.entries.length + 1, time, ...draft };
      room.entries.push(entry);
      room.byMark.set(mark, entry);
      everything.push({ room: name, entry });
      subscribers.notify(name, [entry]);
      return entry;
    },
    async read(room, after, limit) {
      // Without gaps: the entry after `after` is at that index.
      const start = Math.max(after, 0);
      return entriesOf(room).slice(start, start + atMost(limit));
    },
    async readLast(room, count, before = Number.POSITIVE_INFINITY) {
      const entries = entriesOf(room);
      const end = Math.min(Math.max(before - 1, 0), entries.length);
      return entries.slice(Math.max(end - atMost(count), 0), end);
    },
    subscribe: subscribers.subscribe,
    async last(room) {
      return entriesOf(room).length;
    },
    async rooms() {
      checkOpen();
      return Array.from(rooms, ([name, { entries }]) => ({
        name,
        entries: entries.length,
        time: entries.at(-1)?.time ?? null,
      }));
    },
    async search({ room: within, words, since = 0, limit }) {
      checkOpen();
      const searched = words === undefined ? null : searchedWords(words);
      if (searched?.length === 0) return [];
      const found: FoundEntry[] = [];
      for (const { room, entry } of everything.toReversed()) {
        if (entry.time < since || found.length >= atMost(limit)) break;
        if (within !== undefined && room !== within) continue;
        if (searched === null || hasWords(entry.text, searched)) found.push({ ...entry, room });
      }
      return found.toReversed();
    },
    async find(room, words, after, limit) {
      const searched = searchedWords(words);
      if (searched.length === 0) return [];
      return entriesOf(room)
        .values()
        .filter(({ sequence, text }) => sequence > after && hasWords(text, searched))
        .map(({ sequence }) => sequence)
        .take(atMost(limit, MAX_FOUND))
        .toArray();
    },
    async claimName(room, name, author) {
      checkLabels(room, author, name);
      const { names } = roomOf(room);
      const folded = foldedName(name);
      const holder = names.get(folded);
      if (holder !== undefined) return holder === author ? "yours" : "taken";
      const held = names.values().filter((its) => its === author);
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

function memoryFull(): CharlaError {
  return new CharlaError(
    "STORE_FULL",
    "this conversation is held in memory alone, and there is no more of that for it",
    "begin a new one; without --ephemeral it is kept on the disk",
  );
}
