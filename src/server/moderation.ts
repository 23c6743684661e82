// Who may do what on a server, beyond what invitations say: who is banned, who is an operator, and in each room who is muted
// and whether it is locked. Every change is stored before it holds. Knows no files and no members; people are known by
// their keys.

import { nameKeys } from "../chat/name-keys.ts";
import { isFingerprintOf } from "../chat/short-fingerprint.ts";
import { CharlaError } from "../errors.ts";

/** Bans and mutes: few enough for one file that is rewritten with each of them, and more than a person looks through. */
export const MAX_BANS = 10_000;
export const MAX_MUTES = 10_000;
export const MAX_OPERATORS = 100;
/** People who may come back into locked rooms, over all of these. */
export const MAX_LOCKED_IN = 20_000;

/** A person, who may be absent: their key, and a name that they had. */
export interface Person {
  readonly fingerprint: string;
  readonly name: string;
}

export interface Ban extends Person {
  /** The name of who banned them. */
  readonly by: string;
  /** ms since 1970. */
  readonly time: number;
  /** The room in which they were banned, whose names these are; undefined if it was stored without one. */
  readonly room?: string | undefined;
}

export interface ModerationState {
  /** By fingerprint, as are the others. */
  readonly bans: ReadonlyMap<string, Ban>;
  readonly operators: ReadonlyMap<string, Person>;
  /** By room. */
  readonly mutes: ReadonlyMap<string, ReadonlyMap<string, Person>>;
  /** Locked rooms, and who may come back into them: those who were there when they were locked. */
  readonly locks: ReadonlyMap<string, ReadonlySet<string>>;
}

export const NO_MODERATION: ModerationState = {
  bans: new Map(),
  operators: new Map(),
  mutes: new Map(),
  locks: new Map(),
};

export interface ModerationStore {
  /** What was stored when it was opened. */
  readonly stored: ModerationState;
  /** @throws {CharlaError} FOLDER_NOT_WRITABLE */
  save(state: ModerationState): void;
}

/** For a server that stores nothing. */
const NO_STORE: ModerationStore = { stored: NO_MODERATION, save() {} };

/** Each method that changes something throws FOLDER_NOT_WRITABLE if it cannot be stored; then nothing has changed. */
export class Moderation {
  readonly #store: ModerationStore;
  #state: ModerationState;

  constructor(store: ModerationStore = NO_STORE) {
    this.#store = store;
    this.#state = store.stored;
  }

  get bans(): Iterable<Ban> {
    return this.#state.bans.values();
  }

  isBanned(fingerprint: string): boolean {
    return this.#state.bans.has(fingerprint);
  }

  isOperator(fingerprint: string): boolean {
    return this.#state.operators.has(fingerprint);
  }

  isMuted(room: string, fingerprint: string): boolean {
    return this.findMuted(room, fingerprint) !== null;
  }

  /** A muted person, with the name that they had then; null for one who isn't muted. */
  findMuted(room: string, fingerprint: string): Person | null {
    return this.#state.mutes.get(room)?.get(fingerprint) ?? null;
  }

  isLocked(room: string): boolean {
    return this.#state.locks.has(room);
  }

  /** Whether it is locked, or somebody is muted there. */
  isRestricted(room: string): boolean {
    return this.isLocked(room) || this.#state.mutes.has(room);
  }

  /** Whether a lock keeps this person out. */
  keepsOut(room: string, fingerprint: string): boolean {
    return this.#state.locks.get(room)?.has(fingerprint) === false;
  }

