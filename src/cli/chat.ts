// `charla --server` and `charla [HOST[:PORT] | INVITATION]`: opens or joins a conversation, on the sealed wire
// or, with --plain, on the plain one.

import { closest } from "../chat/closest.ts";
import { COMMANDS as ROOM_COMMANDS } from "../chat/commands.ts";
import { CharlaError, usageError } from "../errors.ts";
import { looksLikeInvitation } from "../identity/invitation-text.ts";
import { parseHostAndPort } from "../net/address.ts";
import { isLookupError } from "../net/socket-error.ts";
import type { Io } from "../terminal/io.ts";
import { listenOptions, printerOptions, quoteWord } from "./command-options.ts";
import { refuseBroken } from "./invitation-input.ts";
import { COMMANDS } from "./option-table.ts";
import type { CommandLine } from "./options.ts";

export async function chat(commandLine: CommandLine, io: Io): Promise<number> {
  const { flags } = commandLine;
  refuseContradictions(commandLine);
  try {
    if (flags.has("plain")) return await plainChat(commandLine, io);
    if (flags.has("background"))
      return await (await import("./background.ts")).openInBackground(commandLine, io);
    if (flags.has("server"))
      return await (await import("./open-conversation.ts")).openConversation(commandLine, io);
    if (commandLine.words.length === 0) return await joinNearby(commandLine, io);
    return await join(commandLine, io);
  } catch (error) {
    throw withCommandHint(error, commandLine);
  }
}

async function join(commandLine: CommandLine, io: Io): Promise<number> {
  return await (await import("./join-conversation.ts")).joinConversation(commandLine, io);
}

async function joinNearby(commandLine: CommandLine, io: Io): Promise<number> {
  const nearby = await (await import("./nearby.ts")).findNearby(commandLine, io);
  switch (nearby.type) {
    case "none":
      return await join(commandLine, io);
    case "join":
      return await join({ ...commandLine, words: [nearby.where] }, io);
    case "open": {
      const { withSettings } = await import("./config/settings.ts");
      const typed = new Set([...commandLine.typed, "server"]);
      return await chat(await withSettings({ ...commandLine, typed }, io), io);
    }
    case "left":
      return 0;
  }
}

/** On the lesson's wire: anyone on the network can read it. */
async function plainChat(commandLine: CommandLine, io: Io): Promise<number> {
  const { flags, words } = commandLine;
  const server = flags.has("server");
  const turns = flags.has("turns");
  const [host = "localhost"] = words;
  if (host === "-" || looksLikeInvitation(host)) {
    throw usageError(
      "an invitation is for the sealed wire, and --plain for the plain one",
      "leave --plain out",
    );
  }
  const { joinPlain, openPlain } = await import("../client/plain-conversation.ts");
  const { talk } = await import("../terminal/talk.ts");
  const { keptWidths } = await import("./kept-widths.ts");
  const conversation = await (server
    ? openPlain({ ...listenOptions(commandLine), turns })
    : joinPlain(parseHostAndPort(host), { turns }));
  return talk(io, conversation, {
    ...printerOptions(commandLine),
    atEndOfInput: server || flags.has("stay") ? "stay" : "leave",
    delivery: "unknown",
    notices: [NOT_SEALED],
    keptWidths: keptWidths(commandLine, io),
  });
}

const NOT_SEALED = {
  code: "NOT_SEALED",
  message: "not encrypted: anyone on the network can read and forge this conversation",
};

