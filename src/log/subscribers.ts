// The subscribers to the rooms of one log. They are called in a microtask, with all entries of one turn as one batch:
// a subscriber that throws fails no append. Knows no store.

import type { LogEntry } from "../chat/frames.ts";
import type { OnAppended } from "./log.ts";

export function createSubscribers() {
  const rooms = new Map<string, Set<OnAppended>>();
  let pending = new Map<string, LogEntry[]>();

  function flush(): void {
    const batches = pending;
    pending = new Map();
    for (const [room, entries] of batches) {
      for (const onAppended of rooms.get(room) ?? []) onAppended(entries);
    }
  }

  return {
    subscribe: (room: string, onAppended: OnAppended): Disposable => {
      const subscribers = rooms.get(room) ?? new Set();
      rooms.set(room, subscribers);
      subscribers.add(onAppended);
      return {
        [Symbol.dispose]() {
          subscribers.delete(onAppended);
          if (subscribers.size === 0 && rooms.get(room) === subscribers) rooms.delete(room);
        },
      };
    },
    /** Entries of a room have become durable, in order. */
    notify(room: string, entries: readonly LogEntry[]): void {
      if (!rooms.has(room)) return;
      if (pending.size === 0) queueMicrotask(flush);
      const batch = pending.get(room);
      if (batch === undefined) pending.set(room, [...entries]);
      else batch.push(...entries);
    },
    /** Of entries that were deleted, no subscriber hears any more. */
    forget: (room: string) => void pending.delete(room),
    /** No subscriber is called any more. */
    close: () => rooms.clear(),
  };
}
