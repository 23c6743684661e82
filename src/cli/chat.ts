// `charla --server` and `charla [HOST[:PORT]]`: a conversation, opened or joined.

import type { Conversation } from "../chat/events.ts";
import { joinPlain, openPlain } from "../client/plain-conversation.ts";
import { CharlaError } from "../errors.ts";
import { talk } from "../terminal/talk.ts";
import { DEFAULT_PORT, parseHostAndPort } from "../wire/address.ts";
import { closest } from "./closest.ts";
import { listeningOptions } from "./listening.ts";
import { type CommandLine, COMMANDS } from "./options.ts";
import { presentation } from "./presentation.ts";

const NOT_SEALED = {
  code: "NOT_SEALED",
  message: "not encrypted: anyone on the network can read and forge this conversation",
};

/** @returns the exit status */
export async function chat(commandLine: CommandLine): Promise<number> {
  const { flags } = commandLine;
  const server = flags.has("server");
  const conversation = await (server ? open(commandLine) : join(commandLine));
  return talk(conversation, {
    ...presentation(commandLine),
    atEndOfInput: server || flags.has("stay") ? "stay" : "leave",
    opening: NOT_SEALED,
  });
}

function open(commandLine: CommandLine): Promise<Conversation> {
  const [extra] = commandLine.words;
  if (extra !== undefined) {
    throw new CharlaError(
      "USAGE",
      `--server opens a conversation here, and ${JSON.stringify(extra)} is a host to join`,
      "leave one of them out; --bind ADDRESS chooses where to listen",
    );
  }
  return openPlain({ ...listeningOptions(commandLine), turns: commandLine.flags.has("turns") });
}

async function join({ words, flags, values }: CommandLine): Promise<Conversation> {
  const [host = `localhost:${DEFAULT_PORT}`, extra] = words;
  if (extra !== undefined) {
    throw new CharlaError(
      "USAGE",
      `one host can be joined, not ${words.length}`,
      "to send a message without joining: charla send TEXT",
    );
  }
  for (const option of ["port", "bind"]) {
    if (!values.has(option)) continue;
    throw new CharlaError(
      "USAGE",
      `--${option} goes with --server`,
      "to join at another port write HOST:PORT",
    );
  }
  try {
    return await joinPlain(parseHostAndPort(host), { turns: flags.has("turns") });
  } catch (error) {
    const meant = closest(host, COMMANDS);
    if (!(error instanceof CharlaError) || error.code !== "UNKNOWN_HOST" || meant === null) {
      throw error;
    }
    throw new CharlaError(error.code, error.message, `did you mean charla ${meant}?`);
  }
}
