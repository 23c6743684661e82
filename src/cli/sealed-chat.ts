// A conversation on the sealed wire, opened or joined: who this is, what lets others in, and whom we
// take the server for.

import { joinSealed, type OpenedConversation, openSealed } from "../client/sealed-conversation.ts";
import { CharlaError } from "../errors.ts";
import { type Opening, talk, type TalkOptions } from "../terminal/talk.ts";
import { fingerprint } from "../wire/identity/fingerprint.ts";
import { dataFolder } from "../wire/identity/folders.ts";
import { parseInvitation } from "../wire/identity/invitation.ts";
import { leaveInvitation } from "../wire/identity/left-invitation.ts";
import { listeningOptions } from "./listening.ts";
import type { CommandLine } from "./options.ts";
import { ownIdentity } from "./own-identity.ts";
import { homeFolder } from "./person.ts";
import { presentation } from "./presentation.ts";
import { sealedTarget } from "./sealed-target.ts";

/** @returns the exit status */
export function sealedChat(commandLine: CommandLine): Promise<number> {
  return commandLine.flags.has("server") ? open(commandLine) : join(commandLine);
}

async function open(commandLine: CommandLine): Promise<number> {
  const everyone = commandLine.flags.has("open");
  const listening = listeningOptions(commandLine);
  const identity = ownIdentity().keyPair;
  const conversation = await openSealed({ ...listening, identity, open: everyone });
  const left = leave(conversation, listening.bind);
  using _invitation = left instanceof CharlaError ? null : left;
  return await hold(conversation, commandLine, "stay", [
    ...(everyone ? [OPEN] : []),
    ...(left instanceof CharlaError ? [left] : []),
  ]);
}

const OPEN: Opening = {
  code: "OPEN",
  message: "open: anyone who can reach this machine can join this conversation",
};

/** What lets this person's other programs in; without it they need the invitation as everybody does. */
function leave(
  { invitation }: OpenedConversation,
  bind: string | undefined,
): Disposable | CharlaError {
  const its = parseInvitation(invitation);
  try {
    const folder = dataFolder(process.env, homeFolder());
    return leaveInvitation(folder, { ...its, host: bind ?? "localhost" });
  } catch (error) {
    if (error instanceof CharlaError) return error;
    throw error;
  }
}

async function join(commandLine: CommandLine): Promise<number> {
  const { words, flags } = commandLine;
  const { target, met } = sealedTarget(words[0]);
  const conversation = await joinSealed(target, { identity: ownIdentity().keyPair });
  const openings: Opening[] = [];
  try {
    if (met(conversation.serverKey)) {
      const message = `met this server for the first time; its fingerprint is ${fingerprint(conversation.serverKey)}`;
      openings.push({ code: "SERVER_MET", message });
    }
  } catch (error) {
    if (!(error instanceof CharlaError) || error.code !== "FOLDER_NOT_WRITABLE") {
      await conversation.leave();
      throw error;
    }
    // That it cannot be remembered is no reason not to talk.
    openings.push(error);
  }
  return hold(conversation, commandLine, flags.has("stay") ? "stay" : "leave", openings);
}

function hold(
  conversation: Parameters<typeof talk>[0],
  commandLine: CommandLine,
  atEndOfInput: TalkOptions["atEndOfInput"],
  openings: readonly Opening[],
): Promise<number> {
  return talk(conversation, {
    ...presentation(commandLine),
    atEndOfInput,
    delivery: "shown",
    openings,
  });
}
