// Which name a member gets when it enters a room: names belong to keys for good, and a name that somebody else holds gets a
// number. Knows the log and the room, not the session.

import { withNumber } from "../chat/names.ts";
import { CharlaError } from "../errors.ts";
import type { Log } from "../log/log.ts";
import type { Room } from "./room.ts";

/** How many numbers are tried behind a name that is taken. */
const MAX_NAMESAKES = 100;

/**
 * Claims the name, or the first of name-2, name-3, ... that nobody else holds.
 *
 * @throws {CharlaError} NAME_TAKEN, STORE_...
 */
export async function claimName(
  log: Log,
  room: Room,
  wanted: string,
  fingerprint: string,
): Promise<string> {
  for (let namesake = 1; namesake <= MAX_NAMESAKES; namesake += 1) {
    const name = namesake === 1 ? wanted : withNumber(wanted, namesake);
    if (!room.isFree(name, fingerprint)) continue;
    const claim = await log.claimName(room.name, name, fingerprint);
    if (claim === "yours") return name;
  }
  throw new CharlaError(
    "NAME_TAKEN",
    `the name ${JSON.stringify(wanted)} is taken in ${room.name}, with every number behind it`,
    "choose another with --name",
  );
}
