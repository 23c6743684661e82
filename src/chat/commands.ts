// Commands that people type in a room: lines that begin with a slash, and `bye`. Parses them, and says what is wrong;
// runs none of them. Not for lines of a pipe: there, every line is a message.

import { type CharlaError, usageError } from "../errors.ts";
import { closest } from "./closest.ts";
import { GOODBYE, type InvitationLimits, MAX_GUESTS } from "./conversation.ts";
import { MAX_FOUND } from "./frames.ts";
import { describeNameProblem, isRoomName, ROOM_NAME_RULE } from "./names.ts";

export type Command =
  /** `about` one command, or all of them. */
  | { readonly type: "help"; readonly about?: HelpTopic }
  | { readonly type: "who" }
  | { readonly type: "rooms" }
  /** How the server is reached. */
  | { readonly type: "way" }
  | { readonly type: "join"; readonly room: string }
  | { readonly type: "name"; readonly name: string }
  | { readonly type: "history"; readonly count: number }
  | { readonly type: "search"; readonly words: string }
  /** Says bye, and leaves. */
  | { readonly type: "bye" }
  | { readonly type: "quit" }
  /** Copies the last invitation that was shown. */
  | { readonly type: "copy" }
  | { readonly type: "kick" | "ban" | "unban"; readonly name: string }
  | { readonly type: "op"; readonly name: string; readonly operator: boolean }
  | { readonly type: "bans" | "invites" }
  | { readonly type: "revoke"; readonly number: number }
  | { readonly type: "mute"; readonly name: string; readonly muted: boolean }
  | { readonly type: "lock"; readonly locked: boolean }
  | { readonly type: "delete"; readonly room: string }
  /** Ends the conversation for all. */
  | { readonly type: "close" }
  | ({ readonly type: "invite" } & InvitationLimits);

export type ParsedLine =
  | { readonly type: "say"; readonly text: string }
  | { readonly type: "command"; readonly command: Command };

export interface CommandDescription {
  readonly name: string;
  readonly takes: string;
  readonly does: string;
  /** The owner and operators may. */
  readonly operator?: true;
  /** Only the owner may. */
  readonly owner?: true;
}

export const COMMANDS = [
  { name: "help", takes: "[TOPIC]", does: "lists commands, or explains one" },
  { name: "who", takes: "", does: "lists who is here" },
  { name: "rooms", takes: "", does: "lists the rooms of this server" },
  { name: "way", takes: "", does: "says how you reach the server" },
  { name: "join", takes: "ROOM", does: "switches to another room" },
  { name: "name", takes: "NAME", does: "changes your name" },
  { name: "history", takes: "[N]", does: "shows earlier messages; again for more" },
  { name: "search", takes: "WORDS", does: "finds messages with all these words" },
  { name: "me", takes: "TEXT", does: "says what you do" },
  { name: "copy", takes: "", does: "copies the last invitation shown" },
  { name: "quit", takes: "", does: "leaves without saying bye" },
  { name: "kick", takes: "NAME", does: "removes somebody now", operator: true },
  { name: "ban", takes: "NAME", does: "removes somebody for good", operator: true },
  { name: "unban", takes: "NAME", does: "lets them enter again", operator: true },
  { name: "bans", takes: "", does: "lists who is banned", operator: true },
  { name: "mute", takes: "NAME", does: "lets somebody only read", operator: true },
  { name: "unmute", takes: "NAME", does: "lets them write again", operator: true },
  { name: "lock", takes: "", does: "lets nobody else join", operator: true },
  { name: "unlock", takes: "", does: "lets others join again", operator: true },
  { name: "op", takes: "NAME", does: "makes somebody an operator", owner: true },
  {
    name: "deop",
    takes: "NAME",
    does: "ends an operator's rights, or yours",
    operator: true,
  },
  { name: "delete", takes: "ROOM", does: "deletes a room for good", owner: true },
  {
    name: "invite",
    takes: "[--uses N] [--for 1h] | --renew",
    does: "prints one, or a new one",
    operator: true,
  },
  { name: "invites", takes: "", does: "lists invitations and guests", operator: true },
  { name: "revoke", takes: "N", does: "closes invitation N", operator: true },
  { name: "close", takes: "", does: "ends it for everybody", owner: true },
] as const satisfies readonly CommandDescription[];

