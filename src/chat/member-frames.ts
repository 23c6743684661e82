// The frames that a member sends the server of a room (docs/protocol.md s. 18): their shapes. A server reads them, and programs
// check what they are about to send.

import * as v from "valibot";

import { usageError } from "../errors.ts";
import { MAX_TEXT } from "./conversation.ts";
import { count, parseJson, text } from "./frame-fields.ts";
import { byType, checked, MAX_FOUND, MAX_WATCHED, read, type Reading, request } from "./frames.ts";
import { isMemberName, isRoomName, MAX_NAME, ROOM_NAME_RULE } from "./names.ts";
import { readSay } from "./short-frames.ts";

/** Characters of a name or a fingerprint: nobody is found by more. */
export const MAX_PERSON = 64;

/** A member's name, in one spelling. */
const name = v.pipe(v.string(), v.check(isMemberName), v.normalize("NFC"));
/** A room's name, in one spelling. */
const room = v.pipe(v.string(), v.check(isRoomName), v.normalize("NFC"));
/** A device's own mark: 16 random bytes in base64url. */
const device = v.pipe(v.string(), v.regex(/^[\w-]{22}$/));
/** A name that somebody has or had, or the fingerprint of their key: whether there is such a person, the server knows. */
const person = v.string();

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

export type MemberFrame = v.InferOutput<(typeof MEMBER_FRAMES)[number]>;
export type WatchedRoom = Extract<MemberFrame, { type: "watch" }>["rooms"][number];

const SCHEMAS = byType<MemberFrame>(MEMBER_FRAMES);

export function readMemberFrame(bytes: Uint8Array): Reading<MemberFrame> {
  const value = parseJson(bytes);
  return Array.isArray(value) ? checked("say", readSay(value)) : read(value, SCHEMAS);
}

/**
 * Checks what a program is about to send: a server ends the session in which it gets a frame that is not valid.
 *
 * @throws {CharlaError} USAGE
 */
export function checkMemberFrame(frame: MemberFrame): void {
  const schema = SCHEMAS.get(frame.type);
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
  ["name", `a name has at most ${MAX_NAME} visible characters`],
  ["person", "write a name, or a fingerprint; /who lists both"],
  ["room", ROOM_NAME_RULE],
  ["words", `a search has at most ${MAX_TEXT} characters`],
  ["count", `ask for at most ${MAX_FOUND} messages`],
  ["history", `ask for at most ${MAX_FOUND} messages`],
]);
