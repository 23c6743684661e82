// The state of a room client, the events that change it, and the actions that follow: the vocabulary of step.ts and its neighbours.
// Pure.

import { backoff } from "../../backoff.ts";
import type { RoomEvent } from "../../chat/events.ts";
import {
  createServerFrameReader,
  type LogEntry,
  type RoomNews,
  type ServerFrame,
  type ServerFrameReader,
} from "../../chat/frames.ts";
import type { MemberFrame, WatchedRoom } from "../../chat/member-frames.ts";
import type { CharlaError } from "../../errors.ts";
import type { Cursor, Unstored } from "../device.ts";

/**
 * After how long what is not answered, or not stored, is sent again, ms. The server takes it for the same; one that was
 * restarted has no session any more, and says so, while a client that only waits would not notice for a long time.
 */
const RESEND_AFTER = 2_000;
/** The first wait before another attempt to connect, ms. */
const FIRST_RETRY = 500;
/** The longest, ms: a server that comes back is noticed soon. */
const LONGEST_RETRY = 30_000;
/** The longest while the server was reached within RECENT, ms: mostly it is restarting. */
const LONGEST_RECENT_RETRY = 5_000;
/** ms */
const RECENT = 120_000;

export interface RoomClientOptions {
  readonly room: string;
  /** How others see this member; the server may add to it. */
  readonly name: string;
  /** The device's id. */
  readonly device: string;
  /** What an earlier run of the device has said, and no server has stored, oldest first. */
  readonly unstored: readonly Unstored[];
  /** The newest entry that was shown. */
  readonly cursor: Cursor | null;
  /** Earlier entries that are shown where there is no cursor, 0 to MAX_FOUND; without it, as many as the server sends. */
  readonly history?: number | undefined;
  /** The last `history` entries are shown at the start even if the device has shown them before. */
  readonly repeatsHistory?: boolean | undefined;
  /** The room is not created: where there is none, the first attempt to enter it fails. */
  readonly existing?: boolean | undefined;
  /** Shown as soon as nothing older follows: before the room is entered, or below what was said before. */
  readonly belowPast?: RoomEvent | undefined;
  /** Of the entries that were missed only the last so many are shown, and a notice counts the others; without it, all are. */
  readonly missed?: number | undefined;
  /** What is said, and not known to be stored at the end, stays with the device for its next run; by default it does. */
  readonly keepsUnsaid?: boolean | undefined;
  /** Each new entry is a `keep`. */
  readonly keepsEntries?: boolean | undefined;
  /** It can be looked up how far other windows of the person have shown each room. */
  readonly hasOtherWindows?: boolean | undefined;
  /** From 0 to 1. */
  readonly random: () => number;
  /** RESEND_AFTER by default. */
  readonly resendAfter?: number | undefined;
  /** How long to wait before another attempt, ms. */
  readonly retryDelay?: RetryDelay | undefined;
}

/** @param longest the longest wait ever, ms */
type RetryDelay = (attempts: number, random: number, longest: number) => number;

type OpenPhase =
  /** When the next attempt begins; null while one is being made. */
  | { readonly name: "connecting"; readonly retryAt: number | null }
  /** When the server is asked again to let this member in. */
  | { readonly name: "entering"; readonly resendAt: number }
  /** When the oldest message that is not stored is sent again; null when everything is stored and has come back. */
  | { readonly name: "joined"; readonly resendAt: number | null };

type ConnectionPhase = OpenPhase | { readonly name: "closing" };

interface Leaving {
  readonly name: "leaving";
  /** When a notice says what it waits for; null once it was given. */
  readonly noticeAt: number | null;
  /** Where its connection is meanwhile. */
  readonly connection: ConnectionPhase;
}

type Phase = OpenPhase | Leaving | { readonly name: "over" };

export interface Outgoing extends Unstored {
  log: string | undefined;
  /** Said by an earlier run of the device. */
  readonly isOld: boolean;
  /** Whether it was sent in this run; then the server may have it. */
  isSent: boolean;
  /** Too late to take it back; but it need not be sent in a later run. */
  isWithdrawn: boolean;
}

/** A request without its number: that is given by the one who asks. */
export type Question = WithoutNumber<
  Exclude<Extract<MemberFrame, { request: number }>, { type: "look" }>
>;
type WithoutNumber<Frame> = Frame extends unknown ? Omit<Frame, "request"> : never;
export type Answer = Extract<ServerFrame, { readonly request: number }>;

export interface RoomClient extends Pick<
  RoomClientOptions,
  | "room"
  | "device"
  | "random"
  | "history"
  | "repeatsHistory"
  | "existing"
  | "missed"
  | "keepsEntries"
  | "hasOtherWindows"
