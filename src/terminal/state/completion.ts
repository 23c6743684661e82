// What Tab completes in a room: commands, names of people and of rooms. Pure.

import { MAX_PERSON } from "../../chat/frames.ts";
import { completeWord, type Completion, startingWith } from "../editor/completion.ts";
import type { LineBuffer } from "../editor/line-buffer.ts";

const JOIN = /^\/(?:join|delete)\s+(\S*)$/;

/** Characters of a name, with room for another spelling: what is longer begins none, and each look takes as long as it is. */
const MAX_TYPED = 4 * MAX_PERSON;

/** Whether the cursor stands behind a room's name, so that `rooms` are needed to complete it. */
export function isTypingRoom({ text, cursor }: LineBuffer): boolean {
  return JOIN.test(text.slice(0, cursor));
}

export function completeInRoom(
  line: LineBuffer,
  {
    commands,
    people,
    rooms,
  }: {
    readonly commands: readonly string[];
    readonly people: readonly string[];
    readonly rooms: readonly string[];
  },
): Completion {
  const before = line.text.slice(0, line.cursor);
  const room = JOIN.exec(before)?.[1];
  if (room !== undefined) return completeWord(line, room, startingWith(room, rooms), " ");
  const command = /^\/(?!\/)\S*$/.exec(before)?.[0];
  if (command !== undefined) {
    return completeWord(line, command, startingWith(command, commands), " ");
  }
  return completePerson(line, before, people);
}

/** A name may contain blanks, so the longest text before the cursor that begins one is completed, with an @ or without. */
function completePerson(line: LineBuffer, before: string, people: readonly string[]): Completion {
  for (const { index } of before.matchAll(/(?<!\S)\S/g)) {
    if (before.length - index > MAX_TYPED) continue;
    const typed = before.slice(index);
    const mentions = typed.startsWith("@");
    const candidates = mentions
      ? startingWith(typed.slice(1), people).map((name) => `@${name}`)
      : startingWith(typed, people);
    if (candidates.length > 0) {
      return completeWord(line, typed, candidates, index === 0 && !mentions ? ": " : " ");
    }
  }
  return { line, candidates: [] };
}
