// Keys pressed one after the other, and what becomes of the line.

import {
  type Editing,
  type EditorCommand,
  NOTHING_TYPED,
} from "../../../src/terminal/editor/editing.ts";
import { paste, press } from "../../../src/terminal/editor/line-keys.ts";
import type { Key } from "../../../src/terminal/input/input-event.ts";

export const NO_KEY: Key = { name: "", text: "", ctrl: false, meta: false, shift: false };

/** Printable characters. */
export const text = (written: string): Key[] =>
  Array.from(written, (character) => ({ ...NO_KEY, name: character, text: character }));

/** A key written "ctrl+a", "meta+b", "left". */
export function key(chord: string): Key {
  const parts = chord.split("+");
  return {
    name: parts.at(-1) ?? "",
    text: "",
    ctrl: parts.includes("ctrl"),
    meta: parts.includes("meta"),
    shift: parts.includes("shift"),
  };
}
export const keys = (...chords: string[]): Key[] => chords.map(key);

export interface Pressed {
  editing: Editing;
  commands: EditorCommand[];
}

export function pressAll(all: Key[], start: Editing = NOTHING_TYPED): Pressed {
  const commands: EditorCommand[] = [];
  let editing = start;
  for (const each of all) {
    const [next, command] = press(editing, each);
    editing = next;
    if (command !== null) commands.push(command);
  }
  return { editing, commands };
}

/** The line and its cursor, written "ab|c". */
export function line({ editing }: Pressed): string {
  const { text: typed, cursor } = editing.line;
  return `${typed.slice(0, cursor)}|${typed.slice(cursor)}`;
}

/** What a line "ab|c" is after these keys. */
export function edited(before: string, ...chords: string[]): string {
  const cursor = before.indexOf("|");
  const start = { ...NOTHING_TYPED, line: { text: before.replace("|", ""), cursor } };
  return line(pressAll(keys(...chords), start));
}

/** What is typed after a paste. */
export function pasted(written: string, start: Editing = NOTHING_TYPED): Pressed {
  return { editing: paste(start, written), commands: [] };
}
