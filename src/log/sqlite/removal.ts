// Removes the rows of what was deleted, and gives their space back to the disk, a little at a time, so that nobody waits
// for it. Inside transactions that the caller begins and ends.

import { indexedText } from "../text-matching.ts";
import type { Database } from "./database.ts";

/** Entries removed in one transaction, and characters of their texts: some 5 ms. */
const SLICE_ENTRIES = 100;
const SLICE_CHARACTERS = 20_000;
/** Names of a deleted room removed in one transaction. */
const SLICE_NAMES = 1_000;

interface Removed {
  /** Whether nothing is left to be removed. */
  readonly isDone: boolean;
  /** Whether senders were removed, of whom no entry is left. */
  readonly removedSenders: boolean;
}

export function prepareRemoval(database: Database) {
  const deletedEntries = database.prepare<{ id: number; sender: number; text: string }, [number]>(
    `SELECT entries.id AS id, sender, text FROM rooms CROSS JOIN entries ON entries.room = rooms.id
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

  /** @param text of the entry: the index is told which words to forget */
  function remove(id: number, text: string): void {
    removeWords.run(id, indexedText(text));
    removeEntry.run(id);
  }

  return {
    remove,
    /** Removes some of what was deleted. */
    removeSome(): Removed {
      const senders = new Set<number>();
      let characters = 0;
      for (const { id, sender, text } of deletedEntries.all(SLICE_ENTRIES)) {
        if (characters > SLICE_CHARACTERS) break;
        remove(id, text);
        characters += text.length;
        senders.add(sender);
      }
      let removedSenders = false;
      for (const sender of senders)
        removedSenders = removeSender.run(sender).changes > 0 || removedSenders;
      if (senders.size > 0) return { isDone: false, removedSenders };
      if (removeNames.run(SLICE_NAMES).changes > 0) return { isDone: false, removedSenders };
      removeRooms.run();
      return { isDone: true, removedSenders };
    },
  };
}
