// Parses the command line: the command, its options and arguments. Knows what may be written, not what it does.

import { parseArgs } from "node:util";

import { closest } from "../chat/closest.ts";
import { CharlaError, usageError } from "../errors.ts";

export type CommandName =
  "chat" | "send" | "receive" | "history" | "doctor" | "serve" | "get" | "id" | "stop";

/** Values are as written; each command reads its own. */
export interface CommandLine {
  readonly command: CommandName;
  readonly words: readonly string[];
  readonly flags: ReadonlySet<string>;
  /** The last value of each. */
  readonly values: ReadonlyMap<string, string>;
  /** All values of each, in their order. */
  readonly lists: ReadonlyMap<string, readonly string[]>;
}

interface Option {
  readonly short?: string;
  /**
   * `flag` takes no value, `value` needs one, `text` one that may be empty, `optional` takes one only as
   * `--name=VALUE`.
   */
  readonly takes: "flag" | "value" | "text" | "optional";
  readonly commands: readonly CommandName[];
}

const EVERY = ["chat", "send", "receive", "history", "doctor", "serve", "id", "stop"] as const;
/** Commands without --verbose. */
const TERSE: ReadonlySet<CommandName> = new Set(["doctor", "serve"]);

const OPTIONS: Readonly<Record<string, Option>> = {
  server: { takes: "flag", commands: ["chat"] },
  open: { takes: "flag", commands: ["chat"] },
  admit: { takes: "value", commands: ["chat"] },
  memory: { takes: "value", commands: ["chat"] },
  background: { takes: "flag", commands: ["chat"] },
  plain: { takes: "flag", commands: ["chat"] },
  turns: { takes: "flag", commands: ["chat"] },
  stay: { takes: "flag", commands: ["chat"] },
  bell: { takes: "flag", commands: ["chat"] },
  history: { takes: "value", commands: ["chat"] },
  "no-log": { takes: "flag", commands: ["chat"] },
  "no-line-history": { takes: "flag", commands: ["chat"] },
  port: { short: "p", takes: "value", commands: ["chat", "receive", "serve"] },
  bind: { short: "b", takes: "value", commands: ["chat", "receive", "serve"] },
  name: { short: "n", takes: "value", commands: ["chat", "send"] },
  room: { short: "r", takes: "value", commands: ["chat", "send"] },
  data: { takes: "value", commands: ["chat", "history", "stop"] },
  ephemeral: { takes: "flag", commands: ["chat"] },
  keep: { takes: "value", commands: ["chat"] },
  quota: { takes: "value", commands: ["chat"] },
  to: { takes: "value", commands: ["send"] },
  "invitation-file": { takes: "value", commands: ["chat", "send", "history", "doctor"] },
  reply: { takes: "optional", commands: ["send", "receive"] },
  since: { takes: "value", commands: ["history"] },
  search: { takes: "value", commands: ["history"] },
  last: { takes: "value", commands: ["history"] },
  all: { takes: "flag", commands: ["history"] },
  "delete-before": { takes: "value", commands: ["history"] },
  public: { takes: "flag", commands: ["serve"] },
  spa: { takes: "flag", commands: ["serve"] },
  "no-listing": { takes: "flag", commands: ["serve"] },
  dotfiles: { takes: "flag", commands: ["serve"] },
  "follow-symlinks": { takes: "flag", commands: ["serve"] },
  upload: { takes: "flag", commands: ["serve"] },
  overwrite: { takes: "flag", commands: ["serve"] },
  "max-upload": { takes: "value", commands: ["serve"] },
  auth: { takes: "value", commands: ["serve"] },
  tls: { takes: "flag", commands: ["serve"] },
  "tls-cert": { takes: "value", commands: ["serve"] },
  "tls-key": { takes: "value", commands: ["serve"] },
  cors: { takes: "flag", commands: ["serve"] },
  json: { takes: "flag", commands: EVERY },
  quiet: { short: "q", takes: "flag", commands: EVERY },
  verbose: { short: "v", takes: "flag", commands: EVERY.filter((name) => !TERSE.has(name)) },
  help: { short: "h", takes: "flag", commands: EVERY },
  version: { takes: "flag", commands: EVERY },
};

/**
 * `charla get` has curl's options, of which other commands have some with another meaning: `--json DATA` and
 * `--data DATA` are sent. They go after `get`; before it, `--json` is the flag.
 */
