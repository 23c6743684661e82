// Why something cannot be said in a conversation, whatever carries it. Pure.

import { MAX_WAITING } from "../chat/plain-talk.ts";
import { CharlaError } from "../errors.ts";

export function conversationOver(): CharlaError {
  return new CharlaError(
    "CONVERSATION_OVER",
    "the conversation is over",
    "open or join another one",
  );
}

export function notConnected(): CharlaError {
  return new CharlaError(
    "NOT_CONNECTED",
    "the connection to the server is lost; reconnecting",
    "ask again once it is back",
  );
}

/** @param until what there is to wait for */
export function tooManyWaiting(until: string): CharlaError {
  return new CharlaError(
    "TOO_MANY_WAITING",
    `${MAX_WAITING} messages wait already`,
    `wait until ${until}`,
  );
}
