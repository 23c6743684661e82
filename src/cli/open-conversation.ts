// `charla --server`: opens a server, whose owner talks in one of its rooms as a member (owner-window.ts). A service without
// input only serves.

import { noticeEvent, type NoticeText, type RoomEvent } from "../chat/events.ts";
import type { OwnRoomConversation } from "../client/room-conversation.ts";
import { CharlaError, type ErrorCode } from "../errors.ts";
import { dataFolder, type Environment } from "../identity/folders.ts";
import { DEFAULT_ROOM } from "../identity/invitation.ts";
import { fingerprint } from "../identity/key-text.ts";
import { ownIdentity } from "../identity/private-files.ts";
import { formatAddress } from "../net/address.ts";
import { addressScope } from "../net/own-addresses.ts";
import { openAuthorizedKeys } from "../server/authorized-keys.ts";
import { LIMITS } from "../server/limits.ts";
import { open, type OpenOptions } from "../server/open.ts";
import type { Server } from "../server/server.ts";
import { type Io, onSignalToEnd } from "../terminal/io.ts";
import { createPrinter } from "../terminal/printer.ts";
import { announceServer } from "./announcement.ts";
import {
  historyOption,
  listenOptions,
  memoryOption,
  printerOptions,
  publicHostOption,
  storageOptions,
} from "./command-options.ts";
import { mapServerPort } from "./mapped-port.ts";
import type { CommandLine } from "./options.ts";
import { talkAsOwner } from "./owner-window.ts";
import { pageServedBy } from "./page.ts";
import { type MemberIdentity, memberIdentity, memberOptions } from "./person.ts";
import { relayOption, relayRegistrations } from "./relays.ts";
import { findServers, isRunning, type RunningServer } from "./running-server.ts";
import { awaitedNotice, openingNotices, otherWireNotice } from "./server-notices.ts";
import { invitationEvent, shareInvitation } from "./shared-invitation.ts";

/** A server that listens, and has not begun to talk. */
export interface Opened {
  readonly address: string;
  readonly invitation: string;
  /** The link for a browser. */
  readonly page: string | null;
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
  const shared = shareInvitation({
    invitation: () => invitationEvent(server, room),
    bind: listening.bind,
    data,
    file: values.get("invitation-file"),
    isOpen,
    isService: service !== null,
    isJson: flags.has("json"),
    io,
    addEvent,
  });
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
    onRenewed: (by, cause) =>
      shared.renewed(cause === "renew" && by === fingerprint(keyPair.publicKey)),
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
          if (notice !== null) shared.outerChanged(outer !== null, notice);
        },
      })
    : null;
  await registered;
  const invites = invitationEvent(server, room);
  const { invitation, page = null } = invites;
  const address = formatAddress(server.local);
  using _files = shared;
  const { notFound, forOthers } = shared.write(address);
  const notices = openingNotices({
    invitation,
    bind: listening.bind,
    isOpen,
    notKept,
    notFound,
    forOthers,
    webRefused: server.webRefused,
  });
  if (service !== null) {
    for (const notice of notices) addNotice(notice);
    addEvent({ type: "listening", address });
    if (isOpen) addEvent(invites);
    onOpened?.({ address, invitation, page, notices });
    return await untilEnd(io, server);
  }
  const status = await talkAsOwner(commandLine, io, {
    server,
    room,
    name: nameOn(keyPair.publicKey),
    publicKey: keyPair.publicKey,
    history,
    data,
    address,
    invites,
    notices,
    conversations,
    addEvent,
  });
  const awaited = server.countAwaited();
  if (awaited === 0) return status;
  const printer = createPrinter(io, printerOptions(commandLine));
  await printer.event(noticeEvent(awaitedNotice(awaited)));
  return await untilEnd(io, server);
}

function isThisMachine(bind: string | undefined): boolean {
  return bind !== undefined && addressScope(bind) === "machine";
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

/** Until a signal, or until its owner has closed it. */
async function untilEnd(io: Io, server: Server): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  using _signals = onSignalToEnd(io, resolve);
  void server.closed.then(() => resolve(0));
  return await promise;
}
