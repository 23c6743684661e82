// `charla --server`: opens a server, whose owner talks in one of its rooms as a member. A service without input
// only serves.

import { GOING_AWAY } from "../chat/channel.ts";
import { noticeEvent, type NoticeText, type RoomEvent } from "../chat/events.ts";
import { type Device, memoryDevice } from "../client/device.ts";
import {
  openRoomConversation,
  type OwnRoomConversation,
  type RoomConversationOptions,
} from "../client/room-conversation.ts";
import { CharlaError, type ErrorCode } from "../errors.ts";
import { dataFolder, type Environment } from "../identity/folders.ts";
import { DEFAULT_ROOM, parseInvitation } from "../identity/invitation.ts";
import { fingerprint } from "../identity/key-text.ts";
import { ownIdentity } from "../identity/private-files.ts";
import { formatAddress } from "../net/address.ts";
import { addressScope } from "../net/own-addresses.ts";
import { CLOSE_DONE } from "../protocol/session/session.ts";
import { openAuthorizedKeys } from "../server/authorized-keys.ts";
import { LIMITS } from "../server/limits.ts";
import { open, type OpenOptions } from "../server/open.ts";
import type { Server } from "../server/server.ts";
import { type Io, onSignalToEnd } from "../terminal/io.ts";
import { createPrinter } from "../terminal/printer.ts";
import { talk } from "../terminal/talk.ts";
import { announceServer } from "./announcement.ts";
import { keepChosenName } from "./chosen-name.ts";
import {
  historyOption,
  listenOptions,
  memoryOption,
  missedShown,
  printerOptions,
  publicHostOption,
  searchCommand,
  storageOptions,
} from "./command-options.ts";
import { keptLines } from "./kept-lines.ts";
import { keptWidths } from "./kept-widths.ts";
import { mapServerPort } from "./mapped-port.ts";
import type { CommandLine } from "./options.ts";
import { pageServedBy } from "./page.ts";
import { type MemberIdentity, memberIdentity, memberOptions } from "./person.ts";
import { describeReach } from "./reach-notice.ts";
import { relayOption, relayRegistrations } from "./relays.ts";
import { findServers, isRunning, type RunningServer } from "./running-server.ts";
import { type ServerFiles, writeServerFiles } from "./server-files.ts";

/** A server that listens, and has not begun to talk. */
export interface Opened {
  readonly address: string;
  readonly invitation: string;
  readonly notices: readonly NoticeText[];
}

/**
 * @param onOpened called once, for a service
 * @returns the exit status
 */
