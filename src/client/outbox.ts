// What was said here and is not known to be stored, oldest first, with the device that keeps it. Knows neither
// server nor channel; it is told what has become of each message.

import { MAX_TEXT } from "../chat/frames.ts";
import { FAREWELL, MAX_WAITING } from "../chat/plain-talk.ts";
import { CharlaError } from "../errors.ts";
import { conversationOver, tooManyWaiting } from "./conversation-errors.ts";
import type { Device, Unstored } from "./device.ts";

export interface Said extends Unstored {
  /** Said before this program was started. */
  readonly isOld: boolean;
  /** Resolves once it is stored. */
  readonly stored: PromiseWithResolvers<void>;
}

export interface Outbox {
  /** Oldest first. */
  readonly all: () => IterableIterator<Said>;
  readonly count: () => number;
  find(number: number): Said | undefined;
  /** @throws {CharlaError} MESSAGE_TOO_LONG, TOO_MANY_WAITING, and what the device throws */
  put(text: string): Said;
  stored(said: Said): void;
  refused(said: Said, error: CharlaError): void;
  /** Nobody waits any more; returns the texts. Whether anybody was `reached` decides what is kept. */
  giveUp(reached: boolean): string[];
}

export function createOutbox(device: Device): Outbox {
  const messages = new Map<number, Said>();
  for (const unstored of device.unstored) keep(unstored, true);

  function keep({ number, text }: Unstored, isOld: boolean): Said {
    const stored = Promise.withResolvers<void>();
    // Who says something need not wait for it.
    stored.promise.catch(() => {});
    const said = { number, text, isOld, stored };
    messages.set(number, said);
    return said;
  }

  function settle({ number }: Said): void {
    messages.delete(number);
    device.settled(number);
  }

  return {
    all: () => messages.values(),
    count: () => messages.size,
    find: (number) => messages.get(number),
    put(text) {
      if (text.length > MAX_TEXT) {
        throw new CharlaError(
          "MESSAGE_TOO_LONG",
          `the message is ${text.length} characters long; one may have ${MAX_TEXT}`,
          "say it in several messages, or share it as a file",
        );
      }
      if (messages.size >= MAX_WAITING) throw tooManyWaiting("the server has them");
      return keep(device.say(text), false);
    },
    stored(said) {
      settle(said);
      said.stored.resolve();
    },
    refused(said, error) {
      settle(said);
      said.stored.reject(error);
    },
    giveUp(reached) {
      const texts = Array.from(messages.values(), ({ number, text, isOld, stored }) => {
        stored.reject(conversationOver());
        // What waits is said the next time. But that would be over before it has begun; and where nobody was
        // reached, whoever says it again would have said it twice.
        if (text === FAREWELL || (!reached && !isOld)) device.settled(number);
        return text;
      });
      messages.clear();
      return texts;
    },
  };
}
