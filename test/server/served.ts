// A server in this program, or in one of its own, which can be killed and started again; and those who join it.

import { join } from "node:path";

import type { Conversation } from "../../src/chat/conversation.ts";
import type { ConversationEvent } from "../../src/chat/events.ts";
import { joinRoom } from "../../src/client/join-room.ts";
import { formatInvitation } from "../../src/identity/invitation.ts";
import type { LogReader } from "../../src/log/log.ts";
import { openMemoryLog } from "../../src/log/memory-log.ts";
import { generateKeyPair } from "../../src/net/node-crypto.ts";
import { LIMITS } from "../../src/server/limits.ts";
import { openServer, type Server, type ServerOptions } from "../../src/server/server.ts";
import { type Program, start } from "../harness/program.ts";
import { until } from "../harness/until.ts";

export const SERVER_KEYS = generateKeyPair(new Uint8Array(32).fill(7));
export const SERVER_SECRET = new Uint8Array(16).fill(9);
/** Nobody in a test types. */
export const SERVER_LIMITS = { ...LIMITS, messagesPerSecond: 10_000, burst: 10_000 };

/** A server in this program, whose log is in memory. */
export function openHere(its: Partial<ServerOptions> = {}): Promise<Server> {
  return openServer({
    bind: "127.0.0.1",
    port: 0,
    identity: SERVER_KEYS,
    secret: SERVER_SECRET,
    limits: SERVER_LIMITS,
    log: openMemoryLog({ now: Date.now }),
    host: "127.0.0.1",
    ...its,
  });
}

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

/** What lets somebody in at that port. */
export function invitationTo(port: number): string {
  const key = SERVER_KEYS.publicKey;
  const where = { host: "127.0.0.1", port, room: "main" };
  return formatInvitation({ ...where, key, secret: SERVER_SECRET });
}

/** Joins the room `main` at that port. */
export function joinServed(port: number, name: string): Conversation {
  return joinRoom(invitationTo(port), { name, room: "main" });
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

/** Resolves once they are in the room. */
export const entered = ({ shown }: ReturnType<typeof shownTo>) =>
  until("a member comes in", () => shown.some(({ type }) => type === "entered"));

/** All that was said in the room `main`. */
export async function allTexts(log: LogReader): Promise<string[]> {
  const texts: string[] = [];
  for (;;) {
    const entries = await log.read("main", texts.length, 1_000);
    if (entries.length === 0) return texts;
    texts.push(...entries.map(({ text }) => text));
  }
}