export async function openConversation(
  commandLine: CommandLine,
  io: Io,
  onOpened?: (opened: Opened) => void,
): Promise<number> {
  const { flags, values } = commandLine;
  const { nameOn, room = DEFAULT_ROOM } = memberOptions(commandLine, io.env);
  const listening = listenOptions(commandLine);
  const publicHost = publicHostOption(commandLine);
  const history = historyOption(commandLine, io);
  const memory = memoryOption(commandLine);
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
  const addNotice = (notice: NoticeText) => addEvent(noticeEvent(notice));
  const relays = relayRegistrations(relayOption(commandLine), io.env, addNotice);
  /** Null until they are written, with the invitation as it is then. */
  let files: ServerFiles | null = null;
  const rewriteFiles = () => {
    if (files === null) return;
    files[Symbol.dispose]();
    files = writeFiles();
  };
  await using server = await openServer(commandLine, io.env, {
    ...listening,
    publicHost,
    relays: relays.options,
    identity: keyPair,
    open: isOpen,
    web: !flags.has("no-web"),
    page: pageServedBy("server"),
    data,
    limits: memory === undefined ? LIMITS : { ...LIMITS, memory },
    ...storageOptions(commandLine),
    onStorage(notice) {
      // The server notifies the owner's windows itself.
      if (service !== null) addNotice(notice);
    },
    authorized: admitted === undefined ? undefined : openAuthorizedKeys(admitted, addNotice),
    onOtherWire: (peer, ignored) => addNotice(otherWireNotice(peer, ignored)),
    // Members see that somebody is gone by their silence.
    onRefused: (error) => (NETWORK_ERRORS.has(error.code) ? undefined : addNotice(error)),
    onRenewed(by, cause) {
      rewriteFiles();
      if (flags.has("json") && service === null) {
        addEvent({ type: "invitation", invitation: server.invitation(room) });
      } else if (files !== null && files.forOthers !== null) addNotice(files.forOthers);
      // In the owner's window the answer to their own ban says it, and a notice what an operator has done.
      else if (service !== null || (cause === "renew" && by === fingerprint(keyPair.publicKey))) {
        addNotice(RENEWED_NOTICE);
      }
    },
  });
  await using _announced = announceServer(commandLine, {
    local: server.local,
    publicKey: keyPair.publicKey,
    name: nameOn(keyPair.publicKey),
    isOpen,
  });
  const isMapped = !flags.has("no-map") && !isThisMachine(listening.bind);
  const registered = relays.attempted();
  await using _mapping = isMapped
    ? await mapServerPort({
        bind: listening.bind,
        port: server.local.port,
        onChange(outer, notice) {
          server.setMapped(outer);
          if (notice === null) return;
          rewriteFiles();
          addNotice(notice);
          if (outer === null) return;
          if (service === null || isOpen) {
            addEvent({ type: "invitation", invitation: server.invitation(room) });
          } else if (files !== null && files.forOthers !== null) addNotice(files.forOthers);
        },
      })
    : null;
  await registered;
  const invitation = server.invitation(room);
  const address = formatAddress(server.local);
  const named = values.get("invitation-file");
  const writeFiles = () =>
    writeServerFiles({
      invitation: server.invitation(room),
      bind: listening.bind,
      address,
      data,
      // What a service prints may be kept where others read it.
      invitationFile:
        named === undefined ? (service === null || isOpen ? "none" : "default") : { path: named },
      io,
    });
  const { notFound, forOthers } = (files = writeFiles());
  using _files = { [Symbol.dispose]: () => files?.[Symbol.dispose]() };
  const reach = describeReach(parseInvitation(invitation).ways, {
    bind: listening.bind,
    remedy: "charla --server --relay HOST",
  });
  const notices: NoticeText[] = [
    ...(isOpen ? [OPEN_NOTICE] : []),
    ...(reach === null ? [] : [reach]),
    ...(notKept === null ? [] : [notKept]),
    // Of two folders that cannot be written to, one is enough to hear of.
    ...(notFound === null || notKept !== null ? [] : [notFound]),
    ...(forOthers === null ? [] : [forOthers]),
    ...(server.webRefused === null ? [] : [noWebNotice(server.webRefused)]),
  ];
  const listens = { type: "listening", address } as const;
  const invites = { type: "invitation", invitation } as const;
  if (service !== null) {
    for (const notice of notices) addNotice(notice);
    addEvent(listens);
    if (isOpen) addEvent(invites);
    onOpened?.({ address, invitation, notices });
    return await untilEnd(io, server);
  }
  /** By room: back in one, the owner gets what they have missed, as everybody does. */
  const devices = new Map<string, Device>();
  const enter = (entered: string, ownName: string, existing: boolean, belowPast?: RoomEvent) => {
    const device = devices.get(entered) ?? memoryDevice();
    devices.set(entered, device);
    const conversation = converseWith(server, {
      name: ownName,
      room: entered,
      existing,
      history,
      missed: missedShown(commandLine, io),
      device,
      belowPast,
    });
    conversations.push(conversation);
    return conversation;
  };
  // On a screen, what was said before would push the invitation out of sight.
  const isBelow = io.stdin.isTTY === true && !flags.has("json");
  const conversation = enter(room, nameOn(keyPair.publicKey), false, isBelow ? invites : undefined);
  // Before the one that leaves: the window says why it closes.
  using _stopped = io.onSignal("SIGTERM", () => addNotice(STOPPED_NOTICE));
  for (const event of isBelow ? [listens] : [listens, invites]) addEvent(event);
  const status = await talk(io, conversation, {
    ...printerOptions(commandLine),
    atEndOfInput: "stay",
    delivery: "shown",
    notices,
    beforeStop: STANDS_STILL_NOTICE,
    atEnd: () => othersNotice(server.countOthers()),
    keptLines: keptLines(commandLine, io, addNotice),
    keptWidths: keptWidths(commandLine, io),
    enter: (entered, ownName, existing) => enter(entered, ownName, existing),
    searchCommand: (entered) =>
      data === undefined ? null : searchCommand(entered, values.get("data")),
    onRenamed(name) {
      if (data !== undefined) keepChosenName(io.env, keyPair.publicKey, name, addNotice);
    },
  });
  const awaited = server.countAwaited();
  if (awaited === 0) return status;
  const printer = createPrinter(io, printerOptions(commandLine));
  await printer.event(noticeEvent(awaitedNotice(awaited)));
  return await untilEnd(io, server);
}

/** The owner has closed the conversation. */
function awaitedNotice(count: number): NoticeText {
  return {
    code: "OTHERS_AWAY",
    message: `${count === 1 ? "somebody is" : `${count} people are`} away: waiting up to a minute to let them know that it is over`,
    hint: "Ctrl-C ends the server at once",
  };
}

