// What is said in a room, on its way to one member: the log from the member's place on, as fast as the
// member reads. A member that does not read is dropped; nobody else waits for it.

import { type Channel, ENDED_BY_PROGRAM } from "../chat/channel.ts";
import type { Log } from "../log/log.ts";
import { fanOutOf, type Listener } from "./fan-out.ts";
import { frameOf } from "./frame-cache.ts";

/** Entries read at once. */
const AT_ONCE = 1_000;

export interface Following {
  readonly log: Log;
  readonly room: string;
  readonly channel: Channel;
  /** How long a batch may wait for room, ms. */
  readonly unreadFor: number;
}

/** Follows until `signal` aborts, or the member is gone; throws when the log fails. */
export async function follow(
  following: Following,
  after: number,
  signal: AbortSignal,
): Promise<void> {
  const { log, room, channel, unreadFor } = following;
  let place = after;
  while (!signal.aborted) {
    const batch = await log.read(room, place, AT_ONCE);
    if (signal.aborted) return;
    place = batch.at(-1)?.sequence ?? place;
    if (batch.length > 0 && !(await sayInTime(channel, batch.map(frameOf), unreadFor))) return;
    if (batch.length > 0) continue;
    const left = await listen(following, place, signal);
    if (left === null || !(await left.taken)) return;
    ({ place } = left);
  }
}

/** Where a member has fallen behind, and whether there will be room for what it was sent last. */
interface FallenBehind {
  readonly place: number;
  readonly taken: Promise<boolean> | boolean;
}

/** Hands on what is appended, until the member falls behind; null when `signal` aborts. */
async function listen(
  { log, room, channel, unreadFor }: Following,
  place: number,
  signal: AbortSignal,
): Promise<FallenBehind | null> {
  const { promise, resolve, reject } = Promise.withResolvers<FallenBehind | null>();
  const listener: Listener = {
    place,
    take(frames) {
      const taken = sayInTime(channel, frames, unreadFor);
      if (taken !== true) resolve({ place: listener.place, taken });
      return taken === true;
    },
    fail: reject,
  };
  const fanOut = fanOutOf(log, room, place);
  if (!fanOut.join(listener)) return { place, taken: true };
  const stop = () => resolve(null);
  signal.addEventListener("abort", stop);
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", stop);
    fanOut.leave(listener);
  }
}

/** Says messages, and drops who leaves no room for them for `unreadFor` ms; false when the channel is over. */
export function sayInTime(
  channel: Channel,
  messages: readonly Uint8Array[],
  unreadFor: number,
): boolean | Promise<boolean> {
  const taken = channel.sayAll(messages);
  return typeof taken === "boolean" ? taken : inTime(taken, channel, unreadFor);
}

async function inTime(
  taken: Promise<boolean>,
  channel: Channel,
  unreadFor: number,
): Promise<boolean> {
  const patience = setTimeout(() => {
    channel.abort(ENDED_BY_PROGRAM, `you left your messages unread for ${unreadFor / 1_000} s`);
  }, unreadFor);
  try {
    return await taken;
  } finally {
    clearTimeout(patience);
  }
}
