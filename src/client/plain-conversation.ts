// A conversation on the plain wire: the rules of chat/plain-talk.ts over the link of net/plain-link.ts. For programs;
// knows no screen.

import { setImmediate as immediate, setTimeout as delay } from "node:timers/promises";

import { conversationOver, tooManyWaiting } from "#conversation-errors";

import { GOODBYE, type PlainConversation } from "../chat/conversation.ts";
import type { EndReason, PlainEvent } from "../chat/events.ts";
import { advance, startTalk, type TalkInput } from "../chat/plain-talk.ts";
import { defer, type Deferred } from "../deferred.ts";
import { CharlaError, type ErrorCode } from "../errors.ts";
import { formatAddress, type HostAndPort } from "../net/address.ts";
import { joinPlainLink, openPlainLink, type PlainLinkHandlers } from "../net/plain-link.ts";
import { encodeText, withoutNewline } from "../net/plain-wire.ts";
import { resolve } from "../net/resolve.ts";
import { untilAborted, withdrawable } from "./abort.ts";
import { createEventQueue, eventWeight } from "./event-queue.ts";

/** How long an end that said bye waits for the answer, ms: also a busy machine answers within that. */
const ANSWER_TIME = 300;

export interface PlainOptions {
  /** Strict turn-taking: the client speaks first. */
  readonly turns?: boolean;
  /** Leaves at once when it aborts: what was not sent is in the `unsaid` of the event `ended`. */
  readonly signal?: AbortSignal | undefined;
}

export interface OpenPlainOptions extends PlainOptions {
  /** Where to listen; without one, on every address of this machine. */
  readonly bind?: string | undefined;
  /** 0 for any free one. */
  readonly port: number;
}

/**
 * Opens a conversation and waits for a peer: the first who sends something.
 *
 * @throws {CharlaError} PORT_IN_USE, ADDRESS_NOT_AVAILABLE and their kin (docs/errors.md); the reason of the signal
 */
export function openPlain(options: OpenPlainOptions): Promise<PlainConversation> {
  const { bind, port } = options;
  return converse("server", options, (handlers) => openPlainLink({ bind, port }, handlers));
}

/**
 * Joins the conversation that somebody opened at a host. Nothing is sent before something is said: whether anybody is
 * there shows with the first message.
 *
 * @throws {CharlaError} UNKNOWN_HOST, ADDRESS_FAMILY_NOT_AVAILABLE; the reason of the signal
 */
export async function joinPlain(
  host: HostAndPort,
  options: PlainOptions = {},
): Promise<PlainConversation> {
  const candidates = await untilAborted(resolve(host), options.signal);
  return converse("client", options, (handlers) => joinPlainLink(candidates, handlers));
}

/** Errors after which there is no peer any more. */
const LOST: ReadonlySet<ErrorCode> = new Set(["NOBODY_LISTENING", "OTHER_WIRE"]);

