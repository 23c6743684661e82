// Two ends of a channel inside one program, for the owner, who is a member too. What one end sends, the other
// receives in the next turn of the event loop, in order, with a bound as on a network.

import type { Channel, ChannelHandlers } from "../chat/channel.ts";
import { CLOSE_DONE } from "../protocol/session/session.ts";

/** Messages that wait for the other end before there is no room for more. */
const MAX_WAITING = 1_024;

/** How it was ended: the code and reason of the end that was first. */
export interface LocalEnd {
  readonly code: number;
  readonly reason: string;
}

export interface LocalChannel extends Channel {
  readonly ended: Promise<LocalEnd>;
}

/** What waits for one end. */
interface Inbox {
  readonly waiting: Uint8Array[];
  handlers: ChannelHandlers | null;
  /** The handlers are still at earlier messages. */
  busy: boolean;
  /** Resolved once what waits is taken: true; or the channel has ended first: false. */
  room: PromiseWithResolvers<boolean>;
}

export function localChannel(): [LocalChannel, LocalChannel] {
  const inboxes = [createInbox(), createInbox()] as const;
  const ended = Promise.withResolvers<LocalEnd>();
  /** Null until it is over. */
  let over: LocalEnd | null = null;

  function end(code: number, reason: string): void {
    if (over !== null) return;
    over = { code, reason };
    for (const { room, handlers } of inboxes) {
      room.resolve(false);
      handlers?.onEnd?.();
    }
    resolveEnded();
  }

  /** Only after everything that was sent before has been received. */
  function resolveEnded(): void {
    if (over !== null && inboxes.every(isIdle)) ended.resolve(over);
  }

  function deliver(inbox: Inbox): void {
    const { handlers, waiting } = inbox;
    if (handlers === null || inbox.busy || waiting.length === 0) return;
    inbox.busy = true;
    setImmediate(() => {
      void Promise.resolve(handlers.onMessages(waiting.splice(0))).then(() => {
        inbox.busy = false;
        inbox.room.resolve(over === null);
        inbox.room = Promise.withResolvers();
        deliver(inbox);
        resolveEnded();
      });
    });
  }

  const createEnd = (own: Inbox, other: Inbox): LocalChannel => ({
    receive(handlers) {
      own.handlers = handlers;
      deliver(own);
    },
    sayAll(messages) {
      if (over !== null) return false;
      other.waiting.push(...messages);
      deliver(other);
      return other.waiting.length <= MAX_WAITING || other.room.promise;
    },
    async close(code = CLOSE_DONE, reason = "") {
      while (other.waiting.length > 0 && over === null) await other.room.promise;
      end(code, reason);
      await ended.promise;
    },
    abort: end,
    ended: ended.promise,
    way: () => ({ transport: "local" }),
  });
  return [createEnd(inboxes[0], inboxes[1]), createEnd(inboxes[1], inboxes[0])];
}

function createInbox(): Inbox {
  return { waiting: [], handlers: null, busy: false, room: Promise.withResolvers() };
}

/** Without handlers, nothing is received any more. */
function isIdle({ handlers, busy, waiting }: Inbox): boolean {
  return handlers === null || (!busy && waiting.length === 0);
}
