// The room that this tab is in: joined once no other tab of the browser has it, left when another one takes it, and joined again
// when that one is gone. Knows not how a room is joined.

import type { RoomConversation } from "../src/chat/conversation.ts";
import type { RoomEvent } from "../src/chat/events.ts";
import { defer, type Deferred } from "../src/deferred.ts";
import { type Claim, claimPlace } from "./tabs.ts";
import type { Tabs } from "./view/page-context.ts";

/** Opens a room; `close` resolves once nothing of it is in use any more, and another tab may have it. */
export type OpenRoom = (options: {
  readonly name: string;
  readonly room: string;
}) => Promise<{ readonly conversation: RoomConversation; close(this: void): PromiseLike<void> }>;

export interface TabRoom extends Tabs {
  join(options: { readonly name: string; readonly room: string }): Promise<RoomConversation>;
}

/** @param server whose rooms these are, the same in every tab */
export function createTabRoom(server: string, open: OpenRoom): TabRoom {
  let place: { readonly room: string; readonly claim: Claim; name: string } | null = null;
  /** For `join`: of the next time that this tab has the room. */
  let joined: Deferred<RoomConversation> = defer();
  let waiting: (() => void) | null = null;

  function claim(room: string): Claim {
    return claimPlace({
      name: JSON.stringify(["charla", server, room]),
      onWaiting: () => waiting?.(),
      async hold(signal) {
        const { conversation, close } = await open({ name: place?.name ?? "", room });
        const over = defer<void>();
        signal.addEventListener("abort", () => {
          joined = defer();
          over.resolve();
        });
        joined.resolve({ ...conversation, events: untilOver(conversation, over) });
        await over.promise;
        // The claim is over, and what is joined next is joined anew.
        if (!signal.aborted && place?.room === room) place = null;
        await conversation.leave();
        await close();
      },
    });
  }

  return {
    async join({ name, room }) {
      if (place?.room !== room) {
        const before = place;
        joined = defer();
        await before?.claim[Symbol.asyncDispose]();
        place = { room, name, claim: claim(room) };
      }
      place.name = name;
      return await joined.promise;
    },
    onWaiting(handler) {
      waiting = handler;
    },
    take: () => place?.claim.take(),
  };
}

/** A reader that stops, or has come to the end, needs the conversation no more. */
async function* untilOver(
  { events }: RoomConversation,
  over: Deferred<void>,
): AsyncGenerator<RoomEvent, void, undefined> {
  try {
    yield* events;
  } finally {
    over.resolve();
  }
}
