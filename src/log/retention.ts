// Deletes what is older than a log keeps, or more than it keeps, in each room, now and then. The clock and timers are
// passed in; knows no members.

import { CharlaError } from "../errors.ts";
import type { Log, LogReader } from "./log.ts";

/** An entry is kept if both conditions that are given hold. */
export interface Keep {
  /** How long, ms. */
  readonly time?: number | undefined;
  /** As many bytes of a room's newest entries, with what the store needs for them. */
  readonly bytes?: number | undefined;
}

/** How often it looks, ms: a member that sends as much as it may adds some 30 MB meanwhile. */
const LOOK_EVERY = 60_000;
/** Entries whose times are read at once. */
const PAGE = 1_000;

interface RetentionOptions {
  readonly log: Log;
  readonly keep: Keep;
  /** ms since 1970. */
  readonly now: () => number;
  readonly setTimer: (run: () => void, delay: number) => Disposable;
}

/** Looks at once, and then every minute, until it is disposed of. */
export function createRetention({ log, keep, now, setTimer }: RetentionOptions): Disposable {
  let timer: Disposable | null = null;
  let isOver = false;

  async function deleteOld(): Promise<void> {
    for (const { name } of await log.rooms()) {
      const cut = await firstToKeep(log, name, keep, now());
      if (isOver) return;
      if (cut > (await log.first(name))) await log.deleteBefore(name, cut);
      await new Promise<void>((resolve) => void setImmediate(resolve));
      if (isOver) return;
    }
  }

  async function look(): Promise<void> {
    try {
      await deleteOld();
    } catch (error) {
      // A store that fails says so to those who write to it; this is tried again. A log that was closed meanwhile is none.
      if (!isOver && !(error instanceof CharlaError)) throw error;
    }
    if (!isOver) timer = setTimer(() => void look(), LOOK_EVERY);
  }

  void look();
  return {
    [Symbol.dispose]() {
      isOver = true;
      timer?.[Symbol.dispose]();
    },
  };
}

/** The sequence number of the first entry of a room to be kept, one more than `last` if there is none. */
export async function firstToKeep(
  log: LogReader,
  room: string,
  { time, bytes }: Keep,
  now: number,
): Promise<number> {
  const first = await log.first(room);
  const young = time === undefined ? first : await firstSince(log, room, now - time, now);
  const few = bytes === undefined ? first : await firstWithin(log, room, bytes);
  return Math.max(young, few);
}

/**
 * The sequence number after the last entry that was old when the first young one came. A time that is still to come says
 * nothing: the clock was wrong. Nor does an old time among young ones.
 */
export async function firstSince(
  log: LogReader,
  room: string,
  oldest: number,
  now: number,
): Promise<number> {
  const first = await log.first(room);
  let found = first;
  // Mostly the first is young.
  let count = 1;
  for (let cursor = first - 1; ; count = PAGE) {
    const marks = await log.marks(room, cursor, count);
    for (const { sequence, time } of marks) {
      if (time >= oldest && time <= now) return found;
      if (time < oldest) found = sequence + 1;
      cursor = sequence;
    }
    if (marks.length < count) return found;
  }
}

/** The sequence number of the first of the newest entries that take so many bytes together. */
async function firstWithin(log: LogReader, room: string, bytes: number): Promise<number> {
  const last = await log.last(room);
  const [newest] = await log.marks(room, last - 1, 1);
  let low = await log.first(room);
  // A binary search: what is before `low` does not fit, and what is from `high` on does.
  let high = last + 1;
  while (newest !== undefined && low < high) {
    const middle = Math.floor((low + high) / 2);
    const [mark] = await log.marks(room, middle - 1, 1);
    if (mark !== undefined && newest.end - mark.start > bytes) low = middle + 1;
    else high = middle;
  }
  return low;
}
