// What happens in a conversation, in words for a person. Pure: where the words go is presenter.ts.

import type { ConversationEvent } from "../chat/events.ts";
import type { CharlaError } from "../errors.ts";
import { visibleLine } from "./visible-text.ts";

/**
 * One line about an event, or null for those that are not told: messages, which are shown themselves,
 * and turns, which the prompt shows. `said` is told only to who asked for every detail (`verbose`).
 */
export function describeEvent(event: ConversationEvent, verbose: boolean): string | null {
  switch (event.type) {
    case "listening":
      return `listening on ${event.address}`;
    case "joining":
      return `talking to ${event.peer}; "bye" ends it`;
    case "joined":
      return `${event.peer} joined; "bye" ends it`;
    case "said":
      return verbose ? `sent: ${visibleLine(event.text)}` : null;
    case "waiting":
      return event.for === "peer"
        ? `nobody is here yet; waiting: ${visibleLine(event.text)}`
        : `not your turn yet; waiting: ${visibleLine(event.text)}`;
    case "stranger":
      return verbose || isRound(event.ignored) ? describeStranger(event) : null;
    case "dropped":
      return `messages came faster than they could be shown; ${event.count} in all were dropped`;
    case "notice":
      return event.hint === undefined ? event.message : `${event.message}\nhint: ${event.hint}`;
    case "ended":
      return describeEnd(event);
    case "message":
    case "turn":
      return null;
  }
}

/** An error as every command tells it: the cause, then what to do. */
export function describeError(error: CharlaError): string {
  return `charla: ${visibleLine(error.message)}\nhint: ${visibleLine(error.hint)}`;
}

function describeStranger({ from, ignored }: { from: string; ignored: number }): string {
  const times = ignored === 1 ? "a datagram" : `${ignored} datagrams so far, the last`;
  return `ignored ${times} from ${from}: this conversation has its two ends already`;
}

function describeEnd({ reason, unsaid }: { reason: string; unsaid: readonly string[] }): string {
  const why = {
    "said-bye": "you said bye",
    "heard-bye": "the other end said bye",
    left: "you left",
    lost: "nobody is at the other end",
  }[reason];
  const lost = unsaid.map((text) => `\nnot said: ${visibleLine(text)}`).join("");
  return `the conversation is over: ${why}${lost}`;
}

/** 1, 10, 100, ...: a flood is told in as many lines as it has digits. */
function isRound(count: number): boolean {
  return /^10*$/.test(String(count));
}
