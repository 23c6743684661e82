// The frames that the server of a room sends its members, as JSON (docs/protocol.md s. 18): their shapes, and how frames are
// encoded. Finds frames that break the protocol; knows no networks. Those of members are in member-frames.ts.

import * as v from "valibot";

import { count, parseJson, time } from "./frame-fields.ts";
import type { MemberFrame } from "./member-frames.ts";
import { type Author, authorFrame, encodeSay, readMessage } from "./short-frames.ts";

/** Entries shown to a member that enters a room for the first time, and does not say how many. */
export const FIRST_ENTRIES = 20;
/** Entries in one answer to `history`. */
export const MAX_FOUND = 100;
/** Other rooms of which a member can have news: more than anybody goes to and fro between. */
export const MAX_WATCHED = 50;
/** Characters of a message in `news`: the beginning, so that one of each room fits a frame. */
export const MAX_MENTION = 100;

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
/** Which question an answer is to: the asker's own number. */
export const request = count;

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
    page: v.optional(pageLink),
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

export type ServerFrame = v.InferOutput<(typeof SERVER_FRAMES)[number]>;
export type MemberDescription = v.InferOutput<typeof member>;
export type BanDescription = v.InferOutput<typeof ban>;
export type InvitationDescription = v.InferOutput<typeof invitation>;
export type RoomNews = v.InferOutput<typeof roomNews>;
export type RoomDescription = v.InferOutput<typeof roomDescription>;
export type LogEntry = Readonly<v.InferOutput<typeof entry>>;
/** An entry before it is in the log. */
export type Draft = Omit<LogEntry, "sequence" | "time">;

/** `unknown` is from a later version or only introduces an author, and to be ignored; `invalid` breaks the protocol. */
export type Reading<Frame> =
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
const SERVER_SCHEMAS = byType<ServerFrame | v.InferOutput<typeof authorFrame>>([
  ...SERVER_FRAMES,
  authorFrame,
]);

/** Reads the frames of one channel, in order: short messages name their authors by numbers that were introduced before. */
export function createServerFrameReader(): ServerFrameReader {
  const authors = new Map<number, Author>();
  return (bytes) => {
    const value = parseJson(bytes);
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

export function checked<Frame>(type: string, frame: Frame | null): Reading<Frame> {
  if (frame !== null) return { type: "frame", frame };
  return { type: "invalid", why: `${type}: the frame is not valid` };
}

export function byType<Frame>(all: readonly Schema<Frame>[]): ReadonlyMap<string, Schema<Frame>> {
  return new Map(all.map((schema) => [schema.entries.type.literal, schema]));
}

export function read<Frame>(
  value: unknown,
  schemas: ReadonlyMap<string, Schema<Frame>>,
): Reading<Frame> {
  if (value === undefined) return { type: "invalid", why: "a frame is not JSON" };
  const type: unknown =
    typeof value === "object" && value !== null && "type" in value ? value.type : null;
  if (typeof type !== "string") return { type: "invalid", why: "a frame has no type" };
  const schema = schemas.get(type);
  if (schema === undefined) return { type: "unknown" };
  const result = v.safeParse(schema, value);
  if (result.success) return { type: "frame", frame: result.output };
  const where = result.issues[0].path?.map(({ key }) => String(key)).join(".");
  return { type: "invalid", why: `${type}: ${where ?? "the frame"} is not valid` };
}
