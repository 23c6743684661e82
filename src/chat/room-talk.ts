// A conversation in a room as its members see it: beside talking, what can be asked of the room and of its
// server. Knows nothing of how the answers come.

import type { Conversation } from "./events.ts";
import type { MemberDescription } from "./frames.ts";
import type { LogEntry } from "./log-entry.ts";

export interface RoomDescription {
  readonly name: string;
  /** What was said there, in messages. */
  readonly entries: number;
  /** Who is there now. */
  readonly members: number;
}

export interface HistoryQuestion {
  /** How many at most, 1 to MAX_FOUND. */
  readonly count: number;
  /** Only what was said before this sequence number. */
  readonly before?: number | undefined;
  /** Only what has all of these words. */
  readonly words?: string | undefined;
}

/**
 * Each question resolves with the server's answer, and throws CharlaError: NOT_CONNECTED while the way to the server
 * is lost, CONVERSATION_OVER, or what the server says of it (NAME_TAKEN, NO_SUCH_MEMBER, NOT_THE_OWNER, ...).
 */
export interface RoomConversation extends Conversation {
  /** Who is in the room, oneself among them. */
  who(): Promise<readonly MemberDescription[]>;
  /** The rooms of the server. */
  rooms(): Promise<readonly RoomDescription[]>;
  /** What was said, oldest first. */
  history(question: HistoryQuestion): Promise<readonly LogEntry[]>;
  /** Takes another name. */
  rename(name: string): Promise<void>;
  /** Sends somebody away for good; the owner's, as are the next three. */
  kick(name: string): Promise<void>;
  mute(name: string, muted: boolean): Promise<void>;
  /** Lets nobody else in, or again. */
  lock(locked: boolean): Promise<void>;
  /** An invitation for so many, for so long; for any number, as long as the server runs, where left out. */
  invite(limits?: {
    readonly uses?: number | undefined;
    readonly seconds?: number | undefined;
  }): Promise<string>;
}