> {
  readonly keepsUnsaid: boolean;
  /** Null once it was shown. */
  belowPast: RoomEvent | null;
  readonly resendAfter: number;
  readonly retryDelay: RetryDelay;
  /** The name under which this member enters. */
  name: string;
  /** The name that the server has given it; empty before it was in the room. */
  givenName: string;
  phase: Phase;
  /** Of the channel to the server: another one for each. */
  readFrame: ServerFrameReader;
  /** Attempts to connect that have failed since the member was in the room. */
  attempts: number;
  /** The code of the last of them that was reported in a notice; null for none since then. */
  reportedFailure: string | null;
  /** Why the connection was lost, as was reported last; null for no loss since the member was in the room. */
  reportedLoss: string | null;
  /** When the last channel to the server ended, ms; null before. */
  lostAt: number | null;
  /** What the member may do in the room, as far as is known. */
  rights: { readonly operator: boolean; readonly muted: boolean };
  /** Whether the member was in the room at least once. */
  entered: boolean;
  /** The log that the server has now; empty before it was entered. */
  log: string;
  /** That log is gone when the server ends. */
  isTemporary: boolean;
  /** It is gone. */
  isLogGone: boolean;
  /** The newest entry when this run first entered: up to it, entries are past. */
  past: Cursor | null;
  /** The newest entry that has come; its reader may be behind. */
  received: Cursor | null;
  /** Entries up to this one were missed and are not shown; `skipped` of them have come. */
  skipUpTo: number;
  skipped: number;
  /** The newest entry that was ever handed to a reader; in this run, entries up to it may be shown again. */
  shown: Cursor | null;
  /** Said and not known to be stored, by number, oldest first. */
  readonly outbox: Map<number, Outgoing>;
  /** Stored, as the server says, and not come back in the log: the numbers, and whether an earlier run has said it. */
  readonly echoing: Map<number, boolean>;
  /** Asked and not answered, by number. */
  readonly questions: Map<number, Question>;
  /** Other rooms of which there is to be news. */
  watched: readonly WatchedRoom[];
  /** Those of them in which something is unread. */
  unread: ReadonlySet<string>;
  /** When to look up whether it was read in another window; null while nothing is unread. */
  lookAt: number | null;
}

/** `after` is the sequence number up to which it was read. */
export type ReadRoom = Pick<RoomNews, "room" | "after">;

export type ChannelEnd =
  /** The server said goodbye; the reason may be empty. */
  | { readonly type: "closed"; readonly reason: string }
  /** The server goes on, but not this session: who was in the room enters again, and for others it is over. */
  | { readonly type: "failed"; readonly reason: string }
  /** The server does not let this member in, or has removed it: another attempt would be refused, or unwanted. */
  | { readonly type: "refused"; readonly error: CharlaError }
  /** The connection is lost: there may be another. `isStopped` when the server has said that it stops. */
  | { readonly type: "lost"; readonly error: CharlaError; readonly isStopped?: true };

export type ClientEvent =
  /** The attempt has succeeded: there is a channel to the server, on which `enter` was sent already if `hasAsked`. */
  | { readonly type: "connected"; readonly hasAsked?: boolean }
  /** The attempt has failed; `isTemporary` when another one may succeed. */
  | {
      readonly type: "connect-failed";
      readonly error: CharlaError;
      readonly isTemporary: boolean;
    }
  /** The channel has ended, after everything that came in it. */
  | { readonly type: "ended"; readonly end: ChannelEnd }
  | { readonly type: "received"; readonly message: Uint8Array }
  /** The server's note in the channel: up to which number everything is stored. */
  | { readonly type: "noted"; readonly note: Uint8Array }
  /** A message that `refuseToSay` had nothing against, and the device has kept under this number. */
  | { readonly type: "say"; readonly number: number; readonly text: string }
  /** A message is not to be sent any more, if it was not sent yet. */
  | { readonly type: "withdraw"; readonly number: number; readonly reason: unknown }
  | { readonly type: "ask"; readonly request: number; readonly question: Question }
  /** The answer is not waited for any more. */
  | { readonly type: "stop-asking"; readonly request: number; readonly reason: unknown }
  /** From now on there is to be news of these rooms, and of no others. */
  | { readonly type: "watch"; readonly rooms: readonly WatchedRoom[] }
  /** How far rooms were read in other windows. */
  | { readonly type: "read"; readonly rooms: readonly ReadRoom[] }
  /** Leave once everything is stored; at the second time at once. */
  | { readonly type: "leave" }
  | { readonly type: "leave-at-once" }
  /** The time of `wakeAt` has come, or any other. */
  | { readonly type: "tick" };

