// What was said here and is not known to have arrived, in order: it waits for somebody to hear it, then
// for the acknowledgment. Knows no link; it is told where each message ends and what has arrived.

import { MAX_WAITING } from "../chat/plain-talk.ts";
import type { CharlaError } from "../errors.ts";
import { tooManyWaiting } from "./conversation-errors.ts";

export interface Said {
  readonly text: string;
  /** Resolves once it has arrived. */
  readonly arrived: PromiseWithResolvers<void>;
  /** Where it ends in all that was said, in bytes; null while it has not left. */
  end: number | null;
}

export interface Outbox {
  /** Nobody has been there to hear it yet. */
  readonly waiting: Said[];
  /** On its way. */
  readonly underWay: Said[];
  /** Everything before it has arrived, in bytes. */
  arrivedUpTo: number;
}

export function createOutbox(): Outbox {
  return { waiting: [], underWay: [], arrivedUpTo: 0 };
}

/**
 * Takes in a message.
 *
 * @throws {CharlaError} TOO_MANY_WAITING
 */
export function put({ waiting, underWay }: Outbox, text: string): Said {
  if (waiting.length + underWay.length >= MAX_WAITING) {
    throw tooManyWaiting("the other end has them");
  }
  const arrived = Promise.withResolvers<void>();
  // Who says something need not wait for it.
  arrived.promise.catch(() => {});
  const said: Said = { text, arrived, end: null };
  waiting.push(said);
  return said;
}

/** Takes out what has arrived now, oldest first. */
export function takeArrived({ underWay, arrivedUpTo }: Outbox): Said[] {
  let count = 0;
  for (const { end } of underWay) {
    if (end === null || end > arrivedUpTo) break;
    count += 1;
  }
  return underWay.splice(0, count);
}

/** Takes out everything, with `error` for who waits; returns the texts. */
export function giveUp(messages: Said[], error: CharlaError): string[] {
  return messages.splice(0).map(({ text, arrived }) => {
    arrived.reject(error);
    return text;
  });
}
