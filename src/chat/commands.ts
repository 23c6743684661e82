// What can be asked for in a room by writing it: a line that begins with a slash. Finds out what is meant, and
// what is wrong with it; does none of it.

import { CharlaError } from "../errors.ts";
import { closest } from "./closest.ts";
import { isName, isRoom, MAX_FOUND } from "./frames.ts";

export type Command =
  | { readonly type: "help" }
  | { readonly type: "who" }
  | { readonly type: "rooms" }
  | { readonly type: "join"; readonly room: string }
  | { readonly type: "name"; readonly name: string }
  | { readonly type: "history"; readonly count: number }
  | { readonly type: "search"; readonly words: string }
  | { readonly type: "quit" }
  | { readonly type: "kick"; readonly name: string }
  | { readonly type: "mute"; readonly name: string; readonly muted: boolean }
  | { readonly type: "lock"; readonly locked: boolean }
  | { readonly type: "invite"; readonly uses?: number; readonly seconds?: number };

/** What a line that was typed means. */
export type Written =
  | { readonly type: "say"; readonly text: string }
  | { readonly type: "command"; readonly command: Command };

export interface CommandDescription {
  readonly name: string;
  /** What is written behind it. */
  readonly takes: string;
  readonly does: string;
  /** Only for who opened the conversation. */
  readonly owner?: true;
}

export const COMMANDS = [
  { name: "help", takes: "", does: "lists these" },
  { name: "who", takes: "", does: "who is here" },
  { name: "rooms", takes: "", does: "the rooms of this server" },
  { name: "join", takes: "ROOM", does: "goes to another room" },
  { name: "name", takes: "NAME", does: "takes another name" },
  { name: "history", takes: "[N]", does: "what was said before; again for more" },
  { name: "search", takes: "WORDS", does: "what was said with all of these words" },
  { name: "me", takes: "TEXT", does: "says what you do" },
  { name: "quit", takes: "", does: "leaves without a word" },
  { name: "kick", takes: "NAME", does: "sends somebody away for good", owner: true },
  { name: "mute", takes: "NAME", does: "lets somebody listen only", owner: true },
  { name: "unmute", takes: "NAME", does: "lets them speak again", owner: true },
  { name: "lock", takes: "", does: "lets nobody else in", owner: true },
  { name: "unlock", takes: "", does: "lets others in again", owner: true },
  {
    name: "invite",
    takes: "[--uses N] [--for 1h]",
    does: "invites others; with limits",
    owner: true,
  },
] as const satisfies readonly CommandDescription[];

type CommandWord = (typeof COMMANDS)[number]["name"];

/** Messages that `/history` shows when it is not told how many. */
const HISTORY = 20;
/** An invitation for more is one for any number. */
const MAX_USES = 1_000_000;
const UNITS = "(?:(\\d+)d)?(?:(\\d+)h)?(?:(\\d+)m)?(?:(\\d+)s)?";
const DURATION = new RegExp(`^${UNITS}$`);
/** Seconds of a day, an hour, a minute and a second. */
const SECONDS = [86_400, 3_600, 60, 1];
/** Longer than anyone means, and short enough for every date to exist: ten years, s. */
const MAX_DURATION = 3_650 * 86_400;

/**
 * A line that begins with a slash is a command, and with two a message that begins with one. Several lines are a
 * message, whatever they begin with.
 *
 * @throws {CharlaError} USAGE
 */
export function readWritten(line: string): Written {
  if (!line.startsWith("/") || line.includes("\n")) return { type: "say", text: line };
  if (line.startsWith("//")) return { type: "say", text: line.slice(1) };
  const [, word = "", rest = ""] = /^\/(\S*)\s*(.*?)\s*$/s.exec(line) ?? [];
  const known = COMMANDS.find(({ name }) => name === word);
  if (known === undefined) throw noSuchCommand(word);
  if (known.name === "me") return { type: "say", text: `/me ${needed(known, rest)}` };
  return { type: "command", command: readCommand(known, rest) };
}

/** What somebody does, of a message that says so: "waves" of "/me waves"; null of any other. */
export function actionOf(text: string): string | null {
  return /^\/me (.*\S.*)$/s.exec(text)?.[1] ?? null;
}

