// A conversation whose events come from a test and whose messages go to it.

import type { Conversation } from "../../src/chat/conversation.ts";
import type { EndReason, RoomEvent } from "../../src/chat/events.ts";
import { createEventQueue, eventWeight } from "../../src/client/event-queue.ts";
import { CharlaError } from "../../src/errors.ts";

export interface ScriptedConversation {
  readonly conversation: Conversation<RoomEvent>;
  emit(event: RoomEvent): void;
  /** Its events throw. */
  fail(error: CharlaError): void;
}

/** @param send takes each message; it is done when a "delivered" is emitted, the oldest first */
export function createScriptedConversation(send: (text: string) => void): ScriptedConversation {
  const queue = createEventQueue<RoomEvent>(eventWeight);
  const pending: { text: string; done: PromiseWithResolvers<void> }[] = [];

  function end(reason: EndReason): void {
    const unsaid = pending.map(({ text }) => text);
    for (const { done } of pending.splice(0)) {
      done.reject(new CharlaError("CONVERSATION_OVER", "it is over", "join another one"));
    }
    queue.end({ type: "ended", reason, unsaid });
  }

  return {
    conversation: {
      events: queue.events,
      async say(text) {
        if (text.startsWith("too long")) {
          throw new CharlaError("MESSAGE_TOO_LONG", "that is too long", "say less");
        }
        if (text.startsWith("for another conversation")) {
          throw new CharlaError(
            "OTHER_CONVERSATION",
            "this is a new conversation",
            "write it again",
          );
        }
        const done = Promise.withResolvers<void>();
        pending.push({ text, done });
        send(text);
        await done.promise;
      },
      async leave() {
        end("left");
      },
      async [Symbol.asyncDispose]() {
        end("left");
      },
    },
    emit(event) {
      if (event.type === "delivered") pending.shift()?.done.resolve();
      if (event.type === "ended") end(event.reason);
      else queue.push(event);
    },
    fail: (error) => queue.end(null, error),
  };
}
