// Switches between the rooms of one server: holds one conversation after the other, and gives their events in
// one sequence. When a room is deleted, it goes back to the one before. Knows neither the rules of rooms nor screens.

import type { Conversation, RoomConversation } from "../chat/conversation.ts";
import type { ConversationEvent, EventOf } from "../chat/events.ts";
import { CharlaError, usageError } from "../errors.ts";

/** What becomes of the others when this window is closed: their server stays, they wait until it is back, or it is over. */
export type AtQuit = "others-stay" | "others-wait" | "over-for-all";

export interface RoomSwitcher {
  readonly conversation: Conversation | RoomConversation;
  /** In a shell, what searches all that is kept of a room; null where nothing is. */
  readonly searchCommand: (room: string) => string | null;
  readonly atQuit: AtQuit;
  /** Whether another conversation has replaced this one, or is about to. */
  hasLeft(conversation: Conversation): boolean;
  /** Events of the current conversation, until one ends that no other follows. */
  readonly events: AsyncIterable<ConversationEvent>;
  /**
   * Resolves once the other room has been entered and the current one left.
   *
   * @throws {CharlaError} NOT_CONNECTED while the connection is lost, or why the room can't be entered: then the current
   *   room stays. Or CONVERSATION_OVER
   */
  switchTo(room: string): Promise<void>;
  leave(): Promise<void>;
}

interface OpenRoom {
  readonly conversation: Conversation | RoomConversation;
  readonly events: AsyncIterator<ConversationEvent>;
  /** Events up to "entered", read before the switch. */
  readonly first: readonly ConversationEvent[];
}

/** The room was deleted: its conversation has ended, but not those of the other rooms. */
interface Deletion {
  readonly ended: EventOf<"ended">;
  readonly error: CharlaError;
}

/**
 * @param open opens the conversation of another room, which is created if there is none, unless `existing`; without it there
 *   is only one room
 * @param searchCommand as RoomSwitcher has it, and so is `atQuit`
 */
