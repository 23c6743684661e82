// From one room of a server to the next: several conversations that are held one after the other, with their
// events in a row. Knows neither rooms' rules nor screens.

import type { Conversation, RoomConversation } from "../chat/conversation.ts";
import type { ConversationEvent } from "../chat/events.ts";
import { CharlaError } from "../errors.ts";

export interface Journey {
  /** The one that is held now. */
  readonly conversation: Conversation | RoomConversation;
  /** Whether another takes its place, or has. */
  isLeftBehind(conversation: Conversation): boolean;
  /** What happens, until one ends that no other follows. */
  readonly events: AsyncIterable<ConversationEvent>;
  /**
   * Resolves once it is the other room's conversation that is held.
   *
   * @throws {CharlaError} why it is not, then nothing has changed; or CONVERSATION_OVER
   */
  goTo(room: string): Promise<void>;
  /** Ends it, wherever it is. */
  leave(): Promise<void>;
}

interface Leg {
  readonly conversation: Conversation | RoomConversation;
  readonly events: AsyncIterator<ConversationEvent>;
  /** Those that have come and were not told. */
  readonly first: readonly ConversationEvent[];
}

/** @param enter opens the conversation of another room; without it there is one room only */
export function startJourney(
  start: Conversation | RoomConversation,
  enter?: (room: string) => RoomConversation,
): Journey {
  let leg: Leg = { conversation: start, events: eventsOf(start), first: [] };
  let next: Leg | null = null;
  /** The conversation that may come next. */
  let opening: RoomConversation | null = null;
  let over = false;

  async function* events(): AsyncGenerator<ConversationEvent, void, undefined> {
    try {
      for (;;) {
        yield* leg.first;
        yield* follow(rest(leg.events));
        if (next === null) return;
        leg = next;
        next = null;
      }
    } finally {
      over = true;
      void opening?.leave();
    }
  }

  async function* follow(
    its: AsyncIterable<ConversationEvent>,
  ): AsyncGenerator<ConversationEvent, void, undefined> {
    try {
      for await (const event of its) {
        // Where there is another, this was not the end.
        if (event.type !== "ended" || next === null) yield event;
      }
    } catch (error) {
      // How a room ends that was left anyway is of no interest.
      if (next === null) throw error;
    }
  }

  async function goTo(room: string): Promise<void> {
    if (enter === undefined || opening !== null || next !== null) throw notNow(enter !== undefined);
    const conversation = enter(room);
    opening = conversation;
    try {
      const its = eventsOf(conversation);
      const first = await untilEntered(its);
      if (over) return await conversation.leave();
      next = { conversation, events: its, first };
    } catch (error) {
      throw over ? leftMeanwhile() : error;
    } finally {
      opening = null;
    }
    await leg.conversation.leave();
  }

  return {
    get conversation() {
      return leg.conversation;
    },
    isLeftBehind: (conversation) => conversation !== leg.conversation || next !== null,
    events: { [Symbol.asyncIterator]: events },
    goTo,
    async leave() {
      over = true;
      await Promise.all([opening?.leave(), next?.conversation.leave(), leg.conversation.leave()]);
    },
  };
}

/** What an iterator has left; whoever stops early stops it as well. */
function rest(events: AsyncIterator<ConversationEvent>): AsyncIterable<ConversationEvent> {
  return { [Symbol.asyncIterator]: () => events };
}

function eventsOf(conversation: Conversation): AsyncIterator<ConversationEvent> {
  return conversation.events[Symbol.asyncIterator]();
}

/** What comes up to its entering, that included. */
async function untilEntered(
  events: AsyncIterator<ConversationEvent>,
): Promise<readonly ConversationEvent[]> {
  const first: ConversationEvent[] = [];
  for (;;) {
    const result = await events.next();
    if (result.done === true) throw notLetIn(first);
    first.push(result.value);
    if (result.value.type === "entered") return first;
  }
}

/** The server says why before it closes the way. */
function notLetIn(events: readonly ConversationEvent[]): CharlaError {
  const why = events
    .filter((event) => event.type === "notice")
    .findLast(({ code }) => code === "SERVER_SAYS");
  return new CharlaError(
    "REFUSED",
    why?.message ?? "the server closed the way to the other room",
    why?.hint ?? "/rooms lists the rooms of this server",
  );
}

function leftMeanwhile(): CharlaError {
  return new CharlaError("CONVERSATION_OVER", "the conversation is over", "join it again");
}

function notNow(possible: boolean): CharlaError {
  return possible
    ? new CharlaError("USAGE", "another room is being entered already", "wait for it")
    : new CharlaError(
        "USAGE",
        "there is one room only in this conversation",
        "to join another: charla --room ROOM",
      );
}
