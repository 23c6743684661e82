// Adds to the transcript what is to be printed: before it the line about who came and left, and the day where that has
// changed. Pure, but for the time zone of this machine.

import { actionText } from "../../chat/commands.ts";
import type { ConversationEvent } from "../../chat/events.ts";
import { describeEvent } from "./event-text.ts";
import { announceAll, presenceEnd, presencePrinted, presenceText } from "./presence.ts";
import type { State } from "./state.ts";
import type { MessageItem, TranscriptItem } from "./transcript.ts";

/** Items that wait while an answer is printed a page at a time: more of them end that. */
const MAX_WAITING = 1_000;

export function print(state: State, ...items: readonly TranscriptItem[]): State {
  return items.reduce(add, settlePresence(settlePast(state)));
}

/** A message from before one joined; the first of them under a mark. */
export function printPast(
  state: State,
  message: Omit<MessageItem, "type" | "follows">,
  key: string,
): State {
  const isFirst = !state.showsPast && !state.settings.quiet;
  const marked = isFirst ? print(state, { type: "mark", label: "earlier" }) : state;
  return printBelow({ ...marked, showsPast: true }, message, key);
}

/** @param key tells the people of one conversation apart */
export function printMessage(
  state: State,
  message: Omit<MessageItem, "type" | "follows">,
  key: string,
): State {
  return printBelow(settlePast(withArrivals(state)), message, key);
}

function printBelow(
  state: State,
  message: Omit<MessageItem, "type" | "follows">,
  key: string,
): State {
  const ready = settleDay(settlePresence(state), message.time);
  const { name } = message;
  const follows = ready.lastAuthor?.key === key && ready.lastAuthor.name === name;
  // The row of an action has the name in its text, and not where names stand.
  const lastAuthor = actionText(message.text) === null ? { key, name } : null;
  return { ...append(ready, { type: "message", ...message, follows }), lastAuthor };
}

/** What is printed next was said or done after they came, and may be about them: it stands below their line. */
export function withArrivals(state: State): State {
  return { ...state, presence: announceAll(state.presence) };
}

/** A line about the conversation itself, or several. */
export function printNotice(state: State, text: string, now: number, hint?: string): State {
  return state.settings.quiet ? state : print(withArrivals(state), ...noticeItems(text, now, hint));
}

/** A line about an event, if it has one. */
export function describe(state: State, event: ConversationEvent, now: number): State {
  const { verbose } = state.settings;
  const text = describeEvent(event, verbose, delivery(state), true);
  return text === null ? state : printNotice(state, text, now);
}

function delivery({ settings }: State): "shown" | "unknown" {
  return settings.showsDelivery ? "shown" : "unknown";
}

/** @param time null for the answer to a command */
export function noticeItems(text: string, time: number | null, hint?: string): TranscriptItem[] {
  const lines = text.split("\n");
  return lines.map((line, index): TranscriptItem => {
    const isLast = index === lines.length - 1;
    return { type: "notice", time, text: line, hint: isLast ? hint : undefined };
  });
}

/** The rest of the answer is not printed. */
export function endPages(state: State): State {
  return { ...state, page: null, transcript: state.transcript.slice(1) };
}

function add(state: State, item: TranscriptItem): State {
  const ready = item.type === "notice" ? settleDay(state, item.time) : state;
  return { ...append(ready, item), lastAuthor: null };
}

function append(state: State, item: TranscriptItem): State {
  const transcript = [...state.transcript, item];
  const next = { ...state, transcript };
  return next.page !== null && transcript.length > MAX_WAITING ? endPages(next) : next;
}

/** What is printed next is not from before one joined. */
function settlePast(state: State): State {
  if (!state.showsPast) return state;
  const next = { ...state, showsPast: false };
  return state.settings.quiet ? next : add(next, { type: "mark", label: "now" });
}

/** Something is printed below the line about who came and left: it doesn't change any more. */
function settlePresence(state: State): State {
  const { presence } = state;
  const text = presenceText(presence);
  if (text === null) return state;
  const next = { ...state, presence: presencePrinted(presence) };
  return add(next, { type: "notice", time: presence.since, text });
}

/** The line about who came and left is printed once it is too old for its time to hold for what follows. */
export function settleOldPresence(state: State, now: number): State {
  const end = presenceEnd(state.presence);
  return end === null || now < end ? state : print(state);
}

function settleDay(state: State, time: number | null): State {
  if (time === null || isSameDay(state.day, time)) return state;
  const next = { ...state, day: time };
  return state.settings.quiet
    ? next
    : { ...append(next, { type: "date", time }), lastAuthor: null };
}

function isSameDay(one: number, other: number): boolean {
  const [a, b] = [new Date(one), new Date(other)];
  return (
    a.getDate() === b.getDate() &&
    a.getMonth() === b.getMonth() &&
    a.getFullYear() === b.getFullYear()
  );
}
