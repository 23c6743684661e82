// A room as it is known on this screen: who one is there and who else was met, how far back it was shown,
// and what separates its messages. Knows no streams; the clock is passed in.

import type { Rights } from "../../chat/commands.ts";
import type { ConversationEvent, RoomEvent } from "../../chat/events.ts";
import { calendarDay, clockTime } from "./message-text.ts";

interface RoomState {
  readonly room: string;
  /** One's own name and key there. */
  readonly name: string;
  readonly fingerprint: string | null;
  readonly rights: Rights;
  /** Names of others, in the order in which they were met. */
  readonly others: readonly string[];
  /** Sequence number of the oldest message shown. */
  readonly oldest: number | null;
}

type RoomMessage = Extract<RoomEvent, { type: "message" }>;

export type RoomView = ReturnType<typeof createRoomView>;

export const NO_ROOM: RoomState = {
  room: "",
  name: "",
  fingerprint: null,
  rights: { owner: false, operator: false },
  others: [],
  oldest: null,
};

/** Names remembered, the latest ones: more than anyone can tell apart. */
const MAX_OTHERS = 1_000;

/** @param clock ms since 1970 */
export function createRoomView(clock: () => number) {
  let state = NO_ROOM;
  let separators = noSeparators(clock());

  return {
    get state(): RoomState {
      return state;
    },
    /** To be called with each event before it is shown. */
    update(event: ConversationEvent): void {
      state = roomAfter(state, event);
      if (event.type === "entered") separators = enteredRoom(separators, "earlier", clock());
      if (event.type === "reconnected") separators = enteredRoom(separators, "new", clock());
    },
    /** Older messages were shown, back to this one. */
    shownBackTo(sequence: number): void {
      state = showMessage(state, sequence);
    },
    focus(focused: boolean): void {
      separators = focusChanged(separators, focused);
    },
    /** The line before a message, or null if none is needed. */
    separatorBefore(message: Pick<RoomMessage, "time" | "past">): string | null {
      const [next, line] = separatorBefore(separators, message, clock());
      separators = next;
      return line;
    },
    /** Whether the message mentions this person by name, and was sent since they entered. */
    mentions({ text, fingerprint, past }: RoomMessage): boolean {
      return past !== true && fingerprint !== state.fingerprint && mentionsName(text, state.name);
    },
  };
}

export function roomAfter(state: RoomState, event: ConversationEvent): RoomState {
  switch (event.type) {
    case "entered": {
      const { room, name, owner, operator = false, members } = event;
      const self = members.find((member) => member.name === name);
      return {
        ...NO_ROOM,
        room,
        name,
        fingerprint: self?.fingerprint ?? null,
        rights: { owner, operator },
        others: members
          .map((member) => member.name)
          .filter((other) => other !== name)
          .slice(-MAX_OTHERS),
      };
    }
    case "rights":
      return { ...state, rights: { ...state.rights, operator: event.operator } };
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

/**
 * The state of the separator lines between messages: that what follows is from before one joined, or came while nobody
 * was looking, and when it was sent if that isn't obvious. Times are ms since 1970.
 */
export interface Separators {
  /** Whether the terminal has the focus, as far as it reports that. */
  readonly focused: boolean;
  /** "new" was shown since the focus was lost. */
  readonly markedNew: boolean;
  /** The label of the next message, if it is from before `time`. */
  readonly past: { readonly label: "earlier" | "new"; readonly time: number } | null;
  /** The last time that was shown: a message near it needs none. */
  readonly shownTime: number;
}

/** How far from the last time shown a message may be without showing its own, ms. */
const SHOW_TIME_AFTER = 5 * 60_000;

/** At the start, when people know what time it is. */
export function noSeparators(now: number): Separators {
  return { focused: true, markedNew: false, past: null, shownTime: now };
}

export function focusChanged(separators: Separators, focused: boolean): Separators {
  return { ...separators, focused, markedNew: separators.markedNew && !focused };
}

/** In the room since `now`, for the first time or again; messages from before may follow. */
export function enteredRoom(
  separators: Separators,
  label: "earlier" | "new",
  now: number,
): Separators {
  return { ...separators, past: { label, time: now } };
}

/**
 * The line before a message, or null if none is needed. What is from before one joined is marked as such, whatever the
 * clocks of the two machines say; what was missed later is known by its time alone.
 */
export function separatorBefore(
  separators: Separators,
  message: Pick<RoomMessage, "time" | "past">,
  now: number,
): [Separators, string | null] {
  const { focused, markedNew, past, shownTime } = separators;
  const { time } = message;
  const isPast =
    past !== null && (past.label === "earlier" ? message.past === true : time < past.time);
  const isUnseen = !focused && !markedNew;
  const isNear =
    Math.abs(time - shownTime) < SHOW_TIME_AFTER && calendarDay(time) === calendarDay(shownTime);
  const words = [
    ...(isPast ? [past.label] : isUnseen ? ["new"] : []),
    ...(isNear ? [] : [dayAndTime(time, now)]),
  ];
  const next = {
    focused,
    markedNew: markedNew || isUnseen,
    past: null,
    shownTime: isNear ? shownTime : time,
  };
  return [next, words.length === 0 ? null : `-- ${words.join(", ")} --`];
}

/** "14:05", with the day before it unless that is today. */
function dayAndTime(time: number, now: number): string {
  const day = calendarDay(time);
  return day === calendarDay(now) ? clockTime(time) : `${day} ${clockTime(time)}`;
}