function isThisMachine(bind: string | undefined): boolean {
  return bind !== undefined && addressScope(bind) === "machine";
}

/** Nobody else's conversation is over because a window was closed. */
function othersNotice(count: number): NoticeText | null {
  if (count === 0) return null;
  return {
    code: "OTHERS_WAIT",
    message: `${count === 1 ? "somebody else is" : `${count} others are`} still here, and will wait until your server is back`,
    hint: "charla --server opens it again; with --background it needs no window; /close ends it for all",
  };
}

/** @throws what `open` throws; when this person's own server is in the way, the hint says so */
async function openServer(
  { values }: CommandLine,
  env: Environment,
  options: OpenOptions,
): Promise<Server> {
  try {
    return await open(options);
  } catch (error) {
    if (!(error instanceof CharlaError)) throw error;
    const running = findServerInTheWay(error.code, options, env);
    if (running === undefined) throw error;
    const folder = values.get("data");
    const stop = folder === undefined ? "charla stop" : `charla stop --data ${folder}`;
    throw new CharlaError(
      error.code,
      `your server at ${running.address} is running already`,
      `charla joins it, and ${stop} ends it; another one needs a --port of its own, and a folder with --data, or --ephemeral`,
      { cause: error },
    );
  }
}

/** Undefined also where no folder can hold a record of it. */
function findServerInTheWay(
  code: ErrorCode,
  { data, port }: OpenOptions,
  env: Environment,
): RunningServer | undefined {
  if (code !== "STORE_LOCKED" && code !== "PORT_IN_USE") return undefined;
  try {
    return findServers(data ?? dataFolder(env)).find(
      (server) =>
        (code === "STORE_LOCKED" ? server.data === data : server.address.endsWith(`:${port}`)) &&
        isRunning(server),
    );
  } catch (error) {
    if (error instanceof CharlaError) return undefined;
    throw error;
  }
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

/** Whatever keeps a datagram from a member is passing (docs/errors.md), and would be a notice for each. */
const NETWORK_ERRORS: ReadonlySet<ErrorCode> = new Set([
  "NOBODY_LISTENING",
  "UNREACHABLE",
  "ADDRESS_FAMILY_NOT_AVAILABLE",
  "SOCKET_FAILED",
]);

/**
 * The owner is a member too, over a channel that never leaves this program. That the channel fails doesn't end the
 * conversation: the server would end with it, for everybody.
 */
export function converseWith(
  server: Pick<Server, "connect">,
  options: Pick<
    RoomConversationOptions,
    "room" | "name" | "history" | "existing" | "missed" | "device" | "belowPast"
  >,
): OwnRoomConversation {
  return openRoomConversation({
    ...options,
    keepsUnsaid: false,
    random: Math.random,
    isTemporary: () => false,
    async connect() {
      const channel = server.connect();
      const ended = channel.ended.then(({ code, reason }) => {
        const type = code === CLOSE_DONE || code === GOING_AWAY ? "closed" : "failed";
        return { type, reason } as const;
      });
      return { channel, ended };
    },
  });
}

const RENEWED_NOTICE: NoticeText = {
  code: "INVITATION_RENEWED",
  message: "the standing invitation was renewed: people who came by the old one may come back",
};

const STANDS_STILL_NOTICE: NoticeText = {
  code: "STANDS_STILL",
  message: "the server is stopped, and nobody can talk until fg",
  hint: "charla --server --background needs no window",
};

const STOPPED_NOTICE: NoticeText = {
  code: "STOPPED",
  message: "the server was asked to end, with charla stop or another SIGTERM",
};

const OPEN_NOTICE: NoticeText = {
  code: "OPEN",
  message: "open: anyone who can reach this machine can join this conversation",
};

function noWebNotice({ code, message }: CharlaError): NoticeText {
  return {
    code,
    message: `no WebSockets: ${message}, on TCP; people without UDP can't join`,
    hint: "--port N chooses another port for both; --no-web goes without",
  };
}

function otherWireNotice(peer: string, ignored: number): NoticeText {
  const code = "OTHER_WIRE";
  if (ignored > 1) {
    const message = `ignored ${ignored} datagrams so far that are not of the sealed wire, the last from ${peer}`;
    return { code, message };
  }
  return {
    code,
    message: `${peer} does not speak the sealed wire, and was ignored`,
    hint: "charla INVITATION joins this conversation; ncat and --plain join one opened with --plain",
  };
}

/** Until a signal, or until its owner has closed it. */
async function untilEnd(io: Io, server: Server): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  using _signals = onSignalToEnd(io, resolve);
  void server.closed.then(() => resolve(0));
  return await promise;
}
