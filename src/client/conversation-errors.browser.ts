// Errors of conversations in a page: for people who have no commands, know the server by no address, and need no more than what to
// do. The twin of conversation-errors.ts.

import { BANNED, KICKED, NOT_ADMITTED, ROOM_DELETED } from "../chat/channel.ts";
import { CharlaError, type ErrorCode } from "../errors.ts";
import type { SessionEnd } from "../protocol/session/session.ts";
import type { Attempt } from "./conversation-errors.ts";

const LATER = "try again later";
const ASK = "ask the owner of the conversation";

export function conversationOver(): CharlaError {
  return new CharlaError("CONVERSATION_OVER", "the conversation is over", "join another one");
}

export function otherConversation(): CharlaError {
  return new CharlaError(
    "OTHER_CONVERSATION",
    "this is a new conversation; what was written for the one before is not sent here",
    "write it again if this one replaces it",
  );
}

export function notConnected(): CharlaError {
  return new CharlaError("NOT_CONNECTED", "the connection to the server is lost", LATER);
}

export function memberHint(): string {
  return ASK;
}

export function refusal(_code: string, why: string): CharlaError {
  return new CharlaError("REFUSED", why, ASK);
}

export function tooManyWaiting(): CharlaError {
  return new CharlaError("TOO_MANY_WAITING", "too many messages wait already", LATER);
}

type HandshakeFailure = Extract<SessionEnd, { type: "handshake-failed" }>["failure"];

const FAILURES: {
  readonly [failure in Exclude<HandshakeFailure, "other-server">]: readonly [
    code: ErrorCode,
    message: string,
    hint: string,
  ];
} = {
  "no-answer": ["NO_ANSWER", "the server does not answer", LATER],
  "wrong-secret": ["WRONG_SECRET", "the server does not take this invitation", "ask for another"],
  "other-version": ["OTHER_VERSION", "the server has another version", "reload the page"],
  "other-wire": ["OTHER_WIRE", "the server does not encrypt", "join it with charla in a terminal"],
  full: ["CONVERSATION_FULL", "the conversation is full", LATER],
};

export function describeJoinFailure(
  end: SessionEnd,
  { where, peerKey, trust }: Attempt,
): CharlaError {
  if (end.type !== "handshake-failed") return describeSessionEnd();
  if (end.failure !== "other-server") return new CharlaError(...FAILURES[end.failure]);
  if (peerKey === null) throw new Error("a server without a key was another one");
  return trust.refused(peerKey, where);
}

export function relayRefused(_relay: string, status: "no-server" | "full"): CharlaError {
  const code = status === "full" ? "RELAY_FULL" : "NOT_REGISTERED";
  return new CharlaError(code, "the server is not at its relay", LATER);
}

export function relayUnreachable(_relay: string, error: CharlaError): CharlaError {
  return error;
}

export function describeSessionEnd(): CharlaError {
  return new CharlaError("SESSION_LOST", "the connection to the server is lost", "join again");
}

export function refusedByServer(reason: string): CharlaError {
  return new CharlaError("REFUSED", reason, ASK);
}

const REFUSALS: ReadonlyMap<number, ErrorCode> = new Map([
  [NOT_ADMITTED, "REFUSED"],
  [KICKED, "KICKED"],
  [ROOM_DELETED, "ROOM_DELETED"],
  [BANNED, "BANNED"],
]);

export function describeRefusal(code: number, reason: string): CharlaError | null {
  const known = REFUSALS.get(code);
  return known === undefined ? null : new CharlaError(known, reason, ASK);
}
