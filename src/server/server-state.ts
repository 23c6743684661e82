// What all member sessions of a server share: the rooms that are in use, the log, the limits, the moderation and how
// many rooms each person has created.

import { BANNED, ENDED_BY_PROGRAM, KICKED, ROOM_DELETED } from "../chat/channel.ts";
import type { ServerFrame } from "../chat/frames.ts";
import { CharlaError } from "../errors.ts";
import type { Log } from "../log/log.ts";
import { Allowances } from "./allowances.ts";
import { createFanOut } from "./fan-out.ts";
import type { IssuedInvitation, UsedInvitation } from "./invitations.ts";
import type { Limits } from "./limits.ts";
import { type ToldError, toldTo } from "./member-errors.ts";
import { type Ban, Moderation, type Person } from "./moderation.ts";
import { News } from "./news.ts";
import { createRoomNames } from "./room-names.ts";
import { createRoomQuota, type RoomQuota } from "./room-quota.ts";
import { type Member, notifyMembers, Room } from "./room.ts";
import { createStorageWatch, type StorageNotice } from "./storage-watch.ts";

export interface ServerStateOptions extends Pick<
  ServerState,
  "log" | "limits" | "now" | "invitations" | "end"
> {
  /** ms since 1970. */
  readonly date?: (() => number) | undefined;
  /** The program's own timers, unless time is virtual. */
  readonly setTimer?: ServerState["setTimer"] | undefined;
  /** Without it, nobody is banned, and what changes is forgotten. */
  readonly moderation?: Moderation | undefined;
  /** The fingerprint of the owner, who can't be kicked, banned or muted. */
  readonly owner?: string | undefined;
  /** The log is gone when the server ends; by default it is not. */
  readonly isTemporary?: boolean | undefined;
  /** The messages take most or all of the space that they may. The owner's windows get a notice anyhow. */
  readonly onStorage?: ((notice: StorageNotice) => void) | undefined;
}

/** The invitations of a server. What changes them throws FOLDER_NOT_WRITABLE if that cannot be stored. */
export interface InvitationControl {
  /**
   * An invitation for `uses` people (0: any number), for so many seconds (0: without an end).
   *
   * @throws {CharlaError} REFUSED, TOO_MANY_INVITATIONS
   */
  invite(room: string, uses: number, seconds: number): Invited;
  list(): readonly IssuedInvitation[];
  /** Whether anyone may join without an invitation. */
  isOpen(): boolean;
  /** @throws {CharlaError} NO_SUCH_INVITATION */
  revoke(number: number): void;
  /**
   * @param by the fingerprint of the person who does it
   * @throws {CharlaError} REFUSED on an open server
   */
  renew(by: string): void;
  /** Whether somebody who came by it may enter a room now. */
  mayEnter(invitation: UsedInvitation, fingerprint: string): boolean;
  /** Somebody has entered a room by it: from now on they may come back with it. */
  enter(invitation: UsedInvitation, fingerprint: string): void;
  /** Closes those by which somebody came, for the person with the key `by`; returns their ids. */
  closeAllOf(fingerprint: string, by?: string): readonly string[];
}

export interface Invited {
  readonly text: string;
  /** The link that opens the room's page in a browser; null where no page is served. */
  readonly page: string | null;
  /** How it was limited; null for the standing one. */
  readonly limited: IssuedInvitation | null;
}

export interface Membership {
  readonly room: Room;
  readonly member: Member;
}

export interface Pause extends Disposable {
  readonly over: Promise<void>;
}

export class ServerState {
  readonly log: Log;
  readonly limits: Limits;
  readonly quota: RoomQuota;
  readonly roomNames = createRoomNames();
  readonly allowances: Allowances;
  readonly news: News;
  readonly invitations: InvitationControl;
  readonly moderation: Moderation;
  readonly owner: string | null;
  readonly isTemporary: boolean;
  readonly storage: ReturnType<typeof createStorageWatch>;
  /** ms, for limits only. */
  readonly now: () => number;
  /** Calls `run` in so many ms, unless it is disposed of before. */
  readonly setTimer: (run: () => void, delay: number) => Disposable;
  /** Ends the conversation for all members, for good. */
  readonly end: (reason: string) => void;
  readonly #rooms = new Map<string, Room>();
  /** Each ends one pause. */
  readonly #paused = new Set<() => void>();
  #isClosing = false;

