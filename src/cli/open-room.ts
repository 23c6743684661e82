// `charla --server`: a server of rooms, and its owner, who talks in one of them as a member does.

import type { RoomEvent } from "../chat/events.ts";
import { memoryDevice } from "../client/device.ts";
import { openRoomConversation, type OwnRoomConversation } from "../client/room-conversation.ts";
import { CharlaError, type ErrorCode } from "../errors.ts";
import { dataFolder, type Environment, homeFolder } from "../identity/folders.ts";
import { DEFAULT_ROOM, parseInvitation } from "../identity/invitation.ts";
import { writeLocalInvitation } from "../identity/local-invitation.ts";
import { ownIdentity } from "../identity/private-files.ts";
import { formatAddress } from "../net/address.ts";
import { openAuthorizedKeys } from "../server/authorized-keys.ts";
import { open, type OpenOptions } from "../server/open.ts";
import type { Server } from "../server/server.ts";
import { type Io, SIGNAL_STATUS } from "../terminal/io.ts";
import { createPrinter } from "../terminal/printer.ts";
import { talk, type TalkNotice } from "../terminal/talk.ts";
import { listeningOptions } from "./listening.ts";
import { membership } from "./membership.ts";
import type { CommandLine } from "./options.ts";
import { presentation } from "./presentation.ts";

/** @returns the exit status */
export async function openRoom(commandLine: CommandLine, io: Io): Promise<number> {
  const { flags } = commandLine;
  const { name, room: mine = DEFAULT_ROOM } = membership(commandLine, io.env);
  const listening = listeningOptions(commandLine);
  const everyone = flags.has("open");
  const service = io.isService ? createPrinter(io, presentation(commandLine)) : null;
  const rooms: OwnRoomConversation[] = [];
  const tell = (event: RoomEvent) => {
    // Whoever closes what a service prints on wants it to go on serving.
    if (service !== null) return void service.event(event).catch(() => {});
    for (const room of rooms) room.addEvent(event);
  };
  const notify = ({ code, message, hint }: TalkNotice) => {
    const its = { type: "notice", code, message } as const;
    tell(hint === undefined ? its : { ...its, hint });
  };
  await using server = await open({
    ...listening,
    identity: ownIdentity(io.env).keyPair,
    open: everyone,
    data: keptIn(commandLine, io.env),
    ...admitting(commandLine, notify),
    onOtherWire: (peer) => notify(otherWire(peer)),
    // That a member is not there shows by their silence.
    onRefused: (error) => (OF_THE_NETWORK.has(error.code) ? undefined : notify(error)),
  });
  const left = leave(server.invitation(mine), listening.bind, io.env);
  using _invitation = left instanceof CharlaError ? null : left;
  const notices: TalkNotice[] = [
    ...(everyone ? [OPEN] : []),
    ...(left instanceof CharlaError ? [left] : []),
  ];
  const beginnings = [
    { type: "listening", address: formatAddress(server.local) },
    { type: "invitation", invitation: server.invitation(mine) },
  ] as const;
  if (service !== null) {
    for (const notice of notices) notify(notice);
    for (const event of beginnings) tell(event);
    return await untilEnded(io);
  }
  const enter = (room: string, itsName: string) => {
    const conversation = hold(server, itsName, room);
    rooms.push(conversation);
    return conversation;
  };
  const conversation = enter(mine, name);
  for (const event of beginnings) tell(event);
  return await talk(io, conversation, {
    ...presentation(commandLine),
    atEndOfInput: "stay",
    delivery: "shown",
    notices,
    enter,
  });
}

const OF_THE_NETWORK: ReadonlySet<ErrorCode> = new Set(["NOBODY_LISTENING", "UNREACHABLE"]);

/** Who gets in without an invitation. */
function admitting(
  { values }: CommandLine,
  notify: (trouble: CharlaError) => void,
): Pick<OpenOptions, "authorized"> {
  const path = values.get("admit");
  return path === undefined ? {} : { authorized: openAuthorizedKeys(path, notify) };
}

/** Where what is said is kept; undefined for nowhere. */
function keptIn({ flags, values }: CommandLine, env: Environment): string | undefined {
  return flags.has("ephemeral") ? undefined : (values.get("data") ?? dataFolder(env, homeFolder()));
}

/** The owner's own way in, which never leaves this program. */
function hold(server: Server, name: string, room: string): OwnRoomConversation {
  return openRoomConversation({
    room,
    name,
    device: memoryDevice(),
    random: Math.random,
    isTemporary: () => false,
    async connect(handlers) {
      const channel = server.connect(handlers);
      const ended = channel.ended.then((reason) => {
        return { type: "closed", reason: String(reason) } as const;
      });
      return { channel, ended };
    },
  });
}

const OPEN: TalkNotice = {
  code: "OPEN",
  message: "open: anyone who can reach this machine can join this conversation",
};

function otherWire(peer: string): TalkNotice {
  return {
    code: "OTHER_WIRE",
    message: `${peer} does not speak the sealed wire, and was not heard`,
    hint: "charla INVITATION joins this conversation; ncat and --plain join one opened with --plain",
  };
}

/** What lets this person's other programs in; without it they need the invitation as everybody does. */
function leave(
  invitation: string,
  bind: string | undefined,
  env: Environment,
): Disposable | CharlaError {
  const its = parseInvitation(invitation);
  try {
    const folder = dataFolder(env, homeFolder());
    return writeLocalInvitation(folder, { ...its, host: bind ?? "localhost" });
  } catch (error) {
    if (error instanceof CharlaError) return error;
    throw error;
  }
}

async function untilEnded(io: Io): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  using _interrupted = io.onSignal("SIGINT", () => resolve(SIGNAL_STATUS.SIGINT));
  using _hungUp = io.onSignal("SIGHUP", () => resolve(SIGNAL_STATUS.SIGHUP));
  // Asked to end, it ends: that is no failure.
  using _asked = io.onSignal("SIGTERM", () => resolve(0));
  return await promise;
}
