// What happens to the screen, and what the screen wants done, as data: the driver (terminal.ts) makes the first and
// does the second.

import type { CurrentWay } from "../../chat/channel.ts";
import type { Command } from "../../chat/commands.ts";
import type { ConversationEvent } from "../../chat/events.ts";
import type { LogEntry, MemberDescription, RoomDescription } from "../../chat/frames.ts";
import type { WatchedRoom } from "../../chat/member-frames.ts";
import type { LineBuffer } from "../editor/line-buffer.ts";
import type { InputEvent } from "../input/input-event.ts";
import type { Capabilities } from "../output/capabilities.ts";
import type { Size } from "../rows.ts";
import type { AskedWords } from "./completion.ts";
import type { Answer, Drawn } from "./transcript.ts";

/** Commands that need the conversation; the others are for the screen alone. */
export type RoomCommand = Exclude<Command, { type: "help" | "quit" | "bye" | "copy" }>;

/** What became of a command. */
export type Outcome =
  | { readonly type: "done" }
  | { readonly type: "text"; readonly lines: readonly string[] }
  | { readonly type: "invitation"; readonly invitation: string; readonly page: string | null }
  | { readonly type: "people"; readonly people: readonly MemberDescription[] }
  | { readonly type: "rooms"; readonly rooms: readonly RoomDescription[] }
  /** Shown as they are. */
  | Extract<Answer, { type: "bans" | "banned" | "invitations" }>
  /** `isOlder`: they come before the oldest that was shown. */
  | {
      readonly type: "entries";
      readonly entries: readonly LogEntry[];
      readonly isOlder: boolean;
      readonly note: string | null;
    }
  /** It has to be typed again. */
  | { readonly type: "ask-back"; readonly line: string; readonly text: string }
  | ({ readonly type: "failed" } & Failure);

/** Of a CharlaError. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

export type ScreenEvent =
  | { readonly type: "input"; readonly event: InputEvent }
  /** A line was entered where it can't be edited. */
  | { readonly type: "line"; readonly text: string }
  | { readonly type: "conversation"; readonly event: ConversationEvent }
  | { readonly type: "resize"; readonly size: Size }
  | { readonly type: "capabilities"; readonly capabilities: Capabilities }
  /** Other programs have the terminal, or had it: what was printed last may be out of sight. */
  | { readonly type: "lent" }
  /** Time has passed: see `nextTick`. */
  | { readonly type: "tick" }
  | ({ readonly type: "drawn" } & Drawn)
  /** To "run". */
  | { readonly type: "answered"; readonly id: number; readonly outcome: Outcome }
  /** To "complete": what was asked for. */
  | { readonly type: "completed"; readonly line: LineBuffer; readonly words: readonly string[] }
  /** To "edit". */
  | { readonly type: "edited"; readonly text: string }
  /** To "ask-rooms". */
  | { readonly type: "rooms"; readonly rooms: readonly RoomDescription[] }
  /** To "ask-people". */
  | { readonly type: "people"; readonly people: readonly MemberDescription[] }
  /** To "ask-way"; null where there is none now. */
  | { readonly type: "way"; readonly way: CurrentWay | null }
  /** To "say": why it was not, or is not known to be. */
  | { readonly type: "not-said"; readonly id: number; readonly error: Failure }
  | { readonly type: "error"; readonly error: Failure }
  /** The program leaves, by a signal. */
  | { readonly type: "leaving" }
  /** The program ends: what is still pending is printed as it is. */
  | { readonly type: "closed" };

export type Effect =
  | { readonly type: "say"; readonly id: number; readonly text: string }
  /** `confirmed`: the line that was typed before and asked to be typed again. */
  | {
      readonly type: "run";
      readonly id: number;
      readonly command: RoomCommand;
      readonly confirmed: string | null;
    }
  /** Completes what the server has to be asked for. */
  | { readonly type: "complete"; readonly line: LineBuffer; readonly words: AskedWords }
  | { readonly type: "ask-rooms" }
  | { readonly type: "ask-people" }
  | { readonly type: "ask-way" }
  /** Asks the server to say what is new in these rooms. */
  | { readonly type: "watch"; readonly rooms: readonly WatchedRoom[] }
  /** Says bye, if that can be sent now. */
  | { readonly type: "goodbye" }
  | { readonly type: "leave"; readonly status: "done" | "interrupted" }
  /** Keeps an entered line for the next start of the program. */
  | { readonly type: "keep-line"; readonly text: string }
  /** Opens an editor of the person's own; "edited" brings back what it leaves. */
  | { readonly type: "edit"; readonly text: string }
  | { readonly type: "suspend" }
  | { readonly type: "clear-screen" }
  | { readonly type: "bell" }
  | { readonly type: "notify"; readonly title: string; readonly body: string }
  | { readonly type: "copy"; readonly text: string };
