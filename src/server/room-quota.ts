// Which rooms the log has, and who has created them: a log has at most MAX_ROOMS, and neither one person nor all who came
// by one invitation may use them up. A room in which nothing is said and that nobody enters any more is deleted.
// Knows the log, not who is in a room.

import { CharlaError } from "../errors.ts";
import type { Log } from "../log/log.ts";
import type { Limits } from "./limits.ts";

/** An empty room goes when nobody has entered it for so long, ms. */
const EMPTY_ROOM_LIFETIME = 24 * 3_600_000;
/** How often empty rooms are looked for, ms: the log knows the time of the last visit to the hour. */
const LOOK_EVERY = 3_600_000;

interface RoomQuotaOptions {
  readonly log: Log;
  readonly limits: Pick<Limits, "roomsPerMember" | "roomsPerInvitation">;
  /** ms since 1970. */
  readonly date: () => number;
  /** Whether somebody is in a room, or it must stay for another reason. */
  readonly isInUse: (room: string) => boolean;
}

interface Creator {
  readonly fingerprint: string;
  /** Its id. */
  readonly invitation: string;
}

interface KnownRoom {
  /** Null for the owner, and for a room from before the server started. */
  readonly creator: Creator | null;
  /** How many people are creating it now. */
  creating: number;
  isCreated: boolean;
}

/** Somebody enters a room. */
interface RoomEntry {
  /** Whether they create it. */
  readonly isNew: boolean;
  /** Must be called with whether they have: once all who tried have failed, a new room counts no more. */
  end(hasEntered: boolean): void;
  /** Whether the room that they enter was deleted since; another may be in its place. */
  isDeleted(): boolean;
}

export type RoomQuota = ReturnType<typeof createRoomQuota>;

export function createRoomQuota({ log, limits, date, isInUse }: RoomQuotaOptions) {
  /** All rooms of the log, each with who has created it since the server started; null before they are needed. */
  let rooms: Map<string, KnownRoom> | null = null;
  let lookedAt = Number.NEGATIVE_INFINITY;

  async function load(): Promise<Map<string, KnownRoom>> {
    if (rooms !== null) return rooms;
    const names = (await log.rooms()).map(({ name }) => name);
    rooms ??= new Map(names.map((name) => [name, { creator: null, creating: 0, isCreated: true }]));
    return rooms;
  }

  async function removeEmpty(known: Map<string, KnownRoom>): Promise<void> {
    const now = date();
    if (Math.abs(now - lookedAt) < LOOK_EVERY) return;
    lookedAt = now;
    const oldest = now - EMPTY_ROOM_LIFETIME;
    const empty = (await log.rooms()).filter(
      ({ name, entries, active }) => entries === 0 && active < oldest && !isInUse(name),
    );
    // At once: somebody who enters one from now on creates it.
    for (const { name } of empty) known.delete(name);
    await Promise.all(empty.map(({ name }) => log.deleteRoom(name)));
  }

  function check(known: Map<string, KnownRoom>, room: string, creator: Creator): void {
    const { roomsPerMember, roomsPerInvitation } = limits;
    const created = Array.from(known.values(), (each) => each.creator);
    const count = (is: (other: Creator) => boolean): number =>
      created.filter((other) => other !== null && is(other)).length;
    if (count(({ fingerprint }) => fingerprint === creator.fingerprint) >= roomsPerMember) {
      throw tooMany(`you have created ${roomsPerMember} rooms`, room);
    }
    if (count(({ invitation }) => invitation === creator.invitation) >= roomsPerInvitation) {
      throw tooMany(`people with your invitation have created ${roomsPerInvitation} rooms`, room);
    }
  }

  return {
    /** Of all rooms of the log, and of those that are being created. */
    async names(): Promise<Iterable<string>> {
      return (await load()).keys();
    },
    /**
     * Somebody enters a room. If it is a new one, it counts at once, for the first who enters it.
     *
     * @param creator null for the owner, who may create as many as the log holds
     * @throws {CharlaError} TOO_MANY_ROOMS if it would be one too many; STORE_...
     */
    async enter(room: string, creator: Creator | null): Promise<RoomEntry> {
      const known = await load();
      await removeEmpty(known);
      const entered = known.get(room) ?? { creator, creating: 0, isCreated: false };
      const isDeleted = () => known.get(room) !== entered;
      if (entered.isCreated) return { isNew: false, end: () => {}, isDeleted };
      if (creator !== null && isDeleted()) check(known, room, creator);
      known.set(room, entered);
      entered.creating += 1;
      const end = (hasEntered: boolean) => {
        entered.creating -= 1;
        entered.isCreated ||= hasEntered;
        if (!entered.isCreated && entered.creating === 0 && !isDeleted()) known.delete(room);
      };
      return { isNew: true, end, isDeleted };
    },
    /** A room is deleted, with all that was said in it; resolves with whether there was one. */
    async delete(room: string): Promise<boolean> {
      // At once, if they are known: nobody becomes a member between the disconnection of the others and this.
      const known = rooms ?? (await load());
      known.delete(room);
      return log.deleteRoom(room);
    },
    /** What somebody has stored in a room after it was deleted is deleted as well, unless another one is in its place. */
    async discard(room: string): Promise<void> {
      if (!(await load()).has(room)) await log.deleteRoom(room);
    },
  };
}

function tooMany(why: string, room: string): CharlaError {
  return new CharlaError(
    "TOO_MANY_ROOMS",
    `${why}, as many as this server allows; ${room} would be one more`,
    "use a room that exists",
  );
}
