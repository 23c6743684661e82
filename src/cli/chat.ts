// `charla --server` and `charla [HOST[:PORT] | INVITATION]`: a conversation, opened or joined, on the
// sealed wire or, with --plain, on the lesson's.

import { CharlaError } from "../errors.ts";
import { closest } from "./closest.ts";
import { type CommandLine, COMMANDS } from "./options.ts";

/** @returns the exit status */
export async function chat(commandLine: CommandLine): Promise<number> {
  refuseWhatDoesNotGoTogether(commandLine);
  try {
    return commandLine.flags.has("plain")
      ? await (await import("./plain-chat.ts")).plainChat(commandLine)
      : await (await import("./sealed-chat.ts")).sealedChat(commandLine);
  } catch (error) {
    throw meantACommand(error, commandLine);
  }
}

function refuseWhatDoesNotGoTogether({ words, flags, values }: CommandLine): void {
  const [first, extra] = words;
  if (flags.has("server") && first !== undefined) {
    throw new CharlaError(
      "USAGE",
      `--server opens a conversation here, and ${JSON.stringify(first)} is a host to join`,
      "leave one of them out; --bind ADDRESS chooses where to listen",
    );
  }
  if (extra !== undefined) {
    throw new CharlaError(
      "USAGE",
      `one host can be joined, not ${words.length}`,
      "to send a message without joining: charla send TEXT",
    );
  }
  for (const option of flags.has("server") ? [] : ["port", "bind", "open"]) {
    if (!values.has(option) && !flags.has(option)) continue;
    throw new CharlaError(
      "USAGE",
      `--${option} goes with --server`,
      option === "open"
        ? "whether a conversation is open to all is for its server to say"
        : "to join at another port write HOST:PORT",
    );
  }
  if (flags.has("turns") && !flags.has("plain")) {
    throw new CharlaError(
      "USAGE",
      "--turns goes with --plain",
      "both ends take turns with --plain --turns",
    );
  }
  if (flags.has("open") && flags.has("plain")) {
    throw new CharlaError(
      "USAGE",
      "--open goes without --plain",
      "a plain conversation has no lock that could be left open",
    );
  }
}

/** A host that nobody knows may be a command that was mistyped. */
function meantACommand(error: unknown, { words }: CommandLine): unknown {
  const meant = closest(words[0] ?? "", COMMANDS);
  if (!(error instanceof CharlaError) || error.code !== "UNKNOWN_HOST" || meant === null) {
    return error;
  }
  return new CharlaError(error.code, error.message, `did you mean charla ${meant}?`);
}
