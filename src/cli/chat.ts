// `charla --server` and `charla [HOST[:PORT] | INVITATION]`: a conversation, opened or joined, on the
// sealed wire or, with --plain, on the lesson's.

import { closest } from "../chat/closest.ts";
import { CharlaError } from "../errors.ts";
import type { Io } from "../terminal/io.ts";
import { type CommandLine, COMMANDS } from "./options.ts";

/** @returns the exit status */
export async function chat(commandLine: CommandLine, io: Io): Promise<number> {
  refuseWhatDoesNotGoTogether(commandLine);
  try {
    return commandLine.flags.has("plain")
      ? await (await import("./plain-chat.ts")).plainChat(commandLine, io)
      : commandLine.flags.has("server")
        ? await (await import("./open-room.ts")).openRoom(commandLine, io)
        : await (await import("./sealed-chat.ts")).sealedChat(commandLine, io);
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
  for (const option of flags.has("server")
    ? []
    : ["port", "bind", "open", "admit", "data", "ephemeral"]) {
    if (!values.has(option) && !flags.has(option)) continue;
    throw new CharlaError(
      "USAGE",
      `--${option} goes with --server`,
      {
        admit: "whom it lets in is for its server to say",
        open: "whether a conversation is open to all is for its server to say",
        data: "it is the server that keeps what is said",
        ephemeral: "it is the server that keeps what is said",
      }[option] ?? "to join at another port write HOST:PORT",
    );
  }
  if (flags.has("turns") && !flags.has("plain")) {
    throw new CharlaError(
      "USAGE",
      "--turns goes with --plain",
      "both ends take turns with --plain --turns",
    );
  }
  for (const [option, why] of Object.entries(SEALED_ONLY)) {
    if (!flags.has("plain") || !flags.has(option)) continue;
    throw new CharlaError("USAGE", `--${option} goes without --plain`, why);
  }
  if (flags.has("open") && flags.has("admit")) {
    throw new CharlaError(
      "USAGE",
      "--open lets anyone in, and --admit those of a list",
      "leave one of them out",
    );
  }
  if (flags.has("data") && flags.has("ephemeral")) {
    throw new CharlaError(
      "USAGE",
      "--data says where what is said is kept, and --ephemeral that it is not",
      "leave one of them out",
    );
  }
}

/** What a plain conversation has no use for, and why. */
const SEALED_ONLY = {
  open: "a plain conversation has no lock that could be left open",
  admit: "in a plain conversation nobody is known by a fingerprint",
  data: "nothing of a plain conversation is kept",
  ephemeral: "nothing of a plain conversation is kept",
  name: "in a plain conversation nobody has a name",
  room: "a plain conversation has no rooms",
};

/** A host that nobody knows may be a command that was mistyped. */
function meantACommand(error: unknown, { words }: CommandLine): unknown {
  const meant = closest(words[0] ?? "", COMMANDS);
  if (!(error instanceof CharlaError) || error.code !== "UNKNOWN_HOST" || meant === null) {
    return error;
  }
  return new CharlaError(error.code, error.message, `did you mean charla ${meant}?`);
}
