// `charla [HOST[:PORT] | INVITATION]`: joins a room over the sealed wire. Loads this person's key, checks the
// server's against the one it had before, and keeps what the device has sent and read of each room.

import { join } from "node:path";

import { noticeEvent, type NoticeText } from "../chat/events.ts";
import { type DeviceFile, lastRead, openDeviceFile } from "../client/device-file.ts";
import type { Cursor } from "../client/device.ts";
import { sealedTarget } from "../client/find-target.ts";
import { joinRoom } from "../client/join-room.ts";
import { type LocalLog, openLocalLog } from "../client/local-log.ts";
import type { OwnRoomConversation } from "../client/room-conversation.ts";
import { CharlaError } from "../errors.ts";
import { dataFolder } from "../identity/folders.ts";
import { DEFAULT_ROOM } from "../identity/invitation.ts";
import { fingerprint } from "../identity/key-text.ts";
import { formatHostAndPort } from "../net/address.ts";
import { resolve } from "../net/resolve.ts";
import type { Io } from "../terminal/io.ts";
import { talk } from "../terminal/talk.ts";
import { keepChosenName } from "./chosen-name.ts";
import { historyOption, missedShown, printerOptions, searchCommand } from "./command-options.ts";
import { readWhere } from "./invitation-input.ts";
import { keptLines } from "./kept-lines.ts";
import { keptWidths } from "./kept-widths.ts";
import type { CommandLine } from "./options.ts";
import { memberIdentity, memberOptions } from "./person.ts";
import { findServers, isRunning } from "./running-server.ts";