export type Action =
  /** Begin an attempt to connect, which ends with `connected` or `connect-failed`. */
  | { readonly type: "connect" }
  /** The attempt is not wanted any more. */
  | { readonly type: "cancel-connect" }
  | { readonly type: "send"; readonly frame: MemberFrame }
  /** Look up how far these rooms of the log were read in other windows: that is a `read`. */
  | { readonly type: "look"; readonly log: string; readonly rooms: readonly string[] }
  /** End the channel once everything was sent. */
  | { readonly type: "close" }
  /** End the channel now. */
  | { readonly type: "abort"; readonly reason: string }
  /** Hand an event to the reader; once it has that, everything up to `shown` in the log was shown. */
  | {
      readonly type: "emit";
      readonly event: RoomEvent;
      readonly shown: Cursor | null;
      /** Messages for another log whose texts are in it. */
      readonly named?: readonly number[];
    }
  /** The device is in this log: what was said before it was in any belongs there. */
  | { readonly type: "entered-log"; readonly log: string }
  /** A new entry of that log has come, perhaps this end's own. */
  | { readonly type: "keep"; readonly log: string; readonly entry: LogEntry }
  /** The server has stored a message: the device forgets it. */
  | { readonly type: "stored"; readonly number: number }
  /** A message is not known to be stored, and not waited for any more; the device may keep it for its next run. */
  | {
      readonly type: "not-stored";
      readonly number: number;
      readonly error: unknown;
      readonly keep: boolean;
    }
  | { readonly type: "answer"; readonly request: number; readonly answer: Answer }
  | { readonly type: "fail-question"; readonly request: number; readonly error: unknown }
  /** The last: `event` is the last event, and null where the member never was in the room; `error` follows it. */
  | { readonly type: "over"; readonly event: RoomEvent | null; readonly error: CharlaError | null };

/** Connects at the first `tick`. */
export function createRoomClient(options: RoomClientOptions, now: number): RoomClient {
  const { room, name, device, unstored, cursor, history, keepsEntries, random } = options;
  const { hasOtherWindows } = options;
  const { repeatsHistory = false, existing = false, missed } = options;
  const { resendAfter = RESEND_AFTER, retryDelay = connectDelay, keepsUnsaid = true } = options;
  const outbox = new Map<number, Outgoing>();
  for (const { number, text, log, isNamed } of unstored) {
    const fate = { isOld: true, isNamed, isSent: false, isWithdrawn: false };
    outbox.set(number, { number, text, log, ...fate });
  }
  return {
    room,
    device,
    random,
    history,
    repeatsHistory,
    existing,
    missed,
    keepsEntries,
    hasOtherWindows,
    keepsUnsaid,
    belowPast: options.belowPast ?? null,
    resendAfter,
    retryDelay,
    name,
    givenName: "",
    phase: { name: "connecting", retryAt: now },
    readFrame: createServerFrameReader(),
    attempts: 0,
    reportedFailure: null,
    reportedLoss: null,
    lostAt: null,
    rights: { operator: false, muted: false },
    entered: false,
    log: "",
    isTemporary: false,
    isLogGone: false,
    past: null,
    received: cursor,
    skipUpTo: 0,
    skipped: 0,
    shown: cursor,
    outbox,
    echoing: new Map(),
    questions: new Map(),
    watched: [],
    unread: new Set(),
    lookAt: null,
  };
}

/** When the next `tick` is due; Infinity while only events can change anything. */
export function wakeAt({ phase, lookAt }: RoomClient): number {
  const connection = connectionPhase(phase);
  const noticeAt = phase.name === "leaving" ? phase.noticeAt : null;
  const connectionAt =
    connection === null || connection.name === "closing"
      ? null
      : connection.name === "connecting"
        ? connection.retryAt
        : connection.resendAt;
  const times = [noticeAt, connectionAt, phase.name === "joined" ? lookAt : null];
  return Math.min(...times.map((at) => at ?? Number.POSITIVE_INFINITY));
}

/** How long to wait before another attempt to connect, ms. */
export function connectDelay(
  failures: number,
  random: number,
  longest: number = LONGEST_RETRY,
): number {
  return backoff(failures, random, FIRST_RETRY, longest);
}

/** The longest wait before another attempt, ms. */
export function longestRetry({ lostAt }: RoomClient, now: number): number {
  return lostAt !== null && now - lostAt < RECENT ? LONGEST_RECENT_RETRY : LONGEST_RETRY;
}

/** The connection, also while leaving; null when it is over. */
export function connectionPhase(phase: Phase): ConnectionPhase | null {
  if (phase.name === "leaving") return phase.connection;
  return phase.name === "over" ? null : phase;
}

export function setConnection(client: RoomClient, connection: OpenPhase): void {
  client.phase = client.phase.name === "leaving" ? { ...client.phase, connection } : connection;
}

/** @param shown the newest entry of the log that the reader has seen once it has the event */
/** Nothing older follows. */
export function emitBelowPast(client: RoomClient, actions: Action[]): void {
  if (client.belowPast !== null) emit(actions, client.belowPast);
  client.belowPast = null;
}

export function emit(actions: Action[], event: RoomEvent, shown: Cursor | null = null): void {
  actions.push({ type: "emit", event, shown });
}
