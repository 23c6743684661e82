// How a client enters a room: whether it may, by which name, from which entry on, and what it and the others learn then.
// Knows the rooms, the log and the moderation, not what a member does once it is in, nor how often it may try.

import { BANNED, type Channel, ENDED_BY_PROGRAM, NOT_ADMITTED } from "../chat/channel.ts";
import { encodeFrame, FIRST_ENTRIES, type ServerFrame } from "../chat/frames.ts";
import type { MemberFrame } from "../chat/member-frames.ts";
import { isMemberName } from "../chat/names.ts";
import { CharlaError, type ErrorCode } from "../errors.ts";
import { claimName } from "./claim-name.ts";
import type { UsedInvitation } from "./invitations.ts";
import { mutedNotice } from "./moderation-notices.ts";
import { describeMembers } from "./requests.ts";
import { Member, type Room } from "./room.ts";
import type { Membership, ServerState } from "./server-state.ts";
import { isOfStore } from "./storage-watch.ts";

type EnterFrame = Extract<MemberFrame, { type: "enter" }>;

/** A client that is connected, and whose key and invitation are known. */
export interface Client {
  readonly channel: Channel;
  readonly fingerprint: string;
  readonly owner: boolean;
  /** By which it came. */
  readonly invitation: UsedInvitation;
  /** Where the client's packets come from now, as HOST:PORT; null if there is no network between. */
  address(): string | null;
}

/**
 * Makes a client a member of the room, and sends it the welcome.
 *
 * @throws {CharlaError} REFUSED, BANNED, NAME_TAKEN, TOO_MANY_ROOMS, STORE_...
 */
export async function enterRoom(
  server: ServerState,
  connected: Client,
  frame: EnterFrame,
): Promise<Membership> {
  const { room: written, device, after, history } = frame;
  const { log, quota, roomNames, moderation, invitations } = server;
  const rooms = [...(await quota.names()), ...server.rooms.keys()];
  const client = {
    ...connected,
    invitation: openedBy(connected, (room) => roomNames.find(rooms, room)),
  };
  const { channel, fingerprint, owner, invitation } = client;
  const known = roomNames.find(rooms, written);
  using reservation = server.reserve(known ?? written);
  const { room } = reservation;
  checkAdmission(server, client, room, written);
  const lookalike = known === null ? roomNames.findLookalike(rooms, written) : null;
  if (lookalike !== null) {
    throw refusal(
      `${written} looks like the room ${lookalike}`,
      "join that room, or choose another name",
    );
  }
  const { name, last } = await claimPlace(server, client, room, frame);
  // The owner may have locked the room meanwhile, banned the client, or closed the invitation.
  checkAdmission(server, client, room, written);
  invitations.enter(invitation, fingerprint);
  replaceProgram(server, client, room, device);
  // A cursor into another log means nothing in this one, nor does one beyond its end.
  const cursor = after?.log === log.id ? after.sequence : last - (history ?? FIRST_ENTRIES);
  const start = Math.min(Math.max(0, cursor), last);
  const member = new Member({ ...client, device, name, start });
  room.add(member);
  // Those that are not announced yet will be.
  const members = describeMembers(
    room.members.filter((other) => other === member || room.isAnnounced(other)),
    room.name,
    moderation,
  );
  const muted = moderation.isMuted(room.name, fingerprint);
  send(channel, {
    type: "welcome",
    room: room.name,
    name,
    owner,
    ...(moderation.isOperator(fingerprint) ? { operator: true } : {}),
    ...(muted ? { muted } : {}),
    ...(server.isTemporary ? { temporary: true } : {}),
    log: log.id,
    last,
    members,
  });
  if (muted) send(channel, mutedNotice(room.name));
  room.follow(member, last);
  const notice = owner ? server.storage.notice : null;
  if (notice !== null) send(channel, { type: "notice", ...notice });
  return { room, member };
}

/**
 * A name in the room, and the room's newest entry. A room that is deleted meanwhile is entered again, as one that the client
 * creates: it counts for them, or they may not.
 *
 * @throws {CharlaError} REFUSED, NAME_TAKEN, TOO_MANY_ROOMS, STORE_...
 */
async function claimPlace(
  { log, quota, moderation }: ServerState,
  { fingerprint, owner, invitation }: Client,
  room: Room,
  { name: wanted, existing = false }: EnterFrame,
): Promise<{ name: string; last: number }> {
  const creator = owner ? null : { fingerprint, invitation: invitation.id };
  for (;;) {
    const entry = await quota.enter(room.name, creator);
    let name: string;
    try {
      if (existing && entry.isNew) {
        throw refusal(`this server has no room ${room.name}`, "/rooms lists the rooms");
      }
      // A muted member can't say something with a new name either. Where only their key was known, there is none to keep.
      const muted = moderation.findMuted(room.name, fingerprint);
      const kept = muted !== null && isMemberName(muted.name) ? muted.name : wanted;
      name = await claimName(log, room, kept, fingerprint);
      entry.end(true);
    } catch (error) {
      entry.end(false);
      throw error;
    }
    const last = await log.last(room.name);
    if (!entry.isDeleted()) return { name, last };
    await quota.discard(room.name);
  }
}

/** The invitation, for the room that it opens now: in its name, capitals make no difference either. */
function openedBy(
  { invitation }: Client,
  findRoom: (written: string) => string | null,
): UsedInvitation {
  const { room } = invitation;
  return room === null ? invitation : { ...invitation, room: findRoom(room) ?? room };
}

/**
 * @param written the name of the room as the client wrote it: somebody whose invitation is for another room does not learn
 *   how this one is spelled
 * @throws {CharlaError} REFUSED, BANNED
 */
function checkAdmission(server: ServerState, client: Client, room: Room, written: string): void {
  const { fingerprint, owner, invitation } = client;
  const { moderation, invitations } = server;
  const isOperator = owner || moderation.isOperator(fingerprint);
  if (moderation.isBanned(fingerprint) && !owner) {
    throw new CharlaError(
      "BANNED",
      "you are banned from this server",
      "ask the owner to /unban you",
    );
  }
  if (!owner && !invitations.mayEnter(invitation, fingerprint)) {
    throw refusal(
      "your invitation lets in nobody new any more",
      "ask the owner for a new invitation",
    );
  }
  if (invitation.room !== null && invitation.room !== room.name && !owner) {
    throw refusal(
      `your invitation is for the room ${invitation.room}, not for ${written}`,
      "join that room, or ask the owner for another invitation",
    );
  }
  if (moderation.keepsOut(room.name, fingerprint) && !isOperator) {
    throw refusal(`${room.name} is locked`, "ask its owner to unlock it");
  }
  if (room.isFull) throw refusal(`${room.name} is full`, "try again later");
}

function refusal(why: string, hint: string): CharlaError {
  return new CharlaError("REFUSED", why, hint);
}

/** A program that was killed is back before its old session has timed out: it is one member, not two. */
function replaceProgram(server: ServerState, client: Client, room: Room, device: string): void {
  for (const member of room.members) {
    if (member.fingerprint !== client.fingerprint || member.device !== device) continue;
    server.disconnect({ room, member }, "the same program has entered again", {
      toOthers: "",
    });
  }
}

function send(channel: Channel, frame: ServerFrame): void {
  void channel.sayAll([encodeFrame(frame)]);
}

/** With which CLOSE somebody is refused; when the store has failed, they may come back when it works again. */
export function closeCode(code: ErrorCode): number {
  if (code === "BANNED") return BANNED;
  return isOfStore(code) ? ENDED_BY_PROGRAM : NOT_ADMITTED;
}
