// What the owner and operators of a server ask for: removing and silencing people, locking rooms, inviting. A person
// who is absent is named by a name that they had in this room, or by their fingerprint.

import type { ServerFrame } from "../chat/frames.ts";
import { MAX_PERSON, type MemberFrame } from "../chat/member-frames.ts";
import { CharlaError } from "../errors.ts";
import { findOther, holderOf, isOwnName, keyOf, nameNow } from "./find-person.ts";
import {
  currentNames,
  describeInvitations,
  mayKnow,
  visibleInvitations,
} from "./invitation-list.ts";
import { noSuchInvitation } from "./invitations.ts";
import {
  mayHaveStanding,
  mutedNotice,
  notClosedNotice,
  notifyOfLimits,
  notifyOperators,
  operatorNotice,
  unmutedNotice,
} from "./moderation-notices.ts";
import type { Ban, Person } from "./moderation.ts";
import type { Member, Room } from "./room.ts";
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
const NEW_INVITATION_HINT = "/invite prints the new one";

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
  const by = member.name;
  const about = room.name;
  const notify = (act: Parameters<typeof notifyOperators>[2]) =>
    notifyOperators(server, membership, act);
  const isOperator = moderation.isOperator(member.fingerprint);
  // Nobody has to ask the owner to have fewer rights. Whose name it is, is looked up last: a long one takes a second.
  const mayResign = frame.type === "op" && !frame.operator && (member.owner || isOperator);
  if (!mayResign) checkRights(server, membership, frame);
  if ("name" in frame && frame.name.length > MAX_PERSON) {
    throw new CharlaError(
      "NO_SUCH_MEMBER",
      `nobody has a name of ${frame.name.length} characters`,
      "/who lists the members",
    );
  }
  const isResigning = mayResign && isOwnName(membership, frame.name);
  if (isResigning && member.owner) {
    throw permissionDenied("you are the owner, and stay it", "/close ends the conversation");
  }
  if (mayResign && !isResigning) checkRights(server, membership, frame);
  switch (frame.type) {
    case "kick": {
      const person = await findOther(server, membership, frame.name);
      checkRank(server, membership, person, "kick");
      if (server.kick(room, { ...person, by })) {
        const message = `${by} has kicked ${person.name} from ${about}`;
        notify({ message, about, knownIn: new Set([room]) });
        return done;
      }
      throw new CharlaError(
        "NO_SUCH_MEMBER",
        `${person.name} is not in ${room.name}`,
        "/ban keeps out somebody who is absent",
      );
    }
    case "ban": {
      const person = await findOther(server, membership, frame.name);
      checkRank(server, membership, person, "ban");
      const ban = { ...person, by, time: Date.now(), room: about };
      const isThere = ({ fingerprint }: Member) => fingerprint === person.fingerprint;
      const knownIn = new Set(server.rooms.values().filter((each) => each.members.some(isThere)));
      const result = server.ban(ban, member.fingerprint);
      const closed = result instanceof CharlaError ? [] : result;
      if (result instanceof CharlaError) {
        server.notifyPerson(
          room,
          member.fingerprint,
          notClosedNotice(person.name, server.tell(member, result)),
        );
      }
      const isRenewed = closed.includes("standing") && mayHaveStanding(member);
      const renewed = isRenewed ? server.invitations.invite(room.name, 0, 0) : null;
      const banned = `${by} has banned ${person.name}`;
      if (closed.includes("standing")) {
        const message = `${banned}: the standing invitation was renewed`;
        notify({ message, hint: NEW_INVITATION_HINT, about });
      } else notify({ message: banned, about, knownIn });
      return {
        type: "banned",
        request,
        ...person,
        closed: [...closed],
        ...(renewed === null ? {} : { invitation: renewed.text }),
        ...(renewed === null || renewed.page === null ? {} : { page: renewed.page }),
        ...(server.invitations.isOpen() ? { open: true } : {}),
      };
    }
    case "unban": {
      const roomOf = await roomsOfBans(server);
      const former = await holderOf(server.log, room, frame.name);
      const ban = moderation.unban(frame.name, former, (each) => mayKnow(member, roomOf(each)));
      const message = `${by} has lifted the ban of ${ban.name}`;
      notify({ message, about: roomOf(ban) });
      return done;
    }
    case "bans": {
      const roomOf = await roomsOfBans(server);
      const bans = Array.from(moderation.bans).filter((ban) => mayKnow(member, roomOf(ban)));
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
            await holderOf(server.log, room, frame.name),
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
      const name = await nameNow(server.log, room, person);
      const message = frame.muted
        ? `${by} has muted ${name} in ${about}`
        : `${by} lets ${name} write in ${about} again`;
      notify({ message, about, person: person.fingerprint });
      return done;
    }
    case "lock":
      if (!frame.locked && !moderation.isLocked(about)) return done;
      if (frame.locked) server.lock(room);
      else server.unlock(room);
      notify({ message: `${by} has ${frame.locked ? "locked" : "unlocked"} ${about}`, about });
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
      if (renew) {
        server.invitations.renew(member.fingerprint);
        const message = `${by} has renewed the standing invitation`;
        notify({ message, hint: NEW_INVITATION_HINT, about: null });
      }
      const { text, page, limited } = server.invitations.invite(room.name, uses, seconds);
      if (limited !== null) notifyOfLimits(limited, seconds, member);
      return {
        type: "invited",
        request,
        invitation: text,
        ...(page === null ? {} : { page }),
      };
    }
    case "invites": {
      const described = await describeInvitations(server, room, member);
      return { type: "invitations", request, invitations: truncateList(described, (each) => each) };
    }
    case "revoke": {
      const list = await visibleInvitations(server, member);
      const revoked = list.find(({ id }) => id === String(frame.number));
      if (revoked === undefined) throw noSuchInvitation(frame.number);
      server.invitations.revoke(frame.number);
      notify({ message: `${by} has closed invitation ${revoked.id}`, about: revoked.room });
      return done;
    }
    case "close":
      // Once the answer was sent.
      server.setTimer(() => server.end(`${member.name} closed the conversation`), 0);
      return done;
    case "delete": {
      const deleted = server.roomNames.find(await server.quota.names(), frame.room) ?? frame.room;
      if (deleted === room.name) {
        throw new CharlaError("REFUSED", `you are in ${room.name}`, "/join another room first");
      }
      await server.deleteRoom(deleted, by);
      notify({ message: `${by} has deleted the room ${deleted}`, about: deleted });
      return done;
    }
    case "op": {
      const person = frame.operator
        ? await findOther(server, membership, frame.name)
        : moderation.removeOperator(
            keyOf(room, frame.name, (key) => moderation.isOperator(key)),
            await holderOf(server.log, room, frame.name),
          );
      const notice = operatorNotice(await nameNow(server.log, room, person), frame.operator);
      if (frame.operator) {
        const wasOperator = moderation.isOperator(person.fingerprint);
        moderation.addOperator(person);
        if (wasOperator) {
          server.notifyPerson(room, member.fingerprint, notice);
          return done;
        }
      }
      // Locks don't keep out operators.
      server.news.checkRights();
      for (const entered of server.rooms.values()) {
        announceRights(server, entered, person);
        server.notifyPerson(entered, person.fingerprint, operatorNotice(null, frame.operator));
      }
      const isThem = ({ fingerprint }: Member) => fingerprint === person.fingerprint;
      room.notify(notice, { members: [...room.members].filter(isThem) });
      const message = isResigning
        ? notice.message
        : frame.operator
          ? `${by} has made ${person.name} an operator`
          : `${by} has taken the operator's rights of ${await nameNow(server.log, room, person)}`;
      notify({ message, about: null, person: person.fingerprint, knownIn: new Set([room]) });
      return done;
    }
  }
}

/** In which room the names of a ban are known: an operator whose own invitation is for another one learns none of them. */
async function roomsOfBans(server: ServerState): Promise<(ban: Ban) => string | null> {
  const nameNow = await currentNames(server);
  return ({ room }) => (room === undefined ? null : nameNow(room));
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

/** Notifies all of a person's programs in a room of what they may do there now. */
function announceRights(server: ServerState, room: Room, { fingerprint }: Person): void {
  const { moderation } = server;
  server.notifyPerson(room, fingerprint, {
    type: "rights",
    operator: moderation.isOperator(fingerprint),
    muted: moderation.isMuted(room.name, fingerprint),
  });
}

function permissionDenied(why: string, hint = "ask the owner to do it"): CharlaError {
  return new CharlaError("NOT_THE_OWNER", `permission denied: ${why}`, hint);
}

function isKeyOf<Names extends object>(type: PropertyKey, names: Names): type is keyof Names {
  return Object.hasOwn(names, type);
}
