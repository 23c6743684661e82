// The entries of a room that match some conditions, oldest first, in batches: however many they are, only a few
// are in memory. Knows nothing of how they are shown.

import type { LogEntry } from "../chat/frames.ts";
import { MAX_FOUND } from "./log.ts";
import type { Conditions, LogReader } from "./log.ts";
import { hasPrefixes, searchPrefixes } from "./text-matching.ts";

/** Entries of one batch: 13 MB at worst, and enough that a query for each costs little. */
const BATCH = 200;

export interface Selection extends Conditions {
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
  if (since === undefined && words === undefined) {
    const start = Math.max((await log.first(room)) - 1, end - last);
    yield* readBetween(log, room, start, end);
    return;
  }
  const found = findUntil(log, room, { since, words }, end);
  for await (const sequences of last === Number.POSITIVE_INFINITY ? found : keepLast(found, last)) {
    yield* readEntries(log, room, sequences);
  }
}

/** Of entries in memory, oldest first. */
export function selectFrom<Entry extends Pick<LogEntry, "time" | "text">>(
  entries: readonly Entry[],
  { since = 0, words, last }: Selection,
): Entry[] {
  const prefixes = words === undefined ? [] : searchPrefixes(words);
  const matching = entries.filter(
    ({ time, text }) => time >= since && (words === undefined || hasPrefixes(text, prefixes)),
  );
  return last === undefined ? matching : matching.slice(-last);
}

async function* readBetween(log: LogReader, room: string, start: number, end: number) {
  for (let cursor = start; cursor < end;) {
    const batch = await log.read(room, cursor, Math.min(BATCH, end - cursor));
    const newest = batch.at(-1);
    if (newest === undefined) return;
    yield batch.filter(({ sequence }) => sequence <= end);
    // Not as many further: the oldest may have been deleted meanwhile.
    cursor = newest.sequence;
  }
}

async function* findUntil(log: LogReader, room: string, conditions: Conditions, end: number) {
  for (let cursor = 0; cursor < end;) {
    const found = await log.find(room, conditions, cursor, MAX_FOUND);
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
    const read = await log.read(room, first - 1, length);
    // Not those behind ones that were deleted meanwhile.
    batch.push(...read.filter(({ sequence }) => sequence < first + length));
    index += length;
    if (batch.length >= BATCH) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}
