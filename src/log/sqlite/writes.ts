// The writes of a store, inside a transaction that the caller begins and ends: entries and names. Caches what
// every entry needs, and drops the cache when a transaction has failed.

import { exactText } from "#sqlite-connection";

import type { Draft, LogEntry } from "../../chat/frames.ts";
import { nameKeys } from "../../chat/name-keys.ts";
import {
  activityAt,
  isLapsed,
  MAX_NAME_KEYS,
  MAX_NAMES,
  MAX_ROOMS,
  quotaReached,
  tooManyNames,
  tooManyRooms,
  type Usage,
} from "../log.ts";
import { indexedText } from "../text-matching.ts";
import { measureSpace } from "./database.ts";
import { prepareRemoval } from "./removal.ts";
import { ENTRY_BYTES } from "./schema.ts";
import type { Connection } from "./sqlite-connection.ts";

/** Senders whose ids are cached; with more of them, the cache starts anew. */
const MAX_CACHED_SENDERS = 10_000;

interface Room {
  readonly id: number;
  /** Its newest sequence number, and that up to which its entries were deleted. */
  last: number;
  deleted: number;
  /** ms since 1970. */
  active: number;
  /** Bytes that its entries have taken. */
  total: number;
}

interface Cache {
  readonly rooms: Map<string, Room>;
  /** Id by author and device. */
  readonly senders: Map<string, number>;
  /** The newest sequence number of all deleted rooms. */
  deletedRooms: number;
}

/** Bytes of entries after which the space in use is measured again. */
const MEASURE_EVERY = 128 * 1024;

