// `--plain`: a conversation on the lesson's wire, which anyone on the network can read.

import { joinPlain, openPlain } from "../client/plain-conversation.ts";
import { CharlaError } from "../errors.ts";
import { looksLikeInvitation } from "../identity/invitation.ts";
import { parseHostAndPort } from "../net/address.ts";
import type { Io } from "../terminal/io.ts";
import { talk } from "../terminal/talk.ts";
import { listeningOptions } from "./listening.ts";
import type { CommandLine } from "./options.ts";
import { presentation } from "./presentation.ts";

const NOT_SEALED = {
  code: "NOT_SEALED",
  message: "not encrypted: anyone on the network can read and forge this conversation",
};

/** @returns the exit status */
export async function plainChat(commandLine: CommandLine, io: Io): Promise<number> {
  const { flags, words } = commandLine;
  const server = flags.has("server");
  const turns = flags.has("turns");
  const [host = "localhost"] = words;
  if (looksLikeInvitation(host)) {
    throw new CharlaError(
      "USAGE",
      "an invitation leads to a sealed conversation, and --plain to one that is not",
      "leave --plain out",
    );
  }
  const conversation = await (server
    ? openPlain({ ...listeningOptions(commandLine), turns })
    : joinPlain(parseHostAndPort(host), { turns }));
  return talk(io, conversation, {
    ...presentation(commandLine),
    atEndOfInput: server || flags.has("stay") ? "stay" : "leave",
    delivery: "unknown",
    notices: [NOT_SEALED],
  });
}
