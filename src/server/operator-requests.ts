// What the owner and operators of a server ask for: removing and silencing people, locking rooms, inviting. A person
// who is absent is named by a name that they had in this room, or by their fingerprint.

import { formatDuration } from "../chat/commands.ts";
import {
  type InvitationDescription,
  MAX_PERSON,
  type MemberFrame,
  type ServerFrame,
} from "../chat/frames.ts";
import { CharlaError } from "../errors.ts";
import { isFingerprint } from "../identity/key-text.ts";
import type { LogReader } from "../log/log.ts";
import { type IssuedInvitation, noSuchInvitation } from "./invitations.ts";
import type { Ban, Person } from "./moderation.ts";
import { type Member, notifyMembers, type Room } from "./room.ts";
import type { Membership, ServerState } from "./server-state.ts";
import { truncateList } from "./truncate-list.ts";

/** What operators may ask for, and what only the owner may, each in words. */
const OPERATOR_REQUESTS = {
  kick: "kick",
  ban: "ban",
  unban: "lift bans",
  bans: "list bans",
  mute: "mute or unmute",
  lock: "lock or unlock a room",
  invite: "invite",
  invites: "list invitations",
  revoke: "close invitations",
} as const;
const OWNER_REQUESTS = {
  op: "make operators",
  close: "end the conversation",
  delete: "delete rooms",
} as const;

type OperatorRequestType = keyof typeof OPERATOR_REQUESTS | keyof typeof OWNER_REQUESTS;
/** Guests that are listed, the latest of each invitation: as many as fit one message of the wire, with their names. */
const MAX_DESCRIBED_GUESTS = 300;

export type OperatorRequest = Extract<MemberFrame, { type: OperatorRequestType }>;

export function isOperatorRequest(frame: MemberFrame): frame is OperatorRequest {
  return isKeyOf(frame.type, OPERATOR_REQUESTS) || isKeyOf(frame.type, OWNER_REQUESTS);
}

/** @throws {CharlaError} NOT_THE_OWNER, NO_SUCH_MEMBER, REFUSED, FOLDER_NOT_WRITABLE and those of invitations */
export async function answerOperator(
  server: ServerState,
  membership: Membership,
  frame: OperatorRequest,
): Promise<ServerFrame> {
  const { moderation } = server;
  const { room, member } = membership;
  const { request } = frame;
  const done = { type: "done", request } as const;
  const isOwnDeop = frame.type === "op" && !frame.operator && isOwnName(membership, frame.name);
  if (isOwnDeop && member.owner) {
    throw permissionDenied("you are the owner, and stay it", "/close ends the conversation");
  }
  // Nobody has to ask the owner to have fewer rights.
  const isResigning = isOwnDeop && moderation.isOperator(member.fingerprint);
  if (!isResigning) checkRights(server, membership, frame);
  if ("name" in frame && frame.name.length > MAX_PERSON) {
    throw new CharlaError(
      "NO_SUCH_MEMBER",
      `nobody has a name of ${frame.name.length} characters`,
      "/who lists the members",
    );
  }
  switch (frame.type) {
    case "kick": {
      const person = await findOther(server, membership, frame.name);
      checkRank(server, membership, person, "kick");
      if (server.kick(room, { ...person, by: member.name })) return done;
      throw new CharlaError(
        "NO_SUCH_MEMBER",
        `${person.name} is not in ${room.name}`,
        "/ban keeps out somebody who is absent",
      );
    }
    case "ban": {
      const person = await findOther(server, membership, frame.name);
      checkRank(server, membership, person, "ban");
      const ban = { ...person, by: member.name, time: Date.now(), room: room.name };
      const result = server.ban(ban, member.fingerprint);
      const closed = result instanceof CharlaError ? [] : result;
      if (result instanceof CharlaError) {
        server.notifyPerson(room, member.fingerprint, notClosedNotice(person.name, result));
      }
      const isRenewed = closed.includes("standing") && mayHaveStanding(member);
      return {
        type: "banned",
        request,
        ...person,
        closed: [...closed],
        ...(isRenewed ? { invitation: server.invitations.invite(room.name, 0, 0).link } : {}),
        ...(server.invitations.isOpen() ? { open: true } : {}),
      };
    }
    case "unban":
      moderation.unban(frame.name, (ban) => maySeeBan(member, ban));
      return done;
    case "bans": {
      const bans = Array.from(moderation.bans).filter((ban) => maySeeBan(member, ban));
      return {
        type: "bans",
        request,
        bans: truncateList(bans.toReversed(), ({ fingerprint, name, by, time }) => {
          return { fingerprint, name, by, time };
        }),
      };
    }
    case "mute": {
      const person = frame.muted
        ? await findOther(server, membership, frame.name)
        : moderation.unmute(
            room.name,
            keyOf(room, frame.name, (key) => moderation.isMuted(room.name, key)),
          );
      if (frame.muted) {
        checkRank(server, membership, person, "mute");
        const wasMuted = moderation.isMuted(room.name, person.fingerprint);
        moderation.mute(room.name, person);
        if (wasMuted) return done;
      }
      announceRights(server, room, person);
      const notice = frame.muted
        ? mutedNotice(room.name, member.name)
        : unmutedNotice(room.name, member.name);
      server.notifyPerson(room, person.fingerprint, notice);
      return done;
    }
    case "lock":
      if (frame.locked) moderation.lock(room.name, room.fingerprints);
      else moderation.unlock(room.name);
      return done;
    case "invite": {
      const { uses = 0, seconds = 0, renew = false } = frame;
      const isStanding = renew || (uses === 0 && seconds === 0);
      if (isStanding && !mayHaveStanding(member)) {
        throw new CharlaError(
          "REFUSED",
          `your own invitation is for ${room.name} alone, and the standing one is for all rooms`,
          "make one with an end: /invite --uses N, or --for 1d",
        );
      }
      if (renew) server.invitations.renew();
      const { link, limited } = server.invitations.invite(room.name, uses, seconds);
      if (limited !== null) notifyOfLimits(limited, seconds, member);
      return { type: "invited", request, invitation: link };
    }
    case "invites": {
      const list = visibleInvitations(server, member);
      const most = Math.max(4, Math.floor(MAX_DESCRIBED_GUESTS / list.length));
      const described = await Promise.all(list.map((each) => describe(server, room, each, most)));
      return { type: "invitations", request, invitations: truncateList(described, (each) => each) };
    }
    case "revoke": {
      const list = visibleInvitations(server, member);
      if (!list.some(({ id }) => id === String(frame.number))) throw noSuchInvitation(frame.number);
      server.invitations.revoke(frame.number);
      return done;
    }
    case "close":
      // Once the answer was sent.
      server.setTimer(() => server.end(`${member.name} closed the conversation`), 0);
      return done;
    case "delete":
      if (frame.room === room.name) {
        throw new CharlaError("REFUSED", `you are in ${room.name}`, "/join another room first");
      }
      await server.deleteRoom(frame.room, member.name);
      return done;
    case "op": {
      const person = frame.operator
        ? await findOther(server, membership, frame.name)
        : moderation.removeOperator(keyOf(room, frame.name, (key) => moderation.isOperator(key)));
      const notice = operatorNotice(nameNow(room, person), frame.operator);
      if (frame.operator) {
        const wasOperator = moderation.isOperator(person.fingerprint);
        moderation.addOperator(person);
        if (wasOperator) {
          server.notifyPerson(room, member.fingerprint, notice);
          return done;
        }
      }
      for (const entered of server.rooms.values()) announceRights(server, entered, person);
      room.notify(notice);
      return done;
    }
  }
}

