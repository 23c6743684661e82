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
// a phase, such as a frame after the end, is ignored. The file is long because all transitions of the one machine are here.

import type { EndReason, RoomEvent } from "../../chat/events.ts";
import { FIRST_ENTRIES, readServerFrame, type ServerFrame } from "../../chat/frames.ts";
import type { CharlaError } from "../../errors.ts";
import {
  conversationOver,
  notConnected,
  otherConversation,
  refusal,
  tooManyWaiting,
} from "../conversation-errors.ts";
import type { Cursor } from "../device.ts";
import {
  type Action,
  type Answer,
  type ChannelEnd,
  type ClientEvent,
  connectionPhase,
  isSameConversation,
  NOT_THE_SERVER,
  type Outgoing,
  type Question,
  type RoomClient,
  setConnection,
} from "./state.ts";

/** How long leaving may take before a notice says what it waits for, ms. */
const LEAVING_NOTICE = 1_000;
/** Questions that wait for their answers. */
const MAX_ASKED = 100;

/** What to do about an event, in order. `now` is in ms, and only grows. */
export function step(client: RoomClient, event: ClientEvent, now: number): readonly Action[] {
  const actions: Action[] = [];
  const { phase } = client;
  switch (event.type) {
    case "connected":
      // An attempt that was not wanted any more.
      if (phase.name === "over") actions.push({ type: "close" });
      else if (connectionPhase(phase)?.name === "connecting") enter(client, now, actions);
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
    case "say":
      say(client, event.number, event.text, now, actions);
      break;
    case "withdraw": {
      const message = client.outbox.get(event.number);
      // What was sent cannot be taken back: the server may have it.
      if (message === undefined || message.isSent || message.isOld) break;
      actions.push({ type: "not-stored", number: event.number, error: event.reason, keep: false });
      settled(client, message, actions);
      break;
    }
    case "ask":
      ask(client, event.request, event.question, actions);
      break;
    case "stop-asking":
      if (!client.questions.delete(event.request)) break;
      actions.push({ type: "fail-question", request: event.request, error: event.reason });
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

function enter(client: RoomClient, now: number, actions: Action[]): void {
  const { room, name, device, received } = client;
  const after = received ?? undefined;
  // A returning member gets what was missed, also from another log, such as a restored copy.
  const history = received === null ? client.history : undefined;
  actions.push({ type: "send", frame: { type: "enter", room, name, device, after, history } });
  setConnection(client, { name: "entering", resendAt: now + client.resendAfter });
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
  const delay = client.retryDelay(client.attempts, client.random());
  client.phase = { name: "connecting", retryAt: now + delay };
}

function channelEnded(client: RoomClient, end: ChannelEnd, now: number, actions: Action[]): void {
  const { phase } = client;
  const connection = connectionPhase(phase);
  if (connection === null || connection.name === "connecting") return;
  failQuestions(client, notConnected(), actions);
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
  const message = "error" in end ? end.error.message : end.reason;
  emit(actions, { type: "disconnected", message });
  retry(client, now);
}

function receive(client: RoomClient, message: Uint8Array, now: number, actions: Action[]): void {
  const connection = connectionPhase(client.phase);
  if (connection === null || connection.name === "connecting") return;
  const reading = readServerFrame(message);
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
      return receiveEntry(client, frame, actions);
    case "refused": {
      const refused = client.outbox.get(frame.number);
      if (refused === undefined) return;
      const error = refusal(frame.code, frame.message);
      actions.push({ type: "not-stored", number: frame.number, error, keep: false });
      return settled(client, refused, actions);
    }
    case "joined":
      return emit(actions, { type: "joined", peer: frame.name, fingerprint: frame.fingerprint });
    case "left":
      return emit(actions, { type: "left", peer: frame.name, reason: frame.reason });
    case "away":
      return emit(actions, { type: "away", peer: frame.name, away: frame.away });
    case "rights":
      return changeRights(client, frame, actions);
    case "notice": {
      const { code, message: text, hint } = frame;
      const notice = { type: "notice", code, message: text } as const;
      return emit(actions, hint === undefined ? notice : { ...notice, hint });
    }
    case "renamed":
      return emit(actions, { type: "renamed", from: frame.from, to: frame.to });
  }
}

function welcome(
  client: RoomClient,
  frame: Extract<ServerFrame, { type: "welcome" }>,
  now: number,
  actions: Action[],
): void {
  const { room, name, owner, operator = false, muted = false, members, log, last } = frame;
  client.log = log;
  client.past ??= { log, sequence: last };
  // Where an empty room was entered there is nothing older to be shown; and a log that was cut short gives what is new
  // the numbers of entries that were seen before.
  const { received } = client;
  const isKnown = received?.log === log;
  if (isKnown ? received.sequence > last : last === 0) {
    client.received = { log, sequence: last };
  } else if (received === null) {
    // From here on nothing is missed, even if the connection is lost before the first entry comes. Also for a server that
    // does not know how many were asked for.
    client.received = { log, sequence: Math.max(0, last - (client.history ?? FIRST_ENTRIES)) };
  }
  const event: RoomEvent = client.entered
    ? { type: "reconnected" }
    : {
        type: "entered",
        room,
        name,
        owner,
        ...(operator ? { operator } : {}),
        ...(muted ? { muted } : {}),
        members,
      };
  emit(actions, event, client.received?.log === log ? client.received : null);
  if (client.entered) changeRights(client, { operator, muted }, actions);
  client.rights = { operator, muted };
  client.entered = true;
  client.attempts = 0;
  client.reportedFailure = null;
  if (connectionPhase(client.phase)?.name === "closing") return;
  setConnection(client, { name: "joined", resendAt: null });
  holdBack(client, actions);
  for (const message of client.outbox.values()) send(client, message, now, actions);
  if (client.phase.name === "leaving" && client.outbox.size === 0) close(client, actions);
}

/** What was said in another conversation is not for the people of this one: the device keeps it. */
function holdBack(client: RoomClient, actions: Action[]): void {
  const { log, outbox } = client;
  let count = 0;
  if (outbox.values().some((message) => message.log === undefined)) {
    actions.push({ type: "entered-log", log });
  }
  for (const message of outbox.values()) {
    message.log ??= log;
    if (isSameConversation(message.log, log)) continue;
    count += 1;
    outbox.delete(message.number);
    const { number, isOld } = message;
    const keep = isOld || client.keepsUnsaid;
    actions.push({ type: "not-stored", number, error: otherConversation(1), keep });
  }
  if (count === 0) return;
  const { code, message, hint } = otherConversation(count);
  emit(actions, { type: "notice", code, message, hint });
}

function changeRights(
  client: RoomClient,
  { operator, muted }: RoomClient["rights"],
  actions: Action[],
): void {
  const { rights } = client;
  if (rights.operator === operator && rights.muted === muted) return;
  client.rights = { operator, muted };
  emit(actions, { type: "rights", operator, muted });
}

/** Sends a message; it is sent again when nothing else is said, or stored, for a while. */
function send(client: RoomClient, message: Outgoing, now: number, actions: Action[]): void {
  const { number, text } = message;
  actions.push({ type: "send", frame: { type: "say", number, text } });
  message.isSent = true;
  setConnection(client, { name: "joined", resendAt: now + client.resendAfter });
}

/** An entry that came before, over a connection that was lost, is not shown again. */
function receiveEntry(
  client: RoomClient,
  frame: Extract<ServerFrame, { type: "message" }>,
  actions: Action[],
): void {
  const { sequence, time, author: fingerprint, name: from, text, number, device } = frame;
  const { log, received, past } = client;
  const isNew = received?.log !== log || sequence > received.sequence;
  const shown = isNew ? { log, sequence } : null;
  if (shown !== null) client.received = shown;
  if (isNew && client.keepsEntries === true) actions.push({ type: "keep", log, entry: frame });
  const own = device === client.device ? client.outbox.get(number) : undefined;
  if (own !== undefined) {
    emit(actions, { type: "delivered", text, sequence }, shown);
    actions.push({ type: "stored", number });
    settled(client, own, actions);
  } else if (isNew) {
    const message = { type: "message", from, text, sequence, time, fingerprint } as const;
    const isPast = past?.log === log && sequence <= past.sequence;
    emit(actions, isPast ? { ...message, past: true } : message, shown);
  }
}

function say(
  client: RoomClient,
  number: number,
  text: string,
  now: number,
  actions: Action[],
): void {
  const log = client.log === "" ? undefined : client.log;
  const message = { number, text, log, isOld: false, isSent: false };
  client.outbox.set(number, message);
  if (client.phase.name === "joined") {
    send(client, message, now, actions);
    emit(actions, { type: "said", text });
  } else {
    emit(actions, { type: "waiting", for: "server", text });
  }
}

/** Nothing more is to be done for a message, and perhaps nothing to stay for. */
function settled(client: RoomClient, { number }: Outgoing, actions: Action[]): void {
  client.outbox.delete(number);
  if (client.outbox.size > 0) return;
  const connection = connectionPhase(client.phase);
  if (connection?.name === "joined") setConnection(client, { name: "joined", resendAt: null });
  if (client.phase.name === "leaving") close(client, actions);
}

function ask(client: RoomClient, request: number, question: Question, actions: Action[]): void {
  const connection = connectionPhase(client.phase);
  const error =
    connection === null || connection.name === "closing"
      ? conversationOver()
      : connection.name !== "joined"
        ? notConnected()
        : client.questions.size >= MAX_ASKED
          ? tooManyWaiting("the server has answered")
          : null;
  if (error !== null) {
    actions.push({ type: "fail-question", request, error });
    return;
  }
  client.questions.set(request, question);
  actions.push({ type: "send", frame: { ...question, request } });
}

function answer(client: RoomClient, frame: Answer, actions: Action[]): void {
  const question = client.questions.get(frame.request);
  if (question === undefined) return;
  client.questions.delete(frame.request);
  // The name under which it comes in again.
  if (question.type === "rename" && frame.type === "done") client.name = question.name;
  actions.push({ type: "answer", request: frame.request, answer: frame });
}

/** Leaves once everything is stored. */
function leave(client: RoomClient, now: number, actions: Action[]): void {
  const { phase, outbox } = client;
  if (phase.name === "leaving" || phase.name === "over") return;
  if (outbox.size === 0) return close(client, actions);
  client.phase = { name: "leaving", noticeAt: now + LEAVING_NOTICE, connection: phase };
}

function leaveAtOnce(client: RoomClient, actions: Action[]): void {
  const connection = connectionPhase(client.phase);
  if (connection === null) return;
  if (connection.name === "connecting") return close(client, actions);
  actions.push({ type: "abort", reason: "" });
  client.phase = { name: "leaving", noticeAt: null, connection: { name: "closing" } };
}

/** There is nothing left to wait for but the end of the channel, where there is one. */
function close(client: RoomClient, actions: Action[]): void {
  const connection = connectionPhase(client.phase);
  if (connection === null || connection.name === "closing") return;
  if (connection.name === "connecting") {
    if (connection.retryAt === null) actions.push({ type: "cancel-connect" });
    return finish(client, "left", actions);
  }
  actions.push({ type: "close" });
  client.phase = { name: "leaving", noticeAt: null, connection: { name: "closing" } };
}

function finish(client: RoomClient, reason: EndReason, actions: Action[]): void {
  const left = giveUp(client, actions);
  actions.push({ type: "over", event: { type: "ended", reason, ...left }, error: null });
}

function fail(
  client: RoomClient,
  error: CharlaError,
  actions: Action[],
  reason: "lost" | "removed" = "lost",
): void {
  const left = giveUp(client, actions);
  const event = client.entered ? ({ type: "ended", reason, ...left } as const) : null;
  actions.push({ type: "over", event, error });
}

/** Nothing that waits will come any more; returns the texts of what is not known to be stored, and of what is kept. */
function giveUp(client: RoomClient, actions: Action[]): { unsaid: string[]; kept?: string[] } {
  client.phase = { name: "over" };
  failQuestions(client, conversationOver(), actions);
  const kept: string[] = [];
  const unsaid = Array.from(client.outbox.values(), ({ number, text, isOld }) => {
    // The device sends it in its next run. But where no server was reached, the person knows, and says it again; and so
    // does a script, which may say it again for its status.
    const keep = isOld || (client.entered && client.keepsUnsaid);
    if (keep) kept.push(text);
    actions.push({ type: "not-stored", number, error: conversationOver(), keep });
    return text;
  });
  client.outbox.clear();
  return kept.length === 0 ? { unsaid } : { unsaid, kept };
}

function failQuestions(client: RoomClient, error: CharlaError, actions: Action[]): void {
  for (const request of client.questions.keys()) {
    actions.push({ type: "fail-question", request, error });
  }
  client.questions.clear();
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
    const oldest = client.outbox.values().next().value;
    if (oldest !== undefined) send(client, oldest, now, actions);
  }
  const { phase } = client;
  if (phase.name !== "leaving" || phase.noticeAt === null || now < phase.noticeAt) return;
  client.phase = { ...phase, noticeAt: null };
  const count = client.outbox.size;
  emit(actions, {
    type: "notice",
    code: "LEAVING",
    message: `leaving once ${count === 1 ? "a message is" : `${count} messages are`} on the server`,
    hint: "Ctrl-C again leaves at once",
  });
}

function emit(actions: Action[], event: RoomEvent, shown: Cursor | null = null): void {
  actions.push({ type: "emit", event, shown });
}
