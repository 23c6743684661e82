// Modes of a terminal that are on while a conversation is on it, and how each is turned off. Pure: knows no stream.

import type { Capabilities } from "./capabilities.ts";
import { restoreTitle, saveTitle } from "./window-requests.ts";

export interface Mode {
  readonly on: string;
  readonly off: string;
}

function privateMode(number: number): Mode {
  return { on: `\x1b[?${number}h`, off: `\x1b[?${number}l` };
}

// DEC private modes (xterm ctlseqs), which other terminals ignore.
const PASTE_BRACKETS = privateMode(2004);
const FOCUS_REPORTS = privateMode(1004);
/** Graphemes are measured as a whole. */
export const GRAPHEMES = privateMode(2027);
/** What is written while it is on appears at once. */
export const SYNCHRONIZED = privateMode(2026);
/**
 * The kitty keyboard protocol: 1 tells Escape and Ctrl-I from what they were mixed up with, 4 names a key on foreign keyboards by
 * its place. Pushed and popped, so that the shell's own flags come back.
 */
const KEYBOARD: Mode = { on: "\x1b[>5u", off: "\x1b[<u" };

/** What can be turned on without asking. */
export const FIRST_MODES: readonly Mode[] = [PASTE_BRACKETS, FOCUS_REPORTS];

/** The modes of a terminal, as far as it is known. */
export function modesOf(capabilities: Capabilities): readonly Mode[] {
  const { graphemes, keyboard, title } = capabilities;
  return [
    ...FIRST_MODES,
    ...(graphemes ? [GRAPHEMES] : []),
    ...(keyboard ? [KEYBOARD] : []),
    // The title of the window is kept, and given back.
    ...(title ? [{ on: saveTitle(capabilities), off: restoreTitle(capabilities) }] : []),
  ];
}

export function turnOn(modes: readonly Mode[]): string {
  return modes.map(({ on }) => on).join("");
}

export function turnOff(modes: readonly Mode[]): string {
  return modes
    .map(({ off }) => off)
    .toReversed()
    .join("");
}
