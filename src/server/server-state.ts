// What all member sessions of a server share: the rooms that are in use, the log, the limits, who is banned and how many
// rooms each person has created.

import { BANNED, ENDED_BY_PROGRAM, KICKED } from "../chat/channel.ts";
import { CharlaError } from "../errors.ts";
import type { Log } from "../log/log.ts";
import { Allowances } from "./allowances.ts";
import { createFanOut } from "./fan-out.ts";
import type { Limits } from "./limits.ts";
import { createRoomQuota, type RoomQuota } from "./room-quota.ts";
import { type Member, Room } from "./room.ts";

export interface ServerStateOptions extends Pick<ServerState, "log" | "limits" | "now" | "invite"> {
  /** ms since 1970. */
  readonly date?: (() => number) | undefined;
  /** The program's own timers, unless time is virtual. */
  readonly setTimer?: ServerState["setTimer"] | undefined;
}

export interface Membership {
  readonly room: Room;
  readonly member: Member;
}

export class ServerState {
  readonly log: Log;
  readonly limits: Limits;
  readonly quota: RoomQuota;
  readonly allowances: Allowances;
  /** ms, for limits only. */
  readonly now: () => number;
  /** Calls `run` in so many ms, unless it is disposed of before. */
  readonly setTimer: (run: () => void, delay: number) => Disposable;
  /**
   * An invitation for `uses` people (0: any number), for so many seconds (0: without an end).
   *
   * @throws {CharlaError} REFUSED, TOO_MANY_INVITATIONS, FOLDER_NOT_WRITABLE
   */
  readonly invite: (room: string, uses: number, seconds: number) => string;
  readonly #rooms = new Map<string, Room>();
  /** Fingerprints. */
  readonly #banned = new Set<string>();
  /** Each ends one pause. */
  readonly #paused = new Set<() => void>();
  #isClosing = false;

  constructor({
    log,
    limits,
    now,
    invite,
    date = Date.now,
    setTimer = systemTimer,
  }: ServerStateOptions) {
    this.log = log;
    this.limits = limits;
    const isInUse = (room: string) => this.#rooms.has(room);
    this.quota = createRoomQuota({ log, limits, date, isInUse });
    this.allowances = new Allowances(limits.rates, now);
    this.now = now;
    this.setTimer = setTimer;
    this.invite = invite;
  }

  /** The rooms in use: those with members, and those that are locked. */
  get rooms(): ReadonlyMap<string, Room> {
    return this.#rooms;
  }

  get banned(): ReadonlySet<string> {
    return this.#banned;
  }

  get isClosing(): boolean {
    return this.#isClosing;
  }

  /** From now on nothing that members send is read: as long as they talk, their channels have more to send. */
  startClosing(): void {
    this.#isClosing = true;
    for (const resume of this.#paused) resume();
  }

  /** Resolves in so many ms, or when the server begins to close. */
  async pause(duration: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    using _timer = this.setTimer(resolve, duration);
    this.#paused.add(resolve);
    await promise;
    this.#paused.delete(resolve);
  }

  /** The room that somebody is about to enter: until the reservation is disposed of, others find the same one. */
  reserve(name: string): Disposable & { readonly room: Room } {
    const { log, limits } = this;
    const { unreadFor } = limits;
    const room =
      this.#rooms.get(name) ?? new Room(name, createFanOut({ log, room: name, unreadFor }));
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

  leave({ room, member }: Membership, reason = ""): void {
    if (room.remove(member, reason)) this.#closeUnused(room);
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
        this.disconnect({ room, member }, reason, { toOthers: "", code: KICKED });
      }
    }
    if (await this.quota.delete(name)) return;
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

  /** Disconnects all of a person's programs, in all rooms, and lets them enter none. */
  ban(fingerprint: string, reason: string): void {
    this.#banned.add(fingerprint);
    for (const room of this.#rooms.values()) {
      for (const member of room.members) {
        if (member.fingerprint !== fingerprint) continue;
        this.disconnect({ room, member }, reason, { code: BANNED });
      }
    }
  }

  #closeUnused(room: Room): void {
    if (!room.isUnused || this.#rooms.get(room.name) !== room) return;
    this.#rooms.delete(room.name);
    room[Symbol.dispose]();
  }
}

function systemTimer(run: () => void, delay: number): Disposable {
  const timeout = setTimeout(run, delay);
  return { [Symbol.dispose]: () => clearTimeout(timeout) };
}
