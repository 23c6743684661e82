// What happens in a conversation, in words for a person. Pure: where the words go is presenter.ts.

import type { ConversationEvent, EndReason } from "../chat/events.ts";
import type { CharlaError } from "../errors.ts";
import { visibleLine } from "./visible-text.ts";

/** Whether a conversation tells when the other end has a message, or only when it has left. */
export type Delivery = "shown" | "unknown";

/**
 * One line about an event, or null for those that are not told: messages, which are shown themselves,
 * and turns, which the prompt shows. What became of each message said is told only to who asked for
 * every detail (`verbose`).
 */
export function describeEvent(
  event: ConversationEvent,
  verbose: boolean,
  delivery: Delivery = "unknown",
): string | null {
  switch (event.type) {
    case "listening":
      return `listening on ${event.address}`;
    case "invitation":
      return `invite with: charla ${quoteForShell(event.invitation)}`;
    case "joining":
      return describePeer(`talking to ${event.peer}`, event.fingerprint, verbose);
    case "joined":
      return describePeer(`${event.peer} joined`, event.fingerprint, verbose);
    case "entered":
      return describeEntered(event);
    case "disconnected":
      return `the way to the server is lost (${event.message}); looking for it`;
    case "reconnected":
      return "back on the server";
    case "away":
      return event.away ? `${event.peer} is away` : `${event.peer} is back`;
    case "renamed":
      return `${event.from} is ${event.to} now`;
    case "left":
      return `${event.peer} left; waiting for the next`;
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
    case "moved":
      return `the other end goes on from ${event.peer}`;
    case "stranger":
      return verbose || isRound(event.ignored) ? describeStranger(event) : null;
    case "dropped":
      return `messages came faster than they could be shown; ${event.count} in all were dropped`;
    case "notice":
      return event.hint === undefined ? event.message : `${event.message}\nhint: ${event.hint}`;
    case "ended":
      return describeEnd(event, delivery);
    case "message":
    case "turn":
      return null;
  }
}

/** An error as every command tells it: the cause, then what to do. */
export function describeError(error: CharlaError): string {
  return `charla: ${visibleLine(error.message)}\nhint: ${visibleLine(error.hint)}`;
}

/** That the way to the server is lost was said once, and need not be for each message. */
function describeWaiting(
  { for: what, text }: { for: "peer" | "turn" | "server"; text: string },
  verbose: boolean,
): string | null {
  if (what === "server" && !verbose) return null;
  const why = {
    peer: "nobody is here yet",
    turn: "not your turn yet",
    server: "the server is not reached yet",
  }[what];
  return `${why}; waiting: ${visibleLine(text)}`;
}

function describeStranger({ from, ignored }: { from: string; ignored: number }): string {
  const times = ignored === 1 ? "a datagram" : `${ignored} datagrams so far, the last`;
  return `ignored ${times} from ${from}: this conversation has its two ends already`;
}

function describeEnd(
  { reason, unsaid }: { reason: EndReason; unsaid: readonly string[] },
  delivery: Delivery,
): string {
  const why = {
    "said-bye": "you said bye",
    "heard-bye": "the other end said bye",
    left: "you left",
    "peer-left": "the other end left",
    lost: "nobody is at the other end",
  }[reason];
  const fate = delivery === "shown" ? "not known to have arrived" : "not said";
  const lost = unsaid.map((text) => `\n${fate}: ${visibleLine(text)}`).join("");
  return `the conversation is over: ${why}${lost}`;
}

function describeEntered({
  room,
  name,
  members,
}: {
  room: string;
  name: string;
  members: readonly { readonly name: string }[];
}): string {
  const others = members.map((member) => member.name).filter((other) => other !== name);
  const who = others.length === 0 ? "nobody else is here yet" : `with ${others.join(", ")}`;
  return `you are ${name} in ${room}, ${who}; "bye" ends it`;
}

function describePeer(what: string, fingerprint: string | undefined, verbose: boolean): string {
  const whose = verbose && fingerprint !== undefined ? `\nits fingerprint: ${fingerprint}` : "";
  return `${what}; "bye" ends it${whose}`;
}

/** Ready to paste: an IPv6 address's brackets, for one, are a pattern to a shell. */
function quoteForShell(invitation: string): string {
  return /^[\w.:/#%-]+$/.test(invitation) ? invitation : `'${invitation}'`;
}

/** 1, 10, 100, ...: a flood is told in as many lines as it has digits. */
function isRound(count: number): boolean {
  return /^10*$/.test(String(count));
}
