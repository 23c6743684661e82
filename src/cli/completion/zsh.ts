// The completion script for zsh: zsh.txt, and the tables as specifications of its function _arguments.

import type { ValueKind } from "../option-table.ts";
import {
  type CompletedCommand,
  completedCommands,
  type CompletedOption,
  fillIn,
  isOffered,
  takesNextWord,
} from "./completed-commands.ts";
import script from "./zsh.txt" with { type: "text" };

export function zshScript(): string {
  const commands = completedCommands();
  const named = commands.filter(({ name }) => name !== "chat");
  const takers = commands
    .filter(({ name }) => name !== "get")
    .flatMap(({ options }) => options.filter(takesNextWord).flatMap(({ forms }) => forms));
  return fillIn(script, {
    commands: named.map(
      ({ name, does }) => `    ${quote(`${name}:${does.replaceAll(":", "\\:")}`)}`,
    ),
    names: named.map(({ name }) => name).join(" | "),
    takers: [...new Set(takers)].join(" | "),
    cases: commands.map(caseOf),
  });
}

function caseOf({ name, options, argument }: CompletedCommand): string {
  // Nothing for a text: zsh would show a message in the place of options, too.
  const own = isOffered(argument) ? [`2: :${action(argument)}`] : [];
  const words = name === "chat" ? ["1: :_charla_first"] : [`1: :(${name})`, ...own];
  const excluded = options.filter(({ excludesServer }) => excludesServer);
  const specified = options.flatMap((option) =>
    optionSpecs(option, option.name === "server" ? excluded : []),
  );
  const lines = [...specified, ...words];
  const specs = lines.map((line) => `      ${quote(line)}`).join(" \\\n");
  return `  ${name})\n    _arguments -s -S : \\\n${specs}\n    ;;`;
}

/** As `_arguments` has them: exclusion, form, [what it does], and `:what the value is:how to complete it`. */
function optionSpecs(option: CompletedOption, others: readonly CompletedOption[]): string[] {
  const { forms } = option;
  const excluded = [
    ...(forms.length > 1 ? forms : []),
    ...(option.excludesServer ? ["--server"] : []),
    ...others.flatMap((other) => other.forms),
  ];
  const before = option.repeats ? "*" : excluded.length > 0 ? `(${excluded.join(" ")})` : "";
  const does = `[${option.does.replaceAll(/[[\]\\]/g, "\\$&").replaceAll(":", "\\:")}]`;
  return forms.map((form) => {
    const isLong = form.startsWith("--");
    const value = `:${option.valueName.replaceAll(":", "\\:")}:${action(option.kind)}`;
    switch (option.takes) {
      case "flag":
        return `${before}${form}${does}`;
      case "optional":
        return `${before}${form}${isLong ? "=-" : "-"}${does}:${value}`;
      case "value":
      case "text":
        return `${before}${form}${isLong ? "=" : "+"}${does}${value}`;
    }
  });
}

function action(kind: ValueKind): string {
  if (typeof kind !== "string")
    return `(${kind.map((each) => each.replaceAll(":", "\\:")).join(" ")})`;
  switch (kind) {
    case "room":
    case "server":
    case "room-or-joined":
      return `_charla_known ${kind}`;
    case "file":
      return "_files";
    case "folder":
      return "_files -/";
    case "data":
      return "_charla_data";
    case "port":
    case "duration":
    case "size":
    case "number":
    case "text":
      // Says what is meant, and offers nothing.
      return " ";
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
