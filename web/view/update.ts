// What an event changes on the page. Pure; times are ms since 1970.

import type { EventOf, RoomEvent } from "../../src/chat/events.ts";
import type { LogEntry, MemberDescription, RoomDescription } from "../../src/chat/frames.ts";
import { withHue, withHues } from "../../src/terminal/state/colours.ts";
import {
  announceArrivals,
  arrivalRenamed,
  isPresenceFull,
  NO_PRESENCE,
  personJoined,
  personLeft,
  personSpoke,
  withoutArrival,
} from "../../src/terminal/state/presence.ts";
import {
  keyOf,
  NO_ROOM,
  roomAfter,
  type RoomMessage,
  withMembers,
} from "../../src/terminal/state/room.ts";
import { bounded, messageItem, withMessages, withNotice, withPresenceLine } from "./items.ts";
import {
  type Answer,
  type Connection,
  type Dialog,
  NOTHING_UNREAD,
  type Phase,
  type Problem,
  type State,
} from "./state.ts";

export type PageEvent =
  | { readonly type: "phase"; readonly phase: Phase }
  /** A room is being entered: nothing of the one before is shown any more. */
  | { readonly type: "entering"; readonly room: string; readonly name: string }
  | { readonly type: "conversation"; readonly event: RoomEvent }
  /** This person has written a message. */
  | { readonly type: "written"; readonly text: string }
  /** The message that was not taken, by the id of its item. */
  | { readonly type: "not-taken"; readonly id: number; readonly problem: Problem }
  | { readonly type: "discarded"; readonly id: number }
  | { readonly type: "history-asked" }
  /** Messages before those that are here, the oldest first; null when they could not be had. */
  | {
      readonly type: "history-came";
      readonly entries: readonly LogEntry[] | null;
      readonly isComplete: boolean;
    }
  | { readonly type: "people"; readonly members: readonly MemberDescription[] }
  | {
      readonly type: "rooms";
      readonly rooms: readonly RoomDescription[];
      readonly visited: ReadonlyMap<string, number>;
    }
  /** Whether the newest message is seen. */
  | { readonly type: "watched"; readonly isWatched: boolean }
  | { readonly type: "online"; readonly isOnline: boolean }
  | { readonly type: "answer"; readonly answer: Answer }
  | { readonly type: "problem"; readonly problem: Problem }
  | { readonly type: "dialog"; readonly dialog: Dialog | null }
  | { readonly type: "search"; readonly words: string | null }
  | {
      readonly type: "found";
      readonly words: string;
      readonly found: readonly LogEntry[] | null;
      readonly problem: Problem | null;
    }
  /** On an earlier visit everything up to here was read. */
  | { readonly type: "read-before"; readonly sequence: number }
  /** Time has passed: somebody who came may have stayed. */
  | { readonly type: "tick" };

/** The sequence number of a server's first message: there are no earlier ones. */
const FIRST = 1;

export function update(state: State, event: PageEvent, now: number): State {
  switch (event.type) {
    case "phase":
      return { ...state, phase: event.phase };
    case "entering":
      return enter(state, event.room, event.name);
    case "conversation":
      return conversationUpdate(state, event.event, now);
    case "written":
      return write(state, event.text, now);
    case "not-taken":
      return {
        ...state,
        pending: state.pending.map((message) =>
          message.id === event.id ? { ...message, problem: event.problem } : message,
        ),
      };
    case "discarded":
      return { ...state, pending: state.pending.filter(({ id }) => id !== event.id) };
    case "history-asked":
      return { ...state, earlier: "loading" };
    case "history-came":
      return historyCame(state, event.entries, event.isComplete);
    case "people": {
      const room = withMembers(state.room, event.members);
      return { ...state, room, hues: withHues(state.hues, [...room.here.keys()]) };
    }
    case "rooms":
      return { ...state, rooms: otherRooms(state, event.rooms, event.visited) };
    case "watched":
      return watch(state, event.isWatched);
    case "read-before":
      return { ...state, unread: { ...state.unread, from: event.sequence + 1 } };
    case "online":
      return { ...state, isOnline: event.isOnline };
    case "answer":
      return withNotice(state, { type: "answer", answer: event.answer }, now);
    case "problem":
      return withNotice(state, { type: "error", problem: event.problem }, now);
    case "dialog":
      return { ...state, dialog: event.dialog };
    case "search": {
      if (event.words === null) return { ...state, search: null };
      return { ...state, search: { words: event.words, found: null, problem: null } };
    }
    case "found": {
      // The answer to an earlier search.
      if (state.search?.words !== event.words) return state;
      const { words, found, problem } = event;
      return { ...state, search: { words, found, problem } };
    }
    case "tick": {
      const presence = announceArrivals(state.presence, now);
      if (presence === state.presence) return state;
      const next = { ...state, presence };
      return isPresenceFull(presence) ? withPresenceLine(next) : next;
    }
  }
}

