// The entries of a room that match some conditions, oldest first, in batches: however many they are, only a few
// are in memory. Knows nothing of how they are shown.

import type { LogEntry } from "../chat/frames.ts";
import { MAX_FOUND } from "./log.ts";
import type { LogReader } from "./log.ts";

/** Entries of one batch: 13 MB at worst, and enough that a query for each costs little. */
const BATCH = 200;

/** An entry must match every condition that is given. */
export interface Selection {
  /** Not before this time, ms since 1970. */
  readonly since?: number | undefined;
  /** As in a Search. */
  readonly words?: string | undefined;
  /** Only the newest so many of those that match the other conditions. */
  readonly last?: number | undefined;
}

/** Entries that are appended after the call are left out. */
export async function* select(
  log: LogReader,
  room: string,
  { since, words, last = Number.POSITIVE_INFINITY }: Selection,
): AsyncGenerator<LogEntry[]> {
  const end = await log.last(room);
  const start = since === undefined ? 0 : await lastBefore(log, room, since);
  if (words === undefined) {
    yield* readBetween(log, room, Math.max(start, end - last), end);
    return;
  }
  const found = findBetween(log, room, words, start, end);
  for await (const sequences of last === Number.POSITIVE_INFINITY ? found : keepLast(found, last)) {
    yield* readEntries(log, room, sequences);
  }
}

/** The sequence number of a room's last entry before a time, ms since 1970; 0 where there is none. */
export async function lastBefore(log: LogReader, room: string, time: number): Promise<number> {
  // Time never goes back within a room: a binary search.
  let low = 0;
  let high = await log.last(room);
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const [entry] = await log.read(room, middle - 1, 1);
    if (entry !== undefined && entry.time < time) low = middle;
    else high = middle - 1;
  }
  return low;
}

async function* readBetween(log: LogReader, room: string, start: number, end: number) {
  for (let cursor = start; cursor < end;) {
    const batch = await log.read(room, cursor, Math.min(BATCH, end - cursor));
    if (batch.length === 0) return;
    yield batch;
    cursor += batch.length;
  }
}

async function* findBetween(
  log: LogReader,
  room: string,
  words: string,
  start: number,
  end: number,
) {
  for (let cursor = start; cursor < end;) {
    const found = await log.find(room, words, cursor, MAX_FOUND);
    yield found.filter((sequence) => sequence <= end);
    cursor = found.at(-1) ?? end;
  }
}

/** The last `count` of all, at once: a million numbers are 8 MB. */
async function* keepLast(found: AsyncIterable<number[]>, count: number) {
  let newest: number[] = [];
  for await (const sequences of found) newest = newest.concat(sequences).slice(-count);
  yield newest;
}

async function* readEntries(log: LogReader, room: string, sequences: readonly number[]) {
  let batch: LogEntry[] = [];
  for (let index = 0; index < sequences.length;) {
    const first = sequences[index] ?? 0;
    let length = 1;
    // Consecutive entries are read at once.
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
