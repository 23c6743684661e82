// What an event of the conversation changes on the screen. Pure.

import { actionText } from "../../chat/commands.ts";
import type { ConversationEvent, EventOf } from "../../chat/events.ts";
import { visibleLine } from "../visible-text.ts";
import { connectionBack, connectionLost } from "./awaited.ts";
import { withHue, withHues } from "./colours.ts";
import type { Effect } from "./effects.ts";
import { describeEvent } from "./event-text.ts";
import { join, leave, rename } from "./people-events.ts";
import { NO_PRESENCE, personSpoke } from "./presence.ts";
import { describe, print, printMessage, printNotice, printPast } from "./print.ts";
import { keyOf, mentions, othersHere, roomAfter, type RoomMessage, wasMissed } from "./room.ts";
import {
  type Connection,
  type PendingMessage,
  type State,
  type Step,
  windowName,
} from "./state.ts";
import { connectedAgain, type Mention, newsCame, roomEntered, watchedRooms } from "./unread.ts";
import { wayAfter } from "./way.ts";

/** How long the count of stray datagrams is shown after the last change, ms. */
const SHOW_STRAYS = 60_000;

/** Between two notifications, ms. */
const NOTIFY_EVERY = 5_000;

/** Characters of a message in a notification. */
const MAX_NOTIFIED = 200;

export function conversationStep(before: State, event: ConversationEvent, now: number): Step {
  const state = {
    ...before,
    room: roomAfter(before.room, event),
    peer: peerAfter(before.peer, event),
    connection: connectionAfter(before.connection, event, now),
    way: wayAfter(before.way, event, now),
  };
  switch (event.type) {
    case "entered":
      return enter(state, before, event, now);
    case "message":
      return "sequence" in event ? roomMessage(state, event, now) : plainMessage(state, event, now);
    case "said":
      return [describe(said(state, event.text, now), event, now), []];
    case "waiting": {
      const next = taken(state, event.text);
      // It is shown as waiting.
      const isShown = event.for === "turn" && state.pending.some(({ text }) => text === event.text);
      return [isShown ? next : describe(next, event, now), []];
    }
    case "delivered":
      return [deliver(state, event), []];
    case "joined":
      if (!("fingerprint" in event)) return [describe(state, event, now), []];
      return [join(state, before, event, now), []];
    case "left":
      return leave(state, before, event, now);
    case "renamed":
      return [rename(state, keyOf(before.room, event.from), event, now), []];
    case "disconnected": {
      const awaited = connectionLost(state.awaited, othersHere(state.room));
      return [describe({ ...state, awaited }, event, now), []];
    }
    case "reconnected": {
      const awaited = connectionBack(state.awaited, othersHere(state.room), now);
      const unread = connectedAgain(state.unread, now);
      const next: State = { ...state, awaited, unread, reconnectedAt: now };
      // Who came or left meanwhile was not reported.
      return [describe(next, event, now), [{ type: "ask-people" }]];
    }
    case "news":
      return news(state, event, now);
    case "turn":
      return [{ ...state, turn: event.whose }, []];
    case "silent":
    case "way":
    case "rights":
      return [state, []];
    case "stranger":
      return [countStrays(state, event, event.ignored, now), []];
    case "invitation": {
      if (state.settings.quiet) return [state, []];
      const { invitation, page = null } = event;
      const next = { ...state, invitation };
      return [print(next, { type: "invitation", invitation, page, code: "beside" }), []];
    }
    case "notice": {
      if (event.code === "OTHER_WIRE") {
        return [countStrays(state, event, before.strays === null ? 1 : 2, now), []];
      }
      const hint = event.hint === undefined ? undefined : visibleLine(event.hint);
      const { kept = [] } = event;
      const named = kept.reduce((next, text) => printUnsaid(next, "not sent", text, now), state);
      return [printNotice(named, visibleLine(event.message), now, hint), []];
    }
    case "ended":
      return [end(state, event, now), []];
    default:
      return [describe(state, event, now), []];
  }
}

function enter(joined: State, before: State, event: EventOf<"entered">, now: number): Step {
  const { pending } = joined;
  const isSwitch = before.room.room !== "";
  const state: State = { ...joined, showsPast: false, reconnectedAt: null, nameColumns: 1 };
  // After a switch to another room, those of the last one aren't known to be delivered.
  const left = isSwitch
    ? pending.reduce((next, message) => drop(next, message, now), state)
    : state;
  // People who were met in another room keep their colours.
  const colours = withHues(
    state.colours,
    event.members.map(({ fingerprint }) => fingerprint),
  );
  const entered: State = {
    ...left,
    colours,
    unread: roomEntered(state.unread, before.room, event.room, now),
  };
  const rooms = watchedRooms(entered.unread);
  const effects: Effect[] = rooms.length === 0 ? [] : [{ type: "watch", rooms }];
  // What is known of the last room is printed above.
  return [{ ...describe(entered, event, now), presence: NO_PRESENCE, awaited: null }, effects];
}

