// Which invitations an operator learns of, and how each is described: with what is left of it, and the guests who came by it.

import type { InvitationDescription } from "../chat/frames.ts";
import type { IssuedInvitation } from "./invitations.ts";
import { mayHaveStanding } from "./moderation-notices.ts";
import type { Member, Room } from "./room.ts";
import type { ServerState } from "./server-state.ts";

/** Guests that are listed, the latest of each invitation: as many as fit one message of the wire, with their names. */
const MAX_DESCRIBED_GUESTS = 300;

/** Those that the member may know, each with the room that it opens now. */
export async function visibleInvitations(
  server: ServerState,
  member: Member,
): Promise<IssuedInvitation[]> {
  const nameNow = await currentNames(server);
  return server.invitations
    .list()
    .map(({ id, room, left, until, guests }) => {
      return { id, room: room === null ? null : nameNow(room), left, until, guests };
    })
    .filter(({ room }) => mayKnow(member, room));
}

/** An operator whose own invitation is for one room learns of no other, nor of what concerns all. */
export function mayKnow(member: Member, room: string | null): boolean {
  return mayHaveStanding(member) || room === member.invitation.room;
}

/** Tells how a room is called now: one that was deleted may have been created again with other capitals. */
export async function currentNames({
  quota,
  rooms,
  roomNames,
}: ServerState): Promise<(room: string) => string> {
  const all = [...(await quota.names()), ...rooms.keys()];
  return (room) => roomNames.find(all, room) ?? room;
}

/** @param asked the room in which the member asks */
export async function describeInvitations(
  server: ServerState,
  asked: Room,
  member: Member,
): Promise<InvitationDescription[]> {
  const list = await visibleInvitations(server, member);
  const most = Math.max(4, Math.floor(MAX_DESCRIBED_GUESTS / list.length));
  return Promise.all(list.map((each) => describe(server, asked, each, most)));
}

/** With the names that its guests have or had in its room, or for all rooms in the one of the member who asks. */
async function describe(
  { log, owner, rooms }: ServerState,
  asked: Room,
  { id, room, left, until, guests: everybody }: IssuedInvitation,
  most: number,
): Promise<InvitationDescription> {
  const name = room ?? asked.name;
  const present = rooms.get(name)?.members ?? [];
  const names = new Map(Array.from(present, (member) => [member.fingerprint, member.name]));
  // The owner's own programs join with an invitation as well.
  const guests = Array.from(everybody).filter((fingerprint) => fingerprint !== owner);
  const latest = guests.slice(-most);
  return {
    id,
    ...(room === null ? {} : { room }),
    ...(left === null ? {} : { left }),
    ...(until === null ? {} : { until }),
    count: guests.length,
    guests: await Promise.all(
      latest.map(async (fingerprint) => {
        const known = names.get(fingerprint) ?? (await log.nameOf(name, fingerprint));
        return known === null ? { fingerprint } : { fingerprint, name: known };
      }),
    ),
  };
}
