// What is appended to a room, for all members who have everything before it: one look at the log and one array of
// frames, however many they are. Who leaves no room for them is let go of, and catches up by itself. Knows no
// members, only who listens.

import type { Log } from "../log/log.ts";
import { frameOf } from "./frame-cache.ts";

export interface Listener {
  /** The sequence number up to which it has everything. */
  place: number;
  /** What comes after its place; false when it takes nothing more from here. */
  take(frames: readonly Uint8Array[]): boolean;
  /** The log has failed. */
  fail(error: unknown): void;
}

export interface FanOut {
  /** False when it has missed something that is here no more: it is to read that first. */
  join(listener: Listener): boolean;
  leave(listener: Listener): void;
}

/** Of each log the rooms that somebody listens to. */
const rooms = new WeakMap<Log, Map<string, FanOut>>();

/** @param place where it begins, when nobody listens there yet */
export function fanOutOf(log: Log, room: string, place: number): FanOut {
  const known = rooms.get(log) ?? new Map<string, FanOut>();
  rooms.set(log, known);
  const there = known.get(room);
  if (there !== undefined) return there;
  const created = createFanOut(log, room, place, () => {
    if (known.get(room) === created) known.delete(room);
  });
  known.set(room, created);
  return created;
}

function createFanOut(log: Log, room: string, from: number, onOver: () => void): FanOut {
  const listeners = new Set<Listener>();
  const over = new AbortController();
  let place = from;

  async function run(): Promise<void> {
    for await (const batch of log.follow(room, place, over.signal)) {
      const before = place;
      place = batch.at(-1)?.sequence ?? place;
      // One array for all: what is done with it is done once.
      const frames = batch.map(frameOf);
      for (const listener of listeners) {
        const its = listener.place <= before ? frames : frames.slice(listener.place - before);
        listener.place = Math.max(listener.place, place);
        if (its.length > 0 && !listener.take(its)) leave(listener);
      }
    }
  }

  function leave(listener: Listener): void {
    if (!listeners.delete(listener) || listeners.size > 0) return;
    onOver();
    over.abort();
  }

  return {
    join(listener) {
      if (listener.place < place) return false;
      if (listeners.size === 0) {
        run().catch((error: unknown) => {
          for (const each of listeners) each.fail(error);
          onOver();
        });
      }
      listeners.add(listener);
      return true;
    },
    leave,
  };
}
