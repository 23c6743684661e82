// Two ends of a channel inside one program, for the owner, who is a member too. What one end sends, the other
// receives in the next turn of the event loop, in order, with a bound as on a network.

import type { Channel, ChannelHandlers } from "../chat/channel.ts";

/** Messages that wait for the other end before there is no room for more. */
const MAX_WAITING = 1_024;

/** What waits for one end. */
interface Inbox {
  readonly waiting: Uint8Array[];
  handlers: ChannelHandlers | null;
  /** The handlers are still at earlier messages. */
  busy: boolean;
  /** Resolved once what waits is taken: true; or the channel has ended first: false. */
  room: PromiseWithResolvers<boolean>;
}

export function localChannel(): [Channel, Channel] {
  const inboxes = [createInbox(), createInbox()] as const;
  const ended = Promise.withResolvers<string>();
  /** Null until it is over. */
  let endReason: string | null = null;

  function end(reason: string): void {
    if (endReason !== null) return;
    endReason = reason;
    for (const { room, handlers } of inboxes) {
      room.resolve(false);
      handlers?.onEnd?.();
    }
    resolveEnded();
  }

  /** Only after everything that was sent before has been received. */
  function resolveEnded(): void {
    if (endReason !== null && inboxes.every(isIdle)) ended.resolve(endReason);
  }

  function deliver(inbox: Inbox): void {
    const { handlers, waiting } = inbox;
    if (handlers === null || inbox.busy || waiting.length === 0) return;
    inbox.busy = true;
    setImmediate(() => {
      void Promise.resolve(handlers.onMessages(waiting.splice(0))).then(() => {
        inbox.busy = false;
        inbox.room.resolve(endReason === null);
        inbox.room = Promise.withResolvers();
        deliver(inbox);
        resolveEnded();
      });
    });
  }

  const createEnd = (own: Inbox, other: Inbox): Channel => ({
    receive(handlers) {
      own.handlers = handlers;
      deliver(own);
    },
    sayAll(messages) {
      if (endReason !== null) return false;
      other.waiting.push(...messages);
      deliver(other);
      return other.waiting.length <= MAX_WAITING || other.room.promise;
    },
    async close(_code, reason = "") {
      while (other.waiting.length > 0 && endReason === null) await other.room.promise;
      end(reason);
      await ended.promise;
    },
    abort: (_code, reason) => end(reason),
    ended: ended.promise,
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
