// A server in a program of its own, which can be killed and started again, and those who join it.

import { join } from "node:path";

import type { Conversation, ConversationEvent } from "../../src/chat/events.ts";
import type { Device } from "../../src/client/device.ts";
import { joinRoom } from "../../src/client/join-room.ts";
import { LIMITS } from "../../src/server/limits.ts";
import { formatInvitation } from "../../src/wire/identity/invitation.ts";
import { generateKeyPair } from "../../src/wire/noise/x25519.ts";
import { type Program, start } from "../harness/program.ts";

export const SERVER_KEYS = generateKeyPair(new Uint8Array(32).fill(7));
export const SERVER_SECRET = new Uint8Array(16).fill(9);
/** Nobody in a test types. */
export const SERVER_LIMITS = { ...LIMITS, messagesPerSecond: 10_000, burst: 10_000 };

export interface Served {
  readonly program: Program;
  readonly port: number;
}

export async function serve(folder: string, port = 0): Promise<Served> {
  const program = start([
    process.execPath,
    join(import.meta.dir, "serve.ts"),
    folder,
    String(port),
  ]);
  const [, its = ""] = await program.until("stdout", /serves at (\d+)\n/);
  return { program, port: Number(its) };
}

/** Joins the room `main` at that port. */
export function joinServed(port: number, name: string, device?: Device): Conversation {
  const key = SERVER_KEYS.publicKey;
  const where = { host: "127.0.0.1", port, room: "main" };
  const invitation = formatInvitation({ ...where, key, secret: SERVER_SECRET });
  return joinRoom(invitation, { name, room: "main", device });
}

/** Somebody in the room, and all that was shown to them. */
export function shownTo({ events }: Conversation) {
  const shown: ConversationEvent[] = [];
  const texts: string[] = [];
  const ended = (async () => {
    for await (const event of events) {
      shown.push(event);
      if (event.type === "message" || event.type === "delivered") texts.push(event.text);
    }
  })();
  /** `texts` is what was said in the room, as it came. */
  return { shown, texts, ended };
}
