// A room as it is known on this screen: who one is there and who else was met, how far back it was shown,
// and what separates its messages. Knows no streams; the clock is passed in.

import type { ConversationEvent, RoomEvent } from "../../chat/events.ts";
import { enteredRoom, focusChanged, noSeparators, separatorBefore } from "./separators.ts";

interface RoomState {
  readonly room: string;
  /** One's own name and key there. */
  readonly name: string;
  readonly fingerprint: string | null;
  /** Names of others, in the order in which they were met. */
  readonly others: readonly string[];
  /** Sequence number of the oldest message shown. */
  readonly oldest: number | null;
}

export interface RoomView {
  readonly state: RoomState;
  /** To be called with each event before it is shown. */
  update(event: ConversationEvent): void;
  /** Older messages were shown, back to this one. */
  shownBackTo(sequence: number): void;
  /** The terminal got the focus or lost it. */
  focus(focused: boolean): void;
  /** The line before a message of this time, or null if none is needed. */
  separatorBefore(time: number): string | null;
  /** Whether the message mentions this person by name, and was sent since they entered. */
  mentions(message: Extract<RoomEvent, { type: "message" }>): boolean;
}

export const NO_ROOM: RoomState = {
  room: "",
  name: "",
  fingerprint: null,
  others: [],
  oldest: null,
};

/** Names remembered, the latest ones: more than anyone can tell apart. */
const MAX_OTHERS = 1_000;

/** @param clock ms since 1970 */
export function createRoomView(clock: () => number): RoomView {
  let state = NO_ROOM;
  let separators = noSeparators(clock());
  /** Messages from before then mention nobody any more. */
  let enteredAt = 0;

  return {
    get state() {
      return state;
    },
    update(event) {
      state = roomAfter(state, event);
      if (event.type === "entered") {
        enteredAt = clock();
        separators = enteredRoom(separators, "earlier", enteredAt);
      }
      if (event.type === "reconnected") separators = enteredRoom(separators, "new", clock());
    },
    shownBackTo(sequence) {
      state = showMessage(state, sequence);
    },
    focus(focused) {
      separators = focusChanged(separators, focused);
    },
    separatorBefore(time) {
      const [next, line] = separatorBefore(separators, time, clock());
      separators = next;
      return line;
    },
    mentions({ text, fingerprint, time }) {
      return (
        time >= enteredAt && fingerprint !== state.fingerprint && mentionsName(text, state.name)
      );
    },
  };
}

export function roomAfter(state: RoomState, event: ConversationEvent): RoomState {
  switch (event.type) {
    case "entered": {
      const { room, name, members } = event;
      const self = members.find((member) => member.name === name);
      return {
        ...NO_ROOM,
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
      return addOther(state, event.peer);
    case "left":
      return removeOther(state, event.peer);
    case "renamed":
      if (event.from === state.name) return { ...state, name: event.to };
      return addOther(removeOther(state, event.from), event.to);
    case "delivered":
      return showMessage(state, event.sequence);
    case "message":
      return "sequence" in event ? showMessage(addOther(state, event.from), event.sequence) : state;
    default:
      return state;
  }
}

/** Whether a text mentions a name: as a whole word, in upper or lower case. */
export function mentionsName(text: string, name: string): boolean {
  if (name === "") return false;
  const escaped = RegExp.escape(name.normalize("NFC"));
  const word = new RegExp(`(?<![\\p{L}\\p{N}_])${escaped}(?![\\p{L}\\p{N}\\p{M}_])`, "iu");
  return word.test(text.normalize("NFC"));
}

function showMessage(state: RoomState, sequence: number): RoomState {
  return state.oldest !== null && state.oldest <= sequence ? state : { ...state, oldest: sequence };
}

function addOther(state: RoomState, name: string): RoomState {
  if (name === state.name || state.others.includes(name)) return state;
  return { ...state, others: [...state.others, name].slice(-MAX_OTHERS) };
}

function removeOther(state: RoomState, name: string): RoomState {
  return { ...state, others: state.others.filter((other) => other !== name) };
}
