// Errors of conversations, with their sentences and hints: why something cannot be said or asked, why there is no session
// with a server, and why a session is over. Pure. A page has sentences of its own, and a twin of this.

import { BANNED, KICKED, NOT_ADMITTED, ROOM_DELETED } from "../chat/channel.ts";
import { MAX_WAITING } from "../chat/conversation.ts";
import { CharlaError } from "../errors.ts";
import type { SessionEnd } from "../protocol/session/session.ts";
import type { SealedTarget } from "./sealed-target.ts";

export function conversationOver(): CharlaError {
  return new CharlaError(
    "CONVERSATION_OVER",
    "the conversation is over",
    "open or join another one",
  );
}

/**
 * @param count messages that were said in the one before
 * @param kept how many of them the device keeps
 */
export function otherConversation(count: number, kept: number): CharlaError {
  const what =
    count === 1
      ? "a message that was written for another one is"
      : `${count} messages that were written for another one are`;
  const [these, waiting] = [count === 1 ? "it" : "them", kept === 1 ? "one is" : `${kept} are`];
  let hint = `write ${these} again if this one replaces it`;
  if (kept === count) {
    hint = `kept, and sent when you join that one again; if this one replaces it, write ${these} again`;
  } else if (kept > 0) {
    hint = `${hint}; ${waiting} from before this start, and kept: sent when you join that one again`;
  }
  return new CharlaError(
    "OTHER_CONVERSATION",
    `this is a new conversation of the same server; ${what} not sent here`,
    hint,
  );
}

export function notConnected(): CharlaError {
  return new CharlaError(
    "NOT_CONNECTED",
    "the connection to the server is lost; reconnecting",
    "ask again once it is back",
  );
}

const STORE_BROKEN = "ask the owner to look at the server; then send it again";

/** By the server's code, what a member can do about it. */
const MEMBER_HINTS: ReadonlyMap<string, string> = new Map([
  ["MUTED", "only the owner or an operator can /unmute you"],
  ["QUOTA_REACHED", "ask the owner to delete old messages; then send it again"],
  ["STORE_FULL", "ask the owner to free space on the server's disk; then send it again"],
  ["STORE_GONE", STORE_BROKEN],
  ["STORE_FAILED", STORE_BROKEN],
  ["STORE_DAMAGED", STORE_BROKEN],
  ["STORE_NOT_WRITABLE", STORE_BROKEN],
  ["STORE_LOCKED", "another program uses the server's store at the moment; send it again"],
]);

export function memberHint(code: string): string {
  return MEMBER_HINTS.get(code) ?? `the server's code for it is ${code}`;
}

/** A message that the server has refused, with its code. */
export function refusal(code: string, why: string): CharlaError {
  return new CharlaError("REFUSED", why, memberHint(code));
}

/** @param until what to wait for */
export function tooManyWaiting(until: string): CharlaError {
  return new CharlaError(
    "TOO_MANY_WAITING",
    `${MAX_WAITING.toLocaleString("en")} messages wait already`,
    `wait until ${until}`,
  );
}

export interface Attempt extends Pick<SealedTarget, "secret" | "trust"> {
  /** Where the server is, as people write it. */
  readonly where: string;
  /** The key of the server that answered; null where none did. */
  readonly peerKey: Uint8Array | null;
}

export function describeJoinFailure(end: SessionEnd, attempt: Attempt): CharlaError {
  const { where } = attempt;
  if (end.type !== "handshake-failed") return describeSessionEnd(end, where);
  switch (end.failure) {
    case "no-answer":
      return new CharlaError(
        "NO_ANSWER",
        `no answer from ${where}`,
        "check the address, and that charla --server runs there; a firewall on the way may drop UDP",
      );
    case "wrong-secret":
      return wrongSecret(where, attempt.secret);
    case "other-server":
      if (attempt.peerKey === null) throw new Error("a server without a key was another one");
      return attempt.trust.refused(attempt.peerKey, where);
    case "other-version":
      return new CharlaError(
        "OTHER_VERSION",
        `${where} speaks another version of charla's wire`,
        "use the same version of charla at both ends: charla --version",
      );
    case "other-wire":
      return new CharlaError(
        "OTHER_WIRE",
        `${where} speaks the plain wire, which is not encrypted`,
        `join it with charla --plain ${where}`,
      );
    case "full":
      return new CharlaError("CONVERSATION_FULL", `${where} is full`, "try again later");
  }
}