/** @param quota bytes that the store may take */
export function prepareWrites(database: Connection, quota = Number.POSITIVE_INFINITY) {
  const allRooms = database.prepare<Room & { name: string }, []>(
    `SELECT rooms.id AS id, rooms.name AS name, max(deleted, coalesce(sequence, 0)) AS last, deleted, active,
       coalesce(total, 0) AS total
     FROM rooms LEFT JOIN entries ON entries.room = rooms.id
       AND sequence = (SELECT max(sequence) FROM entries WHERE room = rooms.id)
     WHERE rooms.name IS NOT NULL`,
  );
  const store = database.prepare<{ deleted: number }, []>("SELECT deleted FROM store");
  const insertRoom = database.prepare<null, [string, number, number]>(
    "INSERT INTO rooms (name, deleted, active) VALUES (?, ?, ?)",
  );
  const setActive = database.prepare<null, [number, number]>(
    "UPDATE rooms SET active = ? WHERE id = ?",
  );
  const setDeleted = database.prepare<null, [string | null, number, number]>(
    "UPDATE rooms SET name = ?, deleted = ? WHERE id = ?",
  );
  const setDeletedRooms = database.prepare<null, [number]>("UPDATE store SET deleted = ?");
  const insertSender = database.prepare<{ id: number }, [string, string]>(
    // An update that changes nothing, because RETURNING only returns rows that were written.
    `INSERT INTO senders (author, device) VALUES (?, ?)
     ON CONFLICT DO UPDATE SET device = device RETURNING id`,
  );
  const insertEntry = database.prepare<
    null,
    [number, number, number, number, number, string, string, number]
  >(
    `INSERT INTO entries (room, sequence, time, sender, number, name, text, total)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (room, sender, number) DO NOTHING`,
  );
  const insertWords = database.prepare<null, [number, string]>(
    "INSERT INTO words (rowid, list) VALUES (?, ?)",
  );
  const sameMessage = database.prepare<
    { id: number; sequence: number; time: number; name: string; text: string },
    [number, number, number]
  >(
    `SELECT id, sequence, time, name, ${exactText("text")} FROM entries
     WHERE room = ? AND sender = ? AND number = ?`,
  );
  const sequenceOf = database.prepare<{ sequence: number }, [number, number, string, string]>(
    `SELECT sequence FROM entries WHERE room = ? AND number = ?
       AND sender = (SELECT id FROM senders WHERE author = ? AND device = ?)`,
  );
  const holder = database.prepare<{ author: string; name: string; used: number }, [number, string]>(
    "SELECT author, name, used FROM names WHERE room = ? AND key = ?",
  );
  const lastUse = database.prepare<{ used: number | null }, [number, string]>(
    "SELECT max(used) AS used FROM names WHERE room = ? AND author = ?",
  );
  /** So that no name that was claimed earlier counts as the last one, also where the clock was set back. */
  const useBefore = database.prepare<null, [number, number, string, number]>(
    "UPDATE names SET used = ? WHERE room = ? AND author = ? AND used > ?",
  );
  const setUsed = database.prepare<null, [number, number, string, string]>(
    "UPDATE names SET used = ? WHERE room = ? AND author = ? AND name = ?",
  );
  const respell = database.prepare<null, [string, number, string, string]>(
    "UPDATE names SET name = ? WHERE room = ? AND author = ? AND name = ?",
  );
  const removeName = database.prepare<null, [number, string, string]>(
    "DELETE FROM names WHERE room = ? AND author = ? AND name = ?",
  );
  const countNames = database.prepare<{ names: number; nameKeys: number }, [number, string]>(
    "SELECT count(DISTINCT name) AS names, count(*) AS nameKeys FROM names WHERE room = ? AND author = ?",
  );
  const insertName = database.prepare<null, [number, string, string, string, number]>(
    "INSERT OR IGNORE INTO names (room, key, name, author, used) VALUES (?, ?, ?, ?, ?)",
  );

  const removal = prepareRemoval(database);

  /** Another one when another program has changed the store. */
  const dataVersion = database.prepare<{ data_version: number }, []>("PRAGMA data_version");
  let version = dataVersion.get()?.data_version;
  const space = measureSpace(database);
  const deletedBytes = database.prepare<{ bytes: number | null }, []>(
    `SELECT sum(newest.total - oldest.total) AS bytes FROM rooms
     JOIN entries AS oldest ON oldest.room = rooms.id AND oldest.sequence =
       (SELECT min(sequence) FROM entries WHERE room = rooms.id)
     JOIN entries AS newest ON newest.room = rooms.id AND newest.sequence =
       (SELECT max(sequence) FROM entries WHERE room = rooms.id AND sequence <= deleted)
     WHERE deleted > 0`,
  );
  /** What was deleted does not count any more, though removing its rows takes a while. */
  const measure = () => Math.max(0, space().used - (deletedBytes.get()?.bytes ?? 0));
  /** Bytes in use when that was last measured, and those of the entries since then. */
  let measured = measure();
  let grown = 0;
  /** Something was deleted since then. */
  let isOutdated = false;
  /** One for all: it is asked for after every message. */
  const usage: Usage = {
    get used() {
      return measured + grown;
    },
    quota,
  };

  let cache: Cache | null = null;
  let time = 0;
  let appended = new Map<string, LogEntry[]>();

  function fillCache(): Cache {
    cache ??= {
      rooms: new Map(allRooms.all().map(({ name, ...room }) => [name, room])),
      senders: new Map(),
      deletedRooms: store.get()?.deleted ?? 0,
    };
    return cache;
  }

  function findOrAddRoom(name: string): Room {
    const { rooms, deletedRooms: deleted } = fillCache();
    let room = rooms.get(name);
    if (room === undefined) {
      if (rooms.size >= MAX_ROOMS) throw tooManyRooms(name);
      const id = Number(insertRoom.run(name, deleted, time).lastInsertRowid);
      room = { id, last: deleted, deleted, active: time, total: 0 };
      rooms.set(name, room);
    }
    const active = activityAt(time, room.active);
    if (active !== room.active) setActive.run(active, room.id);
    room.active = active;
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

  /** Whether there is no room for so many bytes more. */
  function isFull(bytes: number): boolean {
    const wouldExceed = measured + grown + bytes > quota;
    if (grown > MEASURE_EVERY || (wouldExceed && (grown > 0 || isOutdated))) {
      measured = measure();
      grown = 0;
      isOutdated = false;
    }
    return measured + grown + bytes > quota;
  }

  return {
    /**
     * Begins a transaction, with the time of its entries, ms since 1970; returns whether another program has changed the
     * store since the last one.
     */
    begin(now: number): boolean {
      time = now;
      const current = dataVersion.get()?.data_version;
      const isChanged = current !== version;
      version = current;
      if (isChanged) {
        cache = null;
        isOutdated = true;
      }
      appended = new Map();
      return isChanged;
    },
    append(name: string, draft: Draft): LogEntry {
      const room = findOrAddRoom(name);
      const { number, text, author, device } = draft;
      const bytes = Buffer.byteLength(text) + ENTRY_BYTES;
      if (isFull(bytes)) {
        // What is stored already can be said again. Nothing else is written, not even who has sent it.
        const stored = sequenceOf.get(room.id, number, author, device)?.sequence ?? 0;
        if (stored <= room.deleted) throw quotaReached(quota);
      }
      const sender = findOrAddSender(author, device);
      const sequence = room.last + 1;
      const total = room.total + bytes;
      const { id } = room;
      let inserted = insertEntry.run(id, sequence, time, sender, number, draft.name, text, total);
      if (inserted.changes === 0) {
        const stored = sameMessage.get(room.id, sender, number);
        if (stored === null) throw new Error("an entry that is neither new nor stored");
        const { id: entry, ...found } = stored;
        if (stored.sequence > room.deleted) return { ...found, author, device, number };
        removal.remove(entry, stored.text);
        inserted = insertEntry.run(id, sequence, time, sender, number, draft.name, text, total);
      }
      insertWords.run(Number(inserted.lastInsertRowid), indexedText(text));
      room.last = sequence;
      room.total = total;
      grown += bytes;
      const entry = { sequence, time, ...draft };
      const inRoom = appended.get(name);
      if (inRoom === undefined) appended.set(name, [entry]);
      else inRoom.push(entry);
      return entry;
    },
    claimName(roomName: string, name: string, author: string): "yours" | "taken" {
      const { id } = findOrAddRoom(roomName);
      const keys = nameKeys(name);
      const holders = keys.flatMap((key) => holder.get(id, key) ?? []);
      const others = holders.filter((held) => held.author !== author);
      const isHeld = (other: { readonly author: string }) =>
        !isLapsed(lastUse.get(id, other.author)?.used ?? 0, time);
      if (others.some(isHeld)) return "taken";
      const own = holders.filter((held) => held.author === author);
      const before = own[0]?.name ?? name;
      // The same name in other letters, as when ana becomes Ana.
      const known = nameKeys(before).join() === keys.join() ? name : before;
      if (known !== before) respell.run(known, id, author, before);
      const used = own[0]?.used ?? Number.NEGATIVE_INFINITY;
      const last = lastUse.get(id, author)?.used ?? Number.NEGATIVE_INFINITY;
      if (own.length < keys.length) {
        const { names = 0, nameKeys: held = 0 } = countNames.get(id, author) ?? {};
        if ((own.length === 0 && names >= MAX_NAMES) || held >= MAX_NAME_KEYS) throw tooManyNames();
        for (const other of others) removeName.run(id, other.author, other.name);
        for (const key of keys) insertName.run(id, key, known, author, time);
      }
      if (last !== used || activityAt(time, used) === time) {
        useBefore.run(time - 1, id, author, time - 1);
        setUsed.run(time, id, author, known);
      }
      return "yours";
    },
    deleteRoom(name: string): boolean {
      const filled = fillCache();
      const room = filled.rooms.get(name);
      if (room === undefined) return false;
      setDeleted.run(null, room.last, room.id);
      filled.deletedRooms = Math.max(filled.deletedRooms, room.last);
      setDeletedRooms.run(filled.deletedRooms);
      filled.rooms.delete(name);
      isOutdated = true;
      appended.delete(name);
      return true;
    },
    /** Returns how many they were. */
    deleteBefore(name: string, sequence: number): number {
      const room = fillCache().rooms.get(name);
      if (room === undefined) return 0;
      const deleted = Math.min(sequence - 1, room.last);
      const count = Math.max(deleted - room.deleted, 0);
      if (count === 0) return 0;
      setDeleted.run(name, deleted, room.id);
      room.deleted = deleted;
      isOutdated = true;
      return count;
    },
    /** Removes some of what was deleted, until `isOver`; returns whether there is more. */
    removeSome(isOver: () => boolean): boolean {
      const { isDone, removedSenders } = removal.removeSome(isOver);
      if (removedSenders) fillCache().senders.clear();
      measured = measure();
      grown = 0;
      isOutdated = false;
      return !isDone;
    },
    usage: () => usage,
    /** Appended since `begin`, by room, in order: they are durable once the transaction is. */
    appended: (): ReadonlyMap<string, readonly LogEntry[]> => appended,
    /** The transaction was rolled back. */
    rolledBack(): void {
      cache = null;
    },
  };
}
