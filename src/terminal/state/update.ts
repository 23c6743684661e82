// The screen of a conversation as a state machine: what happens in, the next state and what is to be done out. Pure: the
// time is passed in, in ms since 1970.

import type { ConversationEvent } from "../../chat/events.ts";
import { setAside } from "../editor/editing.ts";
import { askAt, askingWhoIsGone } from "./awaited.ts";
import { withHues } from "./colours.ts";
import {
  conversationStep,
  notifyMore,
  printHeld,
  printOwn,
  printUnsaid,
  withoutPending,
} from "./conversation-events.ts";
import type { Effect, Outcome, ScreenEvent } from "./effects.ts";
import {
  complete,
  enterHeld,
  enterLine,
  giveBackHeld,
  inputStep,
  printError,
  takeEdited,
} from "./input.ts";
import { peopleAnswered } from "./people-events.ts";
import { announceArrivals, nextAnnouncement, presenceEnd } from "./presence.ts";
import {
  endPages,
  noticeItems,
  print,
  printNotice,
  settleOldPresence,
  withArrivals,
} from "./print.ts";
import { mentions } from "./room.ts";
import type { State, Step } from "./state.ts";
import { isSwitchTo } from "./switching.ts";
import type { Answer } from "./transcript.ts";
import { nameWaiting, nextNaming, withoutAnswered } from "./unanswered.ts";
import { asked, roomsAnswered } from "./unread.ts";
import { wayAnswered, wayAsked } from "./way.ts";

/** How long what was asked back can be confirmed, ms: longer ago, it may be forgotten. */
const CONFIRM_WITHIN = 60_000;

export function update(state: State, event: ScreenEvent, now: number): Step {
  switch (event.type) {
    case "input":
      return inputStep(state, event.event, now);
    case "line":
      return enterLine(state, event.text, now);
    case "conversation":
      return conversationEvent(state, event.event, now);
    case "resize":
      return [{ ...state, size: event.size }, []];
    case "capabilities":
      return [{ ...state, capabilities: event.capabilities }, []];
    case "lent":
      return [{ ...state, lastAuthor: null }, []];
    case "tick":
      return tick(state, now);
    case "drawn": {
      const transcript = state.transcript.slice(event.items);
      const page = event.page === null ? null : { ...event.page, waits: true };
      const { nameColumns, rowsSinceName } = event;
      return [{ ...state, transcript, page, nameColumns, rowsSinceName }, []];
    }
    case "answered":
      return commandAnswered(state, event, now);
    case "completed":
      return [complete(state, event.line, event.words), []];
    case "edited":
      return [takeEdited(state, event.text), []];
    case "rooms":
      return [{ ...state, unread: roomsAnswered(state.unread, event.rooms) }, []];
    case "people":
      return [peopleAnswered(state, event.people, now), []];
    case "way":
      return [{ ...state, way: wayAnswered(state.way, event.way, now) }, []];
    case "not-said":
      return [notSaid(state, event, now), []];
    case "leaving":
      return [{ ...state, leaving: { type: "begun" } }, []];
    case "error":
      return [printError(state, event.error), []];
    case "closed":
      return [closed(state, now), []];
  }
}

function conversationEvent(before: State, event: ConversationEvent, now: number): Step {
  if (event.type !== "entered") return conversationStep(before, event, now);
  const isWanted = isSwitchTo(before.switching, event.room);
  const state = isWanted || before.room.room === "" ? before : lineSetAside(before, now);
  const [next, effects] = conversationStep(state, event, now);
  if (!isWanted) return [next, effects];
  const [entered, more] = enterHeld(next, now);
  return [entered, [...effects, ...more]];
}

/** The room was deleted: what is being typed was for its people, and not for those of the one before. */
function lineSetAside(state: State, now: number): State {
  const { text } = state.editing.line;
  if (text === "") return state;
  return printUnsaid({ ...state, editing: setAside(state.editing) }, "not sent", text, now);
}

function commandAnswered(
  before: State,
  { id, outcome }: Extract<ScreenEvent, { type: "answered" }>,
  now: number,
): Step {
  const unanswered = withoutAnswered(before.unanswered, id);
  const state = answered({ ...before, unanswered }, outcome, now);
  // That the room was entered is an event of the conversation.
  if (state.switching?.id !== id || outcome.type === "done") return [state, []];
  return outcome.type === "failed" ? giveBackHeld(state, now) : enterHeld(state, now);
}

/** When time alone changes something; null if it doesn't. */
export function nextTick(state: State, now: number): number | null {
  const { connection, unread, strays, leaving, notified } = state;
  const times = [
    nextAnnouncement(state.presence),
    presenceEnd(state.presence),
    askAt(state.awaited),
    connection.type === "silent" ? connection.since + (connection.seconds + 1) * 1_000 : null,
    connection.type === "ok" ? unread.askAt : null,
    askWayAt(state),
    nextNaming(state.unanswered),
    strays === null || strays.text === null ? null : strays.until,
    leaving?.type === "asked" ? leaving.until : null,
    notified === null || notified.more === 0 ? null : notified.until,
  ].filter((time) => time !== null);
  return times.length === 0 ? null : Math.max(now, Math.min(...times));
}