/** It is not known whether the message was delivered, and won't be. */
function drop(state: State, { id, text }: PendingMessage, now: number): State {
  return printUnsaid(withoutPending(state, id), "may not have been delivered", text, now);
}

/** Shown even with --quiet: it is the only copy of the text. */
export function printUnsaid(state: State, fate: string, text: string, now: number): State {
  return print(state, { type: "notice", time: now, text: `${fate}: ${visibleLine(text)}` });
}

/** What was typed for a room that was not entered; `isShown` says which lines of it. */
export function printHeld(
  state: State,
  now: number,
  isShown: (text: string) => boolean = () => true,
): State {
  const held = state.switching?.held ?? [];
  return held
    .filter(isShown)
    .reduce<State>((next, text) => printUnsaid(next, "not sent", text, now), {
      ...state,
      switching: null,
    });
}

export function withoutPending(state: State, id: number): State {
  return { ...state, pending: state.pending.filter((message) => message.id !== id) };
}

function roomMessage(state: State, message: RoomMessage, now: number): Step {
  const { from, fingerprint, text, time } = message;
  const named = mentions(state.room, message);
  const colours = withHue(state.colours, fingerprint);
  const item = {
    time,
    name: from,
    colour: colours.get(fingerprint) ?? null,
    text,
    mentions: named,
  };
  const isPast = message.past === true;
  const presence = isPast ? state.presence : personSpoke(state.presence, fingerprint);
  const heard = { ...state, colours, presence };
  const printed = state.settings.showsMessages
    ? isPast
      ? printPast(heard, item, fingerprint)
      : printMessage(printMark(heard, message), item, fingerprint)
    : heard;
  if (isPast || fingerprint === state.room.fingerprint) return [printed, []];
  const isToMe = named || state.room.here.size === 2;
  const rings: Effect[] = named && state.settings.bell ? [{ type: "bell" }] : [];
  const toMe = isToMe ? { room: state.room.room, from, text } : null;
  const [seen, effects] = unseen(printed, toMe, now);
  return [seen, [...rings, ...effects]];
}

/** In other rooms: what names this person there rings, and is notified, as it would be here. */
function news(state: State, { rooms }: EventOf<"news">, now: number): Step {
  const { unread, count, mentions } = newsCame(state.unread, rooms);
  const effects: Effect[] = mentions.length > 0 && state.settings.bell ? [{ type: "bell" }] : [];
  const others = Math.max(0, count - mentions.length);
  let next: State = { ...state, unread, unseen: state.unseen + (state.focused ? 0 : others) };
  for (const mention of mentions) {
    const [seen, more] = unseen(next, mention, now);
    next = seen;
    effects.push(...more);
  }
  return [next, effects];
}

/** Between two, where nobody has a name. */
function plainMessage(state: State, { text }: EventOf<"message">, now: number): Step {
  const item = { time: now, name: "<", colour: null, text, mentions: false };
  const printed = state.settings.showsMessages ? printMessage(state, item, "<") : state;
  return unseen(printed, { room: "", from: "", text }, now);
}

/** Counts a message that came while the terminal had no focus. */
function unseen(state: State, toMe: Mention | null, now: number): Step {
  if (state.focused) return [state, []];
  const next = { ...state, unseen: state.unseen + 1 };
  if (toMe === null || !state.settings.notifies) return [next, []];
  const { notified } = state;
  if (notified !== null && now < notified.until) {
    return [{ ...next, notified: { ...notified, more: notified.more + 1 } }, []];
  }
  const { room } = toMe;
  const title = room === "" ? "charla" : `${visibleLine(toMe.from)} in ${visibleLine(room)}`;
  const said = Array.from(visibleLine(actionText(toMe.text) ?? toMe.text));
  const body = said.slice(0, MAX_NOTIFIED).join("");
  return [
    { ...next, notified: { until: now + NOTIFY_EVERY, more: 0 } },
    [{ type: "notify", title, body }],
  ];
}

