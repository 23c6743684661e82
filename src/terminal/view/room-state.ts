// What the events of a room have told so far: who one is there, who else was met, and how far back one has
// seen. Pure.

import type { ConversationEvent } from "../../chat/events.ts";

export interface RoomState {
  readonly room: string;
  /** One's own name and key there. */
  readonly name: string;
  readonly fingerprint: string | null;
  /** Names of others, in the order in which they were met. */
  readonly others: readonly string[];
  /** The oldest message that was shown. */
  readonly oldest: number | null;
}

export const NOWHERE: RoomState = {
  room: "",
  name: "",
  fingerprint: null,
  others: [],
  oldest: null,
};

/** Names remembered, the last ones: more than anyone can tell apart. */
const MAX_OTHERS = 1_000;

export function roomAfter(state: RoomState, event: ConversationEvent): RoomState {
  switch (event.type) {
    case "entered": {
      const { room, name, members } = event;
      const self = members.find((member) => member.name === name);
      return {
        ...NOWHERE,
        room,
        name,
        fingerprint: self?.fingerprint ?? null,
        others: members
          .map((member) => member.name)
          .filter((other) => other !== name)
          .slice(-MAX_OTHERS),
      };
    }
    case "joined":
      return meet(state, event.peer);
    case "left":
      return forget(state, event.peer);
    case "renamed":
      if (event.from === state.name) return { ...state, name: event.to };
      return meet(forget(state, event.from), event.to);
    case "delivered":
      return seen(state, event.sequence);
    case "message":
      return "sequence" in event ? seen(meet(state, event.from), event.sequence) : state;
    default:
      return state;
  }
}

/** A message of the room was shown. */
export function seen(state: RoomState, sequence: number): RoomState {
  return state.oldest !== null && state.oldest <= sequence ? state : { ...state, oldest: sequence };
}

function meet(state: RoomState, name: string): RoomState {
  if (name === state.name || state.others.includes(name)) return state;
  return { ...state, others: [...state.others, name].slice(-MAX_OTHERS) };
}

function forget(state: RoomState, name: string): RoomState {
  return { ...state, others: state.others.filter((other) => other !== name) };
}

/** Whether a text names somebody: as a word, in small letters or large. */
export function names(text: string, name: string): boolean {
  if (name === "") return false;
  const its = RegExp.escape(name.normalize("NFC"));
  const word = new RegExp(`(?<![\\p{L}\\p{N}_])${its}(?![\\p{L}\\p{N}\\p{M}_])`, "iu");
  return word.test(text.normalize("NFC"));
}
