// Single messages on the plain wire, without a conversation: the lesson's steps 1 and 2. For programs;
// knows no screen.

import { defer } from "../deferred.ts";
import { CharlaError } from "../errors.ts";
import { formatAddress, type HostAndPort } from "../net/address.ts";
import { joinPlainLink, openPlainLink } from "../net/plain-link.ts";
import { resolve } from "../net/resolve.ts";

export interface ReceivedMessage {
  /** Who sent it, as `ADDRESS:PORT`. */
  readonly from: string;
  readonly text: string;
}

/** Sends messages to one peer. */
export interface MessageSender extends AsyncDisposable {
  /**
   * Sends one message; resolves when it was sent.
   *
   * @throws {CharlaError} MESSAGE_TOO_LONG, NOBODY_LISTENING, UNREACHABLE
   */
  send(text: string): Promise<void>;
  /**
   * Sends one message and waits for one answer, however long that takes.
   *
   * @throws {CharlaError} as `send` does
   */
  ask(text: string): Promise<ReceivedMessage>;
  /**
   * Waits until a refusal of what was sent would have come back, and ends.
   *
   * @throws {CharlaError} NOBODY_LISTENING, UNREACHABLE
   */
  finish(): Promise<void>;
}

/** A sender on the plain wire. */
export interface PlainSender extends MessageSender {
  /** Where it sends to, as `ADDRESS:PORT`. */
  readonly peer: string;
}

/** @throws {CharlaError} UNKNOWN_HOST, ADDRESS_FAMILY_NOT_AVAILABLE */
export async function openPlainSender(host: HostAndPort): Promise<PlainSender> {
  const refused = defer<never>();
  // A refusal that comes between two calls is thrown by the next one.
  refused.promise.catch(() => {});
  let answer = defer<ReceivedMessage>();
  const link = await joinPlainLink(await resolve(host), {
    onText(text, from) {
      answer.resolve({ from: formatAddress(from), text });
    },
    onRefused: (error) => refused.reject(sayWhoReceives(error)),
    onNotSent: refused.reject,
  });
  const send = async (text: string): Promise<void> => {
    try {
      await Promise.race([link.send(text), refused.promise]);
    } catch (error) {
      throw sayWhoReceives(error);
    }
  };
  return {
    get peer() {
      return link.peer === null ? "" : formatAddress(link.peer);
    },
    send,
    async ask(text) {
      answer = defer();
      await send(text);
      return Promise.race([answer.promise, refused.promise]);
    },
    async finish() {
      await Promise.race([link.settle(), refused.promise]);
    },
    async [Symbol.asyncDispose]() {
      link.close();
    },
  };
}

/** People who run a server expect a message to a host to go there. */
function sayWhoReceives(error: unknown): unknown {
  if (!(error instanceof CharlaError) || error.code !== "NOBODY_LISTENING") return error;
  return new CharlaError(
    error.code,
    error.message,
    "start charla receive there first; charla send --to INVITATION sends to a room",
  );
}

export interface PlainReceiver extends Disposable {
  /** Where it listens, as `ADDRESS:PORT`. */
  readonly address: string;
  /** The first message that arrives. */
  readonly message: Promise<ReceivedMessage>;
  /**
   * Answers the sender of that message.
   *
   * @throws {CharlaError} MESSAGE_TOO_LONG, NOBODY_LISTENING, UNREACHABLE
   */
  answer(text: string): Promise<void>;
}

/**
 * Listens for one message.
 *
 * @throws {CharlaError} PORT_IN_USE, ADDRESS_NOT_AVAILABLE and their kin (docs/errors.md)
 */
export async function openPlainReceiver(options: {
  bind?: string | undefined;
  port: number;
}): Promise<PlainReceiver> {
  const message = defer<ReceivedMessage>();
  const refused = defer<never>();
  refused.promise.catch(() => {});
  const link = await openPlainLink(options, {
    onText(text, from) {
      message.resolve({ from: formatAddress(from), text });
    },
    onRefused: refused.reject,
    onNotSent: refused.reject,
  });
  return {
    address: formatAddress(link.local),
    message: message.promise,
    async answer(text) {
      await link.send(text);
      await Promise.race([link.settle(), refused.promise]);
    },
    [Symbol.dispose]: () => link.close(),
  };
}