/** @param status what the relay has answered */
export function relayRefused(relay: string, status: "no-server" | "full"): CharlaError {
  if (status === "full") {
    return new CharlaError("RELAY_FULL", `the relay ${relay} has no room`, "try again later");
  }
  return new CharlaError(
    "NOT_REGISTERED",
    `the server is not registered at the relay ${relay}`,
    "check that charla --server runs, with this --relay; it comes back to the relay by itself",
  );
}

/** @param error of the network on the way there */
export function relayUnreachable(relay: string, { code, message, hint }: CharlaError): CharlaError {
  return new CharlaError(code, `the relay ${relay} is not reached: ${message}`, hint);
}

function wrongSecret(where: string, secret: Uint8Array | null): CharlaError {
  if (secret === null) {
    return new CharlaError(
      "WRONG_SECRET",
      `the conversation at ${where} is by invitation only`,
      "ask the owner for the whole invitation: it has a dot, and 22 characters after it",
    );
  }
  return new CharlaError(
    "WRONG_SECRET",
    `the conversation at ${where} does not take this invitation`,
    "it may be used up, expired or from an earlier server: ask the owner for another",
  );
}

/** Why a session is over that neither end meant to end. */
export function describeSessionEnd(end: SessionEnd, where: string): CharlaError {
  switch (end.type) {
    case "timed-out":
      return lost(`nothing was heard from ${where} for a minute`);
    case "reset":
      return lost(`${where} was restarted, and has lost this session`);
    case "closed":
      if (end.by === "us") return lost(`the session with ${where} was ended: ${end.reason}`);
      return lost(`${where} ended the session${end.reason === "" ? "" : `: ${end.reason}`}`);
    case "handshake-failed":
      return lost(`there is no session with ${where}: ${end.failure}`);
  }
}

/** By the words of the server's refusal, what to do about it. */
const REFUSAL_HINTS: readonly (readonly [words: RegExp, hint: string])[] = [
  [/ is locked$/, "ask its owner to unlock it"],
  [/ is full$/, "try again later"],
  [/ looks like the room \S+$/, "join that room, or choose another name"],
  [/^your invitation lets in nobody new/, "ask the owner for a new invitation"],
  [/^your invitation is for the room /, "join that room, or ask the owner for another invitation"],
  [/ closed the conversation$/, "it is over for everybody; ask them for the next one"],
];

/** @param reason of the server, by which it lets nobody in or ended the session */
export function refusedByServer(reason: string): CharlaError {
  const hint = REFUSAL_HINTS.find(([words]) => words.test(reason))?.[1];
  return new CharlaError("REFUSED", reason, hint ?? "ask the owner of the conversation why");
}

/** Why the server does not let this member in, or any more; null for another code of CLOSE. */
export function describeRefusal(code: number, reason: string): CharlaError | null {
  switch (code) {
    case NOT_ADMITTED:
      return refusedByServer(reason);
    case KICKED:
      return new CharlaError(
        "KICKED",
        reason,
        reason.endsWith(" is locked")
          ? "you may join again once it is unlocked: ask them"
          : "you may join again; ask them before you do",
      );
    case ROOM_DELETED:
      return new CharlaError(
        "ROOM_DELETED",
        reason,
        "join another room with --room ROOM, or ask the owner",
      );
    case BANNED:
      return new CharlaError("BANNED", reason, "ask the owner of the conversation to /unban you");
    default:
      return null;
  }
}

function lost(message: string): CharlaError {
  return new CharlaError("SESSION_LOST", message, "join again, or open another conversation");
}
