// How a room client enters its room, for the first time or again: it sends `enter`, and the server's `welcome` says which
// log the room is in, and what the member may do. Then what waits in the outbox is sent, unless it was written for another
// conversation. Knows neither how a connection is made nor when one is given up.

import { otherConversation } from "#conversation-errors";

import { noticeEvent, type RoomEvent } from "../../chat/events.ts";
import { FIRST_ENTRIES, type ServerFrame } from "../../chat/frames.ts";
import type { MemberFrame } from "../../chat/member-frames.ts";
import type { Cursor } from "../device.ts";
import { close } from "./leaving.ts";
import { send } from "./outbox.ts";
import {
  type Action,
  connectionPhase,
  emit,
  emitBelowPast,
  type RoomClient,
  setConnection,
} from "./state.ts";
import { watch } from "./watching.ts";

/** Sends `enter`; again if there was no answer in time. */
export function enter(client: RoomClient, now: number, actions: Action[]): void {
  actions.push({ type: "send", frame: enterFrame(client) });
  awaitWelcome(client, now);
}

/** `enter` was sent: it is sent again if there is no answer in time. */
export function awaitWelcome(client: RoomClient, now: number): void {
  setConnection(client, { name: "entering", resendAt: now + client.resendAfter });
}

/** What this end asks the server for, until it is in the room. */
export function enterFrame(client: RoomClient): MemberFrame {
  const { room, name, device, received } = client;
  const after =
    received === null
      ? undefined
      : { ...received, sequence: firstShown(client, received.sequence) };
  // A returning member gets what was missed, also from another log, such as a restored copy.
  const history = received === null ? client.history : undefined;
  // Back after the connection was lost, its members create it anew on a server that has lost it.
  const existing = client.existing === true && !client.entered ? true : undefined;
  return { type: "enter", room, name, device, after, history, existing };
}

/** The entry after which this run begins to show the log, where `sequence` is the newest that may be shown again. */
function firstShown(client: RoomClient, sequence: number): number {
  const { entered, repeatsHistory, history = 0 } = client;
  return entered || !repeatsHistory ? sequence : Math.max(0, sequence - history);
}

export function welcome(
  client: RoomClient,
  frame: Extract<ServerFrame, { type: "welcome" }>,
  now: number,
  actions: Action[],
): void {
  const { room, name, owner, operator = false, muted = false, temporary = false } = frame;
  const { members, log, last } = frame;
  // A place in one log means nothing in another.
  if (client.log !== "" && client.log !== log) {
    client.echoing.clear();
    client.watched = client.watched.map(({ room: other }) => ({ room: other }));
  }
  client.log = log;
  client.isTemporary = temporary;
  client.isLogGone = false;
  client.givenName = name;
  client.past ??= { log, sequence: last };
  // Where an empty room was entered there is nothing older to be shown; and a log that was cut short gives what is new
  // the numbers of entries that were seen before.
  client.received = upTo(client.received, log, last);
  client.shown = upTo(client.shown, log, last);
  if (client.received === null) {
    // From here on nothing is missed, even if the connection is lost before the first entry comes. Also for a server that
    // does not know how many were asked for.
    client.received = { log, sequence: Math.max(0, last - (client.history ?? FIRST_ENTRIES)) };
    client.shown = client.received;
  } else if (client.received.log === log) {
    const sequence = Math.min(client.received.sequence, firstShown(client, last));
    client.received = { log, sequence };
  }
  client.skipUpTo = last - (client.missed ?? Number.POSITIVE_INFINITY);
  if (client.received.sequence >= last) emitBelowPast(client, actions);
  const event: RoomEvent = client.entered
    ? { type: "reconnected" }
    : {
        type: "entered",
        room,
        name,
        owner,
        ...(operator ? { operator } : {}),
        ...(muted ? { muted } : {}),
        last,
        members,
      };
  emit(actions, event, client.shown?.log === log ? client.shown : null);
  if (client.entered) changeRights(client, { operator, muted }, actions);
  client.rights = { operator, muted };
  client.entered = true;
  client.attempts = 0;
  client.reportedFailure = null;
  client.reportedLoss = null;
  if (connectionPhase(client.phase)?.name === "closing") return;
  setConnection(client, { name: "joined", resendAt: null });
  holdBack(client, actions);
  if (client.watched.length > 0) watch(client, actions);
  for (const message of client.outbox.values()) send(client, message, now, actions);
  if (client.phase.name === "leaving" && client.outbox.size === 0) close(client, actions);
}

function upTo(cursor: Cursor | null, log: string, last: number): Cursor | null {
  if (cursor?.log === log) return { log, sequence: Math.min(cursor.sequence, last) };
  return last === 0 ? { log, sequence: 0 } : cursor;
}

/**
 * What was said in another conversation is not for the people of this one. The one who has said it in this run learns that it
 * is not sent, and it never will be; what an earlier run has left is kept for that conversation, and named once.
 */
function holdBack(client: RoomClient, actions: Action[]): void {
  const { log, outbox } = client;
  let count = 0;
  const named: number[] = [];
  const kept: string[] = [];
  if (Array.from(outbox.values()).some((message) => message.log === undefined)) {
    actions.push({ type: "entered-log", log });
  }
  for (const message of outbox.values()) {
    message.log ??= log;
    if (isSameConversation(message.log, log)) continue;
    const { number, text, isOld, isNamed } = message;
    outbox.delete(number);
    if (isNamed === true) continue;
    count += 1;
    if (isOld) {
      named.push(number);
      kept.push(text);
    } else {
      actions.push({ type: "not-stored", number, error: otherConversation(1, 0), keep: false });
    }
  }
  if (count === 0) return;
  const notice = noticeEvent(otherConversation(count, kept.length));
  const event = kept.length === 0 ? notice : { ...notice, kept };
  actions.push({ type: "emit", event, shown: null, named });
}

/** Whether one log goes on with the conversation of another: a copy's id ends with that of the first log (docs/server.md). */
function isSameConversation(one: string, other: string): boolean {
  return firstLog(one) === firstLog(other);
}

/** The id of the log with which the conversation of a log has begun. */
export function firstLog(log: string): string {
  return log.slice(log.lastIndexOf(".") + 1);
}

export function changeRights(
  client: RoomClient,
  { operator, muted }: RoomClient["rights"],
  actions: Action[],
): void {
  const { rights } = client;
  if (rights.operator === operator && rights.muted === muted) return;
  client.rights = { operator, muted };
  emit(actions, { type: "rights", operator, muted });
}
