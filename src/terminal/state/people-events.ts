// What the coming and going of people changes on the screen, also what the server says of it after the connection was lost.
// Pure.

import type { ConversationEvent, EventOf } from "../../chat/events.ts";
import type { MemberDescription } from "../../chat/frames.ts";
import { compare, withoutPerson } from "./awaited.ts";
import type { Effect } from "./effects.ts";
import {
  arrivalRenamed,
  isPresenceFull,
  personJoined,
  personLeft,
  type Presence,
  withoutArrival,
} from "./presence.ts";
import { describe, print, settleOldPresence } from "./print.ts";
import { keyOf, othersHere, withMembers } from "./room.ts";
import type { State, Step } from "./state.ts";

type Joined = Extract<ConversationEvent, { type: "joined"; fingerprint: string }>;

export function join(state: State, before: State, event: Joined, now: number): State {
  const { fingerprint: key, peer } = event;
  const { awaited } = state;
  const formerName = awaited?.people.get(key);
  if (awaited !== null && formerName !== undefined) {
    const next = { ...state, awaited: withoutPerson(awaited, key) };
    return backAs(next, key, formerName, peer, now);
  }
  // They were found among those who are here before the server has announced them.
  return before.room.here.has(key) ? state : arrive(state, key, peer, now);
}

/** Somebody is here who was not. */
function arrive(state: State, key: string, name: string, now: number): State {
  if (state.settings.verbose) {
    return describe(state, { type: "joined", peer: name, fingerprint: key }, now);
  }
  const formerName = state.presence.left.get(key) ?? name;
  const next = changePresence(state, now, (line) => personJoined(line, key, name, now));
  return backAs(next, key, formerName, name, now);
}

/** Somebody was away for a moment, and is back, perhaps under another name. */
function backAs(state: State, key: string, from: string, to: string, now: number): State {
  return from === to ? state : rename(state, key, { type: "renamed", from, to }, now);
}

export function rename(state: State, key: string, event: EventOf<"renamed">, now: number): State {
  const presence = arrivalRenamed(state.presence, key, event.from, event.to);
  // Somebody who has not been announced yet will be, under the new name.
  return presence === null ? describe(state, event, now) : { ...state, presence };
}

export function leave(state: State, before: State, event: EventOf<"left">, now: number): Step {
  const { peer, reason } = event;
  const key = keyOf(before.room, peer);
  const isKnown = before.room.here.has(key);
  const effects: Effect[] = isKnown ? [] : [{ type: "ask-people" }];
  const { awaited } = state;
  if (reason === "" && !before.room.saidGoodbye.has(key)) {
    // They may be back yet; or they have come and left again before it was known that they were here.
    const isUnseen = !isKnown && awaited?.phase.type === "back" && !awaited.phase.isCounted;
    if (isUnseen || awaited?.people.has(key) === true) return [state, effects];
    return [changePresence(state, now, (line) => personLeft(line, key, peer, now)), effects];
  }
  // A kick, a ban or a goodbye stays, also if they had just come or are back soon.
  const next = changePresence(state, now, (line) => withoutArrival(line, key));
  const rest = awaited === null ? null : withoutPerson(awaited, key);
  return [describe({ ...next, awaited: rest }, event, now), effects];
}

/** The server has said who is here; what that says of those who came or left while the connection was lost. */
export function peopleAnswered(
  before: State,
  members: readonly MemberDescription[],
  now: number,
): State {
  // An answer of before the loss says nothing of what is now.
  if (before.awaited?.phase.type === "lost") return before;
  const state = { ...before, room: withMembers(before.room, members) };
  if (before.awaited === null) return state;
  const here = othersHere(state.room);
  const changes = compare(before.awaited, othersHere(before.room), here);
  const { awaited, came, left, renamed } = changes;
  const names = new Set(members.map(({ name }) => name));
  let next: State = { ...state, awaited };
  for (const { key, from, to } of renamed) {
    // In another window they may still have the name that they had.
    if (!names.has(from)) next = backAs(next, key, from, to, now);
  }
  for (const [key, name] of came) next = arrive(next, key, name, now);
  for (const [key, name] of left) {
    next = changePresence(next, now, (line) => personLeft(line, key, name, now));
  }
  return next;
}

/** With --quiet nobody's coming and going is shown. */
function changePresence(
  state: State,
  now: number,
  change: (presence: Presence) => Presence,
): State {
  if (state.settings.quiet) return state;
  const ready = settleOldPresence(state, now);
  const presence = change(ready.presence);
  const next = { ...ready, presence };
  return isPresenceFull(presence) ? print(next) : next;
}
