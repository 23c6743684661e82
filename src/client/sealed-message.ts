// Single messages to a room, as `charla send --to INVITATION` sends them. For programs; knows no screen.

import type { RoomEvent } from "../chat/events.ts";
import { CharlaError } from "../errors.ts";
import { joinRoom, type JoinRoomOptions } from "./join-room.ts";
import type { MessageSender, ReceivedMessage } from "./plain-message.ts";
import type { SealedTarget } from "./sealed-target.ts";

/**
 * Enters a room to say something and leave. `send` resolves when the server has stored the message, `ask` with the first
 * message of another member after it.
 *
 * @throws {CharlaError} INVALID_INVITATION, UNKNOWN_HOST, NOBODY_LISTENING, NO_ANSWER, WRONG_SECRET, SERVER_KEY_CHANGED,
 *   OTHER_WIRE, OTHER_VERSION, CONVERSATION_FULL, UNREACHABLE, REFUSED, NAME_TAKEN; the reason of the signal
 */
export async function openSealedSender(
  target: string | SealedTarget,
  options: JoinRoomOptions,
): Promise<MessageSender> {
  const conversation = joinRoom(target, options);
  const events = conversation.events[Symbol.asyncIterator]();
  while ((await nextEvent()).type !== "entered");
  let question: Question | null = null;
  const over = listen();
  over.catch(() => {});

  async function listen(): Promise<never> {
    for (;;) {
      const event = await nextEvent();
      if (question === null) continue;
      // A message from before the question does not answer it.
      if (event.type === "delivered") question.isDelivered = true;
      if (event.type !== "message" || !question.isDelivered) continue;
      question.answered.resolve({ from: event.from, text: event.text });
      question = null;
    }
  }

  async function nextEvent(): Promise<RoomEvent> {
    const { done, value } = await events.next();
    if (done !== true) return value;
    options.signal?.throwIfAborted();
    throw new CharlaError(
      "CONVERSATION_OVER",
      "the server left without an answer",
      "send the message again, or without --reply",
    );
  }

  return {
    send: (text) => conversation.say(text),
    async ask(text) {
      question = { isDelivered: false, answered: Promise.withResolvers() };
      const { answered } = question;
      await conversation.say(text);
      return Promise.race([answered.promise, over]);
    },
    finish: () => conversation.leave(),
    [Symbol.asyncDispose]: () => conversation.leave(),
  };
}

interface Question {
  isDelivered: boolean;
  readonly answered: PromiseWithResolvers<ReceivedMessage>;
}
