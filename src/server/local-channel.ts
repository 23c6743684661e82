// Two ends of a channel inside one program: the one who runs the server is a member too. Whatever one end says
// the other is handed in the next turn of the event loop, in order, with the same bound as on a network.

import type { Channel, ChannelHandlers } from "../chat/channel.ts";

/** Messages that wait for the other end. */
const MAX_WAITING = 1_024;

export interface LocalEnd extends Channel {
  /** From now on what comes is handed on. */
  attend(handlers: ChannelHandlers): void;
}

interface Half {
  readonly waiting: Uint8Array[];
  handlers: ChannelHandlers | null;
  busy: boolean;
  room: PromiseWithResolvers<boolean>;
}

export function localChannel(): [LocalEnd, LocalEnd] {
  const halves = [createHalf(), createHalf()] as const;
  const ended = Promise.withResolvers<string>();
  let over = false;
  let why = "";

  function end(reason: string): void {
    if (over) return;
    over = true;
    why = reason;
    for (const { room } of halves) room.resolve(false);
    tellWhenOver();
  }

  /** What was said before is handed on first. */
  function tellWhenOver(): void {
    if (over && halves.every(isIdle)) ended.resolve(why);
  }

  function hand(to: Half): void {
    const { handlers, waiting } = to;
    if (handlers === null || to.busy || waiting.length === 0) return;
    to.busy = true;
    setImmediate(() => {
      void Promise.resolve(handlers.onMessages(waiting.splice(0))).then(() => {
        to.busy = false;
        to.room.resolve(!over);
        to.room = Promise.withResolvers();
        hand(to);
        tellWhenOver();
      });
    });
  }

  const endOf = (mine: Half, others: Half): LocalEnd => ({
    attend(handlers) {
      mine.handlers = handlers;
      hand(mine);
    },
    sayAll(messages) {
      if (over) return false;
      others.waiting.push(...messages);
      hand(others);
      return others.waiting.length <= MAX_WAITING || others.room.promise;
    },
    async close() {
      while (others.waiting.length > 0 && !over) await others.room.promise;
      end("");
      await ended.promise;
    },
    abort: (_code, reason) => end(reason),
    ended: ended.promise,
  });
  return [endOf(halves[0], halves[1]), endOf(halves[1], halves[0])];
}

function createHalf(): Half {
  return { waiting: [], handlers: null, busy: false, room: Promise.withResolvers() };
}

/** Where nobody attends nothing is handed on any more. */
function isIdle({ handlers, busy, waiting }: Half): boolean {
  return handlers === null || (!busy && waiting.length === 0);
}
