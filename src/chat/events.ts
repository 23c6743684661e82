// What happens in a conversation, as data: the one vocabulary of the library, the terminal and --json. The plain
// wire and rooms have a union each. Says who with names made elsewhere; knows nothing of networks.

import type { CurrentWay } from "./channel.ts";
import type { MemberDescription, RoomNews } from "./frames.ts";

/** What happens on the plain wire, between two. */
export type PlainEvent =
  /** This end waits for others at `address`. */
  | { readonly type: "listening"; readonly address: string }
  /** This end speaks to `peer`, which need not have answered. */
  | { readonly type: "joining"; readonly peer: string }
  /** The other end spoke for the first time. */
  | { readonly type: "joined"; readonly peer: string }
  | { readonly type: "message"; readonly from: string; readonly text: string }
  /** A message of this end was sent. */
  | { readonly type: "said"; readonly text: string }
  /** A message of this end waits: there is no peer yet, or it is the other end's turn. */
  | { readonly type: "waiting"; readonly for: "peer" | "turn"; readonly text: string }
  /** Turn-taking: whose turn it is now. */
  | { readonly type: "turn"; readonly whose: "mine" | "theirs" }
  /** Somebody outside the conversation spoke and was ignored: the 1st, 10th, 100th, ... time, `ignored` in all. */
  | { readonly type: "stranger"; readonly from: string; readonly ignored: number }
  /** Messages came faster than they were read; `count` in all were dropped. */
  | { readonly type: "dropped"; readonly count: number }
  | Notice
  | Ended;

/** What happens in a room. */
export type RoomEvent =
  /** Only for the owner: the server in this program waits for others at `address`. */
  | { readonly type: "listening"; readonly address: string }
  /**
   * Only for the owner: what lets somebody in; it holds a secret, unless the server is open to everybody. `page`: the same as a
   * link for a browser, where a page is served.
   */
  | { readonly type: "invitation"; readonly invitation: string; readonly page?: string }
  /**
   * This end is in a room, under this name, with these members, itself among them; `last` is the sequence number of its
   * newest message.
   */
  | {
      readonly type: "entered";
      readonly room: string;
      readonly name: string;
      readonly owner: boolean;
      readonly operator?: boolean;
      /** What this end says is refused. */
      readonly muted?: boolean;
      readonly last: number;
      readonly members: readonly MemberDescription[];
    }
  /** The connection to the server is lost; this end reconnects by itself. */
  | { readonly type: "disconnected"; readonly message: string }
  | { readonly type: "reconnected" }
  /** The way to the server: after this end has entered or reconnected, and whenever it changes. */
  | ({ readonly type: "way" } & CurrentWay)
  /** What this end may do in the room has changed. */
  | { readonly type: "rights"; readonly operator: boolean; readonly muted: boolean }
  /** Somebody came in, with the first of their programs; `away` if its connection is silent already. */
  | {
      readonly type: "joined";
      readonly peer: string;
      readonly fingerprint: string;
      readonly away: boolean;
    }
  /** Somebody is gone, with the last of their programs, for a reason that may be empty. */
  | { readonly type: "left"; readonly peer: string; readonly reason: string }
  /** All of somebody's connections are silent, or one works again. */
  | { readonly type: "away"; readonly peer: string; readonly away: boolean }
  | { readonly type: "renamed"; readonly from: string; readonly to: string }
  /** What has changed in other rooms that are watched. */
  | { readonly type: "news"; readonly rooms: readonly RoomNews[] }
  /**
   * With its number in the log, when it was stored (ms since 1970), and whose key it is from. `past`: it was stored
   * before this end entered the room, and so is history, not news.
   */
  | {
      readonly type: "message";
      readonly from: string;
      readonly text: string;
      readonly sequence: number;
      readonly time: number;
      readonly fingerprint: string;
      readonly past?: true;
    }
  /** A message of this end was sent to the server. */
  | { readonly type: "said"; readonly text: string }
  /**
   * A message of this end is on the server's disk: with its number in the log, and when it was stored (ms since 1970).
   * `earlier`: it was said in an earlier run of the program, which did not learn that.
   */
  | {
      readonly type: "delivered";
      readonly text: string;
      readonly sequence: number;
      readonly time: number;
      readonly earlier?: true;
    }
  /** A message of this end waits until the server is reached. */
  | { readonly type: "waiting"; readonly for: "server"; readonly text: string }
  /** Nothing has come from the server for so long, though something should have. */
  | { readonly type: "silent"; readonly seconds: number }
  /** The server is heard again after a silence of so long. */
  | { readonly type: "heard"; readonly seconds: number }
  | Notice
  | Ended;

/** Of either kind, for those who show or print both. */
export type ConversationEvent = PlainEvent | RoomEvent;

export type EventOf<Type extends ConversationEvent["type"]> = Extract<
  ConversationEvent,
  { type: Type }
>;

/**
 * Something worth a sentence that does not end the conversation. `kept` are messages of an earlier run that the device keeps
 * for another conversation of the server: they are named once.
 */
interface Notice {
  readonly type: "notice";
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly kept?: readonly string[];
}

export type NoticeText = Omit<Notice, "type" | "kept">;

/** A notice may be a CharlaError, which can't be spread: `message` is not enumerable. */
export function noticeEvent({ code, message, hint }: NoticeText): Notice {
  const event = { type: "notice", code, message } as const;
  return hint === undefined ? event : { ...event, hint };
}

/**
 * The end: nothing follows. `unsaid` are messages that were never sent or, in a room, are not known to be stored; `kept`,
 * where there are any, are those of them that the device keeps, and sends when it is in that conversation again.
 */
interface Ended {
  readonly type: "ended";
  readonly reason: EndReason;
  readonly unsaid: readonly string[];
  readonly kept?: readonly string[];
}

export type EndReason =
  /** On the plain wire: this end said bye. */
  | "said-bye"
  /** On the plain wire: the other end said bye. */
  | "heard-bye"
  /** This end left without a word. */
  | "left"
  /** The other end left without a word; in a room, the server has ended the conversation. */
  | "peer-left"
  /** The server has removed this end from the room, or did not let it back in; `events` goes on to throw the reason. */
  | "removed"
  /** Nobody is at the other end; `events` goes on to throw the reason. */
  | "lost";
