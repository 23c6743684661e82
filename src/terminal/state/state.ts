// The state of the screen, as data: what is still to be printed, what is drawn anew with each change, and what is known
// of the conversation. Knows no rows, no bytes and no clock.

import type { NoticeText } from "../../chat/events.ts";
import { type Editing, startEditing } from "../editor/editing.ts";
import type { Capabilities } from "../output/capabilities.ts";
import type { Size } from "../rows.ts";
import { visibleLine } from "../visible-text.ts";
import type { Awaited } from "./awaited.ts";
import type { Effect } from "./effects.ts";
import { NO_PRESENCE, type Presence, presenceText } from "./presence.ts";
import { NO_ROOM, type RoomState } from "./room.ts";
import type { Switching } from "./switching.ts";
import type { PrintedRows, TranscriptItem } from "./transcript.ts";
import type { Unanswered } from "./unanswered.ts";
import { NO_UNREAD, type Unread } from "./unread.ts";
import type { ShownWay } from "./way.ts";

/** What the program was started with. */
export interface TalkSettings {
  /** In a room lines may be commands, and a paste of several lines is one message. */
  readonly isRoom: boolean;
  /** Messages are shown as on their way until they have been delivered. */
  readonly showsDelivery: boolean;
  /** False where messages of others go to a file. */
  readonly showsMessages: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** Ring when a message mentions this person. */
  readonly bell: boolean;
  /** The desktop shows messages to this person that come while the window has no focus. */
  readonly notifies: boolean;
  /** Said before Ctrl-Z stops the program, where that is more than this person's window. */
  readonly beforeStop?: NoticeText | undefined;
}

/** A message of this end that is not known to be delivered. */
export interface PendingMessage {
  readonly id: number;
  readonly text: string;
  /** The conversation has taken it: it will be delivered, or refused, or listed at the end. */
  readonly isTaken: boolean;
}

export type Connection =
  /** Not in the conversation yet. */
  | { readonly type: "connecting" }
  | { readonly type: "ok" }
  /** Nothing was heard since then, though something should have been; `seconds` is counted on by ticks. */
  | { readonly type: "silent"; readonly since: number; readonly seconds: number }
  | { readonly type: "reconnecting" };

/** An answer that has more rows than the window: it is printed a page at a time. */
export interface Page extends PrintedRows {
  /** The next page is printed once a key is pressed. */
  readonly waits: boolean;
}

/** Whether this person wants to leave. */
export type Leaving =
  /** Ctrl-C was pressed on an empty line: again before that time, it leaves. */
  | { readonly type: "asked"; readonly until: number }
  /** From now on Ctrl-C waits for nothing. */
  | { readonly type: "begun" };

/** Datagrams that are not part of the conversation: after the first, only their count is shown. */
export interface Strays {
  /** What is known of those after the first; null while there are none. */
  readonly text: string | null;
  /** How long that is shown, ms since 1970. */
  readonly until: number;
}

/** A notification was shown, and the next one waits. */
export interface Notified {
  /** ms since 1970. */
  readonly until: number;
  /** Messages that it will count. */
  readonly more: number;
}

/** A person may have another name in each of their windows. */
export interface Author {
  readonly key: string;
  readonly name: string;
}

export interface State {
  readonly settings: TalkSettings;
  readonly size: Size;
  readonly capabilities: Capabilities;

  /** Not printed yet, oldest first. */
  readonly transcript: readonly TranscriptItem[];
  /** How far the first item of the transcript was printed, if that is an answer which needs pages; others wait. */
  readonly page: Page | null;
  /** Whose message was last, so that the next knows whether it follows; null after anything else, and where it is out of sight. */
  readonly lastAuthor: Author | null;
  /** Of the column with the names: in one room it only grows, so that texts stay below one another. */
  readonly nameColumns: number;
  /** Printed since the last row with a name, where names have rows of their own. */
  readonly rowsSinceName: number;
  /** A time of the day that was shown last, ms since 1970. */
  readonly day: number;
  /** What was printed last is from before one joined. */
  readonly showsPast: boolean;
  /** When the connection was back, ms since 1970; null once a message has come since then. */
  readonly reconnectedAt: number | null;
  /** "new" was shown since the focus was lost. */
  readonly markedNew: boolean;

