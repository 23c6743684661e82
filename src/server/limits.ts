// What people may ask of the server: each limit with its reason. allowances.ts keeps what everybody has used.

import type { Rate } from "../protocol/token-bucket.ts";

export interface ActionLimit {
  /** Of one person, whatever they run and however often they reconnect. */
  readonly person: Rate;
  /** What a person has of their own, whatever others who came by the same invitation do; it begins with nothing. */
  readonly share: Rate;
  /** Of all who came by one invitation together, beyond their shares: throw-away keys get no further than this. */
  readonly invitation: Rate;
}

/**
 * `frame` is every frame, also those of unknown types, once for each 1,024 bytes that it begins; `list` asks for members,
 * rooms or earlier messages. `away` is a connection that falls silent.
 */
export type Action = "frame" | "list" | "search" | "enter" | "rename" | "away";

export interface Limits {
  readonly rates: Readonly<Record<Action, ActionLimit>>;
  /**
   * Members of one room that are announced to the others as they come: after a restart some hundred at once. The rest are
   * in the room all the same, and are announced later, unless they are gone by then.
   */
  readonly announcements: Rate;
  /** Bytes that all peers together may make the server hold: past that, the newest is refused. */
  readonly memory: number;
  /** Sessions of one person at a time: four windows, each in eight rooms. */
  readonly sessionsPerPerson: number;
  /** Sessions of all who came by one invitation: three quarters of what a server has, so that others still get in. */
  readonly sessionsPerInvitation: number;
  /** How long a session may last before it asks to enter a room, ms. */
  readonly enterWithin: number;
  /** Frames outside a room, counted as for the rate: a program asks a few times how the server sees it, and enters. */
  readonly framesOutside: number;
  /** Rooms that one member may create: enough for anyone, few of the thousand that a log holds. */
  readonly roomsPerMember: number;
  /** Rooms that all who came by one invitation may create: a fifth of those, whatever keys they make. */
  readonly roomsPerInvitation: number;
  /** How long a member may leave its messages unread before it is disconnected, ms. */
  readonly unreadFor: number;
}

export const LIMITS: Limits = {
  rates: {
    // A person's are more than anyone types or reads, and the burst is a paste, or what waited for the network. Four
    // people at their full rate are what a server of a thousand members can send them. A share is more than anyone types.
    frame: {
      person: { perSecond: 500, burst: 10_000 },
      share: { perSecond: 5, burst: 100 },
      invitation: { perSecond: 2_000, burst: 40_000 },
    },
    // An answer is up to 64 KiB. Programs ask when somebody presses Tab; after a restart, all members ask once.
    list: {
      person: { perSecond: 5, burst: 50 },
      share: { perSecond: 0.2, burst: 10 },
      invitation: { perSecond: 50, burst: 2_000 },
    },
    // Each may take 100 ms of a server with a million entries.
    search: {
      person: { perSecond: 0.5, burst: 10 },
      share: { perSecond: 1 / 60, burst: 2 },
      invitation: { perSecond: 2, burst: 40 },
    },
    // A line on everybody's screen, and up to a whole log to send. A person has some windows, and goes from room to room;
    // after a restart, a thousand members come back at once.
    enter: {
      person: { perSecond: 0.2, burst: 20 },
      share: { perSecond: 1 / 60, burst: 2 },
      invitation: { perSecond: 100, burst: 2_000 },
    },
    // A line on everybody's screen, with words that somebody chose.
    rename: {
      person: { perSecond: 1 / 20, burst: 4 },
      share: { perSecond: 1 / 300, burst: 1 },
      invitation: { perSecond: 1, burst: 60 },
    },
    // A line on everybody's screen, and one more when the connection works again: what bad Wi-Fi does in an hour.
    away: {
      person: { perSecond: 1 / 30, burst: 6 },
      share: { perSecond: 1 / 300, burst: 2 },
      invitation: { perSecond: 10, burst: 1_000 },
    },
  },
  announcements: { perSecond: 2, burst: 200 },
  memory: 1_024 ** 3,
  sessionsPerPerson: 32,
  sessionsPerInvitation: 12_288,
  enterWithin: 10_000,
  framesOutside: 32,
  roomsPerMember: 20,
  roomsPerInvitation: 200,
  unreadFor: 30_000,
};
