// A room: its members, what they learn about each other, and the fan-out that sends them what is said. Knows members
// by their names and keys, and nothing of how they connected.

import type { Channel } from "../chat/channel.ts";
import { encodeFrame, type MemberDescription, type ServerFrame } from "../chat/frames.ts";
import { nameKeys } from "../chat/name-keys.ts";
import { RESERVED_NAMES } from "../chat/names.ts";
import { encodeMessages } from "../protocol/session/outgoing-messages.ts";
import { type Rate, TokenBucket } from "../protocol/token-bucket.ts";
import type { FanOut } from "./fan-out.ts";
import type { UsedInvitation } from "./invitations.ts";

/** Members of one room. */
const MAX_MEMBERS = 10_000;
/**
 * Members of a room in which everybody is notified of joins and leaves. In a larger one, a restart of the server, after
 * which all reconnect, would cause the square of thousands of frames, more than anyone could read.
 */
const MAX_NOTIFIED = 1_000;
/** Frames about others that wait for one member that does not read. */
const MAX_UNREAD_NOTICES = 256;

type MemberOptions = Pick<
  Member,
  "channel" | "fingerprint" | "invitation" | "owner" | "device" | "name" | "start"
>;

/** A class, for there are thousands. */
export class Member {
  readonly channel: Channel;
  /** Of the member's key. */
  readonly fingerprint: string;
  /** By which the member came. */
  readonly invitation: UsedInvitation;
  readonly owner: boolean;
  /** Which of the person's programs this is. */
  readonly device: string;
  /** The cursor with which the member enters: it is sent the entries after this sequence number. */
  readonly start: number;
  #name: string;
  #nameKeys: readonly string[];
  #away = false;
  #unreadNotices = 0;

  constructor(options: MemberOptions) {
    const { channel, fingerprint, invitation, owner, device, name, start } = options;
    this.channel = channel;
    this.fingerprint = fingerprint;
    this.invitation = invitation;
    this.owner = owner;
    this.device = device;
    this.start = start;
    this.#name = name;
    this.#nameKeys = nameKeys(name);
  }

  get name(): string {
    return this.#name;
  }

  rename(name: string): void {
    this.#name = name;
    this.#nameKeys = nameKeys(name);
  }

  /** @param keys of a name: names that have one in common are the same */
  isCalled(keys: readonly string[]): boolean {
    return this.#nameKeys.some((key) => keys.includes(key));
  }

  get isAway(): boolean {
    return this.#away;
  }

  setAway(away: boolean): void {
    this.#away = away;
  }

