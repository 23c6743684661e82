// Which name a member gets when it enters a room. A name belongs to a key until that key has not been in the room for 90 days
// (log/log.ts). One that somebody else holds gets a number or, when other people hold all of these, a part of the member's
// fingerprint. Knows the log and the room, not the session.

import { withSuffix } from "../chat/names.ts";
import { CharlaError } from "../errors.ts";
import type { Log } from "../log/log.ts";
import type { Room } from "./room.ts";

/** How many numbers are tried behind a name that is taken. */
const MAX_NAMESAKES = 100;
/** Characters of the fingerprint. Nobody makes keys with the same 16 on purpose, and the same 8 take a long time. */
const FINGERPRINT_PARTS = [8, 16];

/**
 * Claims the name, or the first of name-2, name-3, ..., name-100, and the name with a part of the fingerprint, that nobody
 * else holds.
 *
 * @throws {CharlaError} NAME_TAKEN, STORE_...
 */
export async function claimName(
  log: Log,
  room: Room,
  wanted: string,
  fingerprint: string,
): Promise<string> {
  for (const name of candidates(wanted, fingerprint)) {
    if (!room.isFree(name, fingerprint)) continue;
    // Each claim waits for the disk. The first is mostly granted; of the rest, those that others hold are only read.
    const holder = name === wanted ? null : await log.nameHolder(room.name, name);
    if (holder !== null && holder.author !== fingerprint) continue;
    const claim = await log.claimName(room.name, name, fingerprint);
    if (claim === "yours") return name;
  }
  throw new CharlaError(
    "NAME_TAKEN",
    `the name ${JSON.stringify(wanted)} is taken in ${room.name}, with every number behind it`,
    "choose another with --name",
  );
}

function* candidates(wanted: string, fingerprint: string): Iterable<string> {
  yield wanted;
  for (let number = 2; number <= MAX_NAMESAKES; number += 1) yield withSuffix(wanted, number);
  const digest = fingerprint.slice(fingerprint.indexOf(":") + 1).replaceAll(/[^A-Za-z0-9]/g, "");
  for (const length of FINGERPRINT_PARTS) yield withSuffix(wanted, digest.slice(0, length));
}
