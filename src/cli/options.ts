// Parses the command line: the command, its options and arguments. Knows what may be written, not what it does.

import { parseArgs } from "node:util";

import { closest } from "../chat/closest.ts";
import { CharlaError, usageError } from "../errors.ts";
import { looksLikeInvitation } from "../identity/invitation-text.ts";
import {
  type CommandName,
  COMMANDS,
  commandsWith,
  GET_OPTIONS,
  type Option,
  OPTIONS,
  optionsOf,
  type OptionTable,
  type PageName,
  tableFor,
  writtenForms,
} from "./option-table.ts";

/** Values are as written; each command reads its own. */
export interface CommandLine {
  readonly command: CommandName;
  readonly words: readonly string[];
  readonly flags: ReadonlySet<string>;
  /** Those of the flags that are on the command line itself, and not from a setting. */
  readonly typed: ReadonlySet<string>;
  /** The last value of each. */
  readonly values: ReadonlyMap<string, string>;
  /** All values of each, in their order. */
  readonly lists: ReadonlyMap<string, readonly string[]>;
  /** All values of all options, in the order of the command line. */
  readonly sequence: readonly (readonly [name: string, value: string])[];
}

/**
 * Reads the arguments that follow the program's name.
 *
 * @throws {CharlaError} UNKNOWN_OPTION, USAGE
 */
export function readCommandLine(args: readonly string[]): CommandLine {
  const first = findCommand(tokenize(args, OPTIONS));
  const table = tableFor(first);
  const tokens = tokenize(first === "get" ? reportFirst(args) : args, table);

  const command = findCommand(tokens);
  const written = tokens.flatMap((token) => (token.kind === "positional" ? [token.value] : []));
  const names = tokens.flatMap((token) => (token.kind === "option" ? [token.name] : []));
  const page = pageOf({ command, flags: new Set(names) });
  const words = withoutProgram(command === "chat" ? written : written.slice(1));
  const flags = new Set<string>();
  const values = new Map<string, string>();
  const lists = new Map<string, string[]>();
  const sequence: [name: string, value: string][] = [];

  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const option = Object.hasOwn(table, token.name)
      ? table[token.name]
      : findInOtherCommands(token.rawName);
    if (option === undefined) throw unknownOption(token.rawName, page);
    if (!commandsWith(option).includes(command)) throw misplaced(token.rawName, option, command);
    const help = helpFor(page === "chat" && option.does.chat === undefined ? "server" : page);
    const isMissing =
      (option.takes === "value" && (token.value ?? "") === "") ||
      (option.takes === "text" && token.value === undefined);
    if (isMissing) {
      throw usageError(`${token.rawName} needs a value`, help);
    }
    if (option.takes === "flag" && token.value !== undefined) {
      throw usageError(`${token.rawName} takes no value`, help);
    }
    flags.add(token.name);
    if (token.value === undefined) continue;
    values.set(token.name, token.value);
    sequence.push([token.name, token.value]);
    lists.set(token.name, [...(lists.get(token.name) ?? []), token.value]);
  }
  return { command, words, flags, typed: flags, values, lists, sequence };
}

/** Before `get`, `--json` is the flag that other commands have. */
function reportFirst(args: readonly string[]): string[] {
  const command = args.indexOf("get");
  return args.map((arg, index) => (arg === "--json" && index < command ? "--report" : arg));
}

/** A whole line `charla INVITATION`, as a server prints it, pasted behind what was typed already. */
function withoutProgram(words: readonly string[]): readonly string[] {
  const [first, second = ""] = words;
  return first === "charla" && looksLikeInvitation(second) ? words.slice(1) : words;
}

/** Whether errors are events on stdout too; works for a command line with an error in it. */
export function wantsEvents(args: readonly string[]): boolean {
  const isGet = findCommand(tokenize(args, OPTIONS)) === "get";
  const tokens = isGet ? tokenize(reportFirst(args), GET_OPTIONS) : tokenize(args, OPTIONS);
  const wanted = isGet ? "report" : "json";
  return tokens.some((token) => token.kind === "option" && token.name === wanted);
}

type Token = ReturnType<typeof tokenize>[number];

function tokenize(args: readonly string[], table: OptionTable) {
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      Object.entries(table).map(([name, { short, takes }]) => [
        name,
        {
          type: takes === "value" || takes === "text" ? ("string" as const) : ("boolean" as const),
          ...(short === undefined ? {} : { short }),
        },
      ]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  return tokens;
}

function findCommand(tokens: readonly Token[]): CommandName {
  const first = tokens.find((token) => token.kind === "positional");
  // After "--", the name of a command is an argument.
  const terminator = tokens.find((token) => token.kind === "option-terminator");
  if (terminator !== undefined && terminator.index < (first?.index ?? 0)) return "chat";
  return COMMANDS.find((name) => name === first?.value) ?? "chat";
}

function findInOtherCommands(written: string): Option | undefined {
  const all = [...Object.entries(OPTIONS), ...Object.entries(GET_OPTIONS)];
  return all.find(([name, option]) => writtenForms(name, option).includes(written))?.[1];
}

/** The help page of what was written: `charla --server` has one of its own. */
export function pageOf({ command, flags }: Pick<CommandLine, "command" | "flags">): PageName {
  return command === "chat" && flags.has("server") ? "server" : command;
}

export function helpFor(page: PageName): string {
  return `see ${helpCommand(page)}`;
}

function helpCommand(page: PageName): string {
  if (page === "chat") return "charla --help";
  return page === "server" ? "charla --server --help" : `charla ${page} --help`;
}

/** Of the command that is typed in a room. */
const INVITE_OPTIONS: ReadonlySet<string> = new Set(["uses", "for", "renew"]);

/** In the name of an option; in a short one, one for each three letters: `--foo` is no mistyped `--room`. */
const MAX_SLIPS = 2;

function unknownOption(written: string, page: PageName): CharlaError {
  const name = written.replace(/^--?/, "");
  const message = `there is no option ${written}`;
  if (INVITE_OPTIONS.has(name)) {
    const hint = `/invite --${name} is typed in a conversation, by its owner`;
    return new CharlaError("UNKNOWN_OPTION", message, hint);
  }
  const meant = written.startsWith("--") ? closestOption(name, page) : null;
  const hint = meant === null ? `${helpCommand(page)} lists the options` : `did you mean ${meant}?`;
  return new CharlaError("UNKNOWN_OPTION", message, hint);
}

/** The option of this page that was probably meant, as it is written. */
function closestOption(name: string, page: PageName): string | null {
  // Until --server is written, its options may be meant as well.
  const pages: readonly PageName[] = page === "chat" ? ["chat", "server"] : [page];
  const options = pages.flatMap((each) => optionsOf(each));
  if (options.some(([, { short }]) => short === name)) return `-${name}`;
  const names = options.map(([long]) => long);
  const meant = closest(name, names, Math.min(MAX_SLIPS, Math.floor(name.length / 3)));
  return meant === null ? null : `--${meant}`;
}

function misplaced(written: string, option: Option, command: CommandName): CharlaError {
  const goes = commandsWith(option).map((name) =>
    name === "chat" ? "a conversation" : `charla ${name}`,
  );
  const here = command === "chat" ? "a conversation" : `charla ${command}`;
  return usageError(`${written} does not go with ${here}`, `it goes with ${goes.join(" and ")}`);
}
