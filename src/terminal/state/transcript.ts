// What stands in the transcript of a conversation, one item after the other: messages, the lines between them,
// and answers. Each item can be laid out by itself. Knows no rows, columns or colours.

import type { HelpTopic, Rights } from "../../chat/commands.ts";
import type { Banned } from "../../chat/conversation.ts";
import type {
  BanDescription,
  InvitationDescription,
  LogEntry,
  MemberDescription,
  RoomDescription,
} from "../../chat/frames.ts";

export interface MessageItem {
  readonly type: "message";
  /** When it was stored, ms since 1970; null while it is on its way. */
  readonly time: number | null;
  /** As its author chose it. On the plain wire, where nobody has a name: "<" and, for one's own, ">". */
  readonly name: string;
  /** The number of its author's colour; null on the plain wire. */
  readonly colour: number | null;
  readonly text: string;
  /** It names this person. */
  readonly mentions: boolean;
  /** The item before it is a message of the same author: in a narrow window the name isn't repeated. */
  readonly follows: boolean;
}

export type TranscriptItem =
  | MessageItem
  /** The day of the messages that follow has changed. */
  | { readonly type: "date"; readonly time: number }
  /** "earlier": what follows was said before one came, up to "now"; "new": while one was away or didn't look. */
  | { readonly type: "mark"; readonly label: "earlier" | "now" | "new" }
  | {
      readonly type: "notice";
      /** Null for the answer to a command. */
      readonly time: number | null;
      /** In the words of state/event-text.ts: what peers wrote in it is visible and isolated. */
      readonly text: string;
      readonly hint?: string | undefined;
    }
  | { readonly type: "error"; readonly text: string; readonly hint: string }
  | {
      readonly type: "invitation";
      readonly invitation: string;
      /** The link for a browser. */
      readonly page: string | null;
      readonly code: CodeRoom;
    }
  | { readonly type: "answer"; readonly answer: Answer };

/** What a drawing has printed of the transcript, and what the rows printed next have to go on with. */
export interface Drawn {
  /** Items that were printed whole. */
  readonly items: number;
  /** How far the next one was printed, if that is an answer longer than the window. */
  readonly page: PrintedRows | null;
  /** Of the column with the names. */
  readonly nameColumns: number;
  /** Since the last row with a name, where names have rows of their own. */
  readonly rowsSinceName: number;
}

/**
 * Where the QR code of an invitation is drawn: nowhere, in a window that has room for other things beside it, or in any that it fits
 * in, because it was asked for.
 */
export type CodeRoom = "none" | "beside" | "whole";

/** How much of an item was printed so far. */
export interface PrintedRows {
  readonly shown: number;
  readonly total: number;
  readonly next: PagePlace;
}

/** Where the next page begins: in a window of another size the item has other rows, but the same parts. */
export interface PagePlace {
  /** Parts of the item that were printed whole, such as the messages of an answer. */
  readonly parts: number;
  /** Rows of the next part that were printed. */
  readonly rows: number;
  /** The layout of those rows. */
  readonly layout: {
    readonly columns: number;
    readonly rows: number;
    readonly nameColumns: number;
  };
}

/** A message that /history or /search has found. */
export interface FoundEntry extends LogEntry {
  /** It names this person. */
  readonly mentions: boolean;
}

/** What a command was answered. */
export type Answer =
  | { readonly type: "commands"; readonly rights: Rights }
  | { readonly type: "command"; readonly about: HelpTopic }
  | {
      readonly type: "people";
      readonly people: readonly MemberDescription[];
      readonly ownName: string;
      readonly verbose: boolean;
      /** The number of each person's colour, by fingerprint. */
      readonly colours: ReadonlyMap<string, number>;
    }
  | {
      readonly type: "rooms";
      readonly rooms: readonly RoomDescription[];
      readonly current: string;
    }
  | { readonly type: "bans"; readonly bans: readonly BanDescription[] }
  | { readonly type: "banned"; readonly banned: Banned }
  | { readonly type: "invitations"; readonly invitations: readonly InvitationDescription[] }
  | {
      readonly type: "entries";
      readonly entries: readonly FoundEntry[];
      readonly colours: ReadonlyMap<string, number>;
    };

/** Items that are laid out and written at once: a few ms of work, so that keys are read in between. */
export const MAX_AT_ONCE = 50;

/** Characters of their texts; the longest message has 65,507. */
const MAX_TEXT_AT_ONCE = 20_000;

/** Those that are laid out at once: at least one. */
export function firstItems(transcript: readonly TranscriptItem[]): readonly TranscriptItem[] {
  let length = 0;
  const end = transcript.slice(0, MAX_AT_ONCE).findIndex((item) => {
    length += "text" in item ? item.text.length : 0;
    return length > MAX_TEXT_AT_ONCE;
  });
  return transcript.slice(0, end === -1 ? MAX_AT_ONCE : Math.max(1, end));
}
