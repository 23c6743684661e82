// A room as this screen knows it: this person's name and rights there, the others, the oldest message shown, and which
// messages were missed. Pure.

import type { Rights } from "../../chat/commands.ts";
import { GOODBYE } from "../../chat/conversation.ts";
import type { ConversationEvent, RoomEvent } from "../../chat/events.ts";
import type { MemberDescription } from "../../chat/frames.ts";
import { mentionsName } from "../../chat/mentions.ts";

/** Names by key: the fingerprint or, of somebody whose key is not known, the name. */
export type People = ReadonlyMap<string, string>;

export interface RoomState {
  readonly room: string;
  /** One's own name and key there. */
  readonly name: string;
  readonly fingerprint: string | null;
  readonly rights: Rights;
  /** Names of others, in the order in which they were met. */
  readonly others: readonly string[];
  /** Who is here, this person among them; somebody with several windows is here once. */
  readonly here: People;
  /** The keys of those among them who are away. */
  readonly away: ReadonlySet<string>;
  /** The keys of those among them whose last message was a goodbye. */
  readonly saidGoodbye: ReadonlySet<string>;
  /** By name, the key of the person who was last seen with it: a name is free again after 90 days. */
  readonly keys: ReadonlyMap<string, string>;
  /** Sequence number of the oldest message shown. */
  readonly oldest: number | null;
  /** Of the newest that was shown, or was there when one entered. */
  readonly newest: number;
}

export type RoomMessage = Extract<RoomEvent, { type: "message" }>;

export const NO_ROOM: RoomState = {
  room: "",
  name: "",
  fingerprint: null,
  rights: { owner: false, operator: false },
  others: [],
  here: new Map(),
  away: new Set(),
  saidGoodbye: new Set(),
  keys: new Map(),
  oldest: null,
  newest: 0,
};

/** Names remembered, the latest ones: more than anyone can tell apart. */
const MAX_OTHERS = 1_000;
/** People who are here, away, or awaited: of a room with more than 1,000, a server reports no more (docs/protocol.md s. 18.2). */
export const MAX_HERE = 2_000;

export function roomAfter(state: RoomState, event: ConversationEvent): RoomState {
  switch (event.type) {
    case "entered": {
      const { room, name, owner, operator = false, last, members } = event;
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
        away: peopleAway(members),
        keys: new Map(members.map((member) => [member.name, member.fingerprint])),
        newest: last,
      };
    }
    case "rights":
      return { ...state, rights: { ...state.rights, operator: event.operator } };
    case "joined": {
      const { peer } = event;
      const key = "fingerprint" in event ? event.fingerprint : peer;
      const isRemembered = state.here.size < MAX_HERE || state.here.has(key);
      const here = isRemembered ? new Map(state.here).set(key, peer) : state.here;
      const away = withAway(state, key, "away" in event && event.away);
      return addOther(addKeys({ ...state, here, away }, [peer, key]), peer);
    }
    case "left": {
      const here = new Map(state.here);
      const key = keyOf(state, event.peer);
      here.delete(key);
      const away = withAway(state, key, false);
      const saidGoodbye = withGoodbye(state, key, false);
      return removeOther({ ...state, here, away, saidGoodbye }, event.peer);
    }
    case "away":
      return { ...state, away: withAway(state, keyOf(state, event.peer), event.away) };
    case "renamed":
      return rename(state, event.from, event.to);
    case "delivered":
      return showMessage(state, event.sequence);
    case "message":
      if (!("sequence" in event)) return state;
      return showMessage(
        addOther(addKeys(said(state, event), [event.from, event.fingerprint]), event.from),
        event.sequence,
      );
    default:
      return state;
  }
}

/** Oneself first. Several windows of one person may have different names. */
export function peopleHere(
  members: readonly MemberDescription[],
  ownName: string,
  ownKey = members.find(({ name }) => name === ownName)?.fingerprint ?? ownName,
): People {
  const people = new Map([[ownKey, ownName]]);
  for (const { fingerprint, name } of members) {
    if (!people.has(fingerprint)) people.set(fingerprint, name);
  }
  return people;
}

/** The server's answer to who is here. */
export function withMembers(state: RoomState, members: readonly MemberDescription[]): RoomState {
  const names = members.map(({ name, fingerprint }) => [name, fingerprint] as const);
  const here = peopleHere(members, state.name, state.fingerprint ?? undefined);
  return { ...addKeys(state, ...names), here, away: peopleAway(members) };
}

/** Somebody with several windows is away if all of them are. */
function peopleAway(members: readonly MemberDescription[]): ReadonlySet<string> {
  const present = new Set(members.filter(({ away }) => !away).map((member) => member.fingerprint));
  return new Set(members.map((member) => member.fingerprint)).difference(present);
}

function withAway({ away }: RoomState, key: string, isAway: boolean): ReadonlySet<string> {
  if (away.has(key) === isAway || (isAway && away.size >= MAX_HERE)) return away;
  return isAway ? new Set([...away, key]) : new Set([...away].filter((other) => other !== key));
}

function said(state: RoomState, { fingerprint: key, text, past }: RoomMessage): RoomState {
  if (past === true) return state;
  const saidGoodbye = withGoodbye(state, key, text === GOODBYE && state.here.has(key));
  return saidGoodbye === state.saidGoodbye ? state : { ...state, saidGoodbye };
}

function withGoodbye({ saidGoodbye }: RoomState, key: string, isSaid: boolean) {
  if (saidGoodbye.has(key) === isSaid) return saidGoodbye;
  const rest = new Set(saidGoodbye);
  if (isSaid) rest.add(key);
  else rest.delete(key);
  return rest;
}

export function othersHere({ here, fingerprint, name }: RoomState): People {
  const others = new Map(here);
  others.delete(fingerprint ?? name);
  return others;
}

/** Whose name it is; the name itself if that is not known. */
export function keyOf({ keys, here }: RoomState, name: string): string {
  return keys.get(name) ?? [...here].find(([, known]) => known === name)?.[0] ?? name;
}

/** Whether somebody else's message mentions this person by name. */
export function mentions(
  state: RoomState,
  { text, fingerprint }: Pick<RoomMessage, "text" | "fingerprint">,
): boolean {
  return fingerprint !== state.fingerprint && mentionsName(text, state.name);
}

function showMessage(state: RoomState, sequence: number): RoomState {
  const oldest = Math.min(state.oldest ?? sequence, sequence);
  const newest = Math.max(state.newest, sequence);
  return { ...state, oldest, newest };
}

function addOther(state: RoomState, name: string): RoomState {
  if (name === state.name || state.others.includes(name)) return state;
  return { ...state, others: [...state.others, name].slice(-MAX_OTHERS) };
}

function removeOther(state: RoomState, name: string): RoomState {
  return { ...state, others: state.others.filter((other) => other !== name) };
}

function addKeys(state: RoomState, ...names: readonly (readonly [string, string])[]): RoomState {
  const added = names.filter(([name, key]) => state.keys.get(name) !== key);
  if (added.length === 0) return state;
  return { ...state, keys: new Map([...state.keys, ...added].slice(-MAX_OTHERS)) };
}

/** In their other windows, somebody may go on under another name: then others know them by that one. */
function rename(before: RoomState, from: string, to: string): RoomState {
  const key = keyOf(before, from);
  const isKnown = before.here.get(key) === from;
  const here = isKnown ? new Map(before.here).set(key, to) : before.here;
  const state = addKeys({ ...before, here }, [to, key]);
  if (from === state.name) return { ...state, name: to };
  return addOther(removeOther(state, from), to);
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