  /** Own messages on their way, oldest first. */
  readonly pending: readonly PendingMessage[];
  /** Of messages and commands. */
  readonly nextId: number;
  /** Null while this person stays in the room. */
  readonly switching: Switching | null;
  /** Oldest first. */
  readonly unanswered: readonly Unanswered[];

  readonly presence: Presence;
  /** Null while nobody is. */
  readonly awaited: Awaited | null;
  readonly strays: Strays | null;

  readonly editing: Editing;

  readonly room: RoomState;
  /** HOST:PORT of the other end on the plain wire, once it is known. */
  readonly peer: string | null;
  /** The number of each person's colour, by fingerprint. */
  readonly colours: ReadonlyMap<string, number>;
  readonly connection: Connection;
  /** Null while it is not known. */
  readonly way: ShownWay | null;
  /** On the plain wire with turns. */
  readonly turn: "mine" | "theirs";
  readonly unread: Unread;

  /** Whether the terminal has the focus, as far as it reports that. */
  readonly focused: boolean;
  /** Messages of others since the focus was lost. */
  readonly unseen: number;
  readonly notified: Notified | null;
  /** The last invitation that was shown. */
  readonly invitation: string | null;
  /** What was asked back after the last line: typed again before that time, it is done. */
  readonly unconfirmed: { readonly line: string; readonly until: number } | null;
  readonly leaving: Leaving | null;
  /** When Ctrl-C came last, ms since 1970. */
  readonly interruptedAt: number | null;
  /** Has seen that there are no commands on the plain wire. */
  readonly knowsNoCommands: boolean;
}

/** The state after an event, and what is to be done. */
export type Step = readonly [State, readonly Effect[]];

/**
 * @param now ms since 1970
 * @param lines typed in earlier runs of the program, oldest first
 */
export function startState(
  settings: TalkSettings,
  size: Size,
  capabilities: Capabilities,
  now: number,
  lines: readonly string[] = [],
): State {
  return {
    settings,
    size,
    capabilities,
    transcript: [],
    page: null,
    lastAuthor: null,
    nameColumns: 1,
    rowsSinceName: 0,
    // People know what day it is.
    day: now,
    showsPast: false,
    reconnectedAt: null,
    markedNew: false,
    pending: [],
    nextId: 1,
    switching: null,
    unanswered: [],
    presence: NO_PRESENCE,
    awaited: null,
    strays: null,
    editing: startEditing(lines),
    room: NO_ROOM,
    peer: null,
    colours: new Map(),
    connection: { type: "connecting" },
    way: null,
    turn: "mine",
    unread: NO_UNREAD,
    focused: true,
    unseen: 0,
    notified: null,
    invitation: null,
    unconfirmed: null,
    leaving: null,
    interruptedAt: null,
    knowsNoCommands: false,
  };
}

/** What stands before the line being typed. */
export function promptText({ turn }: Pick<State, "turn">): string {
  return turn === "mine" ? "> " : "(their turn) > ";
}

/** Lines about the conversation that may still change, with their times, where they have one. */
export function liveNotices({
  presence,
  strays,
  settings,
}: State): readonly { readonly time: number | null; readonly text: string }[] {
  if (settings.quiet) return [];
  const coming = presenceText(presence);
  const stray = strays?.text ?? null;
  return [
    ...(coming === null ? [] : [{ time: presence.since, text: coming }]),
    ...(stray === null ? [] : [{ time: null, text: stray }]),
  ];
}

/** The title of the window. */
export function titleText({ room, unseen }: Pick<State, "room" | "unseen">): string {
  const name = windowName(room);
  return unseen === 0 ? name : `(${unseen}) ${name}`;
}

export function windowName({ room }: RoomState): string {
  return room === "" ? "charla" : `charla: ${visibleLine(room)}`;
}
