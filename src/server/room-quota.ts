// Who has made rooms since the server was started, and how many: the log holds a thousand at most, and one member
// must not take them all.

import { CharlaError } from "../errors.ts";
import type { Log } from "../log/log.ts";

export interface RoomMakers {
  /** Of all rooms that the log has; null before anybody needed them. */
  known: Set<string> | null;
  /** Rooms made, by the maker's fingerprint: together no more than the log has. */
  readonly made: Map<string, number>;
}

export function createRoomMakers(): RoomMakers {
  return { known: null, made: new Map() };
}

/**
 * Whether the room would be a new one.
 *
 * @param most how many one member may make
 * @throws {CharlaError} TOO_MANY_ROOMS where it would be one too many; STORE_...
 */
export async function wouldMake(
  makers: RoomMakers,
  log: Log,
  room: string,
  maker: string,
  most: number,
): Promise<boolean> {
  makers.known ??= new Set((await log.rooms()).map(({ name }) => name));
  if (makers.known.has(room)) return false;
  if ((makers.made.get(maker) ?? 0) < most) return true;
  throw new CharlaError(
    "TOO_MANY_ROOMS",
    `you have made ${most} rooms, and ${room} would be one more`,
    "talk in one of those that there are",
  );
}

/** The room is in the log now. */
export function noteMade({ known, made }: RoomMakers, room: string, maker: string): void {
  if (known === null || known.has(room)) return;
  known.add(room);
  made.set(maker, (made.get(maker) ?? 0) + 1);
}
