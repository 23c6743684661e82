// What members ask for beside talking, each answered with one frame: names, lists, what was said, and what
// only the owner may do.

import { ENDED_BY_PROGRAM } from "../chat/channel.ts";
import type { MemberFrame, ServerFrame } from "../chat/frames.ts";
import { CharlaError } from "../errors.ts";
import { describeMember, findMember, type Member, tellOthers } from "./room.ts";
import { type House, leave, type Place } from "./server-state.ts";
import { firstThatFit, lastThatFit } from "./truncate-list.ts";

type Request = Exclude<MemberFrame, { type: "enter" | "say" | "look" }>;
const OWNERS_ONLY: ReadonlySet<Request["type"]> = new Set(["kick", "mute", "lock", "invite"]);

export async function answerRequest(
  house: House,
  place: Place,
  frame: Request,
): Promise<ServerFrame> {
  const { request } = frame;
  try {
    if (OWNERS_ONLY.has(frame.type) && !place.member.owner) throw notTheOwner(frame.type);
    return await answer(house, place, frame);
  } catch (error) {
    if (!(error instanceof CharlaError)) throw error;
    return { type: "failed", request, code: error.code, message: error.message, hint: error.hint };
  }
}

async function answer(house: House, place: Place, frame: Request): Promise<ServerFrame> {
  const { log, rooms } = house;
  const { room, member } = place;
  const { request } = frame;
  const done = { type: "done", request } as const;
  switch (frame.type) {
    case "who":
      return { type: "people", request, members: firstThatFit(room.members, describeMember) };
    case "rooms": {
      const known = await log.rooms();
      const list = firstThatFit(known, ({ name, entries }) => {
        return { name, entries, members: rooms.get(name)?.members.size ?? 0 };
      });
      return { type: "rooms", request, rooms: list };
    }
    case "history": {
      const { count, before, words } = frame;
      const entries =
        words === undefined
          ? await log.readLast(room.name, count, before)
          : await log.search({ room: room.name, words, limit: count });
      return { type: "found", request, entries: lastThatFit(entries) };
    }
    case "rename": {
      await rename(house, place, frame.name);
      return done;
    }
    case "kick": {
      const { fingerprint } = someoneElse(place, frame.name);
      house.banned.add(fingerprint);
      sendAway(house, fingerprint, `${member.name} has sent you away`);
      return done;
    }
    case "mute":
      if (frame.muted) room.muted.add(someoneElse(place, frame.name).fingerprint);
      else room.muted.delete(someoneElse(place, frame.name).fingerprint);
      return done;
    case "lock":
      room.locked = frame.locked;
      return done;
    case "invite": {
      const { uses = 0, seconds = 0 } = frame;
      return { type: "invited", request, invitation: house.invite(room.name, uses, seconds) };
    }
  }
}

async function rename({ log }: House, { room, member }: Place, name: string): Promise<void> {
  const holder = findMember(room, name);
  const free = holder === null || holder.fingerprint === member.fingerprint;
  if (!free || (await log.claimName(room.name, name, member.fingerprint)) === "taken") {
    throw new CharlaError(
      "NAME_TAKEN",
      `${JSON.stringify(name)} is somebody else's name in ${room.name}`,
      "choose another",
    );
  }
  const from = member.name;
  member.name = name;
  tellOthers(room, null, { type: "renamed", from, to: name });
}

/** All of somebody's programs, out of all rooms. */
function sendAway(house: House, fingerprint: string, reason: string): void {
  for (const room of house.rooms.values()) {
    for (const member of room.members) {
      if (member.fingerprint !== fingerprint) continue;
      leave(house, { room, member }, reason);
      member.channel.abort(ENDED_BY_PROGRAM, reason);
    }
  }
}

function someoneElse({ room, member }: Place, name: string): Member {
  const other = findMember(room, name);
  if (other !== null && other.fingerprint !== member.fingerprint) return other;
  throw new CharlaError(
    "NO_SUCH_MEMBER",
    other === null ? `nobody in ${room.name} is called ${JSON.stringify(name)}` : "that is you",
    "/who lists who is here",
  );
}

function notTheOwner(what: string): CharlaError {
  return new CharlaError(
    "NOT_THE_OWNER",
    `only who opened the conversation may ${what}`,
    "ask them to",
  );
}
