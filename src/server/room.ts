// Who is in a room, and what they are told of each other. Knows members by their names and keys, and not
// what they say: that is the log's.

import type { Channel } from "../chat/channel.ts";
import { encodeFrame, type MemberDescription, type ServerFrame } from "../chat/frames.ts";
import { foldName } from "../log/text-matching.ts";
import type { FanOut } from "./fan-out.ts";

/** Members of one room. */
export const MAX_MEMBERS = 10_000;
/**
 * Members of a room in which all are told of all who come and go. In a larger one it would be the square of
 * thousands of frames, when all are back after the server was started again, of which nobody can read the least.
 */
const MAX_TOLD = 1_000;
/** Frames about others that wait for one who does not read. */
const MAX_UNREAD_NEWS = 256;

export interface Member {
  readonly channel: Channel;
  /** Of the member's key. */
  readonly fingerprint: string;
  readonly owner: boolean;
  /** Which of the member's programs this is. */
  readonly device: string;
  /** What stands in the log up to here was there before, and is not on its way to this member. */
  readonly start: number;
  /** What is said in the room, on its way to the member; null when the member is out of the room. */
  following: Disposable | null;
  name: string;
  away: boolean;
  /** News that wait for room. */
  unreadNews: number;
}

export interface Room {
  readonly name: string;
  readonly fanOut: FanOut;
  readonly members: Set<Member>;
  /** Fingerprints of who may not talk, whichever way they come in again. */
  readonly muted: Set<string>;
  /** Who is on their way in. */
  entering: number;
  /** Whoever comes anew is turned away. */
  locked: boolean;
}

export function createRoom(name: string, fanOut: FanOut): Room {
  return { name, fanOut, members: new Set(), muted: new Set(), entering: 0, locked: false };
}

export function describeMember({ name, fingerprint, away }: Member): MemberDescription {
  return { name, fingerprint, away };
}

/** Names that differ in capitals only are one. */
export function findMember({ members }: Room, name: string): Member | null {
  const wanted = foldName(name);
  return members.values().find((member) => foldName(member.name) === wanted) ?? null;
}

/** Tells everybody but `about`, unless they are too many. Encoded once, however many there are. */
export function tellOthers({ members }: Room, about: Member | null, frame: ServerFrame): void {
  if (members.size > MAX_TOLD) return;
  const bytes = encodeFrame(frame);
  for (const member of members) {
    if (member !== about) tell(member, bytes);
  }
}

/** Who does not read what others do is not told of all of it; what is said is in the log, and not lost. */
export function tell(member: Member, bytes: Uint8Array): void {
  if (member.unreadNews >= MAX_UNREAD_NEWS) return;
  const room = member.channel.sayAll([bytes]);
  if (typeof room === "boolean") return;
  member.unreadNews += 1;
  void room.then(() => {
    member.unreadNews -= 1;
  });
}
