// Events and errors in words for people. Pure: printer.ts prints them.

import type { Banned } from "../../chat/conversation.ts";
import type { ConversationEvent, EventOf } from "../../chat/events.ts";
import type { CharlaError } from "../../errors.ts";
import { isolated, visibleLine, visibleName } from "../visible-text.ts";
import { peopleHere } from "./room.ts";

/** Names in one line; of more, how many there are is enough. */
const MAX_LISTED = 12;
/** Characters of a message that was not delivered: enough to know which it is. */
const MAX_UNSAID = 200;

/** Whether a conversation reports when a message has been delivered, or only when it has been sent. */
export type Delivery = "shown" | "unknown";

/**
 * A line about an event, or null for those without one: messages, which are printed themselves, and turns,
 * which the prompt shows. That a message was sent or delivered is shown only if `verbose`.
 */
export function describeEvent(
  event: ConversationEvent,
  verbose: boolean,
  delivery: Delivery = "unknown",
  typed = false,
): string | null {
  switch (event.type) {
    case "listening":
      return `listening on ${event.address}`;
    case "invitation":
      return describeInvitation(event.invitation, event.page ?? null);
    case "joining":
      return `talking to ${event.peer}; "bye" ends it`;
    case "joined": {
      // Only members of rooms have fingerprints, and a room goes on without them.
      if (!("fingerprint" in event)) return `${event.peer} joined; "bye" ends it`;
      const fingerprint = verbose ? `\nfingerprint: ${visibleLine(event.fingerprint)}` : "";
      return `${visibleName(event.peer)} joined${fingerprint}`;
    }
    case "entered":
      return describeEntered(event) + (typed ? '; "bye" leaves' : "");
    case "disconnected":
      return `connection to the server lost (${visibleLine(event.message)}); reconnecting`;
    case "reconnected":
      return "reconnected to the server";
    case "away":
      return `${visibleName(event.peer)} is ${event.away ? "away" : "back"}`;
    case "renamed":
      return `${visibleName(event.from)} is now ${visibleName(event.to)}`;
    case "left": {
      const why = event.reason === "" ? "" : `: ${isolated(visibleLine(event.reason))}`;
      return `${visibleName(event.peer)} left${why}`;
    }
    case "said":
      return verbose ? `sent: ${visibleLine(event.text)}` : null;
    case "delivered":
      return verbose ? `delivered: ${visibleLine(event.text)}` : null;
    case "waiting":
      return describeWaiting(event, verbose);
    case "silent":
      return `no contact for ${Math.round(event.seconds)} s`;
    case "heard":
      return `in contact again after ${Math.round(event.seconds)} s`;
    case "stranger":
      return verbose || isPowerOfTen(event.ignored) ? describeStranger(event) : null;
    case "dropped":
      return `messages arrived faster than they could be shown; ${event.count} dropped so far`;
    case "notice": {
      const hint = event.hint === undefined ? "" : `\nhint: ${visibleLine(event.hint)}`;
      return [...keptLines(event), visibleLine(event.message) + hint].join("\n");
    }
    case "ended":
      return describeEnd(event, delivery);
    // A notice says it in words.
    case "rights":
    // The status line shows it.
    case "way":
    case "news":
    case "message":
    case "turn":
      return null;
  }
}

/** @param page the link for a browser, if there is one */
export function describeInvitation(invitation: string, page: string | null): string {
  const line = `invite with: ${invitingCommand(invitation)}`;
  return page === null ? line : `${line}\nin a browser: ${visibleLine(page)}`;
}

/** Ready to paste into a shell. */
export function invitingCommand(invitation: string): string {
  return `charla ${quoteForShell(visibleLine(invitation))}`;
}

/** An error as every command shows it: the cause, then what to do. */
export function describeError({ message, hint }: CharlaError, withHint = true): string {
  return `charla: ${visibleLine(message)}${withHint ? `\nhint: ${visibleLine(hint)}` : ""}`;
}

