// The queries of a store: entries, rooms, and what a search finds. Knows nothing of how it was written.

import { exactText } from "#sqlite-connection";

import type { LogEntry } from "../../chat/frames.ts";
import { nameKeys } from "../../chat/name-keys.ts";
import { clampLimit, MAX_FOUND } from "../log.ts";
import type { Conditions, FoundEntry, Mark, NameHolder, RoomSummary, Search } from "../log.ts";
import { searchPrefixes } from "../text-matching.ts";
import { ENTRY_BYTES } from "./schema.ts";
import type { Connection } from "./sqlite-connection.ts";

export type Reads = ReturnType<typeof prepareReads>;

const ENTRY = `sequence, time, author, entries.name AS name, device, number, ${exactText("text")}`;
/** In this order (SQLite, "CROSS JOIN"): the room first, then its entries by the index of their sequence. */
const IN_ROOM =
  "FROM rooms CROSS JOIN entries ON entries.room = rooms.id CROSS JOIN senders ON senders.id = sender";
const WITH_ROOM =
  "CROSS JOIN senders ON senders.id = sender CROSS JOIN rooms ON rooms.id = entries.room";

export function prepareReads(database: Connection) {
  const last = database.prepare<{ last: number }, [string]>(
    // From one table: only then does SQLite read just the end of the index.
    `SELECT coalesce(max(sequence), 0) AS last FROM entries
     WHERE room = (SELECT id FROM rooms WHERE name = ?)`,
  );
  const deleted = database.prepare<{ deleted: number }, [string]>(
    "SELECT coalesce((SELECT deleted FROM rooms WHERE name = ?), deleted) AS deleted FROM store",
  );
  const after = database.prepare<LogEntry, [string, number, number]>(
    `SELECT ${ENTRY} ${IN_ROOM} WHERE rooms.name = ? AND sequence > max(?, deleted) ORDER BY sequence LIMIT ?`,
  );
  const marks = database.prepare<Mark, [string, number, number]>(
    `SELECT sequence, time, total - octet_length(text) - ${ENTRY_BYTES} AS start, total AS end
     FROM rooms CROSS JOIN entries ON entries.room = rooms.id
     WHERE rooms.name = ? AND sequence > max(?, deleted) ORDER BY sequence LIMIT ?`,
  );
  const before = database.prepare<LogEntry, [string, number, number]>(
    `SELECT ${ENTRY} ${IN_ROOM} WHERE rooms.name = ? AND sequence < ? AND sequence > deleted
     ORDER BY sequence DESC LIMIT ?`,
  );
  const summaries = database.prepare<RoomSummary, []>(
    `SELECT rooms.name AS name, coalesce(sequence - deleted, 0) AS entries, time, active
     FROM rooms LEFT JOIN entries ON entries.room = rooms.id AND sequence > deleted
       AND sequence = (SELECT max(sequence) FROM entries WHERE room = rooms.id)
     WHERE rooms.name IS NOT NULL ORDER BY rooms.id`,
  );
  const newestIn = database.prepare<FoundEntry, [string]>(
    `SELECT ${ENTRY}, rooms.name AS room ${IN_ROOM} WHERE rooms.name = ? AND sequence > deleted
     ORDER BY sequence DESC`,
  );
  const newest = database.prepare<FoundEntry, []>(
    `SELECT ${ENTRY}, rooms.name AS room FROM entries ${WITH_ROOM} WHERE sequence > deleted
     ORDER BY entries.id DESC`,
  );
  const matching = database.prepare<FoundEntry, [string, string | null]>(
    `SELECT ${ENTRY}, rooms.name AS room FROM words CROSS JOIN entries ON entries.id = words.rowid ${WITH_ROOM}
     WHERE words MATCH ?1 AND (?2 IS NULL OR rooms.name = ?2) AND sequence > deleted
     ORDER BY words.rowid DESC`,
  );

  const sinceAfter = database.prepare<{ sequence: number }, [string, number, number, number]>(
    `SELECT sequence FROM entries WHERE room = (SELECT id FROM rooms WHERE name = ?1)
       AND sequence > ?2 AND time >= ?3 ORDER BY sequence LIMIT ?4`,
  );
  const matchingAfter = database.prepare<
    { sequence: number },
    [string, string, number, number, number]
  >(
    // The second condition on the sequence number is for the index, which has ids only.
    `SELECT sequence FROM words CROSS JOIN entries ON entries.id = words.rowid
     WHERE words MATCH ?1 AND room = (SELECT id FROM rooms WHERE name = ?2) AND sequence > ?3
       AND words.rowid > coalesce((SELECT id FROM entries WHERE sequence = ?3
         AND room = (SELECT id FROM rooms WHERE name = ?2)), 0)
       AND time >= ?4
     ORDER BY words.rowid LIMIT ?5`,
  );

  const holder = database.prepare<NameHolder, [string, string]>(
    "SELECT author, name FROM names WHERE room = (SELECT id FROM rooms WHERE name = ?) AND key = ?",
  );

  const heldName = database.prepare<{ name: string }, [string, string]>(
    `SELECT name FROM names WHERE room = (SELECT id FROM rooms WHERE name = ?) AND author = ?
     ORDER BY used DESC LIMIT 1`,
  );

  /** Sequence number up to which a room's entries do not count any more. */
  function deletedIn(room: string): number {
    return deleted.get(room)?.deleted ?? 0;
  }

  function candidates({ room, words }: Search): Iterable<FoundEntry> {
    if (words !== undefined) {
      const match = ftsQuery(words);
      return match === null ? [] : matching.iterate(match, room ?? null);
    }
    return room === undefined ? newest.iterate() : newestIn.iterate(room);
  }

  const id = database.prepare<{ id: string }, []>("SELECT id FROM store").get()?.id;
  if (id === undefined) throw new Error("a store without an id");
  return {
    id,
    last: (room: string) => Math.max(last.get(room)?.last ?? 0, deletedIn(room)),
    first: (room: string) => deletedIn(room) + 1,
    read: (room: string, sequence: number, limit: number) =>
      after.all(room, sequence, clampLimit(limit)),
    readLast: (room: string, count: number, sequence = Number.MAX_SAFE_INTEGER) =>
      before.all(room, sequence, clampLimit(count)).toReversed(),
    nameHolder: (room: string, name: string) =>
      nameKeys(name).flatMap((key) => holder.get(room, key) ?? [])[0] ?? null,
    nameOf: (room: string, author: string) => heldName.get(room, author)?.name ?? null,
    marks: (room: string, sequence: number, limit: number) =>
      marks.all(room, sequence, clampLimit(limit)),
    rooms: () => summaries.all(),
    search: (search: Search): FoundEntry[] => {
      const limit = clampLimit(search.limit);
      const found: FoundEntry[] = [];
      if (limit === 0) return found;
      for (const entry of candidates(search)) {
        // Those before may be later: the clock may have been set back.
        if (entry.time < (search.since ?? 0)) continue;
        found.push(entry);
        if (found.length === limit) break;
      }
      return found.toReversed();
    },
    find: (
      room: string,
      { words, since = 0 }: Conditions,
      sequence: number,
      limit: number,
    ): number[] => {
      const start = Math.max(sequence, deletedIn(room));
      const most = clampLimit(limit, MAX_FOUND);
      const match = words === undefined ? null : ftsQuery(words);
      if (match === null && words !== undefined) return [];
      const rows =
        match === null
          ? sinceAfter.all(room, start, since, most)
          : matchingAfter.all(match, room, start, since, most);
      return rows.map((row) => row.sequence);
    },
  };
}

/** A search as a query of FTS5; null if there are no words in it. */
function ftsQuery(words: string): string | null {
  const prefixes = searchPrefixes(words);
  // Quoted, it is a string to FTS5 and no operator; the star makes it a prefix.
  return prefixes.length === 0 ? null : prefixes.map((prefix) => `"${prefix}"*`).join(" ");
}