/** What somebody may do in a room. */
export interface Rights {
  readonly owner: boolean;
  readonly operator: boolean;
}

/** The commands that somebody may use. */
export function commandsFor({ owner, operator }: Rights): readonly CommandDescription[] {
  const all: readonly CommandDescription[] = COMMANDS;
  return all.filter((command) => {
    if (command.owner === true) return owner;
    return command.operator !== true || owner || operator;
  });
}

type CommandWord = (typeof COMMANDS)[number]["name"];
/** Begins the line of a message that begins with a slash. */
const ESCAPE = "//";

/** What `/help` explains besides the commands with a slash. */
export const OTHER_TOPICS = [
  { topic: GOODBYE, usage: GOODBYE, does: "says bye, and leaves" },
  { topic: ESCAPE, usage: "//TEXT", does: "sends /TEXT" },
] as const;

export type HelpTopic = CommandWord | (typeof OTHER_TOPICS)[number]["topic"];

/** Messages that `/history` shows without a number. */
const HISTORY = 20;
const DURATION = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/;
/** Seconds of a day, an hour, a minute and a second. */
const SECONDS = [86_400, 3_600, 60, 1];
/** Longer than anyone means, and short enough for every date to exist: ten years, s. */
const MAX_DURATION = 3_650 * 86_400;

/**
 * A line that begins with one slash is a command, and so is `bye`; with two slashes it is a message that begins with
 * one. Several lines are always a message. Blanks may stand before a command that exists, and around `bye`: the space bar,
 * pressed once too often in a pager, leaves one.
 *
 * @throws {CharlaError} USAGE
 */
export function parseLine(line: string): ParsedLine {
  if (line.includes("\n")) return { type: "say", text: line };
  if (line.trim() === GOODBYE) return { type: "command", command: { type: "bye" } };
  if (!line.startsWith("/")) {
    const written = line.trimStart();
    const isCommand = COMMANDS.some(({ name }) => written.split(/\s/, 1)[0] === `/${name}`);
    return isCommand ? parseLine(written) : { type: "say", text: line };
  }
  if (line.startsWith(ESCAPE)) return { type: "say", text: quoteAction(line.slice(1)) };
  const [, word = "", rest = ""] = /^\/(\S*)\s*(.*?)\s*$/s.exec(line) ?? [];
  const known = COMMANDS.find(({ name }) => name === word);
  if (known === undefined) throw noSuchCommand(word);
  if (known.name === "me") return { type: "say", text: `/me ${requireArgument(known, rest)}` };
  return { type: "command", command: readCommand(known, rest) };
}

/** No action, though it reads like the text of one: a NO-BREAK SPACE follows `/me`. */
function quoteAction(text: string): string {
  return actionText(text) === null ? text : text.replace(" ", "\u00A0");
}

/** What somebody does in a message such as "/me waves": "waves". Null for any other message. */
export function actionText(text: string): string | null {
  return /^\/me (.*\S.*)$/s.exec(text)?.[1] ?? null;
}

