// `charla --server`: opens a server, whose owner talks in one of its rooms as a member. A service without input
// only serves.

import type { RoomEvent } from "../chat/events.ts";
import { memoryDevice } from "../client/device.ts";
import { openRoomConversation, type OwnRoomConversation } from "../client/room-conversation.ts";
import { CharlaError, type ErrorCode } from "../errors.ts";
import { dataFolder, type Environment } from "../identity/folders.ts";
import { DEFAULT_ROOM, parseInvitation } from "../identity/invitation.ts";
import { writeLocalInvitation } from "../identity/local-invitation.ts";
import { ownIdentity } from "../identity/private-files.ts";
import { formatAddress } from "../net/address.ts";
import { openAuthorizedKeys } from "../server/authorized-keys.ts";
import { open } from "../server/open.ts";
import type { Server } from "../server/server.ts";
import { type Io, onSignalToEnd } from "../terminal/io.ts";
import { createPrinter } from "../terminal/printer.ts";
import { noticeEvent, talk, type TalkNotice } from "../terminal/talk.ts";
import { historyOption, listenOptions, printerOptions } from "./command-options.ts";
import type { CommandLine } from "./options.ts";
import { type MemberIdentity, memberIdentity, memberOptions } from "./person.ts";

export async function openConversation(commandLine: CommandLine, io: Io): Promise<number> {
  const { flags, values } = commandLine;
  const { name, room = DEFAULT_ROOM } = memberOptions(commandLine, io.env);
  const listening = listenOptions(commandLine);
  const history = historyOption(commandLine, io);
  const isOpen = flags.has("open");
  const admitted = values.get("admit");
  const data = flags.has("ephemeral") ? undefined : (values.get("data") ?? dataFolder(io.env));
  const { keyPair, notice: notKept } =
    data === undefined ? memberIdentity(io.env) : keptIdentity(io.env);
  const service = io.isService ? createPrinter(io, printerOptions(commandLine)) : null;
  /** One for each room that the owner has entered. */
  const conversations: OwnRoomConversation[] = [];
  const addEvent = (event: RoomEvent) => {
    // A service goes on when nobody reads what it prints any more.
    if (service !== null) return void service.event(event).catch(() => {});
    for (const conversation of conversations) conversation.addEvent(event);
  };
  const addNotice = (notice: TalkNotice) => addEvent(noticeEvent(notice));
  await using server = await open({
    ...listening,
    identity: keyPair,
    open: isOpen,
    data,
    authorized: admitted === undefined ? undefined : openAuthorizedKeys(admitted, addNotice),
    onOtherWire: (peer) => addNotice(otherWireNotice(peer)),
    // Members see that somebody is gone by their silence.
    onRefused: (error) => (NETWORK_ERRORS.has(error.code) ? undefined : addNotice(error)),
  });
  const invitation = server.invitation(room);
  const written = publishInvitation(invitation, listening.bind, io.env);
  using _invitation = written instanceof CharlaError ? null : written;
  const notices: TalkNotice[] = [
    ...(isOpen ? [OPEN_NOTICE] : []),
    ...(notKept === null ? [] : [notKept]),
    // Of two folders that cannot be written to, one is enough to hear of.
    ...(written instanceof CharlaError && notKept === null ? [written] : []),
  ];
  const beginnings = [
    { type: "listening", address: formatAddress(server.local) },
    { type: "invitation", invitation },
  ] as const;
  if (service !== null) {
    for (const notice of notices) addNotice(notice);
    for (const event of beginnings) addEvent(event);
    return await untilSignal(io);
  }
  const enter = (entered: string, ownName: string) => {
    const conversation = converseWith(server, ownName, entered, history);
    conversations.push(conversation);
    return conversation;
  };
  const conversation = enter(room, name);
  for (const event of beginnings) addEvent(event);
  return await talk(io, conversation, {
    ...printerOptions(commandLine),
    atEndOfInput: "stay",
    delivery: "shown",
    notices,
    enter,
  });
}

/** The key of a server that stores messages: with another one at its next start, its invitations would be wrong. */
function keptIdentity(env: Environment): MemberIdentity {
  try {
    return { keyPair: ownIdentity(env).keyPair, notice: null };
  } catch (error) {
    if (!(error instanceof CharlaError) || error.code !== "FOLDER_NOT_WRITABLE") throw error;
    const { code, message, hint } = error;
    throw new CharlaError(code, message, `${hint}; or keep nothing with --ephemeral`);
  }
}

const NETWORK_ERRORS: ReadonlySet<ErrorCode> = new Set(["NOBODY_LISTENING", "UNREACHABLE"]);

/** The owner is a member too, over a channel that never leaves this program. */
function converseWith(
  server: Server,
  name: string,
  room: string,
  history: number | undefined,
): OwnRoomConversation {
  return openRoomConversation({
    room,
    name,
    history,
    device: memoryDevice(),
    random: Math.random,
    isTemporary: () => false,
    async connect() {
      const channel = server.connect();
      const ended = channel.ended.then((reason) => {
        return { type: "closed", reason: String(reason) } as const;
      });
      return { channel, ended };
    },
  });
}

const OPEN_NOTICE: TalkNotice = {
  code: "OPEN",
  message: "open: anyone who can reach this machine can join this conversation",
};

function otherWireNotice(peer: string): TalkNotice {
  return {
    code: "OTHER_WIRE",
    message: `${peer} does not speak the sealed wire, and was ignored`,
    hint: "charla INVITATION joins this conversation; ncat and --plain join one opened with --plain",
  };
}

/** Lets this person's other programs on this machine join without the invitation. */
function publishInvitation(
  invitation: string,
  bind: string | undefined,
  env: Environment,
): Disposable | CharlaError {
  const here = { ...parseInvitation(invitation), host: bind ?? "localhost" };
  try {
    return writeLocalInvitation(dataFolder(env), here);
  } catch (error) {
    if (error instanceof CharlaError) return error;
    throw error;
  }
}

async function untilSignal(io: Io): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  using _signals = onSignalToEnd(io, resolve);
  return await promise;
}
