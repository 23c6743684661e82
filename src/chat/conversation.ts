// A conversation as one of its ends sees it: on the plain wire between two, or in a room, where there is more to
// ask of the server. Knows nothing of how it is carried.

import type { CurrentWay } from "./channel.ts";
import type { ConversationEvent, PlainEvent, RoomEvent } from "./events.ts";
import type {
  BanDescription,
  InvitationDescription,
  LogEntry,
  MemberDescription,
  RoomDescription,
} from "./frames.ts";
import type { WatchedRoom } from "./member-frames.ts";

/** On the plain wire, the message that ends a conversation; in a room, what people type to leave. Shown like any other. */
export const GOODBYE = "bye";

/** Characters of one message in a room: with JSON's escapes it still fits a message of the sealed wire. */
export const MAX_TEXT = 10_000;

/** Messages of one end that may wait: more than anyone types, few enough to hold. */
export const MAX_WAITING = 1_000;

export interface Conversation<Event = ConversationEvent> extends AsyncDisposable {
  /** Everything that happens, in order, once; ends after `ended`, and throws when that was "lost" or "removed". */
  readonly events: AsyncIterable<Event>;
  /**
   * Says one message. Resolves when it was sent or, in a room, when the server has stored it; what has to wait,
   * waits. When the signal aborts before the message was sent, it never will be; once it was sent it cannot be taken
   * back, and the signal changes nothing.
   *
   * @throws {CharlaError} MESSAGE_TOO_LONG, TOO_MANY_WAITING, CONVERSATION_OVER, NOBODY_LISTENING, in a room REFUSED; the
   *   reason of the signal
   */
  say(text: string, options?: RequestOptions): Promise<void>;
  /** Ends it from here, once everything that could be sent was sent; called again, at once. */
  leave(): Promise<void>;
}

export interface RequestOptions {
  /** When it aborts, nothing is waited for any more. */
  readonly signal?: AbortSignal | undefined;
}

export type PlainConversation = Conversation<PlainEvent>;

/**
 * Each question resolves with the server's answer, and throws CharlaError: NOT_CONNECTED while the connection to the
 * server is lost, CONVERSATION_OVER, or the server's own (NAME_TAKEN, NO_SUCH_MEMBER, NOT_THE_OWNER, ...).
 * When its signal aborts it throws the reason, though the server may still do what it was asked.
 */
export interface RoomConversation extends Conversation<RoomEvent> {
  /** The members of the room, this end among them. */
  who(options?: RequestOptions): Promise<readonly MemberDescription[]>;
  /** The rooms of the server. */
  rooms(options?: RequestOptions): Promise<readonly RoomDescription[]>;
  /** Earlier messages, oldest first. */
  history(query: HistoryQuery, options?: RequestOptions): Promise<readonly LogEntry[]>;
  /**
   * From now on there is a `news` event when something is said in one of these other rooms, the first at once; and of no
   * others. At most MAX_WATCHED; an older server gives no news.
   *
   * @throws {CharlaError} USAGE for a room that can't be, or too many
   */
  watch(rooms: readonly WatchedRoom[]): void;
  /** The way to the server, with the round trip as it is now; null while this end is not in the room. */
  way(): CurrentWay | null;
  /** Takes another name. */
  rename(name: string, options?: RequestOptions): Promise<void>;
  /** Ends the conversation for all its members, and closes the server; only for the owner. */
  close(options?: RequestOptions): Promise<void>;
  /**
   * Removes somebody from the room now; they may come back. Only for the owner and operators, like all that follow;
   * `op` and `deleteRoom` are for the owner alone.
   */
  kick(name: string, options?: RequestOptions): Promise<void>;
  /**
   * Removes somebody from the server for good, by their key. Somebody who is absent is named by a name that they had, or
   * by their fingerprint.
   */
  ban(nameOrFingerprint: string, options?: RequestOptions): Promise<Banned>;
  /** Lets somebody who was banned enter again. */
  unban(nameOrFingerprint: string, options?: RequestOptions): Promise<void>;
  /** Who is banned. */
  bans(options?: RequestOptions): Promise<readonly BanDescription[]>;
  /** The invitations that let people in, or have let some in who may come back. */
  invitations(options?: RequestOptions): Promise<readonly InvitationDescription[]>;
  /** Lets nobody new in by a limited invitation, which is named by its number. */
  revoke(number: number, options?: RequestOptions): Promise<void>;
  /** Gives somebody the rights of an operator, or takes them. Only for the owner. */
  op(nameOrFingerprint: string, operator: boolean, options?: RequestOptions): Promise<void>;
  /** Refuses what somebody says in the room, or takes it again. */
  mute(name: string, muted: boolean, options?: RequestOptions): Promise<void>;
  /** Lets no new members in, or lets them in again. */
  lock(locked: boolean, options?: RequestOptions): Promise<void>;
  /** Deletes another room, with all that was said in it, and disconnects its members. */
  deleteRoom(room: string, options?: RequestOptions): Promise<void>;
  /**
   * An invitation that admits `uses` people for `seconds`; without both, the standing one, which admits anyone. With
   * `renew` that one is replaced first: people who came by the old one may come back, and it admits nobody new.
   */
  invite(limits?: InvitationLimits, options?: RequestOptions): Promise<string>;
  /** The same, with the link that opens the room's page in a browser; null where no page is served. */
  createInvitation(
    limits?: InvitationLimits,
    options?: RequestOptions,
  ): Promise<{ readonly invitation: string; readonly page: string | null }>;
}

export interface HistoryQuery {
  /** How many at most, 1 to MAX_FOUND. */
  readonly count: number;
  /** Only messages before this sequence number. */
  readonly before?: number | undefined;
  /** Only messages with all of these words. */
  readonly words?: string | undefined;
}

export interface Banned {
  readonly name: string;
  readonly fingerprint: string;
  /** The invitations by which they came, and which let in nobody new any more: "standing", or their numbers. */
  readonly closed: readonly string[];
  /** The new standing invitation, if the old one was closed. */
  readonly invitation?: string | undefined;
  /** The link for browsers of the new one, where a page is served. */
  readonly page?: string | undefined;
  /** Anyone may join, also they with another key. */
  readonly open?: boolean | undefined;
}

/** People that one limited invitation lets in: the server remembers each. */
export const MAX_GUESTS = 1_000;

export interface InvitationLimits {
  /** 1 to MAX_GUESTS. */
  readonly uses?: number | undefined;
  readonly seconds?: number | undefined;
  readonly renew?: boolean | undefined;
}
