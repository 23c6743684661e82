// The completion script for fish: fish.txt, and the tables as `complete` commands.

import type { ValueKind } from "../option-table.ts";
import {
  type CompletedCommand,
  completedCommands,
  fillIn,
  takesNextWord,
} from "./completed-commands.ts";
import script from "./fish.txt" with { type: "text" };

export function fishScript(): string {
  const commands = completedCommands();
  const named = commands.filter(({ name }) => name !== "chat");
  const takers = (isGet: boolean) => {
    const forms = commands
      .filter(({ name }) => (name === "get") === isGet)
      .flatMap(({ options }) => options.filter(takesNextWord).flatMap(({ forms }) => forms));
    return [...new Set(forms)].join(" ");
  };
  const offers = named.map(
    ({ name, does }) => `complete -c charla -n __charla_needs_command -a ${name} -d ${quote(does)}`,
  );
  return fillIn(script, {
    takers: takers(false),
    getTakers: takers(true),
    names: named.map(({ name }) => name).join(" "),
    lines: [...offers, ...commands.flatMap(linesOf)],
  });
}

function linesOf({ name, options, argument }: CompletedCommand): string[] {
  const lines = options.map((option) => {
    const short = option.short === undefined ? "" : ` -s ${option.short}`;
    const joins = option.excludesServer ? "; and not __charla_opens" : "";
    const condition = `-n '__charla_is ${name}${joins}'`;
    const value = takesNextWord(option) ? ` ${valueOf(option.kind)}` : "";
    return `complete -c charla ${condition}${short} -l ${option.name}${value} -d ${quote(option.does)}`;
  });
  const offered = candidatesOf(argument);
  if (offered === null) return lines;
  const how = argument === "file" ? "-F" : `-a ${offered}`;
  return [...lines, `complete -c charla -n '__charla_is ${name} 0' ${how}`];
}

/** -r: it needs a value; -x: and files are none; -F: files are. */
function valueOf(kind: ValueKind): string {
  if (kind === "file") return "-r -F";
  const offered = candidatesOf(kind);
  return offered === null ? "-x" : `-x -a ${offered}`;
}

function candidatesOf(kind: ValueKind): string | null {
  if (typeof kind !== "string") return quote(kind.join(" "));
  switch (kind) {
    case "room":
    case "server":
    case "room-or-joined":
      return `'(__charla_known ${kind})'`;
    case "folder":
      return "'(__fish_complete_directories)'";
    case "data":
      return "'(__charla_data)'";
    case "file":
      return "";
    case "port":
    case "duration":
    case "size":
    case "number":
    case "text":
      return null;
  }
}

function quote(text: string): string {
  return `'${text.replaceAll(/['\\]/g, "\\$&")}'`;
}