  ban(ban: Ban): void {
    const known = this.#state.bans.get(ban.fingerprint);
    // Operators of one room may lift what was done there: a second ban doesn't give them the first one.
    const kept = known !== undefined && known.room !== ban.room ? known : ban;
    const bans = withEntry(this.#state.bans, ban.fingerprint, kept, MAX_BANS, "people are banned");
    // A banned person is no operator any more, not even once the ban is lifted.
    this.#change({ bans, operators: without(this.#state.operators, ban.fingerprint) });
  }

  /**
   * @param former the key of who had that name in the room of the person who asks, if somebody had
   * @param mayLift which bans that person may lift
   * @throws {CharlaError} NO_SUCH_MEMBER
   */
  unban(
    nameOrFingerprint: string,
    former: string | null = null,
    mayLift: (ban: Ban) => boolean = () => true,
  ): Ban {
    const bans = new Map(this.#state.bans.entries().filter(([, each]) => mayLift(each)));
    const ban = findPerson(bans, nameOrFingerprint, former);
    if (ban === null) throw notFound("banned", nameOrFingerprint, "/bans lists those who are");
    this.#change({ bans: without(this.#state.bans, ban.fingerprint) });
    return ban;
  }

  mute(room: string, person: Person): void {
    const inRoom = this.#state.mutes.get(room) ?? new Map();
    const others = this.#state.mutes.values().reduce((sum, { size }) => sum + size, -inRoom.size);
    const most = MAX_MUTES - others;
    const muted = withEntry(inRoom, person.fingerprint, person, most, "people are muted");
    this.#change({ mutes: new Map(this.#state.mutes).set(room, muted) });
  }

  /** @throws {CharlaError} NO_SUCH_MEMBER */
  unmute(room: string, nameOrFingerprint: string, former: string | null = null): Person {
    const inRoom = this.#state.mutes.get(room) ?? new Map<string, Person>();
    const person = findPerson(inRoom, nameOrFingerprint, former);
    if (person === null) throw notFound("muted", nameOrFingerprint, "/who shows those who are");
    const muted = without(inRoom, person.fingerprint);
    const mutes = without(this.#state.mutes, room);
    this.#change({ mutes: muted.size === 0 ? mutes : new Map(mutes).set(room, muted) });
    return person;
  }

  /** Admits only the owner, operators and these people; of more than MAX_LOCKED_IN, not the last ones. */
  lock(room: string, present: Iterable<string>): void {
    const locks = without(this.#state.locks, room);
    const others = locks.values().reduce((sum, { size }) => sum + size, 0);
    const admitted = new Set(new Set(present).values().take(Math.max(0, MAX_LOCKED_IN - others)));
    this.#change({ locks: new Map(locks).set(room, admitted) });
  }

  unlock(room: string): void {
    this.#change({ locks: without(this.#state.locks, room) });
  }

  /** A person who was kicked does not come back into a locked room. */
  kick(room: string, fingerprint: string): void {
    const admitted = this.#state.locks.get(room);
    if (admitted?.has(fingerprint) !== true) return;
    const rest = new Set(admitted);
    rest.delete(fingerprint);
    this.#change({ locks: new Map(this.#state.locks).set(room, rest) });
  }

  addOperator(person: Person): void {
    const { operators } = this.#state;
    const what = "people are operators";
    this.#change({
      operators: withEntry(operators, person.fingerprint, person, MAX_OPERATORS, what),
    });
  }

  /** @throws {CharlaError} NO_SUCH_MEMBER */
  removeOperator(nameOrFingerprint: string, former: string | null = null): Person {
    const { operators } = this.#state;
    const person = findPerson(operators, nameOrFingerprint, former);
    if (person === null) throw notFound("an operator", nameOrFingerprint, "/who shows them");
    this.#change({ operators: without(operators, person.fingerprint) });
    return person;
  }

  /** Of a room that is deleted. */
  forgetRoom(room: string): void {
    const { mutes, locks } = this.#state;
    if (!mutes.has(room) && !locks.has(room)) return;
    this.#change({ mutes: without(mutes, room), locks: without(locks, room) });
  }

  #change(changes: Partial<ModerationState>): void {
    const state = { ...this.#state, ...changes };
    this.#store.save(state);
    this.#state = state;
  }
}

function without<Value>(map: ReadonlyMap<string, Value>, key: string): ReadonlyMap<string, Value> {
  const rest = new Map(map);
  rest.delete(key);
  return rest;
}

function withEntry<Value>(
  map: ReadonlyMap<string, Value>,
  key: string,
  value: Value,
  most: number,
  what: string,
): ReadonlyMap<string, Value> {
  if (!map.has(key) && map.size >= most) {
    throw new CharlaError(
      "REFUSED",
      `${map.size} ${what} already, as many as this server remembers`,
      "lift some of these first",
    );
  }
  return new Map(map).set(key, value);
}

/**
 * @param former the key of who had that name in a room, for people who are noted under another one
 * @throws {CharlaError} NO_SUCH_MEMBER if several have that name
 */
function findPerson<Found extends Person>(
  people: ReadonlyMap<string, Found>,
  nameOrFingerprint: string,
  former: string | null,
): Found | null {
  const known = people.get(nameOrFingerprint);
  if (known !== undefined) return known;
  const keys = new Set(nameKeys(nameOrFingerprint));
  const [first, ...others] = people.values().filter(({ name, fingerprint }) => {
    return (
      isFingerprintOf(nameOrFingerprint, fingerprint) || nameKeys(name).some((key) => keys.has(key))
    );
  });
  if (first === undefined) return (former !== null && people.get(former)) || null;
  if (others.length === 0) return first;
  throw new CharlaError(
    "NO_SUCH_MEMBER",
    `${others.length + 1} people were called ${JSON.stringify(nameOrFingerprint)}`,
    `name the fingerprint, such as ${first.fingerprint}`,
  );
}

function notFound(how: string, nameOrFingerprint: string, hint: string): CharlaError {
  const message = `nobody who is ${how} is called ${JSON.stringify(nameOrFingerprint)}`;
  return new CharlaError("NO_SUCH_MEMBER", message, hint);
}
