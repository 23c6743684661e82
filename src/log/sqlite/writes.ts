// What is written to a store, inside a transaction that others begin and end: entries and names. Keeps in
// memory what every entry needs, and forgets it when a transaction has failed.

import type { Draft, LogEntry } from "../../chat/log-entry.ts";
import { MAX_NAMES, MAX_ROOMS, tooManyNames, tooManyRooms } from "../bounds.ts";
import { foldedName } from "../folded-name.ts";
import { indexedWords } from "../search-words.ts";
import type { Database } from "./database.ts";

/** Senders whose ids are in memory; when there are more, they are looked up again. */
const MAX_KNOWN_SENDERS = 10_000;

export interface Writes {
  /** Begins a transaction: the time of its entries, ms since 1970, or of the last one if that was later. */
  begin(now: number): void;
  append(room: string, draft: Draft): LogEntry;
  claimName(room: string, name: string, author: string): "yours" | "taken";
  /** Appended since `begin`, by room, in order: they are durable once the transaction is. */
  appended(): ReadonlyMap<string, readonly LogEntry[]>;
  /** The transaction came to nothing. */
  forget(): void;
}

interface Room {
  readonly id: number;
  /** Its newest sequence number. */
  last: number;
}

/** What is known of the store without a look into it. */
interface Known {
  readonly rooms: Map<string, Room>;
  /** Id by device, by author. */
  readonly senders: Map<string, number>;
  /** Of the newest entry. */
  time: number;
}

export function prepareWrites(database: Database): Writes {
  const allRooms = database.prepare<Room & { name: string }, []>(
    "SELECT id, name, (SELECT coalesce(max(sequence), 0) FROM entries WHERE room = rooms.id) AS last FROM rooms",
  );
  const newest = database.prepare<{ time: number }, []>(
    "SELECT time FROM entries ORDER BY id DESC LIMIT 1",
  );
  const insertRoom = database.prepare<null, [string]>("INSERT INTO rooms (name) VALUES (?)");
  const insertSender = database.prepare<{ id: number }, [string, string]>(
    // An update that changes nothing, for only a row that was written is returned.
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
  const sameMark = database.prepare<
    { sequence: number; time: number; name: string; text: string },
    [number, number, number]
  >("SELECT sequence, time, name, text FROM entries WHERE room = ? AND sender = ? AND number = ?");
  const holderOf = database.prepare<{ author: string }, [number, string]>(
    "SELECT author FROM names WHERE room = ? AND folded = ?",
  );
  const countNames = database.prepare<{ count: number }, [number, string]>(
    "SELECT count(*) AS count FROM names WHERE room = ? AND author = ?",
  );
  const insertName = database.prepare<null, [number, string, string]>(
    "INSERT INTO names (room, folded, author) VALUES (?, ?, ?)",
  );

  let known: Known | null = null;
  let time = 0;
  let appended = new Map<string, LogEntry[]>();

  function knowledge(): Known {
    known ??= {
      rooms: new Map(allRooms.all().map(({ name, id, last }) => [name, { id, last }])),
      senders: new Map(),
      time: newest.get()?.time ?? 0,
    };
    return known;
  }

  function roomOf(name: string): Room {
    const { rooms } = knowledge();
    let room = rooms.get(name);
    if (room === undefined) {
      if (rooms.size >= MAX_ROOMS) throw tooManyRooms(name);
      room = { id: Number(insertRoom.run(name).lastInsertRowid), last: 0 };
      rooms.set(name, room);
    }
    return room;
  }

  function senderOf(author: string, device: string): number {
    const { senders } = knowledge();
    const key = `${author.length} ${author}${device}`;
    let id = senders.get(key);
    if (id === undefined) {
      id = insertSender.get(author, device)?.id;
      if (id === undefined) throw new Error("a sender without an id");
      if (senders.size >= MAX_KNOWN_SENDERS) senders.clear();
      senders.set(key, id);
    }
    return id;
  }

  return {
    begin(now) {
      time = Math.max(now, knowledge().time);
      appended = new Map();
    },
    append(name, draft) {
      const room = roomOf(name);
      const sender = senderOf(draft.author, draft.device);
      const { number, text } = draft;
      const sequence = room.last + 1;
      const inserted = insertEntry.run(room.id, sequence, time, sender, number, draft.name, text);
      if (inserted.changes === 0) {
        const same = sameMark.get(room.id, sender, number);
        if (same === null) throw new Error("an entry that is neither new nor there");
        const { author, device } = draft;
        return { ...same, author, device, number };
      }
      insertWords.run(Number(inserted.lastInsertRowid), indexedWords(text));
      room.last = sequence;
      knowledge().time = time;
      const entry = { sequence, time, ...draft };
      const inRoom = appended.get(name);
      if (inRoom === undefined) appended.set(name, [entry]);
      else inRoom.push(entry);
      return entry;
    },
    claimName(roomName, name, author) {
      const { id } = roomOf(roomName);
      const folded = foldedName(name);
      const holder = holderOf.get(id, folded)?.author;
      if (holder !== undefined) return holder === author ? "yours" : "taken";
      if ((countNames.get(id, author)?.count ?? 0) >= MAX_NAMES) throw tooManyNames();
      insertName.run(id, folded, author);
      return "yours";
    },
    appended: () => appended,
    forget() {
      known = null;
    },
  };
}
