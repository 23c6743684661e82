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
    options: commands.map(({ name, options }) => {
      const all = options.flatMap(({ forms }) => forms).join(" ");
      return `  ${name}) printf '%s\\n' ${all} ;;`;
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

function kindName(kind: CompletedOption["kind"]): string {
  if (typeof kind !== "string") return `'one-of ${kind.join(" ")}'`;
  return isOffered(kind) ? kind : "none";
}
