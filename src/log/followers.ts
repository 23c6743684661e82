// Who follows the rooms of one log: each has its place and nothing else. What was appended last is handed on
// as it is; who is further behind reads from the store. Knows nothing of stores.

import type { LogEntry } from "../chat/log-entry.ts";
import { MAX_READ } from "./bounds.ts";
import type { Log } from "./log.ts";

export interface Followers {
  /** Entries of a room have become durable, in order; wakes each of its followers once. */
  announce(room: string, entries: readonly LogEntry[]): void;
  readonly follow: Log["follow"];
  /** Ends them all. */
  close(): void;
}

/** A room that somebody follows. */
interface Followed {
  /** What was announced last: as long as one commit. */
  latest: readonly LogEntry[];
  readonly wakes: Set<() => void>;
}

export function createFollowers(read: Log["read"]): Followers {
  const rooms = new Map<string, Followed>();
  let open = true;

  async function* follow(room: string, after: number, signal: AbortSignal) {
    let place = after;
    let woken = Promise.withResolvers<void>();
    const wake = () => woken.resolve();
    const followed = rooms.get(room) ?? { latest: [], wakes: new Set() };
    rooms.set(room, followed);
    followed.wakes.add(wake);
    signal.addEventListener("abort", wake);
    try {
      while (open && !signal.aborted) {
        // Before the look at what there is: what comes during it counts as well.
        woken = Promise.withResolvers();
        const batch = latestAfter(followed, place) ?? (await read(room, place, MAX_READ));
        place = batch.at(-1)?.sequence ?? place;
        if (batch.length > 0) yield batch;
        else await woken.promise;
      }
    } finally {
      signal.removeEventListener("abort", wake);
      followed.wakes.delete(wake);
      if (followed.wakes.size === 0) rooms.delete(room);
    }
  }

  return {
    announce(room, entries) {
      const followed = rooms.get(room);
      if (followed === undefined) return;
      followed.latest = entries;
      for (const wake of followed.wakes) wake();
    },
    follow,
    close() {
      open = false;
      for (const { wakes } of rooms.values()) for (const wake of wakes) wake();
    },
  };
}

/** What comes after `place`; null where what was announced last does not say. */
function latestAfter({ latest }: Followed, place: number): readonly LogEntry[] | null {
  const first = latest[0]?.sequence;
  if (first === undefined || place < first - 1) return null;
  return place === first - 1 ? latest : latest.slice(place - first + 1);
}
