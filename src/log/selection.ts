// What somebody asks of a room's past, from an oldest entry on, in batches: however much it is, little of it
// is in memory. Knows nothing of how it is shown.

import type { LogEntry } from "../chat/log-entry.ts";
import { MAX_FOUND } from "./bounds.ts";
import type { LogReader } from "./log.ts";

/** Entries of one batch: 13 MB at worst, and enough that the way to each costs little. */
const BATCH = 200;

/** What is given must all be so. */
export interface Selection {
  /** Not before this time, ms since 1970. */
  readonly since?: number | undefined;
  /** As in a Search. */
  readonly words?: string | undefined;
  /** The newest so many of those that the rest leaves. */
  readonly last?: number | undefined;
}

/** Oldest first; what is said after the call is no part of it. */
export async function* select(
  log: LogReader,
  room: string,
  { since, words, last = Number.POSITIVE_INFINITY }: Selection,
): AsyncGenerator<LogEntry[]> {
  const end = await log.last(room);
  const start = since === undefined ? 0 : await lastBefore(log, room, since);
  if (words === undefined) {
    yield* entriesBetween(log, room, Math.max(start, end - last), end);
    return;
  }
  const found = findBetween(log, room, words, start, end);
  for await (const sequences of last === Number.POSITIVE_INFINITY ? found : newest(found, last)) {
    yield* entriesOf(log, room, sequences);
  }
}

/** The sequence number of a room's last entry before a time, ms since 1970; 0 where there is none. */
export async function lastBefore(log: LogReader, room: string, time: number): Promise<number> {
  // Time never goes back within a room, so that what lies between the two can be halved.
  let before = 0;
  let perhaps = await log.last(room);
  while (before < perhaps) {
    const middle = Math.ceil((before + perhaps) / 2);
    const [entry] = await log.read(room, middle - 1, 1);
    if (entry !== undefined && entry.time < time) before = middle;
    else perhaps = middle - 1;
  }
  return before;
}

async function* entriesBetween(log: LogReader, room: string, start: number, end: number) {
  for (let place = start; place < end;) {
    const batch = await log.read(room, place, Math.min(BATCH, end - place));
    if (batch.length === 0) return;
    yield batch;
    place += batch.length;
  }
}

async function* findBetween(
  log: LogReader,
  room: string,
  words: string,
  start: number,
  end: number,
) {
  for (let place = start; place < end;) {
    const found = await log.find(room, words, place, MAX_FOUND);
    yield found.filter((sequence) => sequence <= end);
    place = found.at(-1) ?? end;
  }
}

/** The last `count` of all, at once: numbers, of which a million are 8 MB. */
async function* newest(found: AsyncIterable<number[]>, count: number) {
  let kept: number[] = [];
  for await (const sequences of found) kept = kept.concat(sequences).slice(-count);
  yield kept;
}

async function* entriesOf(log: LogReader, room: string, sequences: readonly number[]) {
  let batch: LogEntry[] = [];
  for (let index = 0; index < sequences.length;) {
    const first = sequences[index] ?? 0;
    let length = 1;
    // What follows one another is read at once.
    while (batch.length + length < BATCH && sequences[index + length] === first + length)
      length += 1;
    batch.push(...(await log.read(room, first - 1, length)));
    index += length;
    if (batch.length >= BATCH) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}