  constructor(options: ServerStateOptions) {
    const { log, limits, now, invitations, end, date = Date.now, setTimer = systemTimer } = options;
    this.log = log;
    this.limits = limits;
    const isInUse = (room: string) => this.#rooms.has(room) || this.moderation.isRestricted(room);
    this.quota = createRoomQuota({ log, limits, date, isInUse });
    this.allowances = new Allowances(limits.rates, now);
    this.invitations = invitations;
    this.moderation = options.moderation ?? new Moderation();
    this.owner = options.owner ?? null;
    this.isTemporary = options.isTemporary ?? false;
    this.storage = createStorageWatch(log.usage, (notice) => {
      options.onStorage?.(notice);
      for (const room of this.#rooms.values()) room.notifyOwner({ type: "notice", ...notice });
    });
    this.storage.check();
    this.now = now;
    this.setTimer = setTimer;
    this.end = end;
    this.news = new News({
      log,
      clock: this,
      maySee: (member, room) => this.#maySee(member, room),
    });
  }

  /** Whether a member of one room might as well be in that one. */
  #maySee({ owner, fingerprint, invitation }: Member, room: string): boolean {
    if (owner) return true;
    if (invitation.room !== null && invitation.room !== room) return false;
    return !this.moderation.keepsOut(room, fingerprint) || this.moderation.isOperator(fingerprint);
  }

  /** The rooms in use: those with members, or somebody who is about to enter. */
  get rooms(): ReadonlyMap<string, Room> {
    return this.#rooms;
  }

  get isClosing(): boolean {
    return this.#isClosing;
  }

