// `charla [HOST[:PORT] | INVITATION]`: a room of somebody's server, joined over the sealed wire: who this is,
// whom we take for the server, and what this program keeps of the room.

import { join } from "node:path";

import { type DeviceFile, openDeviceFile } from "../client/device.ts";
import { joinRoom } from "../client/join-room.ts";
import type { OwnRoomConversation } from "../client/room-conversation.ts";
import { sealedTarget } from "../client/sealed-target.ts";
import { CharlaError } from "../errors.ts";
import { dataFolder, type Environment, homeFolder } from "../identity/folders.ts";
import { DEFAULT_ROOM } from "../identity/invitation.ts";
import { fingerprint } from "../identity/key-text.ts";
import { ownIdentity } from "../identity/private-files.ts";
import { resolve } from "../net/resolve.ts";
import type { Io } from "../terminal/io.ts";
import { talk, type TalkNotice } from "../terminal/talk.ts";
import { membership } from "./membership.ts";
import type { CommandLine } from "./options.ts";
import { presentation } from "./presentation.ts";

/** @returns the exit status */
export async function sealedChat(commandLine: CommandLine, io: Io): Promise<number> {
  const { words, flags } = commandLine;
  const { name: ownName, room: wanted } = membership(commandLine, io.env);
  const { target, server, met } = sealedTarget(words[0], io.env);
  const identity = ownIdentity(io.env).keyPair;
  // A host that nobody knows may be a command that was mistyped, and is nothing to begin a conversation with.
  await resolve(target);
  using held = new DisposableStack();
  /** Of each room that was entered: whoever comes back to one goes on where they were. */
  const devices = new Map<string, DeviceFile>();

  const enter = (room: string, name: string): OwnRoomConversation => {
    const known = devices.get(room);
    const { device, opening } =
      known === undefined
        ? keep(io.env, server, room, (error) => conversation.addEvent(notice(error)))
        : { device: known, opening: null };
    if (device !== undefined && known === undefined) devices.set(room, held.use(device));
    const conversation = joinRoom(target, {
      name,
      room,
      identity,
      device,
      onServer(key) {
        const news = meet(key, met);
        if (news !== null) conversation.addEvent(notice(news));
      },
    });
    if (opening !== null) conversation.addEvent(notice(opening));
    return conversation;
  };
  return await talk(io, enter(wanted ?? target.room ?? DEFAULT_ROOM, ownName), {
    ...presentation(commandLine),
    atEndOfInput: flags.has("stay") ? "stay" : "leave",
    delivery: "shown",
    enter,
  });
}

/** Where nothing can be kept one can still talk; that is told. */
function keep(
  env: Environment,
  serverKey: Uint8Array,
  room: string,
  onFailure: (error: CharlaError) => void,
): { readonly device: DeviceFile | undefined; readonly opening: TalkNotice | null } {
  try {
    const folder = join(dataFolder(env, homeFolder()), "rooms");
    return { device: openDeviceFile({ folder, serverKey, room, onFailure }), opening: null };
  } catch (error) {
    if (!(error instanceof CharlaError)) throw error;
    return { device: undefined, opening: error };
  }
}

/**
 * What there is to say of a server that was reached; null of one that is known.
 *
 * @throws {CharlaError} SERVER_KEY_CHANGED
 */
function meet(key: Uint8Array, met: (key: Uint8Array) => boolean): TalkNotice | null {
  try {
    const message = `met this server for the first time; its fingerprint is ${fingerprint(key)}`;
    return met(key) ? { code: "SERVER_MET", message } : null;
  } catch (error) {
    // That it cannot be remembered is no reason not to talk.
    if (error instanceof CharlaError && error.code === "FOLDER_NOT_WRITABLE") return error;
    throw error;
  }
}

function notice({ code, message, hint }: TalkNotice) {
  const its = { type: "notice", code, message } as const;
  return hint === undefined ? its : { ...its, hint };
}
