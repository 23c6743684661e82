// What the page is given: how to join, what this browser remembers, and where it came from. main.ts has it for real.

import type { RoomConversation } from "../../src/chat/conversation.ts";
import type { CharlaError } from "../../src/errors.ts";

export interface PageContext {
  /** Null where the page was opened without one: then it explains itself, and takes a pasted one. */
  readonly invitation: Invitation | null;
  /** What is wrong with the link by which the page was opened; null where nothing is. */
  readonly problem: CharlaError | null;
  /** Of this person in this browser; null on the first visit: then the page asks. */
  readonly name: string | null;
  readonly servedBy: "server" | "relay";
  /** Whether the page came by https, or from this machine. */
  readonly isSecure: boolean;
  readonly memory: Memory;
  /** Joins, once the name is known, and again for another room. The conversation reconnects by itself. */
  join(options: { readonly name: string; readonly room: string }): Promise<RoomConversation>;
  /**
   * Goes to the page of a pasted invitation.
   *
   * @throws {CharlaError} INVALID_INVITATION
   */
  openInvitation(text: string): void;
  /** SHA-256 of the page, as `charla doctor` prints it; null where it can't be had. */
  pageDigest(): Promise<string | null>;
  /** A room is in one tab of the browser at a time. */
  readonly tabs: Tabs;
}

export interface Invitation {
  readonly room: string;
  readonly serverFingerprint: string;
  /** The same for any room of the server. */
  to(room: string): WrittenInvitation;
}

export interface WrittenInvitation {
  /** For a browser; null where the server serves no page. */
  readonly link: string | null;
  /** For a terminal: `charla://...`. */
  readonly command: string;
}

/** What this browser remembers of each room. */
export interface Memory {
  saveName(name: string): void;
  loadDraft(room: string): Promise<string>;
  saveDraft(room: string, text: string): void;
  /** Sequence number of the newest message that was read, by room. */
  loadRead(): Promise<ReadonlyMap<string, number>>;
  saveRead(room: string, sequence: number): void;
  /** Messages of an earlier visit that are not stored yet, the oldest first. */
  loadWaiting(room: string): Promise<readonly string[]>;
}

export interface Tabs {
  /** Called when another tab has the room: `join` waits for it until then, and what this tab had is over. */
  onWaiting(handler: () => void): void;
  /** Gets the room from the other tab: `join`, which waits, goes on. */
  take(): void;
}
