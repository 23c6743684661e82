// Who may join: the owner of a server, who makes invitations, and people who try to join with them or without.

import type { RoomConversation } from "../../src/chat/conversation.ts";
import type { ConversationEvent } from "../../src/chat/events.ts";
import { memoryDevice } from "../../src/client/device.ts";
import { joinRoom } from "../../src/client/join-room.ts";
import { openRoomConversation } from "../../src/client/room-conversation.ts";
import { CharlaError } from "../../src/errors.ts";
import { generateKeyPair } from "../../src/net/crypto.ts";
import type { KeyPair } from "../../src/protocol/crypto-provider.ts";
import type { Server } from "../../src/server/server.ts";

export const ANN = generateKeyPair(new Uint8Array(32).fill(0xa1));
export const BOB = generateKeyPair(new Uint8Array(32).fill(0xb2));
export const CARL = generateKeyPair(new Uint8Array(32).fill(0xc3));

/** The owner, once in the room. */
export async function ownerOf(server: Server, room = "main"): Promise<RoomConversation> {
  const owner = openRoomConversation({
    room,
    name: "Olga",
    device: memoryDevice(),
    random: Math.random,
    isTemporary: () => false,
    async connect() {
      const channel = server.connect();
      return { channel, ended: channel.ended.then(() => ({ type: "closed", reason: "" })) };
    },
  });
  await nextOf(owner, "entered");
  return owner;
}

/** The outcome of an attempt to join: "in", the code of the error, or for REFUSED the reason that the server gave. */
export async function outcomeOf(conversation: RoomConversation): Promise<string> {
  try {
    await nextOf(conversation, "entered");
    return "in";
  } catch (error) {
    if (error instanceof CharlaError) return error.code === "REFUSED" ? error.message : error.code;
    throw error;
  }
}

/** Enters the room and leaves again, as a new program of that person; returns the outcome. */
export async function knock(
  target: Parameters<typeof joinRoom>[0],
  identity: KeyPair,
  room?: string,
): Promise<string> {
  const conversation = joinRoom(target, { name: "guest", identity, room });
  const outcome = await outcomeOf(conversation);
  await conversation.leave();
  return outcome;
}

async function nextOf<T extends ConversationEvent["type"]>(
  { events }: RoomConversation,
  ...types: T[]
): Promise<Extract<ConversationEvent, { type: T }>> {
  const iterator = events[Symbol.asyncIterator]();
  for (;;) {
    const { value, done } = await iterator.next();
    if (done === true) throw new Error(`no ${types.join(" or ")} came`);
    if (isOf(value, types)) return value;
  }
}

function isOf<T extends ConversationEvent["type"]>(
  event: ConversationEvent,
  types: readonly T[],
): event is Extract<ConversationEvent, { type: T }> {
  return types.some((type) => type === event.type);
}