  /** From now on nothing that members send is read: as long as they talk, their channels have more to send. */
  startClosing(): void {
    this.#isClosing = true;
    for (const resume of this.#paused) resume();
  }

  /** The other people who are in any room, by their fingerprints, with the invitations by which they came. */
  others(fingerprint: string): Map<string, readonly UsedInvitation[]> {
    const people = new Map<string, readonly UsedInvitation[]>();
    for (const { members } of this.#rooms.values()) {
      for (const { fingerprint: other, invitation } of members) {
        people.set(other, [...(people.get(other) ?? []), invitation]);
      }
    }
    people.delete(fingerprint);
    return people;
  }

  /** The people who don't hear from the server at the moment, as far as it knows. */
  get awayPeople(): Set<string> {
    const away = new Set<string>();
    const present = new Set<string>();
    for (const { members } of this.#rooms.values()) {
      for (const { fingerprint, isAway } of members) (isAway ? away : present).add(fingerprint);
    }
    return away.difference(present);
  }

  /**
   * `over` resolves in so many ms, when the pause is disposed of, or when the server begins to close; at once if it has
   * begun.
   */
  pause(duration: number): Pause {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.setTimer(resolve, duration);
    if (this.#isClosing) resolve();
    else this.#paused.add(resolve);
    return {
      over: promise,
      [Symbol.dispose]: () => {
        timer[Symbol.dispose]();
        this.#paused.delete(resolve);
        resolve();
      },
    };
  }

  /** The room that somebody is about to enter: until the reservation is disposed of, others find the same one. */
  reserve(name: string): Disposable & { readonly room: Room } {
    const { log, limits } = this;
    const { unreadFor, announcements } = limits;
    const open = () => {
      const fanOut = createFanOut({ log, room: name, unreadFor });
      return new Room({ name, fanOut, announcements, clock: this });
    };
    const room = this.#rooms.get(name) ?? open();
    this.#rooms.set(name, room);
    const reservation = room.reserve();
    return {
      room,
      [Symbol.dispose]: () => {
        reservation[Symbol.dispose]();
        this.#closeUnused(room);
      },
    };
  }

  /** While the server closes, nobody is notified of those who leave: everybody does. */
  leave({ room, member }: Membership, reason = ""): void {
    this.news.stop(member);
    if (room.remove(member, this.#isClosing ? null : reason)) this.#closeUnused(room);
  }

  /**
   * Deletes a room with all that was said in it, and disconnects its members.
   *
   * @param by who does it
   * @throws {CharlaError} NO_SUCH_ROOM, STORE_...
   */
  async deleteRoom(name: string, by: string): Promise<void> {
    const room = this.#rooms.get(name);
    if (room !== undefined) {
      const reason = `${by} has deleted the room ${name}`;
      for (const member of room.members) {
        this.disconnect({ room, member }, reason, { toOthers: "", code: ROOM_DELETED });
      }
    }
    this.moderation.forgetRoom(name);
    const existed = await this.quota.delete(name);
    // Whatever was said until then is deleted as well.
    this.news.clearRoom(name);
    if (existed) return;
    throw new CharlaError(
      "NO_SUCH_ROOM",
      `this server has no room ${name}`,
      "/rooms lists the rooms",
    );
  }

  /** Removes a member from its room, and closes its channel. */
  disconnect(
    membership: Membership,
    reason: string,
    { toOthers = reason, code = ENDED_BY_PROGRAM }: { toOthers?: string; code?: number } = {},
  ): void {
    this.leave(membership, toOthers);
    membership.member.channel.abort(code, reason);
  }

  /**
   * Lets a person enter no room any more, and disconnects all of their programs; closes the invitations by which they came,
   * with which they could come back with another key.
   *
   * @param by the fingerprint of who bans them
   * @returns the ids of these invitations; or why they can't be closed, which the ban doesn't depend on
   * @throws {CharlaError} REFUSED, FOLDER_NOT_WRITABLE; then nobody is banned
   */
  ban(ban: Ban, by?: string): readonly string[] | CharlaError {
    this.moderation.ban(ban);
    for (const room of this.#rooms.values()) this.#remove(room, ban, "banned", BANNED);
    try {
      return this.invitations.closeAllOf(ban.fingerprint, by);
    } catch (error) {
      if (error instanceof CharlaError) return error;
      throw error;
    }
  }

  /** What this member learns of an error; what they don't, the owner does. */
  tell(member: { readonly owner: boolean }, error: CharlaError): ToldError {
    const told = toldTo(member, error);
    if (told !== error) this.storage.failed(error);
    return told;
  }

  /** Sends a frame to all of a person's programs in one room. */
  notifyPerson(room: Room, fingerprint: string, frame: ServerFrame): void {
    notifyMembers(
      room.members.filter((member) => member.fingerprint === fingerprint),
      frame,
    );
  }

  /** @throws {CharlaError} FOLDER_NOT_WRITABLE; then it is not locked */
  lock(room: Room): void {
    this.moderation.lock(room.name, room.fingerprints);
    this.news.checkRights([room.name]);
  }

  /** @throws {CharlaError} FOLDER_NOT_WRITABLE; then it stays locked */
  unlock(room: Room): void {
    this.moderation.unlock(room.name);
    this.news.checkRights([room.name]);
  }

  /** Disconnects all of a person's programs in one room; returns whether there were any. */
  kick(room: Room, person: Person & { readonly by: string }): boolean {
    const { moderation } = this;
    moderation.kick(room.name, person.fingerprint);
    this.news.removePerson(room.name, person.fingerprint);
    const isOut =
      moderation.keepsOut(room.name, person.fingerprint) &&
      !moderation.isOperator(person.fingerprint);
    return this.#remove(
      room,
      person,
      "kicked",
      KICKED,
      isOut ? `, and ${room.name} is locked` : "",
    );
  }

  #remove(
    room: Room,
    { fingerprint, by }: Pick<Ban, "fingerprint" | "by">,
    how: string,
    code: number,
    state = "",
  ): boolean {
    let count = 0;
    for (const member of room.members) {
      if (member.fingerprint !== fingerprint) continue;
      const toOthers = `${how} by ${by}`;
      this.disconnect({ room, member }, `you were ${toOthers}${state}`, { toOthers, code });
      count += 1;
    }
    return count > 0;
  }

  #closeUnused(room: Room): void {
    if (!room.isUnused || this.#rooms.get(room.name) !== room) return;
    this.#rooms.delete(room.name);
    room[Symbol.dispose]();
  }
}

export function systemTimer(run: () => void, delay: number): Disposable {
  const timeout = setTimeout(run, delay);
  return { [Symbol.dispose]: () => clearTimeout(timeout) };
}