/** Describes the invitation that the member has just made. */
function notifyOfLimits({ id, left }: IssuedInvitation, seconds: number, member: Member): void {
  const people = left === 1 ? "1 person" : `${left} people`;
  // No time of the day: where the member is, it may be another hour than here.
  const end = seconds === 0 ? "" : ` within ${formatDuration(seconds)}`;
  notifyMembers([member], {
    type: "notice",
    code: "INVITED",
    message: `invitation ${id} lets in ${people}${end}`,
    hint: `/revoke ${id} closes it`,
  });
}

/** Whether the standing invitation gives the member no more than they have: it opens all rooms. */
function mayHaveStanding({ owner, invitation }: Member): boolean {
  return owner || invitation.room === null;
}

/** An operator whose own invitation is for one room learns of no other. */
function visibleInvitations(server: ServerState, member: Member): readonly IssuedInvitation[] {
  const all = server.invitations.list();
  return mayHaveStanding(member) ? all : all.filter(({ room }) => room === member.invitation.room);
}

/** Nor of the names that people had in others. */
function maySeeBan(member: Member, { room }: Ban): boolean {
  return mayHaveStanding(member) || room === member.invitation.room;
}

/** With the names that its guests have or had in its room, or for all rooms in the one of the member who asks. */
async function describe(
  { log, rooms }: ServerState,
  asked: Room,
  { id, room, left, until, guests }: IssuedInvitation,
  most: number,
): Promise<InvitationDescription> {
  const name = room ?? asked.name;
  const present = rooms.get(name)?.members ?? [];
  const names = new Map(Array.from(present, (member) => [member.fingerprint, member.name]));
  const latest = [...guests].slice(-most);
  return {
    id,
    ...(room === null ? {} : { room }),
    ...(left === null ? {} : { left }),
    ...(until === null ? {} : { until }),
    count: guests.size,
    guests: await Promise.all(
      latest.map(async (fingerprint) => {
        const known = names.get(fingerprint) ?? (await log.nameOf(name, fingerprint));
        return known === null ? { fingerprint } : { fingerprint, name: known };
      }),
    ),
  };
}

