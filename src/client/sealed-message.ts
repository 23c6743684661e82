// Single messages to a room, as `charla send --to INVITATION` sends them. For programs; knows no screen.

import { conversationOver, refusedByServer } from "#conversation-errors";

import type { RoomEvent } from "../chat/events.ts";
import { defer, type Deferred } from "../deferred.ts";
import { CharlaError } from "../errors.ts";
import { joinRoom, type JoinRoomOptions } from "./join-room.ts";
import type { MessageSender, ReceivedMessage } from "./plain-message.ts";
import type { SealedTarget } from "./sealed-target.ts";

/** A sender in a room. */
export interface SealedSender extends MessageSender {
  /** Under which it is there: not the wanted one, if that belongs to somebody else. */
  readonly name: string;
}

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
): Promise<SealedSender> {
  const conversation = joinRoom(target, { history: 0, ...options });
  const events = conversation.events[Symbol.asyncIterator]();
  /** Why the server ended the conversation. */
  let reason: string | null = null;
  let event = await nextEvent();
  while (event.type !== "entered") event = await nextEvent();
  const { name } = event;
  let question: Question | null = null;
  const over = listen();
  over.catch(() => {});

  /** @throws {CharlaError} why the conversation is over, if that is why it can't be said */
  async function say(text: string): Promise<void> {
    try {
      await conversation.say(text);
    } catch (error) {
      if (error instanceof CharlaError && error.code === "CONVERSATION_OVER") await over;
      throw error;
    }
  }

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
    const { done, value: event } = await events.next();
    if (done === true) {
      options.signal?.throwIfAborted();
      if (reason === null) throw conversationOver();
      throw refusedByServer(reason);
    }
    if (event.type === "notice" && event.code === "SERVER_SAYS") reason = event.message;
    return event;
  }

  return {
    name,
    send: say,
    async ask(text) {
      question = { isDelivered: false, answered: defer() };
      const { answered } = question;
      await say(text);
      try {
        return await Promise.race([answered.promise, over]);
      } catch (error) {
        if (!(error instanceof CharlaError) || error.code !== "CONVERSATION_OVER") throw error;
        throw unanswered();
      }
    },
    finish: () => conversation.leave(),
    [Symbol.asyncDispose]: () => conversation.leave(),
  };
}

function unanswered(): CharlaError {
  return new CharlaError(
    "CONVERSATION_OVER",
    "the server left without an answer",
    "send the message again, or without --reply",
  );
}

interface Question {
  isDelivered: boolean;
  readonly answered: Deferred<ReceivedMessage>;
}
