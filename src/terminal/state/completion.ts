// What Tab completes in a room: commands, what they are about, and names of people. Pure.

import { MAX_PERSON } from "../../chat/member-frames.ts";
import { completeWord, type Completion, startingWith } from "../editor/completion.ts";
import type { LineBuffer } from "../editor/line-buffer.ts";

/** What a command is about, and the server is asked for. */
export type AskedWords = "rooms" | "operators" | "muted" | "banned" | "invitations";

/** By command. The others of the room and the commands are known without asking. */
const ARGUMENTS: ReadonlyMap<string, AskedWords | "people" | "commands"> = new Map([
  ["join", "rooms"],
  ["delete", "rooms"],
  ["kick", "people"],
  ["ban", "people"],
  ["mute", "people"],
  ["op", "people"],
  ["deop", "operators"],
  ["unmute", "muted"],
  ["unban", "banned"],
  ["revoke", "invitations"],
  ["help", "commands"],
]);
const PEOPLE: ReadonlySet<string> = new Set(["people", "operators", "muted", "banned"]);
const COMMAND_WITH_ARGUMENT = /^\/([a-z]+)\s+((?:\S.*)?)$/s;

const INVITE = /^\/invite\s+(?:.*\s)?((?:-\S*)?)$/;
/** Options of `/invite`, each with whether it takes a value; `--renew` goes with no other. */
const INVITE_OPTIONS: ReadonlyMap<string, boolean> = new Map([
  ["--for", true],
  ["--uses", true],
  ["--renew", false],
]);

/** Characters of a name, with room for another spelling: what is longer begins none, and each look takes as long as it is. */
const MAX_TYPED = 4 * MAX_PERSON;

export interface Known {
  /** Without the slash. */
  readonly commands: readonly string[];
  /** The others in the room. */
  readonly people: readonly string[];
  /** What the server was asked for. */
  readonly asked: readonly string[];
}

/** What the server has to be asked for to complete what stands before the cursor. */
export function wordsToAskFor({ text, cursor }: LineBuffer): AskedWords | null {
  const kind = argumentAt(text.slice(0, cursor))?.kind;
  return kind === undefined || kind === "people" || kind === "commands" ? null : kind;
}

export function completeInRoom(line: LineBuffer, { commands, people, asked }: Known): Completion {
  const before = line.text.slice(0, line.cursor);
  const argument = argumentAt(before);
  if (argument !== null) {
    const { kind, typed } = argument;
    if (kind === "commands") return complete(line, withoutMark(typed, "/"), commands);
    const words = kind === "people" ? people : asked;
    return complete(line, PEOPLE.has(kind) ? withoutMark(typed, "@") : typed, words);
  }
  const option = INVITE.exec(before)?.[1];
  if (option !== undefined) return complete(line, option, inviteOptions(before, option));
  const command = /^\/(?!\/)\S*$/.exec(before)?.[0];
  if (command !== undefined) {
    return complete(
      line,
      command,
      commands.map((name) => `/${name}`),
    );
  }
  return completePerson(line, before, people);
}

/** What a command is about, as far as it is typed. */
function argumentAt(before: string) {
  const [, command = "", typed = ""] = COMMAND_WITH_ARGUMENT.exec(before) ?? [];
  const kind = ARGUMENTS.get(command);
  // Only a name may contain blanks.
  if (kind === undefined || (/\s/.test(typed) && !PEOPLE.has(kind))) return null;
  return { kind, typed };
}

function withoutMark(typed: string, mark: string): string {
  return typed.startsWith(mark) ? typed.slice(mark.length) : typed;
}

function complete(line: LineBuffer, typed: string, words: readonly string[]): Completion {
  return completeWord(line, typed, startingWith(typed, words), " ");
}

/** Those that may still follow. */
function inviteOptions(before: string, typed: string): readonly string[] {
  const given = before
    .slice(0, before.length - typed.length)
    .split(/\s+/)
    .slice(1, -1);
  const isValue = INVITE_OPTIONS.get(given.at(-1) ?? "") === true;
  if (isValue || given.includes("--renew")) return [];
  const options = [...INVITE_OPTIONS.keys()].filter((option) => !given.includes(option));
  return given.length === 0 ? options : options.filter((option) => option !== "--renew");
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
