// A switch to another room that is under way. What is typed meanwhile is for the people of that room: it is held until the
// room is entered and, where it can't be, given back unsent. Pure.

import { foldName } from "../../chat/name-keys.ts";

export interface Switching {
  /** Of the command that asked for it. */
  readonly id: number;
  /** As it was typed. */
  readonly room: string;
  /** Messages and commands, as they were typed, oldest first. */
  readonly held: readonly string[];
}

/** Whether this is the room that was to be entered: the server may spell it otherwise. */
export function isSwitchTo(switching: Switching | null, room: string): boolean {
  return switching !== null && foldName(switching.room) === foldName(room);
}
