// Joining a room of a server over the sealed wire: how its channels are made, and which failures are worth
// another attempt. For programs; knows no screen.

import { randomBytes } from "node:crypto";

import { CharlaError, type ErrorCode } from "../errors.ts";
import { DEFAULT_ROOM, parseInvitation } from "../identity/invitation.ts";
import { formatAddress } from "../net/address.ts";
import { generateKeyPair } from "../net/node-crypto.ts";
import { KEY_BYTES, type KeyPair } from "../protocol/crypto-provider.ts";
import { CLOSE_DONE, type SessionEnd } from "../protocol/session/session.ts";
import { connect } from "./connect.ts";
import { describeSessionEnd } from "./conversation-errors.ts";
import { type Device, memoryDevice } from "./device.ts";
import type { ChannelEnd } from "./room-client-state.ts";
import { openRoomConversation, type OwnRoomConversation } from "./room-conversation.ts";
import { invitedTo, type SealedTarget } from "./sealed-target.ts";

export interface JoinRoomOptions {
  /** Who this end is to others; somebody new where it is left out. */
  readonly identity?: KeyPair | undefined;
  /** How others see this member; the server may add to it. */
  readonly name: string;
  /** Where it is left out: the invitation's, or `main`. */
  readonly room?: string | undefined;
  /** What this program keeps of the room; where it is left out, nothing survives the program. */
  readonly device?: Device | undefined;
  /** Leaves at once when it aborts: what is not stored is in the `unsaid` of the event `ended`. */
  readonly signal?: AbortSignal | undefined;
  /**
   * The server was reached, and has this key.
   *
   * @throws {CharlaError} when it is not to be talked to
   */
  onServer?(key: Uint8Array): void;
}

/** Failures that time may heal: nobody is there, or not yet again, or was started anew while it let us in. */
const TEMPORARY: ReadonlySet<ErrorCode> = new Set([
  "NO_ANSWER",
  "SESSION_LOST",
  "NOBODY_LISTENING",
  "UNREACHABLE",
  "CONVERSATION_FULL",
  "UNKNOWN_HOST",
]);

/**
 * Joins a room. Resolves at once; `events` tells whether it came to be, and throws when the first attempt
 * fails.
 *
 * @param target an invitation, or what else is known of the server
 * @throws {CharlaError} INVALID_INVITATION
 */
export function joinRoom(
  target: string | SealedTarget,
  options: JoinRoomOptions,
): OwnRoomConversation {
  const known = typeof target === "string" ? invitedTo(parseInvitation(target)) : target;
  const staticKeys = options.identity ?? generateKeyPair(randomBytes(KEY_BYTES));
  let wasConnected = false;
  return openRoomConversation({
    room: options.room ?? known.room ?? DEFAULT_ROOM,
    name: options.name,
    device: options.device ?? memoryDevice(),
    random: Math.random,
    signal: options.signal,
    isTemporary: ({ code }) => wasConnected && TEMPORARY.has(code),
    async connect(handlers, signal) {
      const { link, socket } = await connect(known, { ...known, staticKeys, signal });
      try {
        if (link.peerKey !== null) options.onServer?.(link.peerKey);
      } catch (error) {
        await socket.close();
        throw error;
      }
      wasConnected = true;
      const where = formatAddress(link.peer);
      link.receive(handlers);
      void link.ended.then(() => socket.close());
      return { channel: link, ended: link.ended.then((end) => describeEnd(end, where)) };
    },
  });
}

function describeEnd(end: SessionEnd, where: string): ChannelEnd {
  if (end.type !== "closed") return { type: "lost", error: describeSessionEnd(end, where) };
  if (end.by === "us" && end.code !== CLOSE_DONE) {
    return { type: "lost", error: new CharlaError("SESSION_LOST", end.reason, "join again") };
  }
  return { type: "closed", reason: end.reason };
}
