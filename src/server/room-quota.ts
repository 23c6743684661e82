// Which rooms the log has, and who has created them: a log has at most MAX_ROOMS, and neither one person nor all who came
// by one invitation may use them up. A room in which nothing is said and that nobody enters any more is deleted.
// Knows the log, not who is in a room.

import { CharlaError } from "../errors.ts";
import type { Log } from "../log/log.ts";
import type { Limits } from "./limits.ts";

/** An empty room goes when nobody has entered it for so long, ms. */
export const EMPTY_ROOM_LIFETIME = 24 * 3_600_000;
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

export type RoomQuota = ReturnType<typeof createRoomQuota>;

export function createRoomQuota({ log, limits, date, isInUse }: RoomQuotaOptions) {
  /** All rooms of the log, each with who has created it since the server started; null before they are needed. */
  let rooms: Map<string, Creator | null> | null = null;
  let lookedAt = Number.NEGATIVE_INFINITY;

  async function load(): Promise<Map<string, Creator | null>> {
    if (rooms !== null) return rooms;
    const names = (await log.rooms()).map(({ name }) => name);
    rooms ??= new Map(names.map((name) => [name, null]));
    return rooms;
  }

  async function removeEmpty(known: Map<string, Creator | null>): Promise<void> {
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

  function check(known: Map<string, Creator | null>, room: string, creator: Creator): void {
    const { roomsPerMember, roomsPerInvitation } = limits;
    const created = [...known.values()];
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
    /**
     * Somebody enters a room. If it is a new one, it counts for them at once; the result, null for a room that exists, takes
     * that back when it could not be created.
     *
     * @param creator null for the owner, who may create as many as the log holds
     * @throws {CharlaError} TOO_MANY_ROOMS if it would be one too many; STORE_...
     */
    async enter(room: string, creator: Creator | null): Promise<(() => void) | null> {
      const known = await load();
      await removeEmpty(known);
      if (known.has(room)) return null;
      if (creator !== null) check(known, room, creator);
      known.set(room, creator);
      return () => void known.delete(room);
    },
    /** A room is deleted, with all that was said in it; resolves with whether there was one. */
    async delete(room: string): Promise<boolean> {
      (await load()).delete(room);
      return log.deleteRoom(room);
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
