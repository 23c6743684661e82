// `charla completion SHELL`: prints the script with which a shell completes the command line. What the script asks for
// when somebody presses Tab is `charla completion --values KIND [DATA-FOLDER]`.

import { usageError } from "../errors.ts";
import type { Io } from "../terminal/io.ts";
import { quoteWord } from "./command-options.ts";
import { SHELLS } from "./option-table.ts";
import { type CommandLine, helpFor } from "./options.ts";

export async function completion({ words, values }: CommandLine, io: Io): Promise<number> {
  const [shell, extra] = words;
  const kind = values.get("values");
  if (kind !== undefined) return await printValues(kind, shell, io);
  if (shell === undefined || extra !== undefined) {
    throw usageError(
      `completion takes the name of one shell, not ${words.length}`,
      `write ${SHELLS.map((name) => `charla completion ${name}`).join(", or ")}`,
    );
  }
  await io.print((await scriptFor(shell)).trimEnd());
  return 0;
}

async function scriptFor(shell: string): Promise<string> {
  switch (shell) {
    case "bash":
      return (await import("./completion/bash.ts")).bashScript();
    case "zsh":
      return (await import("./completion/zsh.ts")).zshScript();
    case "fish":
      return (await import("./completion/fish.ts")).fishScript();
    default:
      throw usageError(
        `there is no completion for the shell ${quoteWord(shell)}`,
        `there is one for ${SHELLS.join(", ")}`,
      );
  }
}

/** @param folder where the messages are, as it is written on the command line; undefined for the usual one */
async function printValues(kind: string, folder: string | undefined, io: Io): Promise<number> {
  const { KNOWN_KINDS, knownValues, unquote } = await import("./completion/known-values.ts");
  const known = KNOWN_KINDS.find((name) => name === kind);
  if (known === undefined) {
    throw usageError(`there are no values of ${quoteWord(kind)}`, helpFor("completion"));
  }
  const data = folder === undefined ? undefined : unquote(folder, io.env["HOME"]);
  const found = await knownValues(known, io.env, data);
  if (found.length > 0) await io.print(found.join("\n"));
  return 0;
}