/** What others have said is marked as read by leaving; what this person wrote goes on in the room that they wrote it for. */
function enter(state: State, room: string, name: string): State {
  return {
    ...state,
    phase: { type: "room" },
    room: { ...NO_ROOM, room, name },
    connection: { type: "joining" },
    items: [],
    pending: [],
    earlier: "unknown",
    presence: NO_PRESENCE,
    unread: NOTHING_UNREAD,
    search: null,
    dialog: null,
    rooms: state.rooms.filter((other) => other.name !== room),
  };
}

function write(state: State, text: string, now: number): State {
  const { name, fingerprint } = state.room;
  const next = withPresenceLine(state);
  const message = {
    type: "pending",
    id: next.nextId,
    time: now,
    name,
    fingerprint: fingerprint ?? name,
    text,
    problem: null,
  } as const;
  return {
    ...next,
    pending: [...next.pending, message],
    // Who answers has read what came.
    unread: NOTHING_UNREAD,
    nextId: next.nextId - 1,
  };
}

function watch(state: State, isWatched: boolean): State {
  if (isWatched === state.isWatched) return state;
  const { unread } = state;
  // The line stays for as long as they look at it, and is gone when they come back another time.
  if (isWatched) return { ...state, isWatched, unread: { ...unread, count: 0, mentions: 0 } };
  return { ...state, isWatched, unread: NOTHING_UNREAD };
}

function historyCame(
  state: State,
  entries: readonly LogEntry[] | null,
  isComplete: boolean,
): State {
  if (entries === null) return { ...state, earlier: "more" };
  const messages = entries.map(({ author: fingerprint, ...entry }) =>
    messageItem(state.room, { ...entry, fingerprint }),
  );
  return {
    ...state,
    items: withMessages(state.items, messages),
    hues: withHues(
      state.hues,
      [...state.room.here.keys()].concat(entries.map(({ author }) => author)),
    ),
    earlier: isComplete ? "none" : "more",
  };
}

function otherRooms(
  state: State,
  rooms: readonly RoomDescription[],
  visited: ReadonlyMap<string, number>,
): State["rooms"] {
  const known = new Map(state.rooms.map((room) => [room.name, room]));
  return rooms
    .filter(({ name }) => name !== state.room.room)
    .map(({ name }) => {
      const { unread = 0, mentions = 0 } = known.get(name) ?? {};
      return { name, unread, mentions, after: visited.get(name) ?? null };
    })
    .toSorted((one, other) => one.name.localeCompare(other.name));
}

function conversationUpdate(before: State, event: RoomEvent, now: number): State {
  const state = {
    ...before,
    room: roomAfter(before.room, event),
    connection: connectionAfter(before.connection, event),
  };
  switch (event.type) {
    case "entered":
      return entered(state, event);
    case "message":
      return receive(state, event);
    case "delivered":
      return deliver(state, event);
    case "joined": {
      // They were found among those who are here before the server has announced them.
      if (before.room.here.has(event.fingerprint)) return state;
      const presence = personJoined(state.presence, event.fingerprint, event.peer, now);
      return { ...state, presence, hues: withHues(state.hues, [...state.room.here.keys()]) };
    }
    case "left":
      return leave(state, before, event, now);
    case "renamed": {
      const { from, to } = event;
      const key = keyOf(before.room, from);
      const presence = arrivalRenamed(state.presence, key, from, to);
      // Somebody who has not been announced yet will be, under the new name.
      if (presence !== null) return { ...state, presence };
      return withNotice(state, { type: "renamed", from, to }, now);
    }
    case "reconnected":
      return withNotice(state, { type: "reconnected" }, now);
    case "rights":
      return { ...state, isMuted: event.muted };
    case "news":
      return news(state, event);
    case "notice": {
      const { code, message, hint, kept = [] } = event;
      const named = kept.reduce(
        (next, text) => withNotice(next, { type: "unsent", text }, now),
        state,
      );
      return withNotice(named, { type: "server", problem: { code, message, hint } }, now);
    }
    case "ended": {
      const { reason } = event;
      const unsaid = neverSent(event);
      return { ...state, phase: { type: "over", reason, problem: null, unsaid }, dialog: null };
    }
    // Shown where it stands: who is away beside their name, the connection in a line of its own, what was not sent yet by
    // its own mark.
    case "away":
    case "disconnected":
    case "silent":
    case "heard":
    case "way":
    case "said":
    case "waiting":
    case "listening":
    case "invitation":
      return state;
  }
}

