// What a test can do with the page of page/main.ts, by the name `fixture`.

import type { RoomEvent } from "../../src/chat/events.ts";
import type { LogEntry, MemberDescription } from "../../src/chat/frames.ts";

export interface Fixture {
  /** What the page has done, in order. */
  readonly heard: unknown[];
  readonly opened: string[];
  play(...events: RoomEvent[]): void;
  /** The server stores what was said, the oldest first. */
  deliver(time: number): void;
  refuse(code: "REFUSED", message: string): void;
  start(options: FixtureOptions): void;
  stop(): void;
  /** Another tab takes the room, or has had it from the start. */
  losePlace(): void;
  /** The room is entered at last. */
  getPlace(): void;
}

export interface FixtureOptions {
  readonly name: string | null;
  readonly hasInvitation?: boolean;
  readonly isSecure?: boolean;
  readonly servedBy?: "server" | "relay";
  readonly members?: readonly MemberDescription[];
  /** What the server's log has. */
  readonly log?: readonly LogEntry[];
  readonly owner?: boolean;
  readonly draft?: string;
  readonly rooms?: readonly string[];
  readonly read?: Readonly<Record<string, number>>;
}
