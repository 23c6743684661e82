// What is said in a room, on its way to one member: the log from the member's place on, as fast as the
// member reads. A member that does not read is dropped; nobody else waits for it.

import { type Channel, ENDED_BY_PROGRAM } from "../chat/channel.ts";
import { encodeFrame } from "../chat/frames.ts";
import type { LogEntry } from "../chat/log-entry.ts";
import type { Log } from "../log/log.ts";

/** The frame of each entry that many follow, made once. */
const frames = new WeakMap<LogEntry, Uint8Array>();

export function frameOf(entry: LogEntry): Uint8Array {
  const known = frames.get(entry);
  if (known !== undefined) return known;
  const frame = encodeFrame({ type: "message", ...entry });
  frames.set(entry, frame);
  return frame;
}

export interface Following {
  readonly log: Log;
  readonly room: string;
  readonly channel: Channel;
  /** How long a batch may wait for room, ms. */
  readonly unreadFor: number;
}

/** Follows until `signal` aborts, or the member is gone; throws when the log fails. */
export async function follow(
  { log, room, channel, unreadFor }: Following,
  after: number,
  signal: AbortSignal,
): Promise<void> {
  for await (const batch of log.follow(room, after, signal)) {
    const taken = sayInTime(channel, batch.map(frameOf), unreadFor);
    if (taken !== true && !(await taken)) return;
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