export async function joinConversation(commandLine: CommandLine, io: Io): Promise<number> {
  const { words, flags, typed } = commandLine;
  const member = memberOptions(commandLine, io.env);
  const history = historyOption(commandLine, io);
  const { target, server, met } = sealedTarget(
    (await readWhere(words[0], commandLine, io)) ?? earlierServer(io.env),
    io.env,
  );
  const { keyPair: identity, notice: notKept } = memberIdentity(io.env);
  const [way, ...otherWays] = target.ways;
  // An unknown host may be a mistyped command: that is an error before there is a conversation.
  if (way?.kind === "direct" && otherWays.length === 0) await resolve(way);
  using files = new DisposableStack();
  /** By room: somebody who returns to a room goes on where they were. */
  const devices = new Map<string, DeviceFile>();
  const logs = new Map<string, LocalLog>();
  const where = way === undefined ? "" : formatHostAndPort(way);
  const notices: NoticeText[] = notKept === null ? [] : [notKept];
  let addLater = (notice: NoticeText): void => void notices.push(notice);
  let canKeep = notKept === null;
  // Where nothing can be kept, a notice has said so.
  const lines = canKeep
    ? keptLines(commandLine, io, (error) => (canKeep ? addLater(error) : undefined))
    : undefined;
  let isRead = true;
  const rooms = () => join(dataFolder(io.env), "rooms");

  /** Null when none is kept; where it can't be, a notice says so. */
  function openLog(room: string, addNotice: (notice: NoticeText) => void): LocalLog | null {
    if (flags.has("no-log")) return null;
    const known = logs.get(room);
    if (known !== undefined) return known;
    const log = orNotice(
      () => openLocalLog({ folder: rooms(), serverKey: server, where, room }),
      addNotice,
    );
    if (log !== null) logs.set(room, files.use(log));
    return log;
  }

  // A person reads it, perhaps in several windows; a program gets everything.
  const missed = missedShown(commandLine, io);
  const isWindow = missed !== undefined;

  function lastReadHere(room: string, log: string): number {
    return canKeep ? lastRead({ folder: rooms(), serverKey: server, room }, log) : 0;
  }

  function openDevice(room: string, addNotice: (notice: NoticeText) => void) {
    // With a new key, its messages would be sent by somebody else next time.
    if (!canKeep) return undefined;
    const known = devices.get(room);
    if (known !== undefined) {
      known.catchUp();
      return known;
    }
    const device = orNotice(() => {
      const options = { folder: rooms(), serverKey: server, where, room, isWindow };
      return openDeviceFile({ ...options, onFailure: addNotice });
    }, addNotice);
    if (device === null) canKeep = false;
    else devices.set(room, files.use(device));
    return device ?? undefined;
  }

  function enter(room: string, name: string, existing = false): OwnRoomConversation {
    const early: NoticeText[] = [];
    let conversation: OwnRoomConversation | null = null;
    const addNotice = (notice: NoticeText) => {
      if (conversation === null) early.push(notice);
      else conversation.addEvent(noticeEvent(notice));
    };
    const isFirstVisit = !devices.has(room);
    const file = openDevice(room, addNotice);
    const shown = (cursor: Cursor) => (isRead ? file?.shown(cursor) : undefined);
    const device = file && { ...file, shown };
    // Where there is no device, a notice has said why nothing can be kept.
    let log = file === undefined ? null : openLog(room, addNotice);
    conversation = joinRoom(target, {
      name,
      room,
      existing,
      identity,
      env: io.env,
      device,
      // A script says what failed again: it must not be sent twice.
      keepsUnsaid: io.stdin.isTTY === true,
      history,
      // Back in a room, its last messages are on the screen already.
      repeatsHistory: typed.has("history") && isFirstVisit,
      missed,
      lastRead: isWindow ? lastReadHere : undefined,
      onEntry(id, entry) {
        const kept = orNotice(() => log?.keep(id, entry) ?? true, addNotice);
        // It is said once; one can talk without a log.
        if (kept === null) log = null;
      },
      onServer(key) {
        const notice = checkServerKey(key, met, notKept !== null);
        if (notice !== null) addNotice(notice);
      },
    });
    for (const notice of early) addNotice(notice);
    addLater = addNotice;
    return conversation;
  }

  const room = member.room ?? target.room ?? DEFAULT_ROOM;
  const name = member.nameOn(server);
  return await talk(io, enter(room, name), {
    name,
    ...printerOptions(commandLine),
    atEndOfInput: flags.has("stay") ? "stay" : "leave",
    delivery: "shown",
    notices,
    keptLines: lines,
    keptWidths: keptWidths(commandLine, io),
    enter,
    searchCommand: (entered) => (logs.has(entered) ? searchCommand(`${where}/${entered}`) : null),
    onRenamed(chosen) {
      if (canKeep) keepChosenName(io.env, server, chosen, addLater);
    },
    onUnread() {
      isRead = false;
    },
  });
}

/** The invitation of an own server that still runs, where the one that was started after it was killed. */
function earlierServer(env: Io["env"]): string | undefined {
  try {
    const [newest, ...earlier] = findServers(dataFolder(env));
    if (newest === undefined || isRunning(newest)) return undefined;
    return earlier.find((server) => isRunning(server))?.invitation;
  } catch (error) {
    if (error instanceof CharlaError) return undefined;
    throw error;
  }
}

/**
 * @param keepsNothing as a notice has said already
 * @returns a notice about a server that was unknown until now; null for a known one
 * @throws {CharlaError} SERVER_KEY_CHANGED
 */
function checkServerKey(
  key: Uint8Array,
  met: (key: Uint8Array) => boolean,
  keepsNothing: boolean,
): NoticeText | null {
  const message = `met this server for the first time; its fingerprint is ${fingerprint(key)}`;
  const notice = { code: "SERVER_MET", message };
  try {
    return met(key) ? notice : null;
  } catch (error) {
    if (!(error instanceof CharlaError) || error.code !== "FOLDER_NOT_WRITABLE") throw error;
    // One can talk to a server without remembering its key.
    return keepsNothing ? notice : error;
  }
}

/** What fails for want of a file is a notice, and null: one can talk without storing anything. */
function orNotice<T>(open: () => T, addNotice: (notice: NoticeText) => void): T | null {
  try {
    return open();
  } catch (error) {
    if (!(error instanceof CharlaError)) throw error;
    addNotice(error);
    return null;
  }
}
