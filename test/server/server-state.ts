// The rooms of a server without a network, and members who are connected through channels of this program.

import { createServerFrameReader, encodeFrame, type ServerFrame } from "../../src/chat/frames.ts";
import type { MemberFrame } from "../../src/chat/member-frames.ts";
import type { Log } from "../../src/log/log.ts";
import { openMemoryLog } from "../../src/log/memory-log.ts";
import { type LocalChannel, localChannel } from "../../src/server/local-channel.ts";
import { MemberSession } from "../../src/server/member-session.ts";
import { ServerState, type ServerStateOptions } from "../../src/server/server-state.ts";
import { until } from "../harness/until.ts";
import { NO_INVITATIONS } from "../simulator/no-invitations.ts";
import { UNLIMITED } from "./rates.ts";

/** Of a server with its own log, for which nobody is too fast. */
export function openState(options: Partial<ServerStateOptions> = {}): ServerState {
  return new ServerState({
    log: openMemoryLog({ now: () => 1_000, id: "log" }),
    limits: UNLIMITED,
    now: () => performance.now(),
    invitations: NO_INVITATIONS,
    end: () => {},
    ...options,
  });
}

type FrameOf<T extends ServerFrame["type"]> = Extract<ServerFrame, { type: T }>;

export interface TestMember {
  readonly channel: LocalChannel;
  /** All that the server has sent. */
  readonly frames: ServerFrame[];
  say(...frames: MemberFrame[]): void;
  sayBytes(...messages: Uint8Array[]): void;
  of<T extends ServerFrame["type"]>(type: T): FrameOf<T>[];
  /** All frames of a type, once there are so many. */
  until<T extends ServerFrame["type"]>(type: T, count?: number): Promise<FrameOf<T>[]>;
  /** The texts of all messages, once there are so many. */
  texts(count: number): Promise<string[]>;
  /** Reads nothing more, until the promise resolves. */
  stop(until: Promise<void>): void;
}

const isOf =
  <T extends ServerFrame["type"]>(type: T) =>
  (frame: ServerFrame): frame is FrameOf<T> =>
    frame.type === type;

/** A client that is outside, whose key has that fingerprint. */
export function connect(
  state: ServerState,
  fingerprint: string,
  owner = false,
  address: string | null = null,
  room: string | null = null,
): TestMember {
  const [channel, server] = localChannel();
  const invitation = { id: room === null ? "standing" : "1", room };
  const client = { channel: server, fingerprint, owner, invitation, address: () => address };
  server.receive(new MemberSession(state, client));
  const frames: ServerFrame[] = [];
  const readFrame = createServerFrameReader();
  let stopped: Promise<void> | undefined;
  channel.receive({
    onMessages(messages) {
      for (const message of messages) {
        const reading = readFrame(message);
        if (reading.type === "unknown") continue;
        if (reading.type !== "frame") throw new Error(JSON.stringify(reading));
        frames.push(reading.frame);
      }
      return stopped;
    },
  });
  const member: TestMember = {
    channel,
    frames,
    say: (...said) => void channel.sayAll(said.map(encodeFrame)),
    sayBytes: (...messages) => void channel.sayAll(messages),
    of: (type) => frames.filter(isOf(type)),
    async until(type, count = 1) {
      await until(`${count} "${type}" for ${fingerprint}`, () => member.of(type).length >= count);
      return member.of(type);
    },
    async texts(count) {
      return (await member.until("message", count)).map(({ text }) => text);
    },
    stop(promise) {
      stopped = promise;
    },
  };
  return member;
}

/** A client whose session the test drives itself. */
export function connectDirectly(state: ServerState, fingerprint: string) {
  const [channel, ownEnd] = localChannel();
  const invitation = { id: "standing", room: null };
  const client = { channel: ownEnd, fingerprint, owner: false, invitation, address: () => null };
  return { channel, server: new MemberSession(state, client) };
}

/** The id of a device, another one for each name. */
export const deviceOf = (name: string) => name.padEnd(22, "_").slice(0, 22);

export function enterFrame(name: string, fields: Partial<EnterFrame> = {}): MemberFrame {
  return { type: "enter", room: "main", name, device: deviceOf(name), ...fields };
}
type EnterFrame = Extract<MemberFrame, { type: "enter" }>;

/** A member of the room `main`; the fingerprint of the key is "key of" and the name. */
export async function enter(
  state: ServerState,
  name: string,
  options: Partial<EnterFrame> & { owner?: boolean; key?: string } = {},
): Promise<TestMember> {
  const { owner, key = `key of ${name}`, ...frame } = options;
  const member = connect(state, key, owner);
  member.say(enterFrame(name, frame));
  await member.until("welcome");
  return member;
}

export const sayFrame = (number: number, text = `message ${number}`): MemberFrame => ({
  type: "say",
  number,
  text,
});

/** A log with methods of the test's own, such as some that fail. */
export function brokenLog(methods: Partial<Log>): Log {
  return { ...openMemoryLog({ now: () => 1_000, id: "log" }), ...methods };
}

/** Why the channel has ended. */
export async function reasonOf({ channel }: TestMember): Promise<unknown> {
  return (await channel.ended).reason;
}

/** So many entries, by Ann, before anybody has entered. */
export async function talk(log: Log, count: number, room = "main"): Promise<void> {
  for (let number = 1; number <= count; number += 1) {
    const text = `entry ${number}`;
    await log.append(room, {
      author: "key of Ann",
      name: "Ann",
      device: deviceOf("old"),
      number,
      text,
    });
  }
}

/** Resolves once nobody is in a room, or about to enter one. */
export function unused(state: ServerState): Promise<void> {
  return until("no room in use", () => state.rooms.size === 0);
}
