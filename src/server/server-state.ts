// What all visits to a server share: its rooms, its log, its limits, and who may not come in.

import type { Log } from "../log/log.ts";
import type { Limits } from "./limits.ts";
import type { RoomMakers } from "./room-quota.ts";
import { type Member, type Room, tellOthers } from "./room.ts";

export interface House {
  readonly log: Log;
  readonly rooms: Map<string, Room>;
  readonly limits: Limits;
  /** Fingerprints of who was sent away. */
  readonly banned: Set<string>;
  readonly makers: RoomMakers;
  /** ms, for limits only. */
  now(): number;
  /**
   * An invitation for `uses` people (0: any number), for so many seconds (0: without an end).
   *
   * @throws {CharlaError} REFUSED, TOO_MANY_INVITATIONS, FOLDER_NOT_WRITABLE
   */
  invite(room: string, uses: number, seconds: number): string;
}

/** The member's place in a room, while it has one. */
export interface Place {
  readonly room: Room;
  readonly member: Member;
}

/** Out of the room. */
export function leave(house: House, { room, member }: Place, reason: string): void {
  member.following?.[Symbol.dispose]();
  member.following = null;
  if (!room.members.delete(member)) return;
  tellOthers(room, null, { type: "left", name: member.name, reason });
  forgetEmpty(house, room);
}

/** Where nobody is any more there is nothing to remember but the log; and that it was locked. */
export function forgetEmpty({ rooms }: House, room: Room): void {
  const { name, fanOut, members, entering, locked } = room;
  if (members.size > 0 || entering > 0 || locked || rooms.get(name) !== room) return;
  rooms.delete(name);
  fanOut[Symbol.dispose]();
}
