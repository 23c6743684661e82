// A member's end of a room (docs/protocol.md s. 18), as a state machine without I/O: what is said is kept until the
// server has stored it, what was missed is fetched, and a lost connection is made again. Events and the time come in,
// actions go out; ../room-conversation.ts carries them out. Knows neither channels nor clocks nor disks.
//
//                 connected            welcome
//   connecting ------------> entering ----------> joined
//     ^   ^  |                  |                   |
//     |   +--+ failed           | lost              | lost
//     +-------------------------+-------------------+
//
// `leave` makes any of them `leaving`: it goes on connecting, entering or sending until everything is stored,
// then closes the channel, and is over when that has ended.
//
// The server's goodbye, and a failure that no other attempt would mend, end it at once. An event that means nothing in
// a phase, such as a frame after the end, is ignored.
//
// This file has the events and the connection; entering.ts, outbox.ts, questions.ts, watching.ts and leaving.ts have the rest.

import { notConnected } from "#conversation-errors";

import type { RoomEvent } from "../../chat/events.ts";
import { createServerFrameReader, type ServerFrame } from "../../chat/frames.ts";
import type { CharlaError, ErrorCode } from "../../errors.ts";
import type { Cursor } from "../device.ts";
import { awaitWelcome, changeRights, enter, welcome } from "./entering.ts";
import { fail, finish, leave, leaveAtOnce, noticeLeaving } from "./leaving.ts";
import { cameBack, findOwn, noted, refused, resendOldest, say, withdraw } from "./outbox.ts";
import { answer, ask, failQuestions, rename, stopAsking } from "./questions.ts";
import {
  type Action,
  type ChannelEnd,
  type ClientEvent,
  connectionPhase,
  emit,
  emitBelowPast,
  longestRetry,
  type RoomClient,
  setConnection,
} from "./state.ts";
import { look, readElsewhere, receiveNews, watch } from "./watching.ts";

/** Failures that a person should know of while another attempt is made: something else answers in the server's place. */
const NOT_THE_SERVER: ReadonlySet<ErrorCode> = new Set([
  "SERVER_KEY_CHANGED",
  "OTHER_WIRE",
  "OTHER_VERSION",
]);

/** What to do about an event, in order. `now` is in ms, and only grows. */
export function step(client: RoomClient, event: ClientEvent, now: number): readonly Action[] {
  const actions: Action[] = [];
  const { phase } = client;
  switch (event.type) {
    case "connected":
      client.readFrame = createServerFrameReader();
      // An attempt that was not wanted any more.
      if (phase.name === "over") actions.push({ type: "close" });
      else if (connectionPhase(phase)?.name !== "connecting") break;
      else if (event.hasAsked === true) awaitWelcome(client, now);
      else enter(client, now, actions);
      break;
    case "connect-failed":
      if (connectionPhase(phase)?.name !== "connecting") break;
      connectFailed(client, event.error, event.isTemporary, now, actions);
      break;
    case "ended":
      channelEnded(client, event.end, now, actions);
      break;
    case "received":
      receive(client, event.message, now, actions);
      break;
    case "noted":
      noted(client, event.note, now, actions);
      break;
    case "say":
      say(client, event.number, event.text, now, actions);
      break;
    case "withdraw":
      withdraw(client, event.number, event.reason, now, actions);
      break;
    case "ask":
      ask(client, event.request, event.question, actions);
      break;
    case "stop-asking":
      stopAsking(client, event.request, event.reason, actions);
      break;
    case "watch":
      client.watched = event.rooms;
      if (connectionPhase(phase)?.name === "joined") watch(client, actions);
      break;
    case "read":
      readElsewhere(client, event.rooms, actions);
      break;
    case "leave":
      if (phase.name === "leaving") leaveAtOnce(client, actions);
      else leave(client, now, actions);
      break;
    case "leave-at-once":
      leaveAtOnce(client, actions);
      break;
    case "tick":
      tick(client, now, actions);
      break;
  }
  return actions;
}

function connectFailed(
  client: RoomClient,
  error: CharlaError,
  isTemporary: boolean,
  now: number,
  actions: Action[],
): void {
  const { phase, entered } = client;
  const isLeaving = phase.name === "leaving";
  // Another server has taken the place of the one that kept its secret nowhere.
  if (error.code === "WRONG_SECRET") client.isLogGone = client.isTemporary;
  // A conversation that never began has no end: its reader gets the error alone.
  if (!isTemporary || (isLeaving && !entered)) fail(client, error, actions);
  else if (isLeaving) finish(client, "left", actions);
  else {
    const { code, message, hint } = error;
    if (NOT_THE_SERVER.has(code) && code !== client.reportedFailure) {
      client.reportedFailure = code;
      emit(actions, { type: "notice", code, message, hint });
    }
    retry(client, now);
  }
}

function retry(client: RoomClient, now: number): void {
  client.attempts += 1;
  const delay = client.retryDelay(client.attempts, client.random(), longestRetry(client, now));
  client.phase = { name: "connecting", retryAt: now + delay };
}

