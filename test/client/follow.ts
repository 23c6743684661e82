// A conversation's events, read one by one.

import type { Conversation } from "../../src/chat/conversation.ts";
import type { ConversationEvent } from "../../src/chat/events.ts";

export interface Followed {
  /** The next event, as soon as it happens; null after the last. */
  next(): Promise<ConversationEvent | null>;
  /** So many events. */
  take(count: number): Promise<ConversationEvent[]>;
  /** All events that are left, to the end of the conversation. */
  rest(): Promise<ConversationEvent[]>;
}

export function follow({ events }: Conversation): Followed {
  const reader = events[Symbol.asyncIterator]();

  async function next(): Promise<ConversationEvent | null> {
    const read = await reader.next();
    return read.done === true ? null : read.value;
  }
  return {
    next,
    async take(count) {
      const taken: ConversationEvent[] = [];
      while (taken.length < count) {
        const event = await next();
        if (event === null) break;
        taken.push(event);
      }
      return taken;
    },
    async rest() {
      const left: ConversationEvent[] = [];
      for (let event = await next(); event !== null; event = await next()) left.push(event);
      return left;
    },
  };
}

/** The port a server said it listens on. */
export function portOf(event: ConversationEvent | null): number {
  if (event?.type !== "listening") throw new Error(`not listening: ${JSON.stringify(event)}`);
  return Number(event.address.replace(/^.*:/, ""));
}
