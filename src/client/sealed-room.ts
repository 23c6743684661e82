// A room that is joined over the sealed wire: makes channels of its sessions, and knows which failures are worth another attempt.
// How a session is opened is an argument: by any way in join-room.ts, by a WebSocket in a page. Knows no screen.

import { describeRefusal, describeSessionEnd } from "#conversation-errors";

import { type Channel, type CurrentWay, GOING_AWAY } from "../chat/channel.ts";
import type { LogEntry } from "../chat/frames.ts";
import { CharlaError, type ErrorCode } from "../errors.ts";
import { DEFAULT_ROOM } from "../identity/invitation.ts";
import { pathKind } from "../net/carrier.ts";
import type { SealedLink } from "../net/sealed-link.ts";
import { CLOSE_DONE, type SessionEnd } from "../protocol/session/session.ts";
import type { Device } from "./device.ts";
import type { Connection } from "./join-attempt.ts";
import type { ChannelEnd } from "./room-client/state.ts";
import {
  openRoomConversation,
  type OwnRoomConversation,
  type RoomConversationOptions,
} from "./room-conversation.ts";
import type { SealedTarget } from "./sealed-target.ts";

export interface SealedRoomOptions {
  /** How others see this member; the server may add to it. */
  readonly name: string;
  /** Without it, the invitation's, or `main`. */
  readonly room?: string | undefined;
  /** What this program keeps of the room. */
  readonly device: Device;
  /** Whether the device sends in its next run what is not known to be stored at the end of this one. */
  readonly keepsUnsaid: boolean;
  /** Called with the id of the room's log and each new entry of it, this end's own among them. */
  readonly onEntry?: ((log: string, entry: LogEntry) => void) | undefined;
  /**
   * How far the person's other programs have shown a room of the log, as a sequence number, and 0 where that is not known: what
   * they have read there is not unread in the news that `watch` brings.
   */
  readonly lastRead?: ((room: string, log: string) => number) | undefined;
  /** How many earlier messages are shown where the device has no cursor, 0 to 100; 20 by default. */
  readonly history?: number | undefined;
  /** The last `history` messages are shown at the start even if the device has shown them before. */
  readonly repeatsHistory?: boolean | undefined;
  /** The room is not created: where there is none, `events` throws REFUSED. */
  readonly existing?: boolean | undefined;
  /** Of the messages that were missed only the last so many are shown, and a notice counts the others; without it, all are. */
  readonly missed?: number | undefined;
  /** Checks what the program hands over; without it, the program has. */
  readonly checkFrame?: RoomConversationOptions["checkFrame"];
  /** Leaves at once when it aborts: what is not stored is in the `unsaid` of the event `ended`. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Called for each connection, with the server's public key.
   *
   * @throws {CharlaError} when this server must not be talked to
   */
  onServer?(key: Uint8Array): void;
}

/**
 * Failures that another attempt would meet again: the server admits nobody with this secret, or this machine's list of
 * servers can't be used. Whatever else happened to a member may be over soon, such as any error of the network, or
 * something else that answers in the place of a server that is restarting: anyone on the path can forge that.
 */
const FATAL: ReadonlySet<ErrorCode> = new Set([
  "WRONG_SECRET",
  "KNOWN_SERVERS_DAMAGED",
  "FILE_NOT_READABLE",
  "FOLDER_NOT_WRITABLE",
]);

/**
 * Joins a room, in the background: `events` reports when the member is in it, and throws when the first attempt fails.
 *
 * @param target whose room is entered where the options name none
 * @param connect opens a session with the server, again whenever it was lost, until the signal aborts
 * @throws {CharlaError} USAGE for a name, a room or a history that no server takes
 */
export function openSealedRoom(
  target: Pick<SealedTarget, "room">,
  options: SealedRoomOptions,
  connect: (signal: AbortSignal, enter: Uint8Array) => Promise<Connection>,
): OwnRoomConversation {
  let wasConnected = false;
  return openRoomConversation({
    room: options.room ?? target.room ?? DEFAULT_ROOM,
    name: options.name,
    device: options.device,
    history: options.history,
    repeatsHistory: options.repeatsHistory,
    existing: options.existing,
    missed: options.missed,
    keepsUnsaid: options.keepsUnsaid,
    onEntry: options.onEntry,
    lastRead: options.lastRead,
    checkFrame: options.checkFrame,
    random: Math.random,
    signal: options.signal,
    isTemporary: ({ code }) => wasConnected && !FATAL.has(code),
    async connect(signal, enter) {
      const { link, socket, where, hasSaid } = await connect(signal, enter);
      try {
        if (link.peerKey !== null) options.onServer?.(link.peerKey);
      } catch (error) {
        await socket.close();
        throw error;
      }
      wasConnected = true;
      void link.ended.then(() => socket.close());
      return {
        channel: channelOver(link),
        ended: link.ended.then((end) => describeEnd(end, where)),
        hasAsked: hasSaid,
      };
    },
  });
}

/** Messages to the server of a room, by a link that has joined it. */
export function channelOver(link: SealedLink): Channel {
  return {
    sayAll: (messages, stream) => link.sayAll(messages, stream),
    note: (bytes) => link.note(bytes),
    receive: (handlers) => link.receive({ ...handlers, onMoved: () => handlers.onWay?.() }),
    close: (code, reason) => link.close(code, reason),
    abort: (code, reason) => link.abort(code, reason),
    ended: link.ended,
    way: () => wayTo(link),
  };
}

function wayTo({ peer, roundTrip }: SealedLink): CurrentWay {
  const { transport, relay } = pathKind(peer);
  return {
    transport,
    ...(relay === null ? {} : { relay }),
    // Finer than that is noise.
    ...(roundTrip === null ? {} : { milliseconds: Math.round(roundTrip * 10) / 10 }),
  };
}

export function describeEnd(end: SessionEnd, where: string): ChannelEnd {
  if (end.type !== "closed") return { type: "lost", error: describeSessionEnd(end, where) };
  if (end.by === "us" && end.code !== CLOSE_DONE) {
    return { type: "lost", error: new CharlaError("SESSION_LOST", end.reason, "join again") };
  }
  if (end.code === GOING_AWAY) {
    const error = new CharlaError("SESSION_LOST", end.reason, "wait for it");
    return { type: "lost", error, isStopped: true };
  }
  const error = describeRefusal(end.code, end.reason);
  return error === null ? { type: "closed", reason: end.reason } : { type: "refused", error };
}
