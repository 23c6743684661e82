// How many messages came in the rooms that were visited in this session, since each was left, and which name this person.
// The server says so when something comes; one of before `watch` (docs/protocol.md s. 18.1) does not, and is asked from
// time to time. Pure; times are ms on any clock.

import { MAX_WATCHED, type RoomDescription, type RoomNews } from "../../chat/frames.ts";
import type { WatchedRoom } from "../../chat/member-frames.ts";
import type { RoomState } from "./room.ts";

/** Messages in another room, since it was left. */
export interface UnreadRoom {
  readonly room: string;
  readonly count: number;
  /** How many of them name this person, as far as the server says that. */
  readonly mentions: number;
}

/** How far a room was read when it was left. */
interface Left {
  /** Sequence number of the last message that was shown, or there when it was entered. */
  readonly after: number;
  /** How many messages it had; null until the server was asked. */
  readonly entries: number | null;
}

export interface Unread {
  readonly left: ReadonlyMap<string, Left>;
  readonly rooms: readonly UnreadRoom[];
  /** Whether the server says when something comes. */
  readonly hasNews: boolean;
  /** The next news answers `watch`: there is nothing to be known of rooms that it does not name. */
  readonly awaitsAll: boolean;
  /** When to ask next; null while only one room was visited, and where the server says it unasked. */
  readonly askAt: number | null;
}

export const NO_UNREAD: Unread = {
  left: new Map(),
  rooms: [],
  hasNews: false,
  awaitsAll: false,
  askAt: null,
};

/** How often the server is asked, ms. */
const ASK_EVERY = 10_000;

/** How soon it is asked again at the earliest, when somebody looks at the window, or the connection is back, ms. */
const ASK_SOON = 2_000;

/** In another room than before. */
export function roomEntered(
  unread: Unread,
  from: Pick<RoomState, "room" | "newest">,
  to: string,
  now: number,
): Unread {
  if (from.room === "" || from.room === to) return unread;
  const others = new Map(unread.left);
  for (const room of [to, from.room]) others.delete(room);
  const last = [from.room, { after: from.newest, entries: null }] as const;
  // Those that were left longest ago go first.
  const left = new Map([...others, last].slice(-MAX_WATCHED));
  return {
    ...unread,
    left,
    rooms: unread.rooms.filter(({ room }) => room !== from.room && left.has(room)),
    awaitsAll: true,
    // At once: what came until then counts as read.
    askAt: unread.hasNews ? null : now,
  };
}

/** The rooms of which the server is to say when something comes. */
export function watchedRooms({ left }: Unread): WatchedRoom[] {
  return Array.from(left, ([room, { after }]) => ({ room, after }));
}

/** There is a new connection, perhaps to another version of the server. */
export function connectedAgain(unread: Unread, now: number): Unread {
  const { hasNews, askAt } = unread;
  return { ...unread, hasNews: false, awaitsAll: true, askAt: hasNews ? now + ASK_SOON : askAt };
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
  if (unread.hasNews) return unread;
  const left = new Map(unread.left);
  const counts: UnreadRoom[] = [];
  for (const { name, entries } of rooms) {
    const known = left.get(name);
    if (known === undefined) continue;
    const before = known.entries;
    // Fewer, because old messages were deleted: what is left counts as read.
    if (before === null || entries < before) left.set(name, { ...known, entries });
    else if (entries > before) counts.push({ room: name, count: entries - before, mentions: 0 });
  }
  return { ...unread, left, rooms: counts };
}

/** A message in another room that names this person. */
export interface Mention {
  readonly room: string;
  readonly from: string;
  readonly text: string;
}

export interface News {
  readonly unread: Unread;
  /** How many messages are unread that were not before. */
  readonly count: number;
  readonly mentions: readonly Mention[];
}

const NOTHING = { count: 0, mentions: 0 };

export function newsCame(unread: Unread, rooms: readonly RoomNews[]): News {
  const said = new Set(rooms.map(({ room }) => room));
  const still = unread.rooms.filter(({ room }) => !unread.awaitsAll || said.has(room));
  const counts = new Map(still.map((room) => [room.room, room]));
  const left = new Map(unread.left);
  const mentions: Mention[] = [];
  let count = 0;
  for (const { room, after, unread: unreadThere, mentions: named, mention } of rooms) {
    const known = left.get(room);
    if (known === undefined) continue;
    left.set(room, { ...known, after });
    // The room may be another one of that name, or in another log: what was counted there is not counted here.
    const before = (after >= known.after ? counts.get(room) : undefined) ?? NOTHING;
    count += Math.max(0, unreadThere - before.count);
    if (named > before.mentions && mention !== undefined) {
      mentions.push({ room, from: mention.name, text: mention.text });
    }
    if (unreadThere === 0) counts.delete(room);
    else {
      // The server may have searched only the last messages again; of those read in another window none counts.
      const marked = after > known.after ? named : Math.max(named, before.mentions);
      counts.set(room, { room, count: unreadThere, mentions: marked });
    }
  }
  const counted = { rooms: [...counts.values()], hasNews: true, awaitsAll: false, askAt: null };
  return { unread: { ...unread, left, ...counted }, count, mentions };
}
