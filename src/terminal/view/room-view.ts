// A room as it stands on somebody's screen: what was learned of it, and what marks its messages there. Keeps
// the state of room-state.ts and separators.ts; knows no streams.

import type { ConversationEvent, RoomEvent } from "../../chat/events.ts";
import { names, NOWHERE, roomAfter, type RoomState, seen } from "./room-state.ts";
import { arrived, looked, markBefore, noMarks } from "./separators.ts";

export interface RoomScene {
  readonly state: RoomState;
  /** To be called with each event before it is shown. */
  see(event: ConversationEvent): void;
  /** Older messages were shown, down to this one. */
  sawBackTo(sequence: number): void;
  /** Whether anybody looks at the screen, as far as the terminal tells. */
  look(looking: boolean): void;
  /** The line before a message of this time, or null where none is wanted. */
  markBefore(time: number): string | null;
  /** Whether the message calls for whom this is, by name, now. */
  isCalled(message: Extract<RoomEvent, { type: "message" }>): boolean;
}

/** @param clock ms since 1970 */
export function createRoomScene(clock: () => number): RoomScene {
  let state = NOWHERE;
  let marks = noMarks(clock());
  /** What was said before calls for nobody any more. */
  let entered = 0;

  return {
    get state() {
      return state;
    },
    see(event) {
      state = roomAfter(state, event);
      if (event.type === "entered") {
        entered = clock();
        marks = arrived(marks, "earlier", entered);
      }
      if (event.type === "reconnected") marks = arrived(marks, "new", clock());
    },
    sawBackTo(sequence) {
      state = seen(state, sequence);
    },
    look(looking) {
      marks = looked(marks, looking);
    },
    markBefore(time) {
      const [next, mark] = markBefore(marks, time, clock());
      marks = next;
      return mark;
    },
    isCalled({ text, fingerprint, time }) {
      return time >= entered && fingerprint !== state.fingerprint && names(text, state.name);
    },
  };
}
