// What a server sees of this end: the address that its packets come from, and when (docs/protocol.md s. 18). Asked
// over a session, without entering a room. Knows no screen.

import type { Channel } from "../chat/channel.ts";
import { createServerFrameReader, encodeFrame, type ServerFrame } from "../chat/frames.ts";
import { defer } from "../deferred.ts";

/** How long an answer may take, ms: a server of an earlier version sends none. */
const ANSWER_TIMEOUT = 2_000;

/** Times are ms since 1970. */
export interface ServerView {
  /** HOST:PORT of this end as the server sees it; null where there is no network between. */
  readonly address: string | null;
  /** The server's clock. */
  readonly serverTime: number;
  /** This machine's clock, before and after. */
  readonly askedAt: number;
  readonly answeredAt: number;
}

type Seen = Extract<ServerFrame, { type: "seen" }>;

/**
 * Takes what comes over a channel, and returns what asks the server: null when no answer comes. One question at a time.
 *
 * @param timeout how long an answer may take, ms
 */
export function createServerViewer(
  channel: Channel,
  timeout = ANSWER_TIMEOUT,
): () => Promise<ServerView | null> {
  let request = 0;
  let answered: ((seen: Seen | null) => void) | null = null;

  const readFrame = createServerFrameReader();
  channel.receive({
    onMessages(messages) {
      for (const message of messages) {
        const reading = readFrame(message);
        if (reading.type !== "frame" || reading.frame.type !== "seen") continue;
        if (reading.frame.request === request) answered?.(reading.frame);
      }
    },
  });
  return async () => {
    request += 1;
    const { promise, resolve } = defer<Seen | null>();
    answered = resolve;
    const timer = setTimeout(() => resolve(null), timeout);
    void channel.ended.then(() => resolve(null));
    const askedAt = Date.now();
    void channel.sayAll([encodeFrame({ type: "look", request })]);
    const seen = await promise;
    clearTimeout(timer);
    if (seen === null) return null;
    const { address = null, time: serverTime } = seen;
    return { address, serverTime, askedAt, answeredAt: Date.now() };
  };
}
