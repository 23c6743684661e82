// The command line, read: which command, which options, and what is wrong with them. Knows what may
// be written, not what it does.

import { parseArgs } from "node:util";

import { closest } from "../chat/closest.ts";
import { CharlaError } from "../errors.ts";

export type CommandName = "chat" | "send" | "receive" | "history" | "doctor" | "id";

/** Values as written; each command makes sense of its own. */
export interface CommandLine {
  readonly command: CommandName;
  readonly words: readonly string[];
  readonly flags: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, string>;
}

interface Option {
  readonly short?: string;
  /** `flag` takes no value, `value` needs one, `optional` takes one only as `--name=VALUE`. */
  readonly takes: "flag" | "value" | "optional";
  readonly commands: readonly CommandName[];
}

const EVERY = ["chat", "send", "receive", "history", "doctor", "id"] as const;

const OPTIONS: Readonly<Record<string, Option>> = {
  server: { takes: "flag", commands: ["chat"] },
  open: { takes: "flag", commands: ["chat"] },
  admit: { takes: "value", commands: ["chat"] },
  plain: { takes: "flag", commands: ["chat"] },
  turns: { takes: "flag", commands: ["chat"] },
  stay: { takes: "flag", commands: ["chat"] },
  bell: { takes: "flag", commands: ["chat"] },
  port: { short: "p", takes: "value", commands: ["chat", "receive"] },
  bind: { short: "b", takes: "value", commands: ["chat", "receive"] },
  name: { short: "n", takes: "value", commands: ["chat", "send"] },
  room: { short: "r", takes: "value", commands: ["chat", "send"] },
  data: { takes: "value", commands: ["chat", "history"] },
  ephemeral: { takes: "flag", commands: ["chat"] },
  to: { takes: "value", commands: ["send"] },
  reply: { takes: "optional", commands: ["send", "receive"] },
  since: { takes: "value", commands: ["history"] },
  search: { takes: "value", commands: ["history"] },
  last: { takes: "value", commands: ["history"] },
  all: { takes: "flag", commands: ["history"] },
  json: { takes: "flag", commands: EVERY },
  quiet: { short: "q", takes: "flag", commands: EVERY },
  verbose: { short: "v", takes: "flag", commands: EVERY.filter((name) => name !== "doctor") },
  help: { short: "h", takes: "flag", commands: EVERY },
  version: { takes: "flag", commands: EVERY },
};

export const COMMANDS = ["send", "receive", "history", "doctor", "id"] as const;

/**
 * Reads the arguments that follow the program's name.
 *
 * @throws {CharlaError} UNKNOWN_OPTION, USAGE
 */
export function readCommandLine(args: readonly string[]): CommandLine {
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      Object.entries(OPTIONS).map(([name, { short, takes }]) => [
        name,
        {
          type: takes === "value" ? ("string" as const) : ("boolean" as const),
          ...(short === undefined ? {} : { short }),
        },
      ]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });

  const positionals = tokens.filter((token) => token.kind === "positional");
  const written = positionals.map(({ value }) => value);
  // After "--" a word is a word, though it be a command's name.
  const terminator = tokens.find((token) => token.kind === "option-terminator");
  const isWord = terminator !== undefined && terminator.index < (positionals[0]?.index ?? 0);
  const command = isWord ? "chat" : (COMMANDS.find((name) => name === written[0]) ?? "chat");
  const words = command === "chat" ? written : written.slice(1);
  const flags = new Set<string>();
  const values = new Map<string, string>();

  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const option = Object.hasOwn(OPTIONS, token.name) ? OPTIONS[token.name] : undefined;
    if (option === undefined) throw unknownOption(token.rawName);
    if (!option.commands.includes(command)) throw misplaced(token.rawName, option, command);
    if (option.takes === "value" && (token.value ?? "") === "") {
      throw new CharlaError("USAGE", `${token.rawName} needs a value`, helpFor(command));
    }
    if (option.takes === "flag" && token.value !== undefined) {
      throw new CharlaError("USAGE", `${token.rawName} takes no value`, helpFor(command));
    }
    flags.add(token.name);
    if (token.value !== undefined) values.set(token.name, token.value);
  }
  return { command, words, flags, values };
}

export function helpFor(command: CommandName): string {
  return command === "chat" ? "see charla --help" : `see charla ${command} --help`;
}

function unknownOption(written: string): CharlaError {
  const known = Object.entries(OPTIONS).flatMap(([name, { short }]) =>
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
  return new CharlaError(
    "USAGE",
    `${written} does not go with ${here}`,
    `it goes with ${goes.join(" and ")}`,
  );
}
