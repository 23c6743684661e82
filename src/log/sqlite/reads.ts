// What is read from a store, each in one query: entries, rooms, and what a search finds. Knows nothing of how
// it came there.

import type { LogEntry } from "../../chat/log-entry.ts";
import { atMost, MAX_FOUND } from "../bounds.ts";
import type { FoundEntry, RoomSummary, Search } from "../log.ts";
import { searchedWords } from "../search-words.ts";
import type { Database } from "./database.ts";

export interface Reads {
  readonly id: string;
  readonly last: (room: string) => number;
  readonly read: (room: string, after: number, limit: number) => LogEntry[];
  readonly readLast: (room: string, count: number, before?: number) => LogEntry[];
  readonly rooms: () => RoomSummary[];
  readonly search: (search: Search) => FoundEntry[];
  readonly find: (room: string, words: string, after: number, limit: number) => number[];
}

const ENTRY = "sequence, time, author, entries.name AS name, device, number, text";
/** In this order (SQLite, "CROSS JOIN"): the room first, then its entries by the index of their sequence. */
const IN_ROOM =
  "FROM rooms CROSS JOIN entries ON entries.room = rooms.id CROSS JOIN senders ON senders.id = sender";
const WITH_ROOM =
  "CROSS JOIN senders ON senders.id = sender CROSS JOIN rooms ON rooms.id = entries.room";

export function prepareReads(database: Database): Reads {
  const last = database.prepare<{ last: number }, [string]>(
    // Over one table: only so does SQLite look at the end of the index alone.
    `SELECT coalesce(max(sequence), 0) AS last FROM entries
     WHERE room = (SELECT id FROM rooms WHERE name = ?)`,
  );
  const after = database.prepare<LogEntry, [string, number, number]>(
    `SELECT ${ENTRY} ${IN_ROOM} WHERE rooms.name = ? AND sequence > ? ORDER BY sequence LIMIT ?`,
  );
  const before = database.prepare<LogEntry, [string, number, number]>(
    `SELECT ${ENTRY} ${IN_ROOM} WHERE rooms.name = ? AND sequence < ? ORDER BY sequence DESC LIMIT ?`,
  );
  const summaries = database.prepare<RoomSummary, []>(
    `SELECT rooms.name AS name, coalesce(sequence, 0) AS entries, time
     FROM rooms LEFT JOIN entries ON entries.room = rooms.id
       AND sequence = (SELECT max(sequence) FROM entries WHERE room = rooms.id)
     ORDER BY rooms.id`,
  );
  const newestIn = database.prepare<FoundEntry, [string]>(
    `SELECT ${ENTRY}, rooms.name AS room ${IN_ROOM} WHERE rooms.name = ? ORDER BY sequence DESC`,
  );
  const newest = database.prepare<FoundEntry, []>(
    `SELECT ${ENTRY}, rooms.name AS room FROM entries ${WITH_ROOM} ORDER BY entries.id DESC`,
  );
  const matching = database.prepare<FoundEntry, [string, string | null]>(
    `SELECT ${ENTRY}, rooms.name AS room FROM words CROSS JOIN entries ON entries.id = words.rowid ${WITH_ROOM}
     WHERE words MATCH ?1 AND (?2 IS NULL OR rooms.name = ?2) ORDER BY words.rowid DESC`,
  );

  const matchingAfter = database.prepare<{ sequence: number }, [string, string, number, number]>(
    // The second condition on the place is for the index, which knows ids and no sequence.
    `SELECT sequence FROM words CROSS JOIN entries ON entries.id = words.rowid
     WHERE words MATCH ?1 AND room = (SELECT id FROM rooms WHERE name = ?2) AND sequence > ?3
       AND words.rowid > coalesce((SELECT id FROM entries WHERE sequence = ?3
         AND room = (SELECT id FROM rooms WHERE name = ?2)), 0)
     ORDER BY words.rowid LIMIT ?4`,
  );

  function candidates({ room, words }: Search): Iterable<FoundEntry> {
    if (words !== undefined) {
      const match = matchOf(words);
      return match === null ? [] : matching.iterate(match, room ?? null);
    }
    return room === undefined ? newest.iterate() : newestIn.iterate(room);
  }

  const id = database.query<{ id: string }, []>("SELECT id FROM store").get()?.id;
  if (id === undefined) throw new Error("a store without an id");
  return {
    id,
    last: (room) => last.get(room)?.last ?? 0,
    read: (room, place, limit) => after.all(room, place, atMost(limit)),
    readLast: (room, count, place = Number.MAX_SAFE_INTEGER) =>
      before.all(room, place, atMost(count)).toReversed(),
    rooms: () => summaries.all(),
    search(search) {
      const limit = atMost(search.limit);
      const found: FoundEntry[] = [];
      if (limit === 0) return found;
      for (const entry of candidates(search)) {
        // From the newest on: all that are left are older still.
        if (entry.time < (search.since ?? 0)) break;
        found.push(entry);
        if (found.length === limit) break;
      }
      return found.toReversed();
    },
    find(room, words, place, limit) {
      const match = matchOf(words);
      if (match === null) return [];
      const found = matchingAfter.all(match, room, place, atMost(limit, MAX_FOUND));
      return found.map(({ sequence }) => sequence);
    },
  };
}

/** What is searched for, as FTS5 is asked for it; null where there are no words in it. */
function matchOf(words: string): string | null {
  const searched = searchedWords(words);
  // Quoted, each is a string of FTS5's and nothing else; the star lets it begin a longer word.
  return searched.length === 0 ? null : searched.map((word) => `"${word}"*`).join(" ");
}
