// Joining a room of a server over the sealed wire: how its channels are made, and which failures are worth
// another attempt. For programs; knows no screen.

import { randomBytes } from "node:crypto";

import type { Conversation } from "../chat/events.ts";
import { CharlaError, type ErrorCode } from "../errors.ts";
import { formatAddress } from "../wire/address.ts";
import { encodeBase64url } from "../wire/identity/base64url.ts";
import { parseInvitation } from "../wire/identity/invitation.ts";
import { generateKeyPair, KEY_BYTES, type KeyPair } from "../wire/noise/x25519.ts";
import { CLOSE_DONE, type SessionEnd } from "../wire/sealed/session.ts";
import { type Device, memoryDevice } from "./device.ts";
import { reach } from "./reach.ts";
import { type ChannelEnd, converseInRoom } from "./room-conversation.ts";
import { invitedTo, type SealedTarget } from "./sealed-conversation.ts";
import { describeSessionEnd } from "./session-errors.ts";

export interface JoinRoomOptions {
  /** Who this end is to others; somebody new where it is left out. */
  readonly identity?: KeyPair | undefined;
  readonly name: string;
  readonly room: string;
  /** What this program keeps of the room; where it is left out, nothing survives the program. */
  readonly device?: Device | undefined;
  /** The server was reached, and has this key. */
  onServer?(key: Uint8Array): void;
}

const DEVICE_ID_BYTES = 16;

/** Failures that time may heal: nobody is there, or not yet again. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  "NO_ANSWER",
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
export function joinRoom(target: string | SealedTarget, options: JoinRoomOptions): Conversation {
  const known = typeof target === "string" ? invitedTo(parseInvitation(target)) : target;
  const staticKeys = options.identity ?? generateKeyPair(randomBytes(KEY_BYTES));
  let reached = false;
  return converseInRoom({
    room: options.room,
    name: options.name,
    device: options.device ?? memoryDevice(encodeBase64url(randomBytes(DEVICE_ID_BYTES))),
    random: Math.random,
    persist: ({ code }) => reached && PASSING.has(code),
    async connect(handlers) {
      const { link, socket, attend } = await reach(known, { ...known, staticKeys });
      reached = true;
      if (link.peerKey !== null) options.onServer?.(link.peerKey);
      const where = formatAddress(link.peer);
      // Nothing is taken before its conversation knows of the channel.
      queueMicrotask(() => {
        attend({ ...handlers, onRefused() {} });
      });
      const ended = link.ended.then(async (end) => {
        await socket.close();
        return describeEnd(end, where);
      });
      return { channel: link, ended };
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
