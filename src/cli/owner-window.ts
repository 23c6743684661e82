// The window in which the owner of a server talks, as a member of its rooms.

import { GOING_AWAY } from "../chat/channel.ts";
import { type EventOf, noticeEvent, type NoticeText, type RoomEvent } from "../chat/events.ts";
import { checkMemberFrame } from "../chat/member-frames.ts";
import { type Device, memoryDevice } from "../client/device.ts";
import {
  openRoomConversation,
  type OwnRoomConversation,
  type RoomConversationOptions,
} from "../client/room-conversation.ts";
import { CLOSE_DONE } from "../protocol/session/session.ts";
import type { Server } from "../server/server.ts";
import type { Io } from "../terminal/io.ts";
import { talk } from "../terminal/talk.ts";
import { keepChosenName } from "./chosen-name.ts";
import { missedShown, printerOptions, searchCommand } from "./command-options.ts";
import { keptLines } from "./kept-lines.ts";
import { keptWidths } from "./kept-widths.ts";
import type { CommandLine } from "./options.ts";
import { othersNotices, STANDS_STILL_NOTICE, STOPPED_NOTICE } from "./server-notices.ts";

export interface OwnerWindowOptions {
  readonly server: Server;
  /** The first one. */
  readonly room: string;
  readonly name: string;
  readonly publicKey: Uint8Array;
  readonly history: RoomConversationOptions["history"];
  /** The folder of the server's messages, if it stores any. */
  readonly data: string | undefined;
  /** Where it listens, for people. */
  readonly address: string;
  readonly invites: EventOf<"invitation">;
  readonly notices: readonly NoticeText[];
  /** One for each room that the owner has entered; the window adds them. */
  readonly conversations: OwnRoomConversation[];
  /** To all of these. */
  readonly addEvent: (event: RoomEvent) => void;
}

/** @returns the exit status */
export async function talkAsOwner(
  commandLine: CommandLine,
  io: Io,
  options: OwnerWindowOptions,
): Promise<number> {
  const { flags, values } = commandLine;
  const { server, room, data, publicKey, history, invites, conversations, addEvent } = options;
  const addNotice = (notice: NoticeText) => addEvent(noticeEvent(notice));
  const listens = { type: "listening", address: options.address } as const;
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
  const conversation = enter(room, options.name, false, isBelow ? invites : undefined);
  // Before the one that leaves: the window says why it closes.
  using _stopped = io.onSignal("SIGTERM", () => addNotice(STOPPED_NOTICE));
  for (const event of isBelow ? [listens] : [listens, invites]) addEvent(event);
  return await talk(io, conversation, {
    name: options.name,
    ...printerOptions(commandLine),
    atEndOfInput: "stay",
    delivery: "shown",
    notices: options.notices,
    // With --open their invitation is none of this server alone.
    atQuit: data === undefined && !flags.has("open") ? "over-for-all" : "others-wait",
    beforeStop: STANDS_STILL_NOTICE,
    atEnd: () => othersNotices(server.countOthers(), data !== undefined),
    keptLines: keptLines(commandLine, io, addNotice),
    keptWidths: keptWidths(commandLine, io),
    enter: (entered, ownName, existing) => enter(entered, ownName, existing),
    searchCommand: (entered) =>
      data === undefined ? null : searchCommand(entered, values.get("data")),
    onRenamed(name) {
      if (data !== undefined) keepChosenName(io.env, publicKey, name, addNotice);
    },
  });
}

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
    checkFrame: checkMemberFrame,
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