/** Once another notification may be shown, says how many messages there were meanwhile. */
export function notifyMore(state: State, now: number): Step {
  const { notified } = state;
  if (notified === null || notified.more === 0 || now < notified.until) return [state, []];
  const body = `${notified.more} more ${notified.more === 1 ? "message" : "messages"}`;
  return [
    { ...state, notified: { until: now + NOTIFY_EVERY, more: 0 } },
    [{ type: "notify", title: windowName(state.room), body }],
  ];
}

/** Before what was missed while the connection was lost, or while the terminal had no focus. */
function printMark(state: State, message: RoomMessage): State {
  const { focused, markedNew, reconnectedAt, settings } = state;
  const isUnseen = !focused && !markedNew;
  const next = { ...state, reconnectedAt: null, markedNew: markedNew || isUnseen };
  if (settings.quiet || !(isUnseen || wasMissed(message, reconnectedAt))) return next;
  return print({ ...next, showsPast: false }, { type: "mark", label: "new" });
}

/** They are taken in the order in which they were said. */
function taken(state: State, text: string): State {
  const message = state.pending.find((other) => !other.isTaken && other.text === text);
  if (message === undefined) return state;
  const pending = state.pending.map((other) =>
    other === message ? { ...other, isTaken: true } : other,
  );
  return { ...state, pending };
}

/** On the plain wire a message that has waited goes out. */
function said(state: State, text: string, now: number): State {
  if (state.settings.showsDelivery) return taken(state, text);
  const [first] = state.pending;
  if (first?.text !== text) return state;
  return printOwn(withoutPending(state, first.id), text, now);
}

/** Of several messages with the same text, the oldest is delivered first; one of an earlier run is not pending here. */
function deliver(state: State, { text, time, earlier }: EventOf<"delivered">): State {
  const { isRoom, showsDelivery } = state.settings;
  if (!showsDelivery) return state;
  if (earlier === true) return printOwn(state, text, time);
  const { pending } = state;
  const message = isRoom ? pending.find((other) => other.text === text) : pending[0];
  if (message === undefined && !isRoom) return state;
  const next = message === undefined ? state : withoutPending(state, message.id);
  return printOwn(next, message?.text ?? text, time);
}

/** @param time null if it is not known to be stored */
export function printOwn(state: State, text: string, time: number | null): State {
  const { name, fingerprint } = state.room;
  if (!state.settings.isRoom) {
    const plain = { time, name: ">", colour: null, text, mentions: false };
    return printMessage(state, plain, ">");
  }
  const key = fingerprint ?? "";
  const colours = fingerprint === null ? state.colours : withHue(state.colours, key);
  const colour = colours.get(key) ?? null;
  const item = { time, name, colour, text, mentions: false };
  return printMessage({ ...state, colours }, item, key);
}

/** The first is shown; of more, how many there were. */
function countStrays(
  state: State,
  event: EventOf<"stranger"> | EventOf<"notice">,
  count: number,
  now: number,
): State {
  if (count === 1 || state.strays === null) {
    const next = { ...state, strays: { text: null, until: 0 } };
    if (event.type === "stranger") return describe(next, event, now);
    return printNotice(next, visibleLine(event.message), now, event.hint);
  }
  const text = event.type === "notice" ? visibleLine(event.message) : describeEvent(event, true);
  return { ...state, strays: { text, until: now + SHOW_STRAYS } };
}

function end(start: State, event: EventOf<"ended">, now: number): State {
  const before = printHeld(start, now);
  const { isRoom, quiet } = before.settings;
  // A room lists every message that it has taken: it has refused the others, because it was over.
  const refused = isRoom ? before.pending.filter(({ isTaken }) => !isTaken) : [];
  const named = refused.reduce(
    (next, { id, text }) => printUnsaid(withoutPending(next, id), "not sent", text, now),
    before,
  );
  if (quiet) return named;
  // Nothing more is said.
  const state = { ...named, showsPast: false, pending: [] };
  return describe(state, event, now);
}

function peerAfter(before: string | null, event: ConversationEvent): string | null {
  const isPlain =
    event.type === "joining" || (event.type === "joined" && !("fingerprint" in event));
  return isPlain ? event.peer : before;
}

function connectionAfter(before: Connection, event: ConversationEvent, now: number): Connection {
  switch (event.type) {
    case "silent":
      return { type: "silent", since: now - event.seconds * 1_000, seconds: event.seconds };
    case "disconnected":
      return { type: "reconnecting" };
    case "entered":
    case "reconnected":
    case "heard":
    case "joined":
      return { type: "ok" };
    case "message":
      return before.type === "connecting" ? { type: "ok" } : before;
    case "left":
    case "ended":
      return before.type === "silent" ? { type: "ok" } : before;
    default:
      return before;
  }
}