function closed(before: State, now: number): State {
  const state = before.page === null ? before : endPages(before);
  const { strays, pending } = state;
  const counted =
    strays === null || strays.text === null ? state : printNotice(state, strays.text, now);
  // Printed like those that were stored, but for the time.
  const printed = printHeld(
    pending.reduce((next, { text }) => printOwn(next, text, null), counted),
    now,
  );
  return { ...printed, strays: null, pending: [] };
}

function tick(before: State, now: number): Step {
  const state = settleOldPresence(before, now);
  const { connection, strays, leaving } = state;
  let next: State = {
    ...state,
    presence: announceArrivals(state.presence, now),
    unanswered: nameWaiting(state.unanswered, now),
  };
  if (connection.type === "silent") {
    // Rounded, so that a timer that fires a little early or late still counts every second.
    const seconds = Math.round((now - connection.since) / 1_000);
    next = { ...next, connection: { ...connection, seconds } };
  }
  if (strays !== null && strays.until <= now) next = { ...next, strays: { ...strays, text: null } };
  if (leaving?.type === "asked" && leaving.until <= now) next = { ...next, leaving: null };
  const [ticked, effects] = notifyMore(next, now);
  return askWhatIsDue(ticked, effects, now);
}

function askWhatIsDue(state: State, wanted: readonly Effect[], now: number): Step {
  let next = state;
  const effects = [...wanted];
  const peopleAt = askAt(state.awaited);
  if (peopleAt !== null && peopleAt <= now) {
    next = { ...next, awaited: askingWhoIsGone(state.awaited) };
    effects.push({ type: "ask-people" });
  }
  const roomsAt = state.unread.askAt;
  if (roomsAt !== null && roomsAt <= now && state.connection.type === "ok") {
    next = { ...next, unread: asked(next.unread, now) };
    effects.push({ type: "ask-rooms" });
  }
  const wayAt = askWayAt(state);
  if (wayAt !== null && wayAt <= now && state.way !== null) {
    next = { ...next, way: wayAsked(state.way, now) };
    effects.push({ type: "ask-way" });
  }
  return [next, effects];
}

/** When to ask how long the way takes; null while nobody looks. */
function askWayAt({ connection, focused, way }: State): number | null {
  return focused && connection.type === "ok" && way !== null ? way.askAt : null;
}

function notSaid(
  state: State,
  { id, error }: Extract<ScreenEvent, { type: "not-said" }>,
  now: number,
): State {
  // What is still pending at the end is listed there.
  if (error.code === "CONVERSATION_OVER") return state;
  const message = state.pending.find((other) => other.id === id);
  if (message === undefined) return state;
  // It may have thousands of rows: it is on the line again, to be made shorter.
  if (error.code === "MESSAGE_TOO_LONG" && state.editing.line.text === "") {
    return takeEdited(withoutPending(state, id), message.text);
  }
  const fate = error.code === "SESSION_LOST" ? "may not have been delivered" : "not sent";
  return printUnsaid(withoutPending(state, id), fate, message.text, now);
}

function answered(before: State, outcome: Outcome, now: number): State {
  const state = outcome.type === "done" ? before : withArrivals(before);
  const { room, settings } = state;
  switch (outcome.type) {
    case "done":
      return state;
    case "text":
      return print(state, ...outcome.lines.flatMap((line) => noticeItems(line, null)));
    case "invitation": {
      const { invitation, page } = outcome;
      const next = { ...state, invitation };
      return print(next, { type: "invitation", invitation, page, code: "whole" });
    }
    case "people": {
      const { people } = outcome;
      const colours = withHues(
        state.colours,
        people.map(({ fingerprint }) => fingerprint),
      );
      const { verbose } = settings;
      return printAnswer(
        { ...state, colours },
        { type: "people", people, ownName: room.name, verbose, colours },
      );
    }
    case "rooms":
      return printAnswer(state, { type: "rooms", rooms: outcome.rooms, current: room.room });
    case "banned": {
      const invitation = outcome.banned.invitation ?? state.invitation;
      return printAnswer({ ...state, invitation }, outcome);
    }
    case "bans":
    case "invitations":
      return printAnswer(state, outcome);
    case "entries":
      return printEntries(state, outcome);
    case "ask-back": {
      const { line, text } = outcome;
      const next = { ...state, unconfirmed: { line, until: now + CONFIRM_WITHIN } };
      return print(next, ...noticeItems(text, null));
    }
    case "failed":
      return outcome.code === "CONVERSATION_OVER" ? state : printError(state, outcome);
  }
}

function printAnswer(state: State, answer: Answer): State {
  return print(state, { type: "answer", answer });
}

function printEntries(
  state: State,
  { entries, isOlder, note }: Extract<Outcome, { type: "entries" }>,
): State {
  const colours = withHues(
    state.colours,
    entries.map(({ author }) => author),
  );
  const [first] = entries;
  const found = entries.map((entry) => ({
    ...entry,
    mentions: mentions(state.room, { text: entry.text, fingerprint: entry.author }),
  }));
  const oldest = isOlder && first !== undefined ? first.sequence : state.room.oldest;
  const printed = printAnswer(
    { ...state, colours, room: { ...state.room, oldest }, showsPast: false },
    { type: "entries", entries: found, colours },
  );
  const noted = note === null ? printed : print(printed, ...noticeItems(note, null));
  // They stand below days of their own, and look like what is said now.
  return { ...noted, day: entries.at(-1)?.time ?? state.day, showsPast: true };
}
