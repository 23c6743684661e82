// How many messages came in the rooms that were visited in this session, since each was left. Pure; times are ms on any
// clock.

import type { RoomDescription } from "../../chat/frames.ts";

/** Messages in another room, since it was left. */
export interface UnreadRoom {
  readonly room: string;
  readonly count: number;
}

export interface Unread {
  /** For each room that was left, how many messages it had then; null until the server was asked. */
  readonly left: ReadonlyMap<string, number | null>;
  readonly rooms: readonly UnreadRoom[];
  /** When to ask next; null while only one room was visited. */
  readonly askAt: number | null;
}

export const NO_UNREAD: Unread = { left: new Map(), rooms: [], askAt: null };

/** How often the server is asked, ms. */
const ASK_EVERY = 10_000;

/** How soon it is asked again at the earliest, when somebody looks at the window, ms. */
const ASK_SOON = 2_000;

/** Rooms that are counted; those left longest ago go first. */
const MAX_ROOMS = 100;

/** In another room than before. */
export function roomEntered(unread: Unread, from: string, to: string, now: number): Unread {
  if (from === "" || from === to) return unread;
  const left = new Map([...unread.left, [from, null] as const].slice(-MAX_ROOMS));
  left.delete(to);
  return {
    left,
    rooms: unread.rooms.filter(({ room }) => room !== to && room !== from),
    // At once: what came until then counts as read.
    askAt: left.size === 0 ? null : now,
  };
}

/** The server is being asked. */
export function asked(unread: Unread, now: number): Unread {
  return { ...unread, askAt: unread.askAt === null ? null : now + ASK_EVERY };
}

/** Somebody looks at the window, perhaps for the first time in a while: the server is asked soon. */
export function lookedAt(unread: Unread, now: number): Unread {
  const { askAt } = unread;
  if (askAt === null) return unread;
  return { ...unread, askAt: Math.min(askAt, Math.max(now, askAt - ASK_EVERY + ASK_SOON)) };
}

export function roomsAnswered(unread: Unread, rooms: readonly RoomDescription[]): Unread {
  const left = new Map(unread.left);
  const counts: UnreadRoom[] = [];
  for (const { name, entries } of rooms) {
    const before = left.get(name);
    if (before === undefined) continue;
    // Fewer, because old messages were deleted: what is left counts as read.
    if (before === null || entries < before) left.set(name, entries);
    else if (entries > before) counts.push({ room: name, count: entries - before });
  }
  return { ...unread, left, rooms: counts };
}
