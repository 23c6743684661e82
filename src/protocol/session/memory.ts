// What peers may make this end hold, in bytes, against one budget for all sessions of an endpoint: what they may send before
// they have to wait, messages that the program above has not finished with, and what was not acknowledged or could not be
// queued yet. A session begins with a short window, which grows while its peer fills it and there is memory. When
// memory is short no window grows and less is queued, and eviction.ts ends those that leave the most unread; when it is used
// up nobody new is admitted.

import { type IncomingMessages, RECEIVE_WINDOW } from "./incoming-messages.ts";
import { MAX_MESSAGE } from "./outgoing-messages.ts";
import { PAGE_BYTES } from "./paged-bytes.ts";
import type { Session } from "./session.ts";

/** Bytes of a session with nothing in it, here (7 KiB, docs/performance.md) and in the program above. */
const SESSION_BYTES = 12 * 1_024;
/** Bytes of the first window: the longest message with its length fits, and six packets more. */
export const FIRST_WINDOW = 72 * 1_024;
/** Bytes that are counted for every session, whether it holds them or not. */
export const RESERVED = SESSION_BYTES + FIRST_WINDOW;
/** Bytes that are queued for a peer that has acknowledged nothing: a page of the log fits. */
const FIRST_QUEUE = 256 * 1_024;
/** A window grows when half of it was used within so many round trips: it is what the peer waits for. */
const FAST_ROUND_TRIPS = 4;

/** A class, for sessions ask it by methods: an end that has no budget carries none of them. */
export class MemoryBudget {
  /** Bytes. */
  readonly limit: number;
  used = 0;
  /** When to look next for what can be released (eviction.ts), ms. */
  checkAt = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** The last eighth is for newcomers: no window grows into it, and less is queued. */
  isShort(more = 0): boolean {
    return this.used + more > (this.limit * 7) / 8;
  }

  /** How many more sessions there is memory for. */
  sessionsLeft(): number {
    return Math.max(0, Math.floor((this.limit - this.used) / RESERVED));
  }

  /** The session is one of those that are counted from now on. */
  startCounting(session: Session): void {
    session.counted = RESERVED;
    this.used += RESERVED;
  }

  /** Counts what the session may hold now. To be called whenever that may have changed. */
  countHeld(session: Session): void {
    const { outgoing, incoming, counted } = session;
    if (counted === 0) return;
    const { queue, waiting } = outgoing;
    const held = heldIncoming(incoming) + queue.end - queue.start + waiting;
    session.counted = Math.max(RESERVED, SESSION_BYTES + held);
    this.used += session.counted - counted;
  }

  stopCounting(session: Session): void {
    this.used -= session.counted;
    session.counted = 0;
  }

  /** A window is being granted: decides how long the next one is. */
  adaptWindow({ incoming, recovery }: Session, now: number): void {
    const isFast = now - incoming.grantedAt < FAST_ROUND_TRIPS * recovery.path.roundTrip.smoothed;
    const longer = Math.min(2 * incoming.window, RECEIVE_WINDOW);
    const isLonger = isFast && !this.isShort(longer);
    incoming.window = isLonger ? longer : FIRST_WINDOW;
    incoming.grantedAt = now;
  }

  /**
   * Whether so many bytes may be queued to be sent: a page more than what the peer accepts now, and no more than it has
   * acknowledged so far, which is what a path that gets faster needs; while memory is short, as many as one message may have.
   */
  mayQueue({ outgoing }: Session, length: number): boolean {
    const { queue, limit } = outgoing;
    const accepted = Math.max(0, Math.min(limit - queue.start, queue.start));
    const most = this.isShort() ? MAX_MESSAGE : FIRST_QUEUE + accepted;
    return queue.end - queue.start + length <= most;
  }
}

/** A buffer may be longer than what is in it. */
function heldIncoming({ arrived, earlyBytes, granted, unfinished }: IncomingMessages): number {
  const buffers = (arrived.buffer?.length ?? 0) + earlyBytes.size * PAGE_BYTES;
  return Math.max(granted - arrived.start, buffers) + unfinished;
}
