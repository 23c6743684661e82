// The notices of moderation: to the person who is muted or becomes an operator, and, of everything that the owner or an operator
// does, to the owner and the other operators, in whatever room they are.

import { formatDuration } from "../chat/commands.ts";
import type { ServerFrame } from "../chat/frames.ts";
import type { IssuedInvitation } from "./invitations.ts";
import type { ToldError } from "./member-errors.ts";
import { type Member, notifyMembers, type Room } from "./room.ts";
import type { Membership, ServerState } from "./server-state.ts";

type NoticeFrame = Extract<ServerFrame, { type: "notice" }>;

/** @param by who did it just now */
export function mutedNotice(room: string, by?: string): NoticeFrame {
  const how = by === undefined ? "you are muted" : `${by} has muted you`;
  return {
    type: "notice",
    code: "MUTED",
    message: `${how} in ${room}: nobody gets what you write`,
    hint: `you can still read; ask ${by === undefined ? "the owner or an operator" : "them, or the owner,"} why`,
  };
}

export function unmutedNotice(room: string, by: string): NoticeFrame {
  return { type: "notice", code: "UNMUTED", message: `${by} lets you write in ${room} again` };
}

/** The ban holds all the same. */
export function notClosedNotice(name: string, { code, message }: ToldError): NoticeFrame {
  return {
    type: "notice",
    code,
    message: `${name} is banned, but can come back with another key: an invitation could not be closed: ${message}`,
    hint: "free space on the server's disk or check its permissions; then /revoke what /invites lists, and /invite --renew",
  };
}

/** @param name null for the person themselves */
export function operatorNotice(name: string | null, isOperator: boolean): NoticeFrame {
  const who = name === null ? "you are" : `${name} is`;
  const message = `${who} ${isOperator ? "an operator now" : "no longer an operator"}`;
  return { type: "notice", code: "OPERATOR", message };
}

/** Describes the invitation that the member has just made. */
export function notifyOfLimits(
  { id, left }: IssuedInvitation,
  seconds: number,
  member: Member,
): void {
  const people = left === 1 ? "1 person" : `${left} people`;
  // No time of the day: where the member is, it may be another hour than here.
  const end = seconds === 0 ? "" : `, for ${formatDuration(seconds)} from now on`;
  notifyMembers([member], {
    type: "notice",
    code: "INVITED",
    message: `invitation ${id} lets in ${people}${end}`,
    hint: `/revoke ${id} closes it`,
  });
}

/** Whether the standing invitation gives the member no more than they have: it opens all rooms. */
export function mayHaveStanding({ owner, invitation }: Member): boolean {
  return owner || invitation.room === null;
}

interface Act {
  /** What was done, in words: "Ann has locked main". */
  readonly message: string;
  readonly hint?: string;
  /** The room that it is about; null for what concerns the whole server. */
  readonly about: string | null;
  /** The fingerprint of the person concerned, who gets a notice of their own. */
  readonly person?: string;
  /** Rooms all of whose members know it already. */
  readonly knownIn?: ReadonlySet<Room>;
}

/** Notifies the owner and the other operators of what one of them has done. */
export function notifyOperators(
  { moderation, rooms }: ServerState,
  { member: actor }: Membership,
  { message, hint, about, person, knownIn }: Act,
): void {
  const frame: NoticeFrame = {
    type: "notice",
    code: "MODERATION",
    message,
    ...(hint === undefined ? {} : { hint }),
  };
  for (const room of rooms.values()) {
    if (knownIn?.has(room) === true && room.isAnnouncing) continue;
    const others = room.members.filter((member) => {
      const { fingerprint, owner, invitation } = member;
      if (fingerprint === actor.fingerprint || fingerprint === person) return false;
      if (!owner && !moderation.isOperator(fingerprint)) return false;
      return mayHaveStanding(member) || about === invitation.room;
    });
    notifyMembers(others, frame);
  }
}