function entered(state: State, { members, last, muted = false }: EventOf<"entered">): State {
  const hues = withHues(
    state.hues,
    members.map(({ fingerprint }) => fingerprint),
  );
  const own = state.room.fingerprint;
  const pending = state.pending.map((message) => ({ ...message, fingerprint: own ?? "" }));
  return { ...state, hues, pending, isMuted: muted, earlier: last === 0 ? "none" : "coming" };
}

function receive(state: State, event: RoomMessage): State {
  const { from: name, sequence, past = false } = event;
  const item = messageItem(state.room, { ...event, name });
  const settled = past
    ? state
    : withPresenceLine({ ...state, presence: personSpoke(state.presence, event.fingerprint) });
  const items = withMessages(settled.items, [item]);
  const hues = withHue(settled.hues, event.fingerprint);
  const next = bounded({ ...settled, items, hues, earlier: earlierAfter(state, event, items) });
  if (item.isOwn || past || state.isWatched) return next;
  const { unread } = state;
  return {
    ...next,
    unread: {
      from: unread.from ?? sequence,
      count: unread.count + 1,
      mentions: unread.mentions + (item.isMention ? 1 : 0),
    },
  };
}

/** What was said before comes in its order: the newest of it is the last. */
function earlierAfter(
  { earlier, room }: State,
  { past, sequence }: RoomMessage,
  items: State["items"],
): State["earlier"] {
  if (earlier !== "coming" || (past === true && sequence < room.newest)) return earlier;
  return items.some(({ id }) => id === FIRST) ? "none" : "more";
}

/** The oldest message with this text; of an earlier visit, it was not among those that wait. */
function deliver(state: State, { text, sequence, time }: EventOf<"delivered">): State {
  const index = state.pending.findIndex(
    (message) => message.text === text && message.problem === null,
  );
  const { name, fingerprint } = state.room;
  const item = messageItem(state.room, {
    sequence,
    time,
    name,
    fingerprint: fingerprint ?? name,
    text,
  });
  return bounded({
    ...state,
    pending: index === -1 ? state.pending : state.pending.toSpliced(index, 1),
    items: withMessages(state.items, [{ ...item, isOwn: true }]),
  });
}

function leave(state: State, before: State, { peer, reason }: EventOf<"left">, now: number): State {
  const key = keyOf(before.room, peer);
  if (reason === "" && !before.room.saidGoodbye.has(key)) {
    return { ...state, presence: personLeft(state.presence, key, peer, now) };
  }
  // A kick, a ban or a goodbye stays, also if they had just come or are back soon.
  const next = { ...state, presence: withoutArrival(state.presence, key) };
  return withNotice(next, { type: "left", name: peer, reason }, now);
}

function news(state: State, { rooms }: EventOf<"news">): State {
  const changed = new Map(rooms.map((room) => [room.room, room]));
  const known = state.rooms.map((room) => {
    const { unread, mentions, after } = changed.get(room.name) ?? room;
    return { ...room, unread, mentions, after };
  });
  return { ...state, rooms: known };
}

/** Those that the device doesn't keep to send them another time. */
function neverSent({ unsaid, kept = [] }: EventOf<"ended">): readonly string[] {
  const willBeSent = [...kept];
  return unsaid.filter((text) => {
    const index = willBeSent.indexOf(text);
    if (index === -1) return true;
    willBeSent.splice(index, 1);
    return false;
  });
}

function connectionAfter(connection: Connection, event: RoomEvent): Connection {
  switch (event.type) {
    case "entered":
    case "reconnected":
    case "heard":
      return { type: "ok" };
    case "silent":
      return { type: "silent", seconds: event.seconds };
    case "disconnected":
      return { type: "lost" };
    default:
      return connection;
  }
}
