// A room: its members, what they learn about each other, and the fan-out that sends them what is said. Knows members
// by their names and keys, and nothing of how they connected.

import type { Channel } from "../chat/channel.ts";
import { encodeFrame, type MemberDescription, type ServerFrame } from "../chat/frames.ts";
import { RESERVED_NAMES } from "../chat/names.ts";
import { nameKeys } from "../log/text-matching.ts";
import { encodeMessages } from "../protocol/session/outgoing-messages.ts";
import type { FanOut } from "./fan-out.ts";
import type { UsedInvitation } from "./invitations.ts";
import { type Rate, TokenBucket } from "./limits.ts";

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

  /** Returns whether that is new. */
  setAway(away: boolean): boolean {
    if (this.#away === away) return false;
    this.#away = away;
    return true;
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

export class Room implements Disposable {
  readonly name: string;
  readonly #fanOut: FanOut;
  /** With what sends them what is said; null until they follow. */
  readonly #members = new Map<Member, Disposable | null>();
  /** Those that the others don't know of yet, the next one first. */
  readonly #unannounced = new Set<Member>();
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

  get size(): number {
    return this.#members.size;
  }

  get members(): MapIterator<Member> {
    return this.#members.keys();
  }

  /** Of the people in it. */
  get fingerprints(): Set<string> {
    return new Set(this.members.map(({ fingerprint }) => fingerprint));
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

  /** Adds a member, and notifies the others: later, if too many come. */
  add(member: Member): void {
    this.#members.set(member, null);
    this.#unannounced.add(member);
    this.#announce();
  }

  /** Whether the others know that this member is here. */
  isAnnounced(member: Member): boolean {
    return !this.#unannounced.has(member);
  }

  #announce(): void {
    for (const member of this.#unannounced) {
      const wait = this.#announcements.tryTake(this.#clock.now());
      if (wait > 0) {
        this.#timer ??= this.#clock.setTimer(() => {
          this.#timer = null;
          this.#announce();
        }, wait);
        return;
      }
      this.#unannounced.delete(member);
      this.notify({ type: "joined", ...member.describe() }, member);
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

  /** Removes a member, and gives the others the reason; returns whether it was one. */
  remove(member: Member, reason: string): boolean {
    this.#members.get(member)?.[Symbol.dispose]();
    if (!this.#members.delete(member)) return false;
    if (!this.#unannounced.delete(member)) {
      this.notify({ type: "left", name: member.name, reason });
    }
    return true;
  }

  /** Renames a member, and notifies everybody. */
  rename(member: Member, to: string): void {
    const from = member.name;
    member.rename(to);
    this.#notifyAbout(member, { type: "renamed", from, to });
  }

  /** Notifies the others that a member's connection has become silent, or works again. */
  setAway(member: Member, away: boolean): void {
    if (!this.has(member) || !member.setAway(away) || !this.isAnnounced(member)) return;
    this.notify({ type: "away", name: member.name, away }, member);
  }

  /** Sends a frame to all members but one, unless they are too many. It is encoded once. */
  notify(frame: ServerFrame, except: Member | null = null): void {
    if (this.#members.size > MAX_NOTIFIED) return;
    const bytes = encodeFrame(frame);
    const stream = encodeMessages([bytes]);
    for (const member of this.#members.keys()) {
      if (member !== except) member.notify(bytes, stream);
    }
  }

  /** Notifies everybody, or only the member itself, if the others don't know it. */
  #notifyAbout(member: Member, frame: ServerFrame): void {
    if (this.isAnnounced(member)) return this.notify(frame);
    const bytes = encodeFrame(frame);
    member.notify(bytes, encodeMessages([bytes]));
  }

  /** Sends a frame to the windows of the owner. */
  notifyOwner(frame: ServerFrame): void {
    const bytes = encodeFrame(frame);
    const stream = encodeMessages([bytes]);
    for (const member of this.#members.keys()) {
      if (member.owner) member.notify(bytes, stream);
    }
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#fanOut[Symbol.dispose]();
  }
}

/** The keys of the words of charla's own; null before they are needed. */
let reservedKeys: ReadonlySet<string> | null = null;

function areReserved(keys: readonly string[]): boolean {
  reservedKeys ??= new Set(RESERVED_NAMES.flatMap(nameKeys));
  const reserved = reservedKeys;
  return keys.some((key) => reserved.has(key));
}