  describe(): MemberDescription {
    return { name: this.#name, fingerprint: this.fingerprint, away: this.#away };
  }

  /** Sends a frame about others; drops it if too many wait already. What is said is in the log, and never dropped. */
  notify(bytes: Uint8Array, stream: Uint8Array): void {
    if (this.#unreadNotices >= MAX_UNREAD_NOTICES) return;
    const hasRoom = this.channel.sayAll([bytes], stream);
    if (typeof hasRoom === "boolean") return;
    this.#unreadNotices += 1;
    void hasRoom.then(() => {
      this.#unreadNotices -= 1;
    });
  }
}

/** Somebody in the room. To the others they are there once, however many programs they have. */
interface Person {
  /** Of their programs, the earliest first. */
  readonly members: Member[];
  /** The name by which the others know them; null until they are announced. */
  announcedAs: string | null;
  /** Whether the others know them as away. */
  isAway: boolean;
}

interface RoomOptions {
  readonly name: string;
  /** Disposed of with the room. */
  readonly fanOut: FanOut;
  /** How many members are announced as they come. */
  readonly announcements: Rate;
  readonly clock: {
    /** ms */
    now(): number;
    setTimer(run: () => void, delay: number): Disposable;
  };
}

/** Sends a frame to members. It is encoded once. */
export function notifyMembers(members: Iterable<Member>, frame: ServerFrame): void {
  const bytes = encodeFrame(frame);
  const stream = encodeMessages([bytes]);
  for (const member of members) member.notify(bytes, stream);
}

export class Room implements Disposable {
  readonly name: string;
  readonly #fanOut: FanOut;
  /** With what sends them what is said; null until they follow. */
  readonly #members = new Map<Member, Disposable | null>();
  /** By their fingerprints. */
  readonly #people = new Map<string, Person>();
  /** Those that the others don't know of yet, the next one first. */
  readonly #unannounced = new Set<Person>();
  readonly #announcements: TokenBucket;
  readonly #clock: RoomOptions["clock"];
  /** Until the next of them may be announced; null when none waits. */
  #timer: Disposable | null = null;
  #entering = 0;

  constructor({ name, fanOut, announcements, clock }: RoomOptions) {
    this.name = name;
    this.#fanOut = fanOut;
    this.#announcements = new TokenBucket(announcements, clock.now());
    this.#clock = clock;
  }

  /** How many people are in it, however many programs each of them has. */
  get size(): number {
    return this.#people.size;
  }

  get members(): MapIterator<Member> {
    return this.#members.keys();
  }

  /** Of the people in it. */
  get fingerprints(): Set<string> {
    return new Set(this.#people.keys());
  }

  /** Whether it has no room for one more, counting those who are about to enter. */
  get isFull(): boolean {
    return this.#members.size + this.#entering > MAX_MEMBERS;
  }

  /** Whether there is nothing to remember of it but the log. */
  get isUnused(): boolean {
    return this.#members.size === 0 && this.#entering === 0;
  }

  /** Somebody is about to enter, until the result is disposed of: then they are a member, or were refused. */
  reserve(): Disposable {
    this.#entering += 1;
    return { [Symbol.dispose]: () => void (this.#entering -= 1) };
  }

  /** The programs of one person, the earliest first. */
  membersOf(fingerprint: string): readonly Member[] {
    return this.#people.get(fingerprint)?.members ?? [];
  }

  has(member: Member): boolean {
    return this.#members.has(member);
  }

  /** Names that differ only in case, or look alike, are the same. */
  find(name: string, keys = nameKeys(name)): Member | null {
    return this.#members.keys().find((member) => member.isCalled(keys)) ?? null;
  }

  /** Whether the owner of a key may have a name: nobody else here does, and it looks like no word of charla's own. */
  isFree(name: string, fingerprint: string): boolean {
    const keys = nameKeys(name);
    const holder = this.find(name, keys);
    return (holder === null || holder.fingerprint === fingerprint) && !areReserved(keys);
  }

  /** Adds a member, and notifies the others of somebody who was not here: later, if too many come. */
  add(member: Member): void {
    const { fingerprint } = member;
    this.#members.set(member, null);
    const person = this.#people.get(fingerprint);
    if (person !== undefined) {
      person.members.push(member);
      return this.#updateAway(person);
    }
    const newcomer = { members: [member], announcedAs: null, isAway: false };
    this.#people.set(fingerprint, newcomer);
    this.#unannounced.add(newcomer);
    this.#announce();
  }

  /** Whether the others know that the person with this key is here. */
  isAnnounced({ fingerprint }: Member): boolean {
    return (this.#people.get(fingerprint)?.announcedAs ?? null) !== null;
  }

  #announce(): void {
    for (const person of this.#unannounced) {
      const wait = this.#announcements.tryTake(this.#clock.now());
      if (wait > 0) {
        this.#timer ??= this.#clock.setTimer(() => {
          this.#timer = null;
          this.#announce();
        }, wait);
        return;
      }
      this.#unannounced.delete(person);
      const [first] = person.members;
      if (first === undefined) continue;
      const { name, fingerprint } = first;
      person.announcedAs = name;
      person.isAway = isAway(person);
      this.notify({ type: "joined", name, fingerprint, away: person.isAway }, person);
    }
  }

  /**
   * Begins to send a member what is said after its start.
   *
   * @param last the newest entry of the log, read after the room was opened
   */
  follow(member: Member, last: number): void {
    this.#members.set(member, this.#fanOut.send(member.channel, member.start, last));
  }

  /**
   * Removes a member; returns whether it was one.
   *
   * @param reason is given to the others, if the person is gone with it; null if they shall get no notice
   */
  remove(member: Member, reason: string | null): boolean {
    this.#members.get(member)?.[Symbol.dispose]();
    if (!this.#members.delete(member)) return false;
    const person = this.#people.get(member.fingerprint);
    if (person === undefined) return true;
    const { members, announcedAs } = person;
    members.splice(members.indexOf(member), 1);
    if (members.length === 0) {
      this.#people.delete(member.fingerprint);
      this.#unannounced.delete(person);
      if (announcedAs !== null && reason !== null) {
        this.notify({ type: "left", name: announcedAs, reason });
      }
    } else if (reason !== null) {
      this.#updateAway(person);
    }
    return true;
  }

  /**
   * Renames a member, and the other programs of that person that have the same name; notifies everybody, or only these if the
   * others don't know them.
   */
  rename(member: Member, to: string): void {
    const from = member.name;
    const person = this.#people.get(member.fingerprint);
    const windows = person?.members.filter(({ name }) => name === from) ?? [member];
    for (const window of windows) window.rename(to);
    const frame = { type: "renamed", from, to } as const;
    if (person === undefined || person.announcedAs === null) return notifyMembers(windows, frame);
    if (person.announcedAs === from) person.announcedAs = to;
    this.notify(frame);
  }

  /** A member's connection has become silent, or works again. */
  setAway(member: Member, away: boolean): void {
    if (!this.has(member)) return;
    member.setAway(away);
    const person = this.#people.get(member.fingerprint);
    if (person !== undefined) this.#updateAway(person);
  }

  /** Notifies the others that all of a person's connections have become silent, or one works again. */
  #updateAway(person: Person): void {
    const away = isAway(person);
    if (person.announcedAs === null || person.isAway === away) return;
    person.isAway = away;
    this.notify({ type: "away", name: person.announcedAs, away }, person);
  }

  /** Whether its members learn of what happens to each other: not if they are too many. */
  get isAnnouncing(): boolean {
    return this.#members.size <= MAX_NOTIFIED;
  }

  /** Sends a frame to all but the programs of one person, unless they are too many. */
  notify(frame: ServerFrame, except: Pick<Person, "members"> | null = null): void {
    if (!this.isAnnouncing) return;
    const others = this.members.filter((member) => except?.members.includes(member) !== true);
    notifyMembers(others, frame);
  }

  /** Sends a frame to the windows of the owner. */
  notifyOwner(frame: ServerFrame): void {
    notifyMembers(
      this.members.filter(({ owner }) => owner),
      frame,
    );
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#fanOut[Symbol.dispose]();
  }
}

function isAway({ members }: Person): boolean {
  return members.every((member) => member.isAway);
}

/** The keys of the words of charla's own; null before they are needed. */
let reservedKeys: ReadonlySet<string> | null = null;

function areReserved(keys: readonly string[]): boolean {
  reservedKeys ??= new Set(RESERVED_NAMES.flatMap(nameKeys));
  const reserved = reservedKeys;
  return keys.some((key) => reserved.has(key));
}