function checkRights(
  { moderation }: ServerState,
  { member }: Membership,
  frame: OperatorRequest,
): void {
  if (member.owner) return;
  const { type } = frame;
  if (!isKeyOf(type, OPERATOR_REQUESTS)) {
    const isDeop = frame.type === "op" && !frame.operator;
    const what = isDeop ? "take an operator's rights" : OWNER_REQUESTS[type];
    throw permissionDenied(`only the owner may ${what}`);
  }
  if (moderation.isOperator(member.fingerprint)) return;
  throw permissionDenied(`only the owner and operators may ${OPERATOR_REQUESTS[type]}`);
}

/** Whether this is a name or the fingerprint of the member who asks. */
function isOwnName({ room, member }: Membership, nameOrFingerprint: string): boolean {
  const found = room.find(nameOrFingerprint)?.fingerprint ?? nameOrFingerprint;
  return found === member.fingerprint;
}

/** The key of somebody in the room who is called so now, if it is one of those; else what was written. */
function keyOf(
  room: Room,
  nameOrFingerprint: string,
  isOne: (fingerprint: string) => boolean,
): string {
  const found = room.find(nameOrFingerprint)?.fingerprint;
  return found !== undefined && isOne(found) ? found : nameOrFingerprint;
}

/** Somebody who is in the room may have another name than when it was noted. */
function nameNow(room: Room, { fingerprint, name }: Person): string {
  return room.members.find((member) => member.fingerprint === fingerprint)?.name ?? name;
}

/** Operators can do nothing to the owner, and neither kick nor ban each other. */
function checkRank(
  { moderation, owner, rooms }: ServerState,
  { member }: Membership,
  { fingerprint, name }: Person,
  what: "kick" | "ban" | "mute",
): void {
  const isOwner =
    fingerprint === owner ||
    rooms.values().some(({ members }) => {
      return members.some((other) => other.owner && other.fingerprint === fingerprint);
    });
  if (isOwner) {
    throw permissionDenied(`${name} is the owner`, `nobody can ${what} the owner of the server`);
  }
  if (member.owner || what === "mute" || !moderation.isOperator(fingerprint)) return;
  throw permissionDenied(`only the owner may ${what} an operator`);
}

/**
 * Somebody else than the member who asks, who may be absent. An operator of one room can't act on the key of somebody who
 * has never been there.
 */
async function findOther(
  { log }: ServerState,
  { room, member }: Membership,
  nameOrFingerprint: string,
): Promise<Person> {
  const present =
    room.find(nameOrFingerprint) ??
    room.members.find(({ fingerprint }) => fingerprint === nameOrFingerprint);
  const person = present ?? (await findAbsent(log, room, member, nameOrFingerprint));
  if (person !== null && person.fingerprint !== member.fingerprint) {
    return { fingerprint: person.fingerprint, name: person.name };
  }
  const name = JSON.stringify(nameOrFingerprint);
  throw new CharlaError(
    "NO_SUCH_MEMBER",
    person === null ? `nobody in ${room.name} is or was called ${name}` : "that is you",
    person === null ? "/who lists the members" : "name somebody else; /who lists the members",
  );
}

/** Somebody who has had a name in the room; by fingerprint anybody, if the member may learn of other rooms. */
async function findAbsent(
  log: LogReader,
  room: Room,
  member: Member,
  nameOrFingerprint: string,
): Promise<Person | null> {
  const holder = await log.nameHolder(room.name, nameOrFingerprint);
  if (holder !== null) return { fingerprint: holder.author, name: holder.name };
  if (!isFingerprint(nameOrFingerprint)) return null;
  const known = await log.nameOf(room.name, nameOrFingerprint);
  if (known === null && !mayHaveStanding(member)) return null;
  return { fingerprint: nameOrFingerprint, name: known ?? nameOrFingerprint };
}

/** Notifies all of a person's programs in a room of what they may do there now. */
function announceRights(server: ServerState, room: Room, { fingerprint }: Person): void {
  const { moderation } = server;
  server.notifyPerson(room, fingerprint, {
    type: "rights",
    operator: moderation.isOperator(fingerprint),
    muted: moderation.isMuted(room.name, fingerprint),
  });
}

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

function unmutedNotice(room: string, by: string): NoticeFrame {
  return { type: "notice", code: "UNMUTED", message: `${by} lets you write in ${room} again` };
}

/** The ban holds all the same. */
function notClosedNotice(name: string, { code, message }: CharlaError): NoticeFrame {
  return {
    type: "notice",
    code,
    message: `${name} is banned, but can come back with another key: an invitation could not be closed: ${message}`,
    hint: "free space on the server's disk or check its permissions; then /revoke what /invites lists, and /invite --renew",
  };
}

function operatorNotice(name: string, isOperator: boolean): NoticeFrame {
  const message = `${name} is ${isOperator ? "an operator now" : "no longer an operator"}`;
  return { type: "notice", code: "OPERATOR", message };
}

function permissionDenied(why: string, hint = "ask the owner to do it"): CharlaError {
  return new CharlaError("NOT_THE_OWNER", `permission denied: ${why}`, hint);
}

function isKeyOf<Names extends object>(type: PropertyKey, names: Names): type is keyof Names {
  return Object.hasOwn(names, type);
}