/** What a ban has changed, and what it cannot keep out. */
export function banSentences({ name, closed, open }: Banned): string[] {
  const numbers = closed.filter((id) => id !== "standing").map(visibleName);
  return [
    `${visibleName(name)} is banned`,
    ...(numbers.length === 0 ? [] : [`closed for newcomers: invitation ${numbers.join(", ")}`]),
    ...(closed.includes("standing")
      ? [`the standing invitation was renewed, for ${visibleName(name)} may have the old one`]
      : []),
    ...(closed.length > 0
      ? [
          `others who came by it may come back, and so may ${visibleName(name)} with another key: /invites lists them`,
        ]
      : []),
    ...(open === true
      ? ["anyone may join here, and so may they with another key: /lock keeps newcomers out"]
      : []),
    ...(open !== true && closed.length === 0
      ? ["no invitation was closed: none that is open is known to be theirs"]
      : []),
  ];
}

/** That the server can't be reached was shown once, and isn't repeated for each message. */
function describeWaiting({ for: what, text }: EventOf<"waiting">, verbose: boolean): string | null {
  if (what === "server" && !verbose) return null;
  const why = {
    peer: "nobody is here yet",
    turn: "not your turn yet",
    server: "not connected to the server yet",
  }[what];
  return `${why}; waiting: ${visibleLine(text)}`;
}

function describeStranger({ from, ignored }: EventOf<"stranger">): string {
  const times = ignored === 1 ? "a datagram" : `${ignored} datagrams so far, the last`;
  return `ignored ${times} from ${from}: not part of this conversation`;
}

function describeEnd(event: EventOf<"ended">, delivery: Delivery): string {
  const over = "the conversation is over";
  const what = {
    "said-bye": `${over}: you said bye`,
    "heard-bye": `${over}: the other end said bye`,
    // For the others it goes on.
    left: "you left",
    // In a room the other end is the server.
    "peer-left": `${over}: ${delivery === "shown" ? "the server has ended it" : "the other end left"}`,
    removed: "the server removed you",
    lost: `${over}: the other end can't be reached`,
  }[event.reason];
  return [what, ...unsaidLines(event, delivery)].join("\n");
}

/** A line for each message that is not known to have arrived. */
export function unsaidLines(
  { unsaid, kept = [] }: Pick<EventOf<"ended">, "unsaid" | "kept">,
  delivery: Delivery,
): readonly string[] {
  const fate = delivery === "shown" ? "may not have been delivered" : "not sent";
  const willBeSent = [...kept];
  return unsaid.map((text) => {
    const index = willBeSent.indexOf(text);
    if (index !== -1) willBeSent.splice(index, 1);
    const what = index === -1 ? fate : "kept; will be sent when you join again";
    return `${what}: ${visibleLine(beginning(text))}`;
  });
}

/** A line for each message that the device keeps for another conversation. */
export function keptLines({ kept = [] }: Pick<EventOf<"notice">, "kept">): readonly string[] {
  return kept.map((text) => `not sent: ${visibleLine(beginning(text))}`);
}

function beginning(text: string): string {
  const characters = Array.from(text.slice(0, 2 * MAX_UNSAID + 1));
  if (characters.length <= MAX_UNSAID) return text;
  return `${characters.slice(0, MAX_UNSAID).join("")}… (${text.length.toLocaleString("en")} characters)`;
}

function describeEntered({ room, name, members }: EventOf<"entered">): string {
  const [, ...others] = peopleHere(members, name).values();
  const who = others.length === 0 ? "nobody else is here yet" : `with ${listNames(others)}`;
  return `you are ${visibleName(name)} in ${visibleName(room)}, ${who}`;
}

export function listNames(names: readonly string[]): string {
  const more = names.length - MAX_LISTED;
  const listed = names.slice(0, MAX_LISTED).map(visibleName).join(", ");
  return more > 0 ? `${listed} and ${more} more` : listed;
}

/** Ready to paste: to a shell the brackets of an IPv6 address, for one, are a pattern. */
export function quoteForShell(word: string): string {
  return /^[\w.,:/#%-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** 1, 10, 100, ...: a flood is reported in as many lines as its count has digits. */
function isPowerOfTen(count: number): boolean {
  return /^10*$/.test(String(count));
}
