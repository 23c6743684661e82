// Whom an operator means by a name or a fingerprint: somebody who is present or was there. Of somebody present, the beginning of
// the fingerprint is enough. Knows not what is to be done to them.

import { isFingerprintOf } from "../chat/short-fingerprint.ts";
import { CharlaError } from "../errors.ts";
import { isFingerprint } from "../identity/key-text.ts";
import type { LogReader } from "../log/log.ts";
import { mayHaveStanding } from "./moderation-notices.ts";
import type { Person } from "./moderation.ts";
import type { Member, Room } from "./room.ts";
import type { Membership, ServerState } from "./server-state.ts";

/** Whether this is a name or the fingerprint of the member who asks. */
export function isOwnName({ room, member }: Membership, nameOrFingerprint: string): boolean {
  const found = room.find(nameOrFingerprint)?.fingerprint;
  if (found !== undefined) return found === member.fingerprint;
  return isFingerprintOf(nameOrFingerprint, member.fingerprint);
}

/** @throws {CharlaError} NO_SUCH_MEMBER where one is called as the fingerprint of another begins */
function findPresent(room: Room, nameOrFingerprint: string): Member | null {
  const named = room.find(nameOrFingerprint);
  const keys = new Map(
    room.members
      .filter(({ fingerprint }) => isFingerprintOf(nameOrFingerprint, fingerprint))
      .map((each) => [each.fingerprint, each]),
  );
  if (named !== null) keys.set(named.fingerprint, named);
  const [first = null] = keys.values();
  if (first === null || keys.size === 1) return first;
  throw new CharlaError(
    "NO_SUCH_MEMBER",
    `${JSON.stringify(nameOrFingerprint)} may be ${keys.size} people`,
    `name the whole fingerprint, such as ${first.fingerprint}`,
  );
}

/** The key of somebody in the room who is called so now, if it is one of those; else what was written. */
export function keyOf(
  room: Room,
  nameOrFingerprint: string,
  isOne: (fingerprint: string) => boolean,
): string {
  const found = room.find(nameOrFingerprint)?.fingerprint;
  return found !== undefined && isOne(found) ? found : nameOrFingerprint;
}

/** The key of who has, or had, a name in the room; null for nobody. */
export async function holderOf(log: LogReader, room: Room, name: string): Promise<string | null> {
  return (await log.nameHolder(room.name, name))?.author ?? null;
}

/** They may have another name than when it was noted. */
export async function nameNow(
  log: LogReader,
  room: Room,
  { fingerprint, name }: Person,
): Promise<string> {
  const present = room.members.find((member) => member.fingerprint === fingerprint);
  return present?.name ?? (await log.nameOf(room.name, fingerprint)) ?? name;
}

/**
 * Somebody else than the member who asks, who may be absent. An operator of one room can't act on the key of somebody who
 * has never been there.
 */
export async function findOther(
  { log }: ServerState,
  { room, member }: Membership,
  nameOrFingerprint: string,
): Promise<Person> {
  const present = findPresent(room, nameOrFingerprint);
  const person = present ?? (await findAbsent(log, room, member, nameOrFingerprint));
  if (person !== null && person.fingerprint !== member.fingerprint) {
    return { fingerprint: person.fingerprint, name: person.name };
  }
  const name = JSON.stringify(nameOrFingerprint);
  throw new CharlaError(
    "NO_SUCH_MEMBER",
    person === null ? `nobody in ${room.name} is or was called ${name}` : "that is you",
    person === null ? "/who lists the members" : "name somebody else; /who lists the members",
  );
}

/** Somebody who has had a name in the room; by fingerprint anybody, if the member may learn of other rooms. */
async function findAbsent(
  log: LogReader,
  room: Room,
  member: Member,
  nameOrFingerprint: string,
): Promise<Person | null> {
  const holder = await log.nameHolder(room.name, nameOrFingerprint);
  if (holder !== null) {
    // They may have had other names since.
    const { author, name } = holder;
    return { fingerprint: author, name: (await log.nameOf(room.name, author)) ?? name };
  }
  if (!isFingerprint(nameOrFingerprint)) return null;
  const known = await log.nameOf(room.name, nameOrFingerprint);
  if (known === null && !mayHaveStanding(member)) return null;
  return { fingerprint: nameOrFingerprint, name: known ?? nameOrFingerprint };
}