/** Of what is typed: a setting that has no meaning here is ignored. */
function refuseContradictions({ words, typed }: CommandLine): void {
  const [first, extra] = words;
  if (typed.has("server") && first !== undefined) {
    throw usageError(
      `--server opens a conversation here, and ${quoteWord(first)} is a host to join`,
      "leave one of them out; --bind ADDRESS chooses where to listen",
    );
  }
  if (first !== undefined && extra !== undefined) {
    // One after `--` was meant as an argument.
    const hint = COMMANDS.some((name) => name === first) ? null : commandHint(words);
    if (hint !== null) throw usageError(`there is no command ${quoteWord(first)}`, hint);
    refuseBroken(words);
    throw usageError(
      `one host can be joined, not ${words.length}`,
      "to send a message without joining: charla send TEXT",
    );
  }
  for (const [option, why] of Object.entries(SERVER_ONLY)) {
    if (typed.has("server") || !typed.has(option)) continue;
    throw usageError(`--${option} goes with --server`, why);
  }
  if (typed.has("turns") && !typed.has("plain")) {
    throw usageError("--turns goes with --plain", "both ends take turns with --plain --turns");
  }
  for (const [option, why] of Object.entries(SEALED_ONLY)) {
    if (!typed.has("plain") || !typed.has(option)) continue;
    throw usageError(`--${option} goes without --plain`, why);
  }
  if (typed.has("open") && typed.has("admit")) {
    throw usageError(
      "--open lets anyone in, and --admit only the people in a file",
      "leave one of them out",
    );
  }
  if (typed.has("server") && typed.has("no-log")) {
    throw usageError(
      "--no-log is for somebody who joins, and --server opens a conversation",
      "a server stores nothing with --ephemeral",
    );
  }
  if (typed.has("data") && typed.has("ephemeral")) {
    throw usageError(
      "--data says where messages are stored, and --ephemeral stores none",
      "leave one of them out",
    );
  }
}

/** Options without a meaning for somebody who joins, and why. */
const SERVER_ONLY = {
  port: "to join at another port write HOST:PORT",
  bind: "to join at another port write HOST:PORT",
  "public-host": "only the server makes invitations",
  relay: "an invitation names the relays of its server",
  open: "only the server decides who may join",
  admit: "only the server decides who may join",
  data: "only the server stores messages",
  ephemeral: "only the server stores messages",
  memory: "only the server holds what its members send",
  keep: "only the server stores messages",
  quota: "only the server stores messages",
  "no-web": "only a server listens for WebSockets",
  "no-map": "only the server has its port mapped",
  background: "only a server goes on without a terminal",
  "no-announce": "only a server is announced",
};

/** Options without a meaning in a plain conversation, and why. */
const SEALED_ONLY = {
  "public-host": "a plain conversation has no invitation",
  relay: "relays forward only the sealed wire",
  open: "anyone can join a plain conversation",
  admit: "a plain conversation knows no fingerprints",
  data: "a plain conversation stores no messages",
  ephemeral: "a plain conversation stores no messages",
  keep: "a plain conversation stores no messages",
  quota: "a plain conversation stores no messages",
  name: "a plain conversation has no names",
  room: "a plain conversation has no rooms",
  memory: "a plain conversation holds one message",
  "no-map": "for a plain conversation no port is mapped",
  background: "a plain conversation needs somebody who types",
  "no-web": "a plain conversation is UDP only",
  "no-announce": "a plain conversation is not announced",
  "invitation-file": "an invitation is for the sealed wire",
  history: "a plain conversation stores no messages",
  "no-log": "a plain conversation stores no messages",
  "no-line-history": "a plain conversation keeps no lines",
};

/** A host that is not found may be a mistyped command, also where no name server answers. */
function withCommandHint(error: unknown, { words }: CommandLine): unknown {
  if (!(error instanceof CharlaError) || !isLookupError(error)) return error;
  const hint = commandHint(words);
  return hint === null ? error : new CharlaError(error.code, error.message, hint);
}

/** A host may have any name: that two letters of it are wrong says nothing. */
const MAX_COMMAND_SLIPS = 1;

function commandHint([written = "", about = ""]: readonly string[]): string | null {
  if (written === "help") {
    const command = COMMANDS.find((name) => name === about);
    return command === undefined
      ? "did you mean charla --help?"
      : `did you mean charla ${command} --help?`;
  }
  const meant = closest(written, COMMANDS, MAX_COMMAND_SLIPS);
  if (meant !== null) return `did you mean charla ${meant}?`;
  if (!ROOM_COMMANDS.some(({ name }) => name === written)) return null;
  return `/${written} is typed in a conversation, which charla joins`;
}