const GET_OPTIONS: Readonly<Record<string, Option>> = {
  output: { short: "o", takes: "value", commands: ["get"] },
  "remote-name": { short: "O", takes: "flag", commands: ["get"] },
  resume: { takes: "flag", commands: ["get"] },
  sha256: { takes: "value", commands: ["get"] },
  "max-bytes": { takes: "value", commands: ["get"] },
  include: { short: "i", takes: "flag", commands: ["get"] },
  head: { short: "I", takes: "flag", commands: ["get"] },
  request: { short: "X", takes: "value", commands: ["get"] },
  header: { short: "H", takes: "value", commands: ["get"] },
  data: { short: "d", takes: "text", commands: ["get"] },
  json: { takes: "text", commands: ["get"] },
  form: { short: "F", takes: "value", commands: ["get"] },
  user: { short: "u", takes: "value", commands: ["get"] },
  timeout: { takes: "value", commands: ["get"] },
  retry: { takes: "value", commands: ["get"] },
  "no-fail": { takes: "flag", commands: ["get"] },
  insecure: { takes: "flag", commands: ["get"] },
  cacert: { takes: "value", commands: ["get"] },
  "http0.9": { takes: "flag", commands: ["get"] },
  quiet: { short: "q", takes: "flag", commands: ["get"] },
  verbose: { short: "v", takes: "flag", commands: ["get"] },
  help: { short: "h", takes: "flag", commands: ["get"] },
  version: { takes: "flag", commands: ["get"] },
};

export const COMMANDS = [
  "send",
  "receive",
  "history",
  "doctor",
  "serve",
  "get",
  "id",
  "stop",
] as const;

/**
 * Reads the arguments that follow the program's name.
 *
 * @throws {CharlaError} UNKNOWN_OPTION, USAGE
 */
export function readCommandLine(args: readonly string[]): CommandLine {
  const first = findCommand(tokenize(args, OPTIONS));
  const table = first === "get" ? GET_OPTIONS : OPTIONS;
  const tokens = tokenize(args, table);

  const command = findCommand(tokens);
  const written = tokens.flatMap((token) => (token.kind === "positional" ? [token.value] : []));
  const words = command === "chat" ? written : written.slice(1);
  const flags = new Set<string>();
  const values = new Map<string, string>();
  const lists = new Map<string, string[]>();

  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const option = Object.hasOwn(table, token.name)
      ? table[token.name]
      : findInOtherCommands(token.name);
    if (option === undefined) throw unknownOption(token.rawName, table);
    if (!option.commands.includes(command)) throw misplaced(token.rawName, option, command);
    const isMissing =
      (option.takes === "value" && (token.value ?? "") === "") ||
      (option.takes === "text" && token.value === undefined);
    if (isMissing) {
      throw usageError(`${token.rawName} needs a value`, helpFor(command));
    }
    if (option.takes === "flag" && token.value !== undefined) {
      throw usageError(`${token.rawName} takes no value`, helpFor(command));
    }
    flags.add(token.name);
    if (token.value === undefined) continue;
    values.set(token.name, token.value);
    lists.set(token.name, [...(lists.get(token.name) ?? []), token.value]);
  }
  return { command, words, flags, values, lists };
}

/** Whether errors are events on stdout too; works for a command line with an error in it. */
export function wantsEvents(args: readonly string[]): boolean {
  const tokens = tokenize(args, OPTIONS);
  const isAsked = tokens.some((token) => token.kind === "option" && token.name === "json");
  return isAsked && findCommand(tokens) !== "get";
}

type Table = Readonly<Record<string, Option>>;
type Token = ReturnType<typeof tokenize>[number];

function tokenize(args: readonly string[], table: Table) {
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

function findInOtherCommands(name: string): Option | undefined {
  const all = [...Object.entries(OPTIONS), ...Object.entries(GET_OPTIONS)];
  return all.find(([long, { short }]) => long === name || short === name)?.[1];
}

export function helpFor(command: CommandName): string {
  return command === "chat" ? "see charla --help" : `see charla ${command} --help`;
}

function unknownOption(written: string, table: Table): CharlaError {
  const known = Object.entries(table).flatMap(([name, { short }]) =>
    short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`],
  );
  const meant = written.startsWith("--") ? closest(written, known) : null;
  const hint = meant === null ? "charla --help lists the options" : `did you mean ${meant}?`;
  return new CharlaError("UNKNOWN_OPTION", `there is no option ${written}`, hint);
}

function misplaced(written: string, option: Option, command: CommandName): CharlaError {
  const goes = option.commands.map((name) =>
    name === "chat" ? "a conversation" : `charla ${name}`,
  );
  const here = command === "chat" ? "a conversation" : `charla ${command}`;
  return usageError(`${written} does not go with ${here}`, `it goes with ${goes.join(" and ")}`);
}