async function converse(
  role: "server" | "client",
  { turns = false, signal }: PlainOptions,
  openLink: (handlers: PlainLinkHandlers) => ReturnType<typeof openPlainLink>,
): Promise<PlainConversation> {
  signal?.throwIfAborted();
  const queue = createEventQueue<PlainEvent>(eventWeight, {
    dropped: (count) => ({ type: "dropped", count }),
  });
  let talk = startTalk(role, turns);
  // One for each message in talk.waiting, in the same order.
  const waiting: Deferred<void>[] = [];
  let ending: Promise<void> | null = null;
  const aborted = defer<void>();
  /** This end has said bye, and the other one as well. */
  const answered = defer<void>();
  let otherWireReported = false;
  /** A flood of strangers is reported in as many events as their count has digits, and drops no message. */
  let strangersReportedAt = 1;
  // Whether there has been anybody there at all.
  let heard = role === "server";

  const link = await openLink({
    onPeer(peer) {
      queue.push({ type: "joined", peer: formatAddress(peer) });
    },
    onText(text, from) {
      heard = true;
      // What arrives while this end is leaving is still shown, though it changes nothing any more.
      if (talk.ended) {
        queue.push({ type: "message", from: formatAddress(from), text });
        if (text === GOODBYE) answered.resolve();
      } else apply({ type: "hear", text }, formatAddress(from));
    },
    onRefused: lose,
    onNotSent: (error) => (heard ? warn(error) : lose(error)),
    onOtherWire({ code, message, hint }) {
      if (!otherWireReported) queue.push({ type: "notice", code, message, hint });
      otherWireReported = true;
    },
    onStranger(from, ignored) {
      if (ignored < strangersReportedAt) return;
      strangersReportedAt *= 10;
      queue.push({ type: "stranger", from: formatAddress(from), ignored });
    },
  });
  if (signal?.aborted === true) {
    link.close();
    throw signal.reason;
  }
  signal?.addEventListener("abort", leaveAtOnce);
  queue.push(
    role === "client" && link.peer !== null
      ? { type: "joining", peer: formatAddress(link.peer) }
      : { type: "listening", address: formatAddress(link.local) },
  );
  if (turns) queue.push({ type: "turn", whose: talk.myTurn ? "mine" : "theirs" });

  function apply(input: TalkInput, from = "", mine?: Deferred<void>): void {
    const before = talk.waiting;
    const [next, outputs] = advance(talk, input);
    talk = next;
    for (const output of outputs) {
      switch (output.type) {
        case "send":
          // The oldest one that waits; when none does, the message just said.
          transmit(output.text, waiting.shift() ?? mine);
          break;
        case "answer": {
          const [goodbye, ...others] = waiting.filter((_, index) => before[index] === GOODBYE);
          if (goodbye !== undefined) waiting.splice(waiting.indexOf(goodbye), 1);
          transmit(output.text, goodbye);
          for (const other of others) other.resolve();
          break;
        }
        case "show":
          queue.push({ type: "message", from, text: output.text });
          break;
        case "wait":
          if (mine !== undefined) waiting.push(mine);
          queue.push({ type: "waiting", for: output.for, text: output.text });
          break;
        case "refuse":
          mine?.reject(tooManyWaiting("the other end has answered"));
          break;
        case "turn":
          queue.push({ type: "turn", whose: output.whose });
          break;
        case "end":
          void end(output.reason);
          break;
      }
    }
  }

  function transmit(text: string, said?: Deferred<void>): void {
    link.send(text).then(
      () => {
        if (said !== undefined) queue.push({ type: "said", text });
        said?.resolve();
      },
      (error: unknown) => {
        said?.reject(ending === null ? error : conversationOver());
        if (ending !== null || !(error instanceof CharlaError)) return;
        if (!heard || LOST.has(error.code)) lose(error);
        else if (said === undefined) warn(error);
      },
    );
  }

  /** The network may work again: the peer stays. */
  function warn({ code, message, hint }: CharlaError): void {
    const lost = `${message}; what was said last may not have arrived`;
    queue.push({ type: "notice", code, message: lost, hint });
  }

  /** The peer is gone. A client has no other; a server waits for the next one. */
  function lose(error: CharlaError): void {
    if (role === "client") {
      ending ??= Promise.resolve();
      return finish("lost", error);
    }
    // Every message to a peer that is gone is refused; one notice is enough.
    if (!talk.peer) return;
    apply({ type: "peer-gone" });
    queue.push({
      type: "notice",
      code: error.code,
      message: `${error.message} any more; what was said last may not have arrived`,
      hint: "the next one to speak joins the conversation",
    });
  }

  function finish(reason: EndReason, error: CharlaError | null = null): void {
    talk = { ...talk, ended: true };
    signal?.removeEventListener("abort", leaveAtOnce);
    link.close();
    for (const { reject } of waiting.splice(0)) reject(conversationOver());
    queue.end({ type: "ended", reason, unsaid: talk.waiting }, error);
  }

  function leaveAtOnce(): void {
    aborted.resolve();
    void end("left");
  }

  function end(reason: EndReason): Promise<void> {
    ending ??= (async () => {
      talk = { ...talk, ended: true };
      // A refusal of what was sent may still come. After the peer's bye it would mean nothing: the peer may be gone.
      const sent = reason === "heard-bye" ? link.flush() : link.settle();
      const answer = reason === "said-bye" ? Promise.race([answered.promise, answerTime()]) : null;
      await Promise.race([Promise.all([sent, answer]), aborted.promise]);
      finish(reason);
    })();
    return ending;
  }

  return {
    events: queue.events,
    async say(text, { signal: withdrawn } = {}) {
      withdrawn?.throwIfAborted();
      if (talk.ended || ending !== null) throw conversationOver();
      // Throws now rather than when its turn comes.
      encodeText(text);
      const said = defer<void>();
      apply({ type: "say", text: withoutNewline(text) }, "", said);
      await withdrawable(said.promise, withdrawn, (reason) => {
        const index = waiting.indexOf(said);
        // What was sent cannot be taken back.
        if (index === -1) return;
        apply({ type: "withdraw", index });
        waiting.splice(index, 1);
        said.reject(reason);
      });
    },
    leave: () => end("left"),
    [Symbol.asyncDispose]: () => end("left"),
  };
}

/** A timer that is late, on a busy machine, runs before the sockets are read: the answer may be there already. */
async function answerTime(): Promise<void> {
  await delay(ANSWER_TIME, undefined, { ref: false });
  await immediate();
}
