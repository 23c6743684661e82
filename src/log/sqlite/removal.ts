// Removes the rows of what was deleted, and gives their space back to the disk, a little at a time, so that nobody waits
// for it. Inside transactions that the caller begins and ends.

import { exactText } from "#sqlite-connection";

import { indexedText } from "../text-matching.ts";
import { measureSpace } from "./database.ts";
import type { Connection } from "./sqlite-connection.ts";

/** Entries that are read at once to be removed: at worst 1 MB of texts. */
const BATCH = 16;
/** Names of a deleted room removed in one transaction. */
const SLICE_NAMES = 1_000;
/** Pages of the file that are moved in one transaction, to be given back: 1 MB. */
const SLICE_VACUUMED = 256;
/** What is kept for the next entries, bytes, and as a part of what is used. */
const SPARE = 1024 * 1024;
const SPARE_PART = 1 / 8;

interface Removed {
  /** Whether nothing is left to be removed. */
  readonly isDone: boolean;
  /** Whether senders were removed, of whom no entry is left. */
  readonly removedSenders: boolean;
}

export function prepareRemoval(database: Connection) {
  const deletedEntries = database.prepare<{ id: number; sender: number; text: string }, [number]>(
    `SELECT entries.id AS id, sender, ${exactText("text")} FROM rooms CROSS JOIN entries ON entries.room = rooms.id
     WHERE sequence <= deleted ORDER BY rooms.id, sequence LIMIT ?`,
  );
  const removeEntry = database.prepare<null, [number]>("DELETE FROM entries WHERE id = ?");
  const removeWords = database.prepare<null, [number, string]>(
    "INSERT INTO words (words, rowid, list) VALUES ('delete', ?, ?)",
  );
  const removeSender = database.prepare<null, [number]>(
    // By the index of each room: there is none of senders alone.
    `DELETE FROM senders WHERE id = ?1 AND NOT EXISTS (
       SELECT 1 FROM rooms CROSS JOIN entries ON entries.room = rooms.id WHERE sender = ?1)`,
  );
  const removeNames = database.prepare<null, [number]>(
    `DELETE FROM names WHERE (room, key) IN (
       SELECT names.room, key FROM rooms CROSS JOIN names ON names.room = rooms.id
       WHERE rooms.name IS NULL LIMIT ?)`,
  );
  const removeRooms = database.prepare<null, []>("DELETE FROM rooms WHERE name IS NULL");
  const anyEntry = database.prepare<{ id: number }, []>("SELECT id FROM entries LIMIT 1");
  const removeAllWords = database.prepare<null, []>(
    "INSERT INTO words (words) VALUES ('delete-all')",
  );
  const space = measureSpace(database);
  /** Whether the index may hold words of removed entries, perhaps since an earlier run. */
  let hasStaleWords = true;

  /** @param text of the entry: the index needs it to find its words */
  function remove(id: number, text: string): void {
    removeWords.run(id, indexedText(text));
    removeEntry.run(id);
    hasStaleWords = true;
  }

  /** Gives some pages back to the disk, unless few are free; returns whether there are more. */
  function vacuumSome(): boolean {
    const before = space();
    if (before.free <= SPARE + before.used * SPARE_PART) return false;
    // It returns a row after each page: a statement of node:sqlite would stop at the first.
    database.run(`PRAGMA incremental_vacuum(${SLICE_VACUUMED})`);
    // Less is free, unless this file cannot give any back.
    return space().free < before.free;
  }

  return {
    remove,
    /** Removes some of what was deleted, until `isOver`. */
    removeSome(isOver: () => boolean): Removed {
      const senders = new Set<number>();
      for (
        let batch = deletedEntries.all(BATCH);
        batch.length > 0;
        batch = deletedEntries.all(BATCH)
      ) {
        for (const { id, sender, text } of batch) {
          remove(id, text);
          senders.add(sender);
          if (isOver()) break;
        }
        if (isOver()) break;
      }
      let removedSenders = false;
      for (const sender of senders)
        removedSenders = removeSender.run(sender).changes > 0 || removedSenders;
      if (senders.size > 0) return { isDone: false, removedSenders };
      if (removeNames.run(SLICE_NAMES).changes > 0) return { isDone: false, removedSenders };
      removeRooms.run();
      // Its merges have left out most of what was removed, and go on with what is said later, if anything is.
      if (hasStaleWords && anyEntry.get() === null) {
        removeAllWords.run();
        hasStaleWords = false;
      }
      return { isDone: !vacuumSome(), removedSenders };
    },
  };
}
