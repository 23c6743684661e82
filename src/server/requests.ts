// What members ask for beside talking, each request answered with one frame: names, lists and history; what only the
// owner and operators may ask for is in operator-requests.ts. What counts against the limits, and may be refused, is here
// too. An answer that would not fit one message of the wire is truncated.

import { encodeFrame, type MemberDescription, type ServerFrame } from "../chat/frames.ts";
import type { MemberFrame } from "../chat/member-frames.ts";
import { CharlaError, type ErrorCode } from "../errors.ts";
import { isSearchable } from "../log/text-matching.ts";
import type { SessionAllowance } from "./allowances.ts";
import type { ToldError } from "./member-errors.ts";
import type { Moderation } from "./moderation.ts";
import { answerOperator, isOperatorRequest, type OperatorRequest } from "./operator-requests.ts";
import { type Member, notifyMembers, type Room } from "./room.ts";
import type { Membership, ServerState } from "./server-state.ts";
import { truncateList } from "./truncate-list.ts";

export type Request = Exclude<MemberFrame, { type: "enter" | "say" | "watch" | "look" }>;

/** What is refused so has cost no more than a list: it does not count as done. */
const NOT_DONE: ReadonlySet<ErrorCode> = new Set([
  "NAME_TAKEN",
  "SEARCH_TOO_SHORT",
  "TOO_MANY_NAMES",
]);

/** The answer; a CharlaError is one as well. */
export async function answerRequest(
  server: ServerState,
  membership: Membership,
  frame: Request,
  allowance: SessionAllowance | null,
): Promise<Uint8Array> {
  try {
    const answered = isOperatorRequest(frame)
      ? await answerOperator(server, membership, frame)
      : await answer(server, membership, frame);
    return encodeFrame(answered);
  } catch (error) {
    if (!(error instanceof CharlaError)) throw error;
    const action = actionOf(frame);
    if (action !== null && action !== "list" && NOT_DONE.has(error.code)) allowance?.refund(action);
    return encodeFailure(frame.request, server.tell(membership.member, error));
  }
}

export function encodeFailure(request: number, { code, message, hint }: ToldError): Uint8Array {
  return encodeFrame({ type: "failed", request, code, message, hint });
}

async function answer(
  server: ServerState,
  membership: Membership,
  frame: Exclude<Request, OperatorRequest>,
): Promise<ServerFrame> {
  const { log, rooms } = server;
  const { room, member } = membership;
  const { request } = frame;
  const done = { type: "done", request } as const;
  switch (frame.type) {
    case "who":
      return {
        type: "people",
        request,
        members: describeMembers(room.members, room.name, server.moderation),
      };
    case "rooms": {
      const onlyRoom = member.owner ? null : member.invitation.room;
      const visible = (await log.rooms()).filter(
        ({ name }) => onlyRoom === null || name === onlyRoom,
      );
      const list = truncateList(visible, ({ name, entries }) => {
        return { name, entries, members: rooms.get(name)?.size ?? 0 };
      });
      return { type: "rooms", request, rooms: list };
    }
    case "history": {
      const { count, before, words } = frame;
      if (words !== undefined && !isSearchable(words)) throw searchTooShort();
      const entries =
        words === undefined
          ? await log.readLast(room.name, count, before)
          : await log.search({ room: room.name, words, limit: count });
      // The newest are kept.
      const newestFirst = truncateList(entries.toReversed(), (entry) => entry);
      return { type: "found", request, entries: newestFirst.toReversed() };
    }
    case "rename":
      await rename(server, membership, frame.name);
      return done;
  }
}

async function rename(
  server: ServerState,
  { room, member }: Membership,
  name: string,
): Promise<void> {
  const from = member.name;
  await renameIn(server, room, member, name);
  for (const other of server.rooms.values()) {
    const window = other.membersOf(member.fingerprint).find((each) => each.name === from);
    if (
      other === room ||
      window === undefined ||
      server.moderation.isMuted(other.name, member.fingerprint)
    )
      continue;
    try {
      await renameIn(server, other, window, name);
    } catch (error) {
      if (!(error instanceof CharlaError)) throw error;
      const { code, message, hint } = server.tell(window, error);
      notifyMembers([window], { type: "notice", code, message, hint });
    }
  }
}

/**
 * Renames somebody's windows in one room that have the same name.
 *
 * @throws {CharlaError} NAME_TAKEN, TOO_MANY_NAMES, STORE_...
 */
async function renameIn(
  { log, news }: ServerState,
  room: Room,
  member: Member,
  name: string,
): Promise<void> {
  const { fingerprint } = member;
  const isFree = room.isFree(name, fingerprint);
  if (!isFree || (await log.claimName(room.name, name, fingerprint)) === "taken") {
    throw new CharlaError(
      "NAME_TAKEN",
      `the name ${JSON.stringify(name)} is taken in ${room.name}`,
      "choose another",
    );
  }
  if (room.has(member)) room.rename(member, name);
  news.rename(room.name, fingerprint, name);
}

function searchTooShort(): CharlaError {
  return new CharlaError(
    "SEARCH_TOO_SHORT",
    "a search needs a word of two letters or more",
    "write the beginning of a word",
  );
}

/** The members of a room, as many as fit one message. */
export function describeMembers(
  members: Iterable<Member>,
  room: string,
  moderation: Moderation,
): MemberDescription[] {
  return truncateList(members, (member) => {
    const { fingerprint, owner } = member;
    return {
      ...member.describe(),
      ...(owner ? { owner } : {}),
      ...(moderation.isOperator(fingerprint) ? { operator: true } : {}),
      ...(moderation.isMuted(room, fingerprint) ? { muted: true } : {}),
    };
  });
}

/** What counts, beside the frame, when a member asks for something; a search and a change of the name are a list as well. */
export function actionOf(frame: Request): "list" | "search" | "rename" | null {
  switch (frame.type) {
    case "history":
      return frame.words === undefined ? "list" : "search";
    case "who":
    case "rooms":
      return "list";
    case "rename":
      return "rename";
    default:
      return null;
  }
}

/** Counts a search or a change of the name; returns why it is refused, or null. */
export function refuseAction(
  { moderation }: ServerState,
  { room, member }: Membership,
  action: "search" | "rename",
  allowance: SessionAllowance | null,
): ToldError | null {
  if (action === "rename" && moderation.isMuted(room.name, member.fingerprint)) {
    return {
      code: "REFUSED",
      message: `you are muted in ${room.name}, and keep your name`,
      hint: "ask the owner or an operator to /unmute you",
    };
  }
  const wait = allowance?.tryTake(action) ?? 0;
  if (wait === 0) return null;
  const [what, again] = action === "search" ? ["searched", "search"] : ["changed your name", "try"];
  return {
    code: "REFUSED",
    message: `you have ${what} more often than this server allows`,
    hint: `${again} again in ${Math.ceil(wait / 1_000)} s`,
  };
}
