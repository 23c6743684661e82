// What a room client knows of other rooms: of which there is to be news, and up to where each was read, perhaps in another
// window of the person. Knows neither what is done with the news nor where windows keep what they have shown.

import type { RoomNews } from "../../chat/frames.ts";
import { type Action, emit, type ReadRoom, type RoomClient } from "./state.ts";

/**
 * How often it is looked up, ms, whether another window has shown what is unread: each time costs reading the ends of a few
 * files, and what somebody reads there shall soon not count here.
 */
const LOOK_EVERY = 2_000;

/** A server that does not know this frame ignores it; others answer with news of all these rooms. */
export function watch(client: RoomClient, actions: Action[]): void {
  client.unread = new Set();
  client.lookAt = null;
  actions.push({ type: "send", frame: { type: "watch", rooms: [...client.watched] } });
}

export function receiveNews(
  client: RoomClient,
  rooms: readonly RoomNews[],
  now: number,
  actions: Action[],
): void {
  // Over the next connection it goes on from there.
  const begun = new Map(rooms.map(({ room, after }) => [room, after]));
  client.watched = client.watched.map(({ room, after = begun.get(room) }) => {
    return after === undefined ? { room } : { room, after };
  });
  const unread = new Set(client.unread);
  for (const { room, unread: count } of rooms) {
    if (count > 0) unread.add(room);
    else unread.delete(room);
  }
  client.unread = unread;
  if (unread.size === 0 || client.hasOtherWindows !== true) client.lookAt = null;
  else client.lookAt ??= now + LOOK_EVERY;
  emit(actions, { type: "news", rooms: [...rooms] });
}

/** Whether what is unread was read in another window. */
export function look(client: RoomClient, now: number, actions: Action[]): void {
  const { phase, lookAt, log, unread } = client;
  if (phase.name !== "joined" || lookAt === null || now < lookAt) return;
  client.lookAt = now + LOOK_EVERY;
  actions.push({ type: "look", log, rooms: [...unread] });
}

/** News goes on from where the rooms were read in another window. */
export function readElsewhere(
  client: RoomClient,
  rooms: readonly ReadRoom[],
  actions: Action[],
): void {
  const read = new Map(rooms.map(({ room, after }) => [room, after]));
  const watched = client.watched.map((each) => {
    const after = read.get(each.room) ?? 0;
    return each.after !== undefined && after > each.after ? { room: each.room, after } : each;
  });
  const isNew = watched.some((each, index) => each !== client.watched[index]);
  client.watched = watched;
  if (isNew && client.phase.name === "joined") watch(client, actions);
}
