// What a server sees of this end: from where its packets come, and when (docs/protocol.md s. 18). Asked over
// a session, without coming into a room. Knows no screen.

import type { Channel } from "../chat/channel.ts";
import { encodeFrame, readServerFrame, type ServerFrame } from "../chat/frames.ts";

/** How long an answer may take, ms: a server of an earlier version gives none. */
const PATIENCE = 2_000;

/** Times are ms since 1970. */
export interface View {
  /** HOST:PORT of this end as the server sees it; null where it does not say. */
  readonly address: string | null;
  /** The server's clock. */
  readonly serverTime: number;
  /** This machine's, before and after. */
  readonly askedAt: number;
  readonly answeredAt: number;
}

export interface Looks {
  /** For all that comes over the channel; what is no answer is left alone. */
  readonly onMessages: (messages: readonly Uint8Array[]) => void;
  /** Asks; null when no answer comes. One question at a time. */
  look(channel: Channel): Promise<View | null>;
}

type Seen = Extract<ServerFrame, { type: "seen" }>;

export function createLooks(): Looks {
  let request = 0;
  let answered: ((seen: Seen | null) => void) | null = null;

  return {
    onMessages(messages) {
      for (const message of messages) {
        const reading = readServerFrame(message);
        if (reading.type !== "frame" || reading.frame.type !== "seen") continue;
        if (reading.frame.request === request) answered?.(reading.frame);
      }
    },
    async look(channel) {
      request += 1;
      const { promise, resolve } = Promise.withResolvers<Seen | null>();
      answered = resolve;
      const patience = setTimeout(() => resolve(null), PATIENCE);
      void channel.ended.then(() => resolve(null));
      const askedAt = Date.now();
      void channel.sayAll([encodeFrame({ type: "look", request })]);
      const seen = await promise;
      clearTimeout(patience);
      if (seen === null) return null;
      const { address = null, time: serverTime } = seen;
      return { address, serverTime, askedAt, answeredAt: Date.now() };
    },
  };
}
