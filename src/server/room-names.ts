// Which room a written name means, and which one a new name looks like. To fold a name, or to find its keys, takes up to 1 ms, in
// which the server does nothing else: for its rooms, the results are remembered. Knows names only.

import { findRoom, foldName, nameKeys } from "../chat/name-keys.ts";
import { MAX_ROOMS } from "../log/log.ts";

/** Names that are remembered: of all rooms, and of those that are being created. */
const MAX_REMEMBERED = 2 * MAX_ROOMS;

export function createRoomNames() {
  const fold = remember(foldName);
  const keysOf = remember(nameKeys);
  return {
    /** The room that is meant; null if there is none. */
    find: (rooms: Iterable<string>, written: string) => findRoom(rooms, written, fold),
    /** A room whose name looks like this one; null if there is none. */
    findLookalike(rooms: readonly string[], written: string): string | null {
      const keys = new Set(nameKeys(written));
      return rooms.find((name) => keysOf(name).some((key) => keys.has(key))) ?? null;
    },
  };
}

function remember<Result>(find: (name: string) => Result): (name: string) => Result {
  const results = new Map<string, Result>();
  return (name) => {
    const known = results.get(name);
    if (known !== undefined) return known;
    const result = find(name);
    const [oldest] = results.keys();
    if (results.size >= MAX_REMEMBERED && oldest !== undefined) results.delete(oldest);
    results.set(name, result);
    return result;
  };
}
