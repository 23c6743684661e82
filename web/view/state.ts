// All that the page shows, as data: where this person is, what was said there, and what they are looking at. Knows no
// DOM, no network and no clock; update.ts says how it changes.

import type { CurrentWay } from "../../src/chat/channel.ts";
import type { EndReason } from "../../src/chat/events.ts";
import type { LogEntry, MemberDescription } from "../../src/chat/frames.ts";
import type { Hues } from "../../src/terminal/state/colours.ts";
import { NO_PRESENCE, type Presence } from "../../src/terminal/state/presence.ts";
import { NO_ROOM, type RoomState } from "../../src/terminal/state/room.ts";

export interface State {
  readonly phase: Phase;
  /** The room that is open, or that is being entered. */
  readonly room: RoomState;
  /** What this person says in the room is refused. */
  readonly isMuted: boolean;
  readonly hues: Hues;
  readonly connection: Connection;
  /** What the browser says of the network: on a LAN it may be wrong, and matters only while the connection is lost. */
  readonly isOnline: boolean;
  /** Messages by their sequence numbers, and between them what happened, in the order in which it was seen. */
  readonly items: readonly Item[];
  /** Messages of this person that are not stored yet, in the order in which they were written. */
  readonly pending: readonly PendingMessage[];
  /** What stands between the server's log and the first message here; the newest of them come with the entry to the room. */
  readonly earlier: "unknown" | "coming" | "loading" | "more" | "none";
  /** Who has come and gone since the last line about it. */
  readonly presence: Presence;
  readonly unread: Unread;
  /** Whether somebody sees the newest message: the page is in front, and scrolled to its end. */
  readonly isWatched: boolean;
  readonly rooms: readonly OtherRoom[];
  readonly search: Search | null;
  readonly dialog: Dialog | null;
  /** The id of the next item that is no message; they go down from -1, where sequence numbers go up. */
  readonly nextId: number;
}

export type Phase =
  /** The page was opened without an invitation. */
  | { readonly type: "explanation"; readonly problem: Problem | null }
  /** On the first visit. */
  | { readonly type: "name"; readonly problem: Problem | null }
  | { readonly type: "room" }
  /** Another tab of this browser has the conversation. */
  | { readonly type: "elsewhere" }
  /** This person has left, could not join, or the conversation is over. */
  | {
      readonly type: "over";
      readonly reason: EndReason | "not-joined";
      readonly problem: Problem | null;
      /** Messages that were not sent, and will not be. */
      readonly unsaid: readonly string[];
    };

/** What went wrong; `message` and `hint` are in English, and words/ has sentences for the usual codes. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
}

export type Connection =
  | { readonly type: "joining" }
  | { readonly type: "ok" }
  | { readonly type: "silent"; readonly seconds: number }
  | { readonly type: "lost" };

export type Item = MessageItem | PresenceItem | NoticeItem;

export interface MessageItem {
  readonly type: "message";
  /** The sequence number. */
  readonly id: number;
  /** ms since 1970, by the server's clock. */
  readonly time: number;
  readonly name: string;
  readonly fingerprint: string;
  readonly text: string;
  readonly isOwn: boolean;
  readonly isMention: boolean;
}

export interface PendingMessage {
  readonly type: "pending";
  readonly id: number;
  readonly time: number;
  readonly name: string;
  readonly fingerprint: string;
  readonly text: string;
  /** Why it was not taken; null while it is on its way. */
  readonly problem: Problem | null;
}

/** Who came and left, by name. */
export interface PresenceItem {
  readonly type: "presence";
  readonly id: number;
  readonly time: number;
  readonly joined: readonly string[];
  readonly left: readonly string[];
}

export interface NoticeItem {
  readonly type: "notice";
  readonly id: number;
  readonly time: number;
  readonly notice: Notice;
}

/** Something worth a line; words/ has the sentences. */
export type Notice =
  | { readonly type: "server"; readonly problem: Problem }
  | { readonly type: "error"; readonly problem: Problem }
  | { readonly type: "renamed"; readonly from: string; readonly to: string }
  | { readonly type: "left"; readonly name: string; readonly reason: string }
  | { readonly type: "reconnected" }
  /** A message that was written for another conversation of the server. */
  | { readonly type: "unsent"; readonly text: string }
  | { readonly type: "answer"; readonly answer: Answer };

/** What a command has brought, besides what the room sees. */
export type Answer =
  | { readonly type: "help" }
  /** Null while there is no connection. */
  | { readonly type: "way"; readonly way: CurrentWay | null }
  | {
      readonly type: "banned";
      readonly name: string;
      /** The invitations that let nobody new in any more: "standing", or their numbers. */
      readonly closed: readonly string[];
      /** Anyone may join this server. */
      readonly isOpen: boolean;
    }
  | { readonly type: "unbanned"; readonly name: string }
  | { readonly type: "muted"; readonly name: string; readonly muted: boolean }
  | { readonly type: "locked"; readonly locked: boolean }
  | { readonly type: "deleted"; readonly room: string }
  | { readonly type: "revoked"; readonly number: number }
  | { readonly type: "bans"; readonly names: readonly string[] }
  | { readonly type: "invitations"; readonly invitations: readonly InvitationLine[] }
  | { readonly type: "in-room"; readonly room: string };

export interface InvitationLine {
  readonly id: string;
  readonly count: number;
  readonly left: number | null;
  /** ms since 1970. */
  readonly until: number | null;
}

/** Messages of others that came while nobody watched. */
export interface Unread {
  /** The line stands before the first message from this number on, until this person says something or goes away again. */
  readonly from: number | null;
  readonly count: number;
  readonly mentions: number;
}

export interface OtherRoom {
  readonly name: string;
  readonly unread: number;
  readonly mentions: number;
  /** Up to which sequence number it has been read; null if this person was never there. */
  readonly after: number | null;
}

export interface Search {
  readonly words: string;
  /** Null until the server has answered. */
  readonly found: readonly LogEntry[] | null;
  readonly problem: Problem | null;
}

export type Dialog =
  | {
      readonly type: "invitation";
      readonly link: string | null;
      readonly command: string;
      readonly hasCopied: boolean;
    }
  | {
      readonly type: "person";
      readonly name: string;
      readonly fingerprint: string;
      /** What the server says of them; null until it has, and of somebody who is absent. */
      readonly member: MemberDescription | null;
    }
  | { readonly type: "menu"; readonly notifications: NotificationChoice }
  | { readonly type: "name"; readonly problem: Problem | null }
  | { readonly type: "join-room"; readonly problem: Problem | null }
  | { readonly type: "about"; readonly digest: string | null }
  | { readonly type: "confirm"; readonly what: Confirmation };

/** Whether messages are announced outside of the page: asked for by a button, and never by itself. */
export type NotificationChoice = "unavailable" | "off" | "on" | "denied";

/** What is asked again before it is done. */
export type Confirmation =
  | { readonly type: "close" }
  | { readonly type: "delete"; readonly room: string; readonly entries: number };

export const NOTHING_UNREAD: Unread = { from: null, count: 0, mentions: 0 };

export const START: State = {
  phase: { type: "room" },
  room: NO_ROOM,
  isMuted: false,
  hues: new Map(),
  connection: { type: "joining" },
  isOnline: true,
  items: [],
  pending: [],
  earlier: "unknown",
  presence: NO_PRESENCE,
  unread: NOTHING_UNREAD,
  isWatched: true,
  rooms: [],
  search: null,
  dialog: null,
  nextId: -1,
};
