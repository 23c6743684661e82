// A room as this screen knows it: this person's name and rights there, the others, the oldest message shown, and which
// messages were missed. Pure.

import type { Rights } from "../../chat/commands.ts";
import type { ConversationEvent, RoomEvent } from "../../chat/events.ts";
import type { MemberDescription } from "../../chat/frames.ts";

export interface RoomState {
  readonly room: string;
  /** One's own name and key there. */
  readonly name: string;
  readonly fingerprint: string | null;
  readonly rights: Rights;
  /** Names of others, in the order in which they were met. */
  readonly others: readonly string[];
  /** Names of the people who are here, this one among them; somebody with several windows is here once. */
  readonly here: readonly string[];
  /** Sequence number of the oldest message shown. */
  readonly oldest: number | null;
}

export type RoomMessage = Extract<RoomEvent, { type: "message" }>;

export const NO_ROOM: RoomState = {
  room: "",
  name: "",
  fingerprint: null,
  rights: { owner: false, operator: false },
  others: [],
  here: [],
  oldest: null,
};

/** Names remembered, the latest ones: more than anyone can tell apart. */
const MAX_OTHERS = 1_000;

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
        here: peopleHere(members, name),
      };
    }
    case "rights":
      return { ...state, rights: { ...state.rights, operator: event.operator } };
    case "joined":
      return arrive(addOther(state, event.peer), event.peer);
    case "left":
      return depart(removeOther(state, event.peer), event.peer);
    case "renamed": {
      const here = state.here.map((name) => (name === event.from ? event.to : name));
      const next = { ...state, here: [...new Set(here)] };
      if (event.from === state.name) return { ...next, name: event.to };
      return addOther(removeOther(next, event.from), event.to);
    }
    case "delivered":
      return showMessage(state, event.sequence);
    case "message":
      return "sequence" in event ? showMessage(addOther(state, event.from), event.sequence) : state;
    default:
      return state;
  }
}

/** The name of each person who is here, one's own first. Several windows of one person may have different names. */
export function peopleHere(members: readonly MemberDescription[], ownName: string): string[] {
  const own = members.find(({ name }) => name === ownName)?.fingerprint;
  const names = new Map<string, string>();
  for (const { fingerprint, name } of members) {
    if (fingerprint !== own && !names.has(fingerprint)) names.set(fingerprint, name);
  }
  return [...new Set([ownName, ...names.values()])];
}

/** Whether somebody else's message mentions this person by name. */
export function mentions(
  state: RoomState,
  { text, fingerprint }: Pick<RoomMessage, "text" | "fingerprint">,
): boolean {
  return fingerprint !== state.fingerprint && mentionsName(text, state.name);
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

function arrive(state: RoomState, name: string): RoomState {
  return state.here.includes(name) ? state : { ...state, here: [...state.here, name] };
}

function depart(state: RoomState, name: string): RoomState {
  return { ...state, here: state.here.filter((other) => other !== name) };
}

/**
 * Whether a message was missed while the connection was lost, which is known by its time alone.
 *
 * @param reconnectedAt ms since 1970; null once a message has come since then
 */
export function wasMissed(
  { time }: Pick<RoomMessage, "time">,
  reconnectedAt: number | null,
): boolean {
  return reconnectedAt !== null && time < reconnectedAt;
}
