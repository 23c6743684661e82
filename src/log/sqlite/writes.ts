// The writes of a store, inside a transaction that the caller begins and ends: entries and names. Caches what
// every entry needs, and drops the cache when a transaction has failed.

import type { Draft, LogEntry } from "../../chat/frames.ts";
import { MAX_NAMES, MAX_ROOMS, tooManyNames, tooManyRooms } from "../log.ts";
import { foldName, indexedText } from "../text-matching.ts";
import type { Database } from "./database.ts";

/** Senders whose ids are cached; with more of them, the cache starts anew. */
const MAX_CACHED_SENDERS = 10_000;

interface Room {
  readonly id: number;
  /** Its newest sequence number. */
  last: number;
}

interface Cache {
  readonly rooms: Map<string, Room>;
  /** Id by author and device. */
  readonly senders: Map<string, number>;
  /** Of the newest entry of all rooms, ms since 1970. */
  time: number;
}

export function prepareWrites(database: Database) {
  const allRooms = database.prepare<Room & { name: string }, []>(
    "SELECT id, name, (SELECT coalesce(max(sequence), 0) FROM entries WHERE room = rooms.id) AS last FROM rooms",
  );
  const newest = database.prepare<{ time: number }, []>(
    "SELECT time FROM entries ORDER BY id DESC LIMIT 1",
  );
  const insertRoom = database.prepare<null, [string]>("INSERT INTO rooms (name) VALUES (?)");
  const insertSender = database.prepare<{ id: number }, [string, string]>(
    // An update that changes nothing, because RETURNING only returns rows that were written.
    `INSERT INTO senders (author, device) VALUES (?, ?)
     ON CONFLICT DO UPDATE SET device = device RETURNING id`,
  );
  const insertEntry = database.prepare<
    null,
    [number, number, number, number, number, string, string]
  >(
    `INSERT INTO entries (room, sequence, time, sender, number, name, text) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (room, sender, number) DO NOTHING`,
  );
  const insertWords = database.prepare<null, [number, string]>(
    "INSERT INTO words (rowid, list) VALUES (?, ?)",
  );
  const sameMessage = database.prepare<
    { sequence: number; time: number; name: string; text: string },
    [number, number, number]
  >("SELECT sequence, time, name, text FROM entries WHERE room = ? AND sender = ? AND number = ?");
  const holder = database.prepare<{ author: string }, [number, string]>(
    "SELECT author FROM names WHERE room = ? AND folded = ?",
  );
  const countNames = database.prepare<{ count: number }, [number, string]>(
    "SELECT count(*) AS count FROM names WHERE room = ? AND author = ?",
  );
  const insertName = database.prepare<null, [number, string, string]>(
    "INSERT INTO names (room, folded, author) VALUES (?, ?, ?)",
  );

  let cache: Cache | null = null;
  let time = 0;
  let appended = new Map<string, LogEntry[]>();

  function fillCache(): Cache {
    cache ??= {
      rooms: new Map(allRooms.all().map(({ name, id, last }) => [name, { id, last }])),
      senders: new Map(),
      time: newest.get()?.time ?? 0,
    };
    return cache;
  }

  function findOrAddRoom(name: string): Room {
    const { rooms } = fillCache();
    let room = rooms.get(name);
    if (room === undefined) {
      if (rooms.size >= MAX_ROOMS) throw tooManyRooms(name);
      room = { id: Number(insertRoom.run(name).lastInsertRowid), last: 0 };
      rooms.set(name, room);
    }
    return room;
  }

  function findOrAddSender(author: string, device: string): number {
    const { senders } = fillCache();
    const key = `${author.length} ${author}${device}`;
    let id = senders.get(key);
    if (id === undefined) {
      id = insertSender.get(author, device)?.id;
      if (id === undefined) throw new Error("a sender without an id");
      if (senders.size >= MAX_CACHED_SENDERS) senders.clear();
      senders.set(key, id);
    }
    return id;
  }

  return {
    /** Begins a transaction: the time of its entries, ms since 1970, or of the last one if that was later. */
    begin(now: number): void {
      time = Math.max(now, fillCache().time);
      appended = new Map();
    },
    append(name: string, draft: Draft): LogEntry {
      const room = findOrAddRoom(name);
      const sender = findOrAddSender(draft.author, draft.device);
      const { number, text } = draft;
      const sequence = room.last + 1;
      const inserted = insertEntry.run(room.id, sequence, time, sender, number, draft.name, text);
      if (inserted.changes === 0) {
        const stored = sameMessage.get(room.id, sender, number);
        if (stored === null) throw new Error("an entry that is neither new nor stored");
        const { author, device } = draft;
        return { ...stored, author, device, number };
      }
      insertWords.run(Number(inserted.lastInsertRowid), indexedText(text));
      room.last = sequence;
      fillCache().time = time;
      const entry = { sequence, time, ...draft };
      const inRoom = appended.get(name);
      if (inRoom === undefined) appended.set(name, [entry]);
      else inRoom.push(entry);
      return entry;
    },
    claimName(roomName: string, name: string, author: string): "yours" | "taken" {
      const { id } = findOrAddRoom(roomName);
      const folded = foldName(name);
      const heldBy = holder.get(id, folded)?.author;
      if (heldBy !== undefined) return heldBy === author ? "yours" : "taken";
      if ((countNames.get(id, author)?.count ?? 0) >= MAX_NAMES) throw tooManyNames();
      insertName.run(id, folded, author);
      return "yours";
    },
    /** Appended since `begin`, by room, in order: they are durable once the transaction is. */
    appended: (): ReadonlyMap<string, readonly LogEntry[]> => appended,
    /** The transaction was rolled back. */
    rolledBack(): void {
      cache = null;
    },
  };
}
