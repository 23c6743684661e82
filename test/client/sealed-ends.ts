// Both ends of a sealed talk on the loopback, each with its events; and a network between them that can
// be pulled out.

import type { Conversation, ConversationEvent } from "../../src/chat/events.ts";
import { joinSealed, openSealed } from "../../src/client/sealed-conversation.ts";
import { type LossyRelay, openLossyRelay } from "../harness/lossy-relay.ts";
import { follow, type Followed, portOf } from "./follow.ts";

export interface SealedEnd extends AsyncDisposable {
  readonly conversation: Conversation;
  readonly events: Followed;
}

export interface SealedOpener extends SealedEnd {
  readonly invitation: string;
  readonly port: number;
}

function endOf(conversation: Conversation): SealedEnd {
  return {
    conversation,
    events: follow(conversation),
    async [Symbol.asyncDispose]() {
      // A second time, so that nothing that is under way is waited for.
      await Promise.all([conversation.leave(), conversation.leave()]);
    },
  };
}

/** An opener that waits; "listening" and "invitation" are read already. */
export async function openEnd(): Promise<SealedOpener> {
  const conversation = await openSealed({ bind: "127.0.0.1", port: 0 });
  const end = endOf(conversation);
  const port = portOf(await end.events.next());
  await end.events.next();
  return { ...end, invitation: conversation.invitation, port };
}

/** A joiner; "joining" is read already. */
export async function joinEnd(invitation: string): Promise<SealedEnd> {
  const end = endOf(await joinSealed(invitation));
  await end.events.next();
  return end;
}

/** A relay to the opener, without loss until it is `silent`; and the invitation that leads through it. */
export async function relayTo(
  opener: SealedOpener,
): Promise<{ readonly relay: LossyRelay; readonly invitation: string } & AsyncDisposable> {
  const server = { address: "127.0.0.1", port: opener.port };
  const relay = await openLossyRelay({ seed: 1, loss: 0, jitter: 0, server });
  return {
    relay,
    invitation: opener.invitation.replace(`:${opener.port}/`, `:${relay.port}/`),
    [Symbol.asyncDispose]: () => relay[Symbol.asyncDispose](),
  };
}

type EventOf<T extends ConversationEvent["type"]> = Extract<ConversationEvent, { type: T }>;

function isOf<T extends ConversationEvent["type"]>(
  type: T,
  event: ConversationEvent,
): event is EventOf<T> {
  return event.type === type;
}

/** The next event of a type; those before it are passed over. */
export async function nextOf<T extends ConversationEvent["type"]>(
  events: Followed,
  type: T,
): Promise<EventOf<T>> {
  for (;;) {
    const event = await events.next();
    if (event === null) throw new Error(`the conversation ended before it told "${type}"`);
    if (isOf(type, event)) return event;
  }
}
