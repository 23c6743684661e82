// One member's stay with the server, from the channel's first frame to its end: what each frame asks for is
// done, and answered. Knows rooms and the log, and not how the channel came about.

import { type Channel, type ChannelHandlers, ENDED_BY_PROGRAM } from "../chat/channel.ts";
import {
  encodeFrame,
  type MemberFrame,
  readMemberFrame,
  type ServerFrame,
} from "../chat/frames.ts";
import { CharlaError } from "../errors.ts";
import type { Log } from "../log/log.ts";
import { abortWith, createFanOut, sendInTime } from "./fan-out.ts";
import { answerRequest } from "./requests.ts";
import { noteMade, wouldMake } from "./room-quota.ts";
import {
  createRoom,
  describeMember,
  findMember,
  MAX_MEMBERS,
  type Member,
  type Room,
  tellOthers,
} from "./room.ts";
import { forgetEmpty, type House, leave, type Place } from "./server-state.ts";
import { createTokenBucket, takeToken, takeTokenThere } from "./token-bucket.ts";
import { firstThatFit } from "./truncate-list.ts";

/** Entries shown to who comes into a room for the first time. */
const FIRST_ENTRIES = 20;
/** How often a name that is taken is tried with another number behind it. */
const MAX_NAMESAKES = 100;

export interface Visitor {
  readonly channel: Channel;
  readonly fingerprint: string;
  readonly owner: boolean;
  /** The one room that the visitor's invitation is for; null where it is for all. */
  readonly onlyRoom: string | null;
  /** Where the visitor's packets come from now, as HOST:PORT; null where there is no network between. */
  address(): string | null;
}

export function receiveVisitor(house: House, visitor: Visitor): ChannelHandlers {
  const { channel } = visitor;
  const { messagesPerSecond, burst, searchesPerSecond, searchBurst, unreadFor } = house.limits;
  const bucket = createTokenBucket(messagesPerSecond, burst, house.now());
  const searches = createTokenBucket(searchesPerSecond, searchBurst, house.now());
  let place: Place | null = null;

  // Which comes after all that is still being done, such as coming in.
  void channel.ended.then(() => {
    if (place !== null) leave(house, place, "");
  });

  /** False when nothing more is to be taken. */
  async function takeInTurn(frame: Exclude<MemberFrame, { type: "say" }>): Promise<boolean> {
    if (frame.type === "enter") {
      // Whoever had no answer in time asks again.
      if (place?.room.name === frame.room && place.member.device === frame.device) return true;
      if (place !== null) leave(house, place, "");
      place = null;
      place = await enter(house, visitor, frame);
      return place !== null;
    }
    if (frame.type === "look")
      return sendInTime(channel, [describeView(visitor, frame)], unreadFor);
    if (place === null) return abortOutside(frame.type);
    const isSearch = frame.type === "history" && frame.words !== undefined && !visitor.owner;
    const wait = isSearch ? takeTokenThere(searches, house.now()) : 0;
    const answer = encodeFrame(
      wait > 0 ? tooManySearches(frame.request, wait) : await answerRequest(house, place, frame),
    );
    // Who asks and does not read gets no more answers.
    return sendInTime(channel, [answer], unreadFor);
  }

  function abortOutside(type: MemberFrame["type"]): false {
    channel.abort(ENDED_BY_PROGRAM, `${type} came before the member was in a room`);
    return false;
  }

  return {
    async onMessages(messages) {
      // What is said in one turn becomes durable together; everything else happens in its place among it.
      let said: Promise<void>[] = [];
      for (const bytes of messages) {
        if (place?.member.following === null) return;
        const reading = readMemberFrame(bytes);
        if (reading.type === "invalid") {
          channel.abort(ENDED_BY_PROGRAM, reading.why);
          break;
        }
        if (reading.type === "unknown") continue;
        const { frame } = reading;
        // Whoever is too fast has to wait: what they say is not lost, and the others are not flooded.
        const wait = takeToken(bucket, house.now());
        if (wait > 0 && !visitor.owner) {
          await Promise.all(said);
          said = [];
          await new Promise((done) => setTimeout(done, wait));
          if (isOver(channel)) return;
        }
        if (frame.type !== "say") {
          await Promise.all(said);
          said = [];
          if (!(await takeInTurn(frame))) return;
        } else if (place === null) return void abortOutside(frame.type);
        else said.push(say(house, place, frame));
      }
      await Promise.all(said);
    },
    onSilent: () => setAway(place, true),
    onHeard: () => setAway(place, false),
  };
}

/** What a visitor cannot know of themselves: how they look from here. */
function describeView(visitor: Visitor, { request }: { request: number }): Uint8Array {
  const address = visitor.address();
  const known = address === null ? {} : { address };
  return encodeFrame({ type: "seen", request, time: Date.now(), ...known });
}

/** Each search holds up everybody: who asks for too many is told so, and what they say goes on. */
function tooManySearches(request: number, wait: number): ServerFrame {
  return {
    type: "failed",
    request,
    code: "REFUSED",
    message: "you have searched more often than this server allows",
    hint: `search again in ${Math.ceil(wait / 1_000)} s`,
  };
}

