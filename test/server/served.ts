// A server in this program, or in a process that can be killed and restarted; and the members who join it.

import { join } from "node:path";

import type { Conversation } from "../../src/chat/conversation.ts";
import type { ConversationEvent } from "../../src/chat/events.ts";
import { joinRoom } from "../../src/client/join-room.ts";
import { formatInvitation } from "../../src/identity/invitation.ts";
import type { LogReader } from "../../src/log/log.ts";
import { openMemoryLog } from "../../src/log/memory-log.ts";
import { generateKeyPair } from "../../src/net/crypto.ts";
import { openServer, type Server, type ServerOptions } from "../../src/server/server.ts";
import { type Program, start } from "../harness/program.ts";
import { until } from "../harness/until.ts";
import { limitedTo } from "./rates.ts";

export const SERVER_KEYS = generateKeyPair(new Uint8Array(32).fill(7));
export const SERVER_SECRET = new Uint8Array(16).fill(9);
/** Tests send faster than people type. */
export const SERVER_LIMITS = limitedTo({ frame: { perSecond: 10_000, burst: 10_000 } });

/** A server in this program, whose log is in memory. */
export function openHere(options: Partial<ServerOptions> = {}): Promise<Server> {
  return openServer({
    bind: "127.0.0.1",
    port: 0,
    identity: SERVER_KEYS,
    secret: SERVER_SECRET,
    limits: SERVER_LIMITS,
    log: openMemoryLog({ now: Date.now }),
    ways: (port) => [{ kind: "direct", host: "127.0.0.1", port }],
    ...options,
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
  const [, boundPort = ""] = await program.until("stdout", /serves at (\d+)\n/);
  return { program, port: Number(boundPort) };
}

/** The invitation to a server at that port. */
export function invitationTo(port: number): string {
  const key = SERVER_KEYS.publicKey;
  const where = { ways: [{ kind: "direct", host: "127.0.0.1", port } as const], room: "main" };
  return formatInvitation({ ...where, key, secret: SERVER_SECRET });
}

/** Joins the room `main` at that port. */
export function joinServed(port: number, name: string): Conversation {
  return joinRoom(invitationTo(port), { name, room: "main" });
}

/** Collects what a conversation shows. */
export function shownTo({ events }: Conversation) {
  const shown: ConversationEvent[] = [];
  const texts: string[] = [];
  const ended = (async () => {
    for await (const event of events) {
      shown.push(event);
      if (event.type === "message" || event.type === "delivered") texts.push(event.text);
    }
  })();
  /** `texts` are the messages of the room, in the order in which they came. */
  return { shown, texts, ended };
}

/** Resolves once the member has entered. */
export const entered = ({ shown }: ReturnType<typeof shownTo>) =>
  until("a member comes in", () => shown.some(({ type }) => type === "entered"));

/** The texts of all entries of the room `main`. */
export async function allTexts(log: LogReader): Promise<string[]> {
  const texts: string[] = [];
  for (;;) {
    const entries = await log.read("main", texts.length, 1_000);
    if (entries.length === 0) return texts;
    texts.push(...entries.map(({ text }) => text));
  }
}
