// The list of what was said and what happened: adds to it, in the order of the room's log, and bounds it. Pure.

import { announceAll, type Presence, presencePrinted } from "../../src/terminal/state/presence.ts";
import { mentions, type RoomState } from "../../src/terminal/state/room.ts";
import type { Item, MessageItem, Notice, State } from "./state.ts";

/** Items that are kept while the newest are read; older ones are in the server's log, and come from there again. */
const MAX_ITEMS = 12_000;
/** What is left when there were too many: not one at a time, for each moves all that is below. */
const ITEMS_LEFT = 10_000;
/** While older ones are read none of them go, up to here. */
const MAX_READ = 24_000;

export interface LoggedMessage {
  readonly sequence: number;
  readonly time: number;
  readonly name: string;
  readonly fingerprint: string;
  readonly text: string;
}

export function messageItem(room: RoomState, message: LoggedMessage): MessageItem {
  const { sequence, time, name, fingerprint, text } = message;
  return {
    type: "message",
    id: sequence,
    time,
    name,
    fingerprint,
    text,
    isOwn: fingerprint === room.fingerprint,
    isMention: mentions(room, { text, fingerprint }),
  };
}

/** With these messages, each once, wherever their numbers belong. */
export function withMessages(
  items: readonly Item[],
  messages: readonly MessageItem[],
): readonly Item[] {
  const [first] = messages;
  if (first === undefined) return items;
  const newest = items.findLast(({ type }) => type === "message")?.id ?? 0;
  if (first.id > newest) return [...items, ...messages];
  const known = new Set(items.map(({ id }) => id));
  const unknown = messages.filter(({ id }) => !known.has(id));
  const oldest = items.find(({ type }) => type === "message")?.id ?? 0;
  if ((unknown.at(-1)?.id ?? 0) < oldest) return [...unknown, ...items];
  const merged: Item[] = [...items];
  for (const message of unknown) {
    const before = merged.findLastIndex(({ type, id }) => type === "message" && id < message.id);
    merged.splice(before + 1, 0, message);
  }
  return merged;
}

/** The oldest message that is here. */
export function oldestMessage({ items }: State): number | null {
  return items.find(({ type }) => type === "message")?.id ?? null;
}

export function bounded(state: State): State {
  const { items, isWatched } = state;
  if (items.length <= (isWatched ? MAX_ITEMS : MAX_READ)) return state;
  return { ...state, items: items.slice(-ITEMS_LEFT), earlier: "more" };
}

/** With a line about the conversation, below that about those who have come and gone. */
export function withNotice(state: State, notice: Notice, time: number): State {
  const before = withPresenceLine(state);
  const item = { type: "notice", id: before.nextId, time, notice } as const;
  return bounded({ ...before, items: [...before.items, item], nextId: before.nextId - 1 });
}

/** Who has come and gone is settled: what follows was said or done after it. */
export function withPresenceLine(state: State): State {
  const presence = announceAll(state.presence);
  const line = presenceLine(presence, state.nextId);
  if (line === null) return presence === state.presence ? state : { ...state, presence };
  return {
    ...state,
    presence: presencePrinted(presence),
    items: [...state.items, line],
    nextId: state.nextId - 1,
  };
}

/** The line about those who have come and gone, which still changes; null if there is nothing to say. */
export function presenceLine({ joined, left, since }: Presence, id: number) {
  if (joined.size === 0 && left.size === 0) return null;
  return {
    type: "presence",
    id,
    time: since,
    joined: [...joined.values()],
    left: [...left.values()],
  } as const;
}