/** Also before `ended` tells, which waits for what is still being done. */
function isOver(channel: Channel): boolean {
  return channel.sayAll([]) === false;
}

async function enter(
  house: House,
  visitor: Visitor,
  { room: wantedRoom, name: wantedName, device, after }: Extract<MemberFrame, { type: "enter" }>,
): Promise<Place | null> {
  const { log, rooms, limits } = house;
  const { channel, fingerprint, owner } = visitor;
  const { unreadFor } = limits;
  const room =
    rooms.get(wantedRoom) ??
    createRoom(wantedRoom, createFanOut({ log, room: wantedRoom, unreadFor }));
  // At once: others may be on their way in as well.
  rooms.set(room.name, room);
  room.entering += 1;
  try {
    checkAdmission(house, room, visitor);
    const most = owner ? Number.POSITIVE_INFINITY : limits.roomsPerMember;
    const isNew = await wouldMake(house.makers, log, room.name, fingerprint, most);
    const name = await freeName(log, room, wantedName, fingerprint);
    if (isNew) noteMade(house.makers, room.name, fingerprint);
    const last = await log.last(room.name);
    // The owner may have thought otherwise meanwhile.
    checkAdmission(house, room, visitor);
    replaceSameProgram(house, room, fingerprint, device);
    // A place in another log is none in this, nor is one beyond its end.
    const place = after?.log === log.id ? after.sequence : last - FIRST_ENTRIES;
    const start = Math.min(Math.max(0, place), last);
    const state = { following: null, away: false, unreadNews: 0 };
    const member: Member = { channel, fingerprint, owner, device, start, name, ...state };
    tellOthers(room, member, { type: "joined", ...describeMember(member) });
    room.members.add(member);
    const members = firstThatFit(room.members, describeMember);
    send(channel, { type: "welcome", room: room.name, name, owner, log: log.id, last, members });
    member.following = room.fanOut.send(channel, start, last);
    return { room, member };
  } catch (error) {
    abortWith(channel, error);
    return null;
  } finally {
    room.entering -= 1;
    forgetEmpty(house, room);
  }
}

/** @throws {CharlaError} REFUSED */
function checkAdmission(
  { banned }: House,
  { name, members, entering, locked }: Room,
  { fingerprint, owner, onlyRoom }: Visitor,
): void {
  const why = banned.has(fingerprint)
    ? "you were sent away"
    : onlyRoom !== null && onlyRoom !== name && !owner
      ? `your invitation is for the room ${onlyRoom}, not for ${name}`
      : locked && !owner
        ? `${name} is locked`
        : members.size + entering > MAX_MEMBERS
          ? `${name} is full`
          : null;
  if (why !== null) throw new CharlaError("REFUSED", why, "ask who opened the conversation");
}

/** A program that was killed is back before its session has timed out: it is one member, not two. */
function replaceSameProgram(house: House, room: Room, fingerprint: string, device: string): void {
  for (const member of room.members) {
    if (member.fingerprint !== fingerprint || member.device !== device) continue;
    leave(house, { room, member }, "");
    member.channel.abort(ENDED_BY_PROGRAM, "the same program has come in again");
  }
}

/** The name, or the first of name-2, name-3, ... that nobody else holds. */
async function freeName(
  log: Log,
  room: Room,
  wanted: string,
  fingerprint: string,
): Promise<string> {
  for (let namesake = 1; namesake <= MAX_NAMESAKES; namesake += 1) {
    const name = namesake === 1 ? wanted : `${wanted}-${namesake}`;
    const holder = findMember(room, name);
    if (holder !== null && holder.fingerprint !== fingerprint) continue;
    if ((await log.claimName(room.name, name, fingerprint)) === "yours") return name;
  }
  throw new CharlaError(
    "NAME_TAKEN",
    `${JSON.stringify(wanted)} and the names like it are taken in ${room.name}`,
    "choose another with --name",
  );
}

async function say(
  { log }: House,
  { room, member }: Place,
  { number, text }: Extract<MemberFrame, { type: "say" }>,
): Promise<void> {
  const { channel, fingerprint: author, name, device, start } = member;
  const refuse = (code: string, message: string) =>
    send(channel, { type: "refused", number, code, message });
  if (room.muted.has(author)) {
    return refuse("MUTED", "the owner of the conversation has muted you");
  }
  try {
    const entry = await log.append(room.name, { author, name, device, number, text });
    // It was stored before the member came in, who does not know: nobody else is told again.
    if (entry.sequence <= start) send(channel, { type: "message", ...entry });
  } catch (error) {
    if (!(error instanceof CharlaError)) throw error;
    refuse(error.code, error.message);
  }
}

function setAway(place: Place | null, away: boolean): void {
  if (place === null || place.member.away === away) return;
  place.member.away = away;
  tellOthers(place.room, place.member, { type: "away", name: place.member.name, away });
}

function send(channel: Channel, frame: ServerFrame): void {
  void channel.sayAll([encodeFrame(frame)]);
}
