// Which messages are from before one came, or were missed meanwhile. Pure.

import type { RoomMessage } from "./room.ts";

/** What is marked before the next message, if that is from before. */
export interface Past {
  /** "earlier": said before one came; "new": said while the connection was lost. */
  readonly label: "earlier" | "new";
  /** When one came, ms since 1970. */
  readonly time: number;
}

/**
 * What is from before one joined is known by what the server says, whatever the clocks of the two machines say; what was missed
 * later, by its time alone.
 */
export function isFromBefore(message: Pick<RoomMessage, "time" | "past">, past: Past): boolean {
  return past.label === "earlier" ? message.past === true : message.time < past.time;
}
