// Who comes back after the connection was lost, where each event is a line of its own: after a restart of the server all
// enter again, and no line says of those who were here that they joined. Pure; times are ms since 1970.

import type { ConversationEvent } from "../chat/events.ts";
import {
  askAt,
  type Awaited,
  connectionBack,
  connectionLost,
  withoutPerson,
} from "./state/awaited.ts";
import { keyOf, NO_ROOM, othersHere, roomAfter, type RoomState } from "./state/room.ts";

export interface Returning {
  /** For who is here; it knows no messages. */
  readonly room: RoomState;
  /** Those who were here when the connection was lost, and may be back soon. */
  readonly awaited: Awaited | null;
}

export const NOBODY_RETURNS: Returning = { room: NO_ROOM, awaited: null };

/** The event as it is to be shown; null where there is nothing new in it. */
export function withoutReturns(
  before: Returning,
  event: ConversationEvent,
  now: number,
): [Returning, ConversationEvent | null] {
  // There are many of them, and none says who is here.
  if (event.type === "message" || event.type === "delivered") return [before, event];
  const room = roomAfter(before.room, event);
  const until = askAt(before.awaited);
  const awaited = until !== null && until <= now ? null : before.awaited;
  const others = othersHere(room);
  switch (event.type) {
    case "entered":
      return [{ room, awaited: null }, event];
    case "disconnected":
      return [{ room, awaited: connectionLost(awaited, others) }, event];
    case "reconnected":
      return [{ room, awaited: connectionBack(awaited, others, now) }, event];
    case "joined": {
      if (!("fingerprint" in event) || awaited === null) return [{ room, awaited }, event];
      const { fingerprint, peer: to } = event;
      const from = awaited.people.get(fingerprint);
      const next = { room, awaited: withoutPerson(awaited, fingerprint) };
      if (from === undefined) return [next, event];
      return [next, from === to ? null : { type: "renamed", from, to }];
    }
    case "left": {
      const key = keyOf(before.room, event.peer);
      return [{ room, awaited: awaited === null ? null : withoutPerson(awaited, key) }, event];
    }
    default:
      return [{ room, awaited }, event];
  }
}
