// The completion script for bash, with the package bash-completion and without: bash.txt, and the tables.

import script from "./bash.txt" with { type: "text" };
import {
  completedCommands,
  type CompletedOption,
  fillIn,
  isOffered,
  takesNextWord,
} from "./completed-commands.ts";

export function bashScript(): string {
  const commands = completedCommands();
  const names = commands.flatMap(({ name }) => (name === "chat" ? [] : [name]));
  return fillIn(script, {
    kinds: commands.flatMap(({ name, options }) =>
      options.filter(takesNextWord).map((option) => {
        const patterns = option.forms.map((form) => `"${name} ${form}"`);
        return `  ${patterns.join(" | ")}) kind=${kindName(option.kind)} ;;`;
      }),
    ),
    options: commands.flatMap(({ name, options }) => {
      const opening = options.filter(({ excludesServer }) => !excludesServer);
      return name === "chat"
        ? [optionsCase(name, options), optionsCase("server", opening)]
        : [optionsCase(name, options)];
    }),
    arguments: commands
      .filter(({ argument }) => isOffered(argument))
      .map(
        ({ name, argument }) => `    ${name}) _charla_offer ${kindName(argument)} '' "$current" ;;`,
      ),
    commands: names.join(" | "),
    words: names.join(" "),
  });
}

function optionsCase(page: string, options: readonly CompletedOption[]): string {
  return `  ${page}) printf '%s\\n' ${options.flatMap(({ forms }) => forms).join(" ")} ;;`;
}

function kindName(kind: CompletedOption["kind"]): string {
  if (typeof kind !== "string") return `'one-of ${kind.join(" ")}'`;
  return isOffered(kind) ? kind : "none";
}
