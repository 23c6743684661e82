// The frames that members and the server of a room send each other, as JSON (docs/protocol.md s. 18): their shapes, and
// their encoding. Finds frames that break the protocol; knows no networks.

import * as v from "valibot";

import { usageError } from "../errors.ts";
import { MAX_TEXT } from "./conversation.ts";
import { count, device, name, room, text, time } from "./frame-fields.ts";
import { type Author, authorFrame, encodeSay, readMessage, readSay } from "./short-frames.ts";

/** Entries shown to a member that enters a room for the first time, and does not say how many. */
export const FIRST_ENTRIES = 20;
/** Entries in one answer to `history`. */
export const MAX_FOUND = 100;
/** Other rooms of which a member can have news: more than anybody goes to and fro between. */
export const MAX_WATCHED = 50;
/** Characters of a message in `news`: the beginning, so that one of each room fits a frame. */
export const MAX_MENTION = 100;
/** Characters of a name or a fingerprint: nobody is found by more. */
export const MAX_PERSON = 64;

/** People paste it into a shell: nothing in it may be special there, or not be seen. */
const invitationText = v.pipe(
  v.string(),
  v.regex(/^charla:\/\/[\p{L}\p{M}\p{N}_.~%:/#[\]@,?=-]*$/u),
);
/** The same in a browser's address bar. */
const pageLink = v.pipe(
  v.string(),
  v.regex(
    /^https?:\/\/[\p{L}\p{M}\p{N}_.:[\]-]+\/[\w.~%-]*#[\w-]+(?:\.[\w-]+)?(?:,relay(?::\d+)?)?$/u,
  ),
);
/** A name that somebody has or had, or the fingerprint of their key: whether there is such a person, the server knows. */
const person = v.string();
/** Which question an answer is to: the asker's own number. */
const request = count;

/** One message in a room's log. */
const entry = v.object({
  /** Ascending in one room, without gaps between entries that were not deleted; never used again. */
  sequence: count,
  /** By the server's clock, ms since 1970: it may go back, and only the sequence numbers give the order. */
  time,
  /** Who said it: the fingerprint of their key. */
  author: v.string(),
  /** The name they had then. */
  name: v.string(),
  /** Which of the author's programs said it; with `number`, the sender's own mark of this message. */
  device: v.string(),
  number: count,
  text: v.string(),
});

const member = v.object({
  name: v.string(),
  fingerprint: v.string(),
  away: v.boolean(),
  owner: v.optional(v.boolean()),
  operator: v.optional(v.boolean()),
  /** In this room. */
  muted: v.optional(v.boolean()),
});

/** Somebody who may enter no room. */
const ban = v.object({
  fingerprint: v.string(),
  /** That they had when they were banned, or their fingerprint. */
  name: v.string(),
  /** The name of who banned them. */
  by: v.string(),
  /** ms since 1970. */
  time,
});

/** An invitation that lets people in, or has let some in who may come back. */
const invitation = v.object({
  /** "standing", for everybody and all rooms, or its number. */
  id: v.string(),
  /** The one room that it is for. */
  room: v.optional(v.string()),
  /** How many people it still lets in; without it, any number. */
  left: v.optional(count),
  /** Until when, ms since 1970. */
  until: v.optional(time),
  /** How many people have come by it. */
  count,
  /** The latest of them. */
  guests: v.array(v.object({ fingerprint: v.string(), name: v.optional(v.string()) })),
});

const roomDescription = v.object({
  name: v.string(),
  /** Messages in its log. */
  entries: count,
  /** How many members it has now. */
  members: count,
});

/** What is new in another room than the member's own. */
const roomNews = v.object({
  room: v.string(),
  /** The sequence number up to which the member has read it. */
  after: count,
  /** Messages of others after that one. */
  unread: count,
  /** How many of them name the member. */
  mentions: count,
  /** The newest of these, if it was not in the news before. */
  mention: v.optional(v.object({ name: v.string(), text: v.string() })),
});

const MEMBER_FRAMES = [
  /**
   * Enters a room, or another one. Without `after`, a cursor: for the first time, and the last `history` entries are
   * sent. With `existing`, none is created.
   */
  v.object({
    type: v.literal("enter"),
    room,
    name,
    device,
    after: v.optional(v.object({ log: v.string(), sequence: count })),
    history: v.optional(v.pipe(count, v.maxValue(MAX_FOUND))),
    existing: v.optional(v.boolean()),
  }),
  v.object({ type: v.literal("say"), number: count, text }),
  v.object({ type: v.literal("rename"), request, name }),
  v.object({ type: v.literal("who"), request }),
  v.object({ type: v.literal("rooms"), request }),
  /** The last `count` entries before `before`, or those with all of the words. */
  v.object({
    type: v.literal("history"),
    request,
    count: v.pipe(count, v.maxValue(MAX_FOUND)),
    before: v.optional(count),
    words: v.optional(text),
  }),
  v.object({ type: v.literal("kick"), request, name: person }),
  v.object({ type: v.literal("ban"), request, name: person }),
  v.object({ type: v.literal("unban"), request, name: person }),
  v.object({ type: v.literal("bans"), request }),
  v.object({ type: v.literal("mute"), request, name: person, muted: v.boolean() }),
  v.object({ type: v.literal("op"), request, name: person, operator: v.boolean() }),
  v.object({ type: v.literal("lock"), request, locked: v.boolean() }),
  /** Deletes another room of the server, with all that was said in it. */
  v.object({ type: v.literal("delete"), request, room }),
  /** Ends the conversation for all members. */
  v.object({ type: v.literal("close"), request }),
  /** For how many people, and how many seconds; without both, the standing one. */
  v.object({
    type: v.literal("invite"),
    request,
    uses: v.optional(v.pipe(count, v.minValue(1))),
    seconds: v.optional(v.pipe(count, v.minValue(1))),
    /** Replaces the server's own invitation, and is answered with the new one. */
    renew: v.optional(v.boolean()),
  }),
  v.object({ type: v.literal("invites"), request }),
  v.object({ type: v.literal("revoke"), request, number: v.pipe(count, v.minValue(1)) }),
  /** From now on the member wants news of these rooms, and of no others. */
  v.object({
    type: v.literal("watch"),
    rooms: v.pipe(
      v.array(
        v.object({
          room,
          /** The sequence number up to which it has been read; without it, all that is there. */
          after: v.optional(count),
        }),
      ),
      v.maxLength(MAX_WATCHED),
    ),
  }),
  /** Asks what the server sees of the sender; also outside a room. */
  v.object({ type: v.literal("look"), request }),
] as const;

const SERVER_FRAMES = [
  v.object({
    type: v.literal("welcome"),
    room: v.string(),
    name: v.string(),
    owner: v.boolean(),
    operator: v.optional(v.boolean()),
    muted: v.optional(v.boolean()),
    /** The log is gone when the server ends. */
    temporary: v.optional(v.boolean()),
    /** The id of the server's log: a cursor of one log means nothing in another. */
    log: v.string(),
    /** The newest entry of the room: entries up to it were missed. */
    last: count,
    members: v.array(member),
  }),
  v.object({ type: v.literal("message"), ...entry.entries }),
  v.object({ type: v.literal("joined"), ...member.entries }),
  v.object({ type: v.literal("left"), name: v.string(), reason: v.string() }),
  v.object({ type: v.literal("away"), name: v.string(), away: v.boolean() }),
  v.object({ type: v.literal("renamed"), from: v.string(), to: v.string() }),
  /**
   * A message was not taken, and is not sent again. It will not be stored; only a store that failed in the middle of a
   * commit may have it (docs/protocol.md s. 18.2).
   */
  v.object({ type: v.literal("refused"), number: count, code: v.string(), message: v.string() }),
  /** What this member may do in the room has changed. */
  v.object({ type: v.literal("rights"), operator: v.boolean(), muted: v.boolean() }),
  /** Something that the member should know; shown as the event `notice`. */
  v.object({
    type: v.literal("notice"),
    code: v.string(),
    message: v.string(),
    hint: v.optional(v.string()),
  }),
  v.object({ type: v.literal("news"), rooms: v.array(roomNews) }),
  v.object({ type: v.literal("done"), request }),
  v.object({
    type: v.literal("failed"),
    request,
    code: v.string(),
    message: v.string(),
    hint: v.optional(v.string()),
  }),
  v.object({ type: v.literal("people"), request, members: v.array(member) }),
  v.object({ type: v.literal("rooms"), request, rooms: v.array(roomDescription) }),
  v.object({ type: v.literal("found"), request, entries: v.array(entry) }),
  v.object({ type: v.literal("bans"), request, bans: v.array(ban) }),
  v.object({
    type: v.literal("banned"),
    request,
    name: v.string(),
    fingerprint: v.string(),
    /** The invitations by which they came, and which let in nobody new any more: "standing", or their numbers. */
    closed: v.array(v.string()),
    /** The new standing invitation, if the old one was closed, and the asker may have it. */
    invitation: v.optional(invitationText),
    /** Anyone may join, also they with another key. */
    open: v.optional(v.boolean()),
  }),
  v.object({ type: v.literal("invitations"), request, invitations: v.array(invitation) }),
  v.object({
    type: v.literal("invited"),
    request,
    invitation: invitationText,
    /** The link that opens the room's page in a browser; none where no page is served. */
    page: v.optional(pageLink),
  }),
  v.object({
    type: v.literal("seen"),
    request,
    /** The server's clock, ms since 1970. */
    time,
    /** HOST:PORT that the asker's packets come from; none where there is no network between. */
    address: v.optional(v.string()),
  }),
] as const;

export type MemberFrame = v.InferOutput<(typeof MEMBER_FRAMES)[number]>;
export type ServerFrame = v.InferOutput<(typeof SERVER_FRAMES)[number]>;
export type MemberDescription = v.InferOutput<typeof member>;
export type BanDescription = v.InferOutput<typeof ban>;
export type InvitationDescription = v.InferOutput<typeof invitation>;
export type RoomNews = v.InferOutput<typeof roomNews>;
export type WatchedRoom = Extract<MemberFrame, { type: "watch" }>["rooms"][number];
export type RoomDescription = v.InferOutput<typeof roomDescription>;
export type LogEntry = Readonly<v.InferOutput<typeof entry>>;
/** An entry before it is in the log. */
export type Draft = Omit<LogEntry, "sequence" | "time">;

/** `unknown` is from a later version or only introduces an author, and to be ignored; `invalid` breaks the protocol. */
type Reading<Frame> =
  | { readonly type: "frame"; readonly frame: Frame }
  | { readonly type: "unknown" }
  | { readonly type: "invalid"; readonly why: string };

export type ServerFrameReader = (bytes: Uint8Array) => Reading<ServerFrame>;

/** What is said becomes a short frame. */
export function encodeFrame(frame: MemberFrame | ServerFrame): Uint8Array {
  if (frame.type === "say") return encodeSay(frame);
  return new TextEncoder().encode(JSON.stringify(frame));
}

type Schema<Frame> = v.GenericSchema<unknown, Frame> & {
  readonly entries: { readonly type: { readonly literal: string } };
};

// By type: a union of all schemas would try one after the other for each frame.
const MEMBER_SCHEMAS = byType<MemberFrame>(MEMBER_FRAMES);
const SERVER_SCHEMAS = byType<ServerFrame | v.InferOutput<typeof authorFrame>>([
  ...SERVER_FRAMES,
  authorFrame,
]);

export function readMemberFrame(bytes: Uint8Array): Reading<MemberFrame> {
  const value = parse(bytes);
  return Array.isArray(value) ? checked("say", readSay(value)) : read(value, MEMBER_SCHEMAS);
}

/** Reads the frames of one channel, in order: short messages name their authors by numbers that were introduced before. */
export function createServerFrameReader(): ServerFrameReader {
  const authors = new Map<number, Author>();
  return (bytes) => {
    const value = parse(bytes);
    if (Array.isArray(value)) return checked("message", readMessage(value, authors));
    const reading = read(value, SERVER_SCHEMAS);
    if (reading.type !== "frame") return reading;
    const { frame } = reading;
    if (frame.type !== "author") return { type: "frame", frame };
    const { index, author, name: known, device: program } = frame;
    authors.set(index, { author, name: known, device: program });
    return { type: "unknown" };
  };
}

function checked<Frame>(type: string, frame: Frame | null): Reading<Frame> {
  if (frame !== null) return { type: "frame", frame };
  return { type: "invalid", why: `${type}: the frame is not valid` };
}

function byType<Frame>(all: readonly Schema<Frame>[]): ReadonlyMap<string, Schema<Frame>> {
  return new Map(all.map((schema) => [schema.entries.type.literal, schema]));
}

/**
 * Checks what a program is about to send: a server ends the session in which it gets a frame that is not valid.
 *
 * @throws {CharlaError} USAGE
 */
export function checkMemberFrame(frame: MemberFrame): void {
  const schema = MEMBER_SCHEMAS.get(frame.type);
  if (schema === undefined) throw new Error(`a frame has the type ${frame.type}`);
  const result = v.safeParse(schema, frame);
  const field = result.success ? unfindablePerson(frame) : v.getDotPath(result.issues[0]);
  if (field === null) return;
  throw usageError(
    `${frame.type}: invalid ${field ?? "value"}`,
    FIELD_HINTS.get(field === "name" && NAMED.has(frame.type) ? "person" : (field ?? "")) ??
      "its values are positive whole numbers",
  );
}

/** Frames that name somebody who is or was there. */
const NAMED: ReadonlySet<string> = new Set(["kick", "ban", "unban", "mute", "op"]);

function unfindablePerson(frame: MemberFrame): "name" | null {
  if (!("name" in frame) || !NAMED.has(frame.type)) return null;
  return frame.name === "" || frame.name.length > MAX_PERSON ? "name" : null;
}

const FIELD_HINTS: ReadonlyMap<string, string> = new Map([
  ["name", "a name has at most 40 visible characters"],
  ["person", "write a name, or a fingerprint; /who lists both"],
  ["room", 'a room name has up to 40 letters, digits, "_", "." and "-"'],
  ["words", `a search has at most ${MAX_TEXT} characters`],
  ["count", `ask for at most ${MAX_FOUND} messages`],
  ["history", `ask for at most ${MAX_FOUND} messages`],
]);

const decoder = new TextDecoder("utf-8", { fatal: true });

/** Undefined when it is not JSON. */
function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch {
    return undefined;
  }
}

function read<Frame>(value: unknown, schemas: ReadonlyMap<string, Schema<Frame>>): Reading<Frame> {
  if (value === undefined) return { type: "invalid", why: "a frame is not JSON" };
  const type: unknown =
    typeof value === "object" && value !== null && "type" in value ? value.type : null;
  if (typeof type !== "string") return { type: "invalid", why: "a frame has no type" };
  const schema = schemas.get(type);
  if (schema === undefined) return { type: "unknown" };
  const result = v.safeParse(schema, value);
  if (result.success) return { type: "frame", frame: result.output };
  const where = v.getDotPath(result.issues[0]);
  return { type: "invalid", why: `${type}: ${where ?? "the frame"} is not valid` };
}