function channelEnded(client: RoomClient, end: ChannelEnd, now: number, actions: Action[]): void {
  const { phase } = client;
  const connection = connectionPhase(phase);
  if (connection === null || connection.name === "connecting") return;
  failQuestions(client, notConnected(), actions);
  if (end.type === "closed" || (end.type === "lost" && end.isStopped === true)) {
    client.isLogGone = client.isTemporary;
  }
  const isFinal = end.type === "closed" || (end.type === "failed" && !client.entered);
  if (isFinal && end.reason !== "" && connection.name !== "closing") {
    emit(actions, { type: "notice", code: "SERVER_SAYS", message: end.reason });
  }
  if (end.type === "refused" && connection.name !== "closing") {
    return fail(client, end.error, actions, "removed");
  }
  // A member who leaves does not wait for a server that may not come back.
  if (phase.name === "leaving") return finish(client, "left", actions);
  if (isFinal) return finish(client, "peer-left", actions);
  reportLoss(client, end, actions);
  client.lostAt = now;
  retry(client, now);
}

/** Once, however often another channel is lost before the member is back; but each reason that the server gives. */
function reportLoss(client: RoomClient, end: ChannelEnd, actions: Action[]): void {
  const message = "error" in end ? end.error.message : end.reason;
  const { reportedLoss } = client;
  if (reportedLoss !== null && (end.type === "lost" || message === reportedLoss)) return;
  client.reportedLoss = message;
  emit(actions, { type: "disconnected", message });
}

function receive(client: RoomClient, message: Uint8Array, now: number, actions: Action[]): void {
  const connection = connectionPhase(client.phase);
  if (connection === null || connection.name === "connecting") return;
  const reading = client.readFrame(message);
  if (reading.type === "unknown") return;
  if (reading.type === "invalid") {
    actions.push({ type: "abort", reason: reading.why });
    return;
  }
  const { frame } = reading;
  if ("request" in frame) return answer(client, frame, actions);
  switch (frame.type) {
    case "welcome":
      return welcome(client, frame, now, actions);
    case "message":
      return receiveEntry(client, frame, now, actions);
    case "refused":
      return refused(client, frame, now, actions);
    case "joined": {
      const { name: peer, fingerprint, away } = frame;
      return emit(actions, { type: "joined", peer, fingerprint, away });
    }
    case "left":
      return emit(actions, { type: "left", peer: frame.name, reason: frame.reason });
    case "away":
      return emit(actions, { type: "away", peer: frame.name, away: frame.away });
    case "rights":
      return changeRights(client, frame, actions);
    case "news":
      return receiveNews(client, frame.rooms, now, actions);
    case "notice": {
      const { code, message: text, hint } = frame;
      const notice = { type: "notice", code, message: text } as const;
      return emit(actions, hint === undefined ? notice : { ...notice, hint });
    }
    case "renamed":
      // From another window of the same person.
      if (frame.from === client.givenName) rename(client, frame.to);
      return emit(actions, { type: "renamed", from: frame.from, to: frame.to });
  }
}

/** An entry that came before, over a connection that was lost, is not shown again. */
function receiveEntry(
  client: RoomClient,
  frame: Extract<ServerFrame, { type: "message" }>,
  now: number,
  actions: Action[],
): void {
  const { sequence, time, author: fingerprint, name: from, text, number, device } = frame;
  const { log, past } = client;
  const isNew = isAfter(client.received);
  const at = { log, sequence };
  if (isNew) client.received = at;
  const shown = isNew && isAfter(client.shown) ? at : null;
  if (shown !== null) client.shown = shown;
  if (isNew && client.keepsEntries === true) actions.push({ type: "keep", log, entry: frame });
  const own = device === client.device ? findOwn(client, number) : null;
  if (own !== null) {
    const delivered = { type: "delivered", text, sequence, time } as const;
    emit(actions, own.isOld ? { ...delivered, earlier: true } : delivered, shown);
    cameBack(client, number, now, actions);
  } else if (isNew && sequence <= client.skipUpTo) client.skipped += 1;
  else if (isNew) {
    if (client.skipped > 0) emit(actions, missedMore(client.skipped));
    client.skipped = 0;
    const message = { type: "message", from, text, sequence, time, fingerprint } as const;
    const isPast = past?.log === log && sequence <= past.sequence;
    emit(actions, isPast ? { ...message, past: true } : message, shown);
  }
  if (past?.log === log && sequence >= past.sequence) emitBelowPast(client, actions);

  function isAfter(cursor: Cursor | null): boolean {
    return cursor?.log !== log || sequence > cursor.sequence;
  }
}

function missedMore(count: number): RoomEvent {
  const what = count === 1 ? "1 earlier message" : `${count} earlier messages`;
  return {
    type: "notice",
    code: "MISSED_MORE",
    message: `${what} that you missed ${count === 1 ? "is" : "are"} not shown`,
    hint: "/history shows them",
  };
}

function tick(client: RoomClient, now: number, actions: Action[]): void {
  const connection = connectionPhase(client.phase);
  if (
    connection?.name === "connecting" &&
    connection.retryAt !== null &&
    now >= connection.retryAt
  ) {
    actions.push({ type: "connect" });
    setConnection(client, { name: "connecting", retryAt: null });
  }
  if (connection?.name === "entering" && now >= connection.resendAt) enter(client, now, actions);
  if (connection?.name === "joined" && connection.resendAt !== null && now >= connection.resendAt) {
    resendOldest(client, now, actions);
  }
  look(client, now, actions);
  noticeLeaving(client, now, actions);
}