function readCommand(
  known: CommandDescription & { readonly name: Exclude<CommandWord, "me"> },
  rest: string,
): Command {
  const { name } = known;
  switch (name) {
    case "help":
      return readHelp(known, rest);
    case "who":
    case "rooms":
    case "way":
    case "bans":
    case "invites":
    case "close":
    case "copy":
    case "quit":
      requireNothing(known, rest);
      return { type: name };
    case "lock":
    case "unlock":
      requireNothing(known, rest);
      return { type: "lock", locked: name === "lock" };
    case "join":
    case "delete":
      return { type: name, room: readRoom(known, rest) };
    case "name":
      return { type: "name", name: readName(known, rest) };
    case "history":
      return { type: "history", count: readCount(known, rest) };
    case "search":
      return { type: "search", words: requireArgument(known, rest) };
    case "kick":
    case "ban":
    case "unban":
      return { type: name, name: readPerson(known, rest) };
    case "mute":
    case "unmute":
      return { type: "mute", name: readPerson(known, rest), muted: name === "mute" };
    case "op":
    case "deop":
      return { type: "op", name: readPerson(known, rest), operator: name === "op" };
    case "revoke":
      return { type: "revoke", number: readNumber(known, rest) };
    case "invite":
      return readInvite(known, rest);
  }
}