function readCommand(
  known: CommandDescription & { readonly name: Exclude<CommandWord, "me"> },
  rest: string,
): Command {
  const { name } = known;
  switch (name) {
    case "help":
    case "who":
    case "rooms":
    case "quit":
      nothing(known, rest);
      return { type: name };
    case "lock":
    case "unlock":
      nothing(known, rest);
      return { type: "lock", locked: name === "lock" };
    case "join":
      return { type: "join", room: readRoom(known, rest) };
    case "name":
      return { type: "name", name: readName(known, rest) };
    case "history":
      return { type: "history", count: readCount(known, rest) };
    case "search":
      return { type: "search", words: needed(known, rest) };
    case "kick":
      return { type: "kick", name: needed(known, rest) };
    case "mute":
    case "unmute":
      return { type: "mute", name: needed(known, rest), muted: name === "mute" };
    case "invite":
      return readInvite(known, rest);
  }
}

function readRoom(known: CommandDescription, rest: string): string {
  if (isRoom(needed(known, rest))) return rest.normalize("NFC");
  throw new CharlaError(
    "USAGE",
    `a room cannot be called ${JSON.stringify(rest)}`,
    'a room\'s name has up to 40 letters, digits, "_", "." and "-"',
  );
}

function readName(known: CommandDescription, rest: string): string {
  if (isName(needed(known, rest))) return rest.normalize("NFC");
  throw new CharlaError(
    "USAGE",
    `nobody can be called ${JSON.stringify(rest)}`,
    "a name has up to 40 characters, all of them visible",
  );
}

function readCount(known: CommandDescription, rest: string): number {
  if (rest === "") return HISTORY;
  const count = wholeNumber(rest, MAX_FOUND);
  if (count !== null) return count;
  throw new CharlaError(
    "USAGE",
    `${JSON.stringify(rest)} is no number of messages`,
    `${usageOf(known)}, from 1 to ${MAX_FOUND}`,
  );
}

function readInvite(known: CommandDescription, rest: string): Command {
  let uses: number | undefined;
  let seconds: number | undefined;
  const words = rest.split(/[\s=]+/).filter((word) => word !== "");
  for (let index = 0; index < words.length; index += 2) {
    const [option, value = ""] = words.slice(index, index + 2);
    const read = option === "--uses" ? wholeNumber(value, MAX_USES) : parseDuration(value);
    if ((option !== "--uses" && option !== "--for") || read === null) {
      const what = value === "" ? option : `${option} ${value}`;
      throw new CharlaError(
        "USAGE",
        `/invite does not know ${JSON.stringify(what)}`,
        `${usageOf(known)}; for how long is 30s, 10m, 1h30m or 2d`,
      );
    }
    if (option === "--uses") uses = read;
    else seconds = read;
  }
  return {
    type: "invite",
    ...(uses === undefined ? {} : { uses }),
    ...(seconds === undefined ? {} : { seconds }),
  };
}

function wholeNumber(written: string, max: number): number | null {
  const count = /^\d+$/.test(written) ? Number(written) : 0;
  return count >= 1 && count <= max ? count : null;
}

export function usageOf({ name, takes }: CommandDescription): string {
  return takes === "" ? `/${name}` : `/${name} ${takes}`;
}

function needed(known: CommandDescription, rest: string): string {
  if (rest !== "") return rest;
  throw new CharlaError(
    "USAGE",
    `/${known.name} needs ${known.takes} behind it`,
    `write: ${usageOf(known)}`,
  );
}

function nothing({ name }: CommandDescription, rest: string): void {
  if (rest === "") return;
  throw new CharlaError(
    "USAGE",
    `/${name} takes nothing behind it`,
    `write: /${name}; to say a line that begins with a slash: //${name} ${rest}`,
  );
}

/** A path, for one: what stands between its first two slashes is no command. */
function noSuchCommand(word: string): CharlaError {
  const its = word.split("/")[0] ?? "";
  const meant = closest(
    its,
    COMMANDS.map(({ name }) => name),
  );
  return new CharlaError(
    "USAGE",
    `there is no command /${its}`,
    `${meant === null ? "/help lists them;" : `did you mean /${meant}?`} //${word} says it as it is`,
  );
}

/** Seconds; null when it is no duration, none at all, or longer than ten years. */
export function parseDuration(written: string): number | null {
  const counts = DURATION.exec(written)?.slice(1);
  if (counts === undefined) return null;
  const seconds = counts
    .map((count, index) => Number(count ?? 0) * (SECONDS[index] ?? 0))
    .reduce((sum, its) => sum + its, 0);
  return seconds > 0 && seconds <= MAX_DURATION ? seconds : null;
}
