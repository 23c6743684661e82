// Which number stands for which author in the messages of a room (docs/protocol.md s. 18.4). There are few: the author who has
// spoken least lately loses theirs to a new one. Knows neither members nor how messages are sent.

import type { LogEntry } from "../chat/frames.ts";
import { type Author, MAX_AUTHORS } from "../chat/short-frames.ts";

export interface NumberedAuthor extends Author {
  readonly index: number;
  /** The bit of that number. */
  readonly bit: number;
  /** Larger for those who have spoken later. */
  usedAt: number;
}

export interface AuthorNumbers {
  readonly byKey: Map<string, NumberedAuthor>;
  uses: number;
}

export function createAuthorNumbers(): AuthorNumbers {
  return { byKey: new Map(), uses: 0 };
}

/** The author of an entry, who gets a number that nobody has; null when there is none left. */
export function findAuthor(numbers: AuthorNumbers, entry: LogEntry): NumberedAuthor | null {
  const { byKey } = numbers;
  const author = byKey.get(keyOf(entry));
  if (author !== undefined) return author;
  return byKey.size < MAX_AUTHORS ? assign(numbers, entry, byKey.size) : null;
}

/** They have just spoken. */
export function authorSpoke(numbers: AuthorNumbers, author: NumberedAuthor): void {
  author.usedAt = numbers.uses += 1;
}

/**
 * Gives the author of an entry the number of the one who has spoken least lately: whoever knows that one has to be told who has it
 * now.
 */
export function replaceAuthor(numbers: AuthorNumbers, entry: LogEntry): NumberedAuthor {
  const { byKey } = numbers;
  let oldest: NumberedAuthor | null = null;
  for (const author of byKey.values()) {
    if (oldest === null || author.usedAt < oldest.usedAt) oldest = author;
  }
  if (oldest === null) throw new Error("nobody has a number");
  byKey.delete(keyOf(oldest));
  return assign(numbers, entry, oldest.index);
}

function assign(numbers: AuthorNumbers, entry: LogEntry, index: number): NumberedAuthor {
  const { author, name, device } = entry;
  const added = { author, name, device, index, bit: 1 << index, usedAt: numbers.uses };
  numbers.byKey.set(keyOf(entry), added);
  return added;
}

function keyOf({ author, name, device }: Author): string {
  return `${author}\0${device}\0${name}`;
}
