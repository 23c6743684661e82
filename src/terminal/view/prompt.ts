// What stands before the line being typed: whose turn it is, and for how long nothing has been heard.
// Pure: the time comes in, in ms on any clock that only goes forward.

import type { ConversationEvent } from "../../chat/events.ts";

interface PromptState {
  readonly turn: "mine" | "theirs";
  /** When the other end was last heard, while that is too long ago; null while it is not. */
  readonly silentSince: number | null;
}

export const FIRST_PROMPT: PromptState = { turn: "mine", silentSince: null };

/** The state after `event`; the same object when the event does not concern the prompt. */
export function promptAfter(
  state: PromptState,
  event: ConversationEvent,
  now: number,
): PromptState {
  switch (event.type) {
    case "turn":
      return { ...state, turn: event.whose };
    case "silent":
      return { ...state, silentSince: now - event.seconds * 1_000 };
    case "heard":
    case "joined":
    case "left":
    case "disconnected":
    case "reconnected":
    case "ended":
      return state.silentSince === null ? state : { ...state, silentSince: null };
    default:
      return state;
  }
}

export function promptText({ turn, silentSince }: PromptState, now: number): string {
  if (silentSince !== null) {
    // Rounded, so that a timer that fires a little early or late still counts every second.
    return `(no contact for ${Math.round((now - silentSince) / 1_000)} s) > `;
  }
  return turn === "mine" ? "> " : "(their turn) > ";
}
