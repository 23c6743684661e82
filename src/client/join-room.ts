// Joins a room of a server over the sealed wire, by the first of its ways that lets us in. For programs; knows no screen.

import { randomBytes } from "node:crypto";

import { checkMemberFrame } from "../chat/member-frames.ts";
import { parseInvitation } from "../identity/invitation.ts";
import { generateKeyPair } from "../net/crypto.ts";
import { proxiesIn } from "../net/web-proxy.ts";
import { KEY_BYTES, type KeyPair } from "../protocol/crypto-provider.ts";
import { connect } from "./connect.ts";
import { type Device, memoryDevice } from "./device.ts";
import type { OwnRoomConversation } from "./room-conversation.ts";
import { openSealedRoom, type SealedRoomOptions } from "./sealed-room.ts";
import { invitedTo, type SealedTarget } from "./sealed-target.ts";

export interface JoinRoomOptions extends Omit<
  SealedRoomOptions,
  "device" | "keepsUnsaid" | "checkFrame"
> {
  /** The person's key pair; without it, the member is somebody new. */
  readonly identity?: KeyPair | undefined;
  /** What this program keeps of the room; without it, nothing survives the program. */
  readonly device?: Device | undefined;
  /**
   * Whether the device sends in its next run what is not known to be stored at the end of this one; by default it does,
   * if there is one.
   */
  readonly keepsUnsaid?: boolean | undefined;
  /** Where HTTP proxies are named (HTTPS_PROXY and the like), for networks without UDP; without it, none is used. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/**
 * Joins a room, in the background: `events` reports when the member is in it, and throws when the first attempt fails.
 *
 * @param target an invitation, or what it would say
 * @throws {CharlaError} INVALID_INVITATION, USAGE for a name, a room or a history that no server takes
 */
export function joinRoom(
  target: string | SealedTarget,
  { identity, env, device, keepsUnsaid = true, ...options }: JoinRoomOptions,
): OwnRoomConversation {
  const known = typeof target === "string" ? invitedTo(parseInvitation(target)) : target;
  const findProxy = env === undefined ? undefined : proxiesIn(env);
  const staticKeys = identity ?? generateKeyPair(randomBytes(KEY_BYTES));
  return openSealedRoom(
    known,
    {
      ...options,
      checkFrame: checkMemberFrame,
      device: device ?? memoryDevice(),
      keepsUnsaid: device !== undefined && keepsUnsaid,
    },
    (signal) => connect(known.ways, { ...known, staticKeys, findProxy, signal }),
  );
}