function readHelp(known: CommandDescription, rest: string): Command {
  if (rest === "") return { type: "help" };
  if (/\s/.test(rest)) {
    throw usageError(
      `/help takes one topic`,
      `usage: ${commandUsage(known)}; to send it as a message: //help ${rest}`,
    );
  }
  if (rest.startsWith(ESCAPE)) return { type: "help", about: ESCAPE };
  const word = rest.replace(/^\//, "");
  if (word === GOODBYE) return { type: "help", about: word };
  const about = COMMANDS.find(({ name }) => name === word)?.name;
  if (about !== undefined) return { type: "help", about };
  const meant = closestCommand(word);
  const hint = meant === null ? "/help lists them" : `did you mean /help ${meant}?`;
  throw usageError(`there is no command /${word}`, NOT_HERE.get(word) ?? hint);
}

/** A name, perhaps behind an @, as in a mention: no name begins with one. */
function readPerson(known: CommandDescription, rest: string): string {
  return requireArgument(known, rest.replace(/^@/, ""));
}

function readRoom(known: CommandDescription, rest: string): string {
  if (isRoomName(requireArgument(known, rest))) return rest.normalize("NFC");
  throw usageError(`${JSON.stringify(rest)} is not a valid room name`, ROOM_NAME_RULE);
}

function readName(known: CommandDescription, rest: string): string {
  const problem = describeNameProblem(requireArgument(known, rest));
  if (problem === null) return rest.normalize("NFC");
  throw usageError(`${JSON.stringify(rest)} is not a valid name`, `a name has ${problem}`);
}

function readNumber(known: CommandDescription, rest: string): number {
  const number = wholeNumber(requireArgument(known, rest), Number.MAX_SAFE_INTEGER);
  if (number !== null) return number;
  throw usageError(
    `${JSON.stringify(rest)} is not the number of an invitation`,
    `usage: ${commandUsage(known)}; /invites lists them`,
  );
}

function readCount(known: CommandDescription, rest: string): number {
  if (rest === "") return HISTORY;
  const count = wholeNumber(rest, MAX_FOUND);
  if (count !== null) return count;
  throw usageError(
    `${JSON.stringify(rest)} is not a number from 1 to ${MAX_FOUND}`,
    `usage: ${commandUsage(known)}`,
  );
}

function readInvite(known: CommandDescription, rest: string): Command {
  if (rest === "--renew") return { type: "invite", renew: true };
  let uses: number | undefined;
  let seconds: number | undefined;
  const words = rest.split(/[\s=]+/).filter((word) => word !== "");
  for (let index = 0; index < words.length; index += 2) {
    const [option, value = ""] = words.slice(index, index + 2);
    if (option === "--renew") {
      throw usageError("--renew goes with no other option", `usage: ${commandUsage(known)}`);
    }
    const read = option === "--uses" ? wholeNumber(value, MAX_GUESTS) : parseDuration(value);
    if ((option !== "--uses" && option !== "--for") || read === null) {
      const what = value === "" ? option : `${option} ${value}`;
      throw usageError(
        `invalid option of /invite: ${JSON.stringify(what)}`,
        `usage: ${commandUsage(known)}; N is from 1 to ${MAX_GUESTS}, and durations are such as 30s, 10m, 1h30m or 2d, up to ${formatDuration(MAX_DURATION)}`,
      );
    }
    if (option === "--uses") uses = read;
    else seconds = read;
  }
  return { type: "invite", uses, seconds };
}

function wholeNumber(written: string, max: number): number | null {
  const count = /^\d+$/.test(written) ? Number(written) : 0;
  return count >= 1 && count <= max ? count : null;
}

export function commandUsage({ name, takes }: CommandDescription): string {
  return takes === "" ? `/${name}` : `/${name} ${takes}`;
}

function requireArgument(known: CommandDescription, rest: string): string {
  if (rest !== "") return rest;
  throw usageError(
    `/${known.name} needs an argument: ${known.takes}`,
    `usage: ${commandUsage(known)}`,
  );
}

function requireNothing({ name }: CommandDescription, rest: string): void {
  if (rest === "") return;
  throw usageError(
    `/${name} takes no argument`,
    `usage: /${name}; to send it as a message: //${name} ${rest}`,
  );
}

/** What other programs call these commands: irssi, weechat, Slack. */
const ELSEWHERE: ReadonlyMap<string, CommandWord> = new Map([
  ["nick", "name"],
  ["exit", "quit"],
  ["q", "quit"],
  ["leave", "quit"],
  ["part", "quit"],
  ["disconnect", "quit"],
  ["names", "who"],
  ["users", "who"],
  ["members", "who"],
  ["ping", "way"],
  ["lag", "way"],
  ["list", "rooms"],
  ["channels", "rooms"],
  ["lastlog", "search"],
  ["find", "search"],
  ["commands", "help"],
  ["j", "join"],
]);

const NO_PRIVATE_MESSAGES =
  "there are no private messages: everybody in the room reads what you write";

/** What other programs have a command for, and this one doesn't. */
const NOT_HERE: ReadonlyMap<string, string> = new Map([
  // Not a slip for /way.
  ["away", "/help lists them"],
  ["clear", "Ctrl-L clears the screen"],
  ["msg", NO_PRIVATE_MESSAGES],
  ["query", NO_PRIVATE_MESSAGES],
  ["whisper", NO_PRIVATE_MESSAGES],
  ["dm", NO_PRIVATE_MESSAGES],
]);

/** The line may also be a path: then only its first part is named. */
function noSuchCommand(word: string): CharlaError {
  const first = word.split("/")[0] ?? "";
  const advice = NOT_HERE.get(first.toLowerCase());
  if (advice !== undefined) return unknown(first, `${advice};`, word);
  const meant = closestCommand(first);
  return unknown(first, meant === null ? "/help lists them;" : `did you mean /${meant}?`, word);
}

/** The command that was probably meant. */
function closestCommand(word: string): string | null {
  const lower = word.toLowerCase();
  const names = COMMANDS.map(({ name }) => name);
  return ELSEWHERE.get(lower) ?? closest(lower, names);
}

function unknown(first: string, hint: string, word: string): CharlaError {
  return usageError(`there is no command /${first}`, `${hint} //${word} sends it as a message`);
}

/** As `parseDuration` reads it: "1h30m". */
export function formatDuration(seconds: number): string {
  let left = seconds;
  return SECONDS.map((size, index) => {
    const count = Math.floor(left / size);
    left -= count * size;
    return count === 0 ? "" : `${count}${"dhms"[index]}`;
  }).join("");
}

/** Seconds; null when it is no duration, none at all, or longer than ten years. */
export function parseDuration(written: string): number | null {
  const counts = DURATION.exec(written)?.slice(1);
  if (counts === undefined) return null;
  const seconds = counts
    .map((count, index) => Number(count ?? 0) * (SECONDS[index] ?? 0))
    .reduce((sum, part) => sum + part, 0);
  return seconds > 0 && seconds <= MAX_DURATION ? seconds : null;
}
