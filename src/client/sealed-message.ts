// Single messages into a sealed conversation: `charla send --to INVITATION`. For programs; knows no
// screen.

import type { ConversationEvent } from "../chat/events.ts";
import { CharlaError } from "../errors.ts";
import type { MessageSender, ReceivedMessage } from "./plain-message.ts";
import { joinSealed, type JoinSealedOptions, type SealedTarget } from "./sealed-conversation.ts";

/**
 * Joins the conversation, to say something and leave. `send` resolves when the other end has the message.
 *
 * @throws {CharlaError} as `joinSealed` does
 */
export async function openSealedSender(
  target: string | SealedTarget,
  options?: JoinSealedOptions,
): Promise<MessageSender> {
  const conversation = await joinSealed(target, options);
  const events = conversation.events[Symbol.asyncIterator]();
  return {
    send: (text) => conversation.say(text),
    async ask(text) {
      await conversation.say(text);
      return nextMessage(events);
    },
    finish: () => conversation.leave(),
    [Symbol.asyncDispose]: () => conversation.leave(),
  };
}

async function nextMessage(events: AsyncIterator<ConversationEvent>): Promise<ReceivedMessage> {
  for (;;) {
    const { done, value } = await events.next();
    if (done === true) {
      throw new CharlaError(
        "CONVERSATION_OVER",
        "the other end left without an answer",
        "send the message again, or without --reply",
      );
    }
    if (value.type === "message") return { from: value.from, text: value.text };
  }
}