export function createRoomSwitcher(
  start: Conversation | RoomConversation,
  open?: (room: string, existing: boolean) => RoomConversation,
  {
    searchCommand = () => null,
    atQuit = "others-stay",
  }: Partial<Pick<RoomSwitcher, "searchCommand" | "atQuit">> = {},
): RoomSwitcher {
  let current: OpenRoom = { conversation: start, events: iterate(start), first: [] };
  let next: OpenRoom | null = null;
  /** The conversation of a room that is being entered. */
  let entering: RoomConversation | null = null;
  /** Resolves when that is entered, or can't be. */
  let entered: Promise<unknown> = Promise.resolve();
  /** The current room, as far as it is known, and those that were left for it, the latest last. */
  let room: string | null = null;
  let earlier: readonly string[] = [];
  let isConnected = true;
  let over = false;

  async function* events(): AsyncGenerator<ConversationEvent, void, undefined> {
    try {
      for (;;) {
        yield* seen(current.first);
        const deletion = yield* remaining(current.events);
        if (deletion !== null) yield* goBack(deletion);
        if (next === null) return;
        current = next;
        next = null;
        isConnected = true;
      }
    } finally {
      over = true;
      void entering?.leave();
    }
  }

  async function* remaining(
    iterator: AsyncIterator<ConversationEvent>,
  ): AsyncGenerator<ConversationEvent, Deletion | null, undefined> {
    let ended: EventOf<"ended"> | null = null;
    try {
      for await (const event of { [Symbol.asyncIterator]: () => iterator }) {
        if (event.type === "disconnected") isConnected = false;
        else if (event.type === "reconnected") isConnected = true;
        else if (event.type === "entered") arrive(event.room);
        // Why it was removed follows.
        if (event.type === "ended" && event.reason === "removed") ended = event;
        // If another room follows, this is not the end.
        else if (event.type !== "ended" || next === null) yield event;
      }
    } catch (error) {
      // It doesn't matter how a room ends that was left anyway.
      if (next !== null) return null;
      const isDeleted = error instanceof CharlaError && error.code === "ROOM_DELETED";
      if (isDeleted && ended !== null) return { ended, error };
      if (ended !== null) yield ended;
      throw error;
    }
    return null;
  }

  function* seen(first: readonly ConversationEvent[]): Generator<ConversationEvent> {
    for (const event of first) {
      if (event.type === "entered") arrive(event.room);
      yield event;
    }
  }

  function arrive(name: string): void {
    earlier = [...earlier, ...(room === null ? [] : [room])].filter((other) => other !== name);
    room = name;
  }

  /** Enters the room before the one that was deleted; without any, that is the end. */
  async function* goBack({
    ended,
    error,
  }: Deletion): AsyncGenerator<ConversationEvent, void, undefined> {
    const { code, message } = error;
    room = null;
    // Another one may be on its way.
    await entered.catch(() => {});
    if (next !== null || earlier.length > 0) yield { type: "notice", code, message };
    for (const name of earlier.toReversed()) {
      if (open === undefined || next !== null || over) break;
      entered = enter(() => open(name, true));
      // It may be locked or deleted by now: then perhaps the one before it.
      await entered.catch(rethrowUnlessCharlaError);
      // The server may call it otherwise, and delete it as well: it is not gone back to for ever.
      if (next !== null) earlier = earlier.filter((other) => other !== name);
    }
    if (next !== null) return;
    yield ended;
    throw error;
  }

  async function switchTo(other: string): Promise<void> {
    if (open === undefined) {
      throw usageError(
        "this conversation has only one room",
        "to join another: charla --room ROOM",
      );
    }
    if (entering !== null || next !== null)
      throw usageError("already joining another room", "wait until that is done");
    // To connect for the other room would fail in words about an address.
    if (!isConnected) {
      throw new CharlaError(
        "NOT_CONNECTED",
        "the connection to the server is lost; reconnecting",
        "join again once it is back",
      );
    }
    const left = current.conversation;
    entered = enter(() => open(other, false));
    await entered;
    await left.leave();
  }

  async function enter(openRoom: () => RoomConversation): Promise<void> {
    const conversation = openRoom();
    entering = conversation;
    try {
      const iterator = iterate(conversation);
      const first = await readUntilEntered(iterator);
      if (over) return await conversation.leave();
      next = { conversation, events: iterator, first };
    } catch (error) {
      if (!over) throw error;
      throw new CharlaError("CONVERSATION_OVER", "the conversation is over", "join it again");
    } finally {
      entering = null;
    }
  }

  return {
    get conversation() {
      return current.conversation;
    },
    searchCommand,
    atQuit,
    hasLeft: (conversation) => conversation !== current.conversation || next !== null,
    events: { [Symbol.asyncIterator]: events },
    switchTo,
    async leave() {
      over = true;
      await Promise.all([
        entering?.leave(),
        next?.conversation.leave(),
        current.conversation.leave(),
      ]);
    },
  };
}

function rethrowUnlessCharlaError(error: unknown): void {
  if (!(error instanceof CharlaError)) throw error;
}

function iterate(conversation: Conversation): AsyncIterator<ConversationEvent> {
  return conversation.events[Symbol.asyncIterator]();
}

/** The events up to "entered", which is the last of them. */
async function readUntilEntered(
  iterator: AsyncIterator<ConversationEvent>,
): Promise<readonly ConversationEvent[]> {
  const first: ConversationEvent[] = [];
  for (;;) {
    const result = await iterator.next();
    if (result.done === true) throw refused(first);
    first.push(result.value);
    if (result.value.type === "entered") return first;
  }
}

/** The server says why before it closes the connection. */
function refused(events: readonly ConversationEvent[]): CharlaError {
  const reason = events
    .filter((event) => event.type === "notice")
    .findLast(({ code }) => code === "SERVER_SAYS");
  return new CharlaError(
    "REFUSED",
    reason?.message ?? "the server closed the connection to the other room",
    reason?.hint ?? "/rooms lists the rooms of this server",
  );
}
