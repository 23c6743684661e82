// A server's rooms without a network, and members who come in through channels of this program.

import type { Channel } from "../../src/chat/channel.ts";
import {
  encodeFrame,
  type MemberFrame,
  readServerFrame,
  type ServerFrame,
} from "../../src/chat/frames.ts";
import type { Log } from "../../src/log/log.ts";
import { openMemoryLog } from "../../src/log/memory-log.ts";
import { LIMITS } from "../../src/server/limits.ts";
import { localChannel } from "../../src/server/local-channel.ts";
import { receiveVisitor } from "../../src/server/member-session.ts";
import { createRoomMakers } from "../../src/server/room-quota.ts";
import type { House } from "../../src/server/server-state.ts";
import { until } from "../harness/until.ts";

/** A house with its own log, in which nobody is too fast. */
export function openHouse(its: Partial<House> = {}): House {
  return {
    log: openMemoryLog({ now: () => 1_000, id: "log" }),
    rooms: new Map(),
    limits: { ...LIMITS, messagesPerSecond: 1_000_000, burst: 1_000_000 },
    banned: new Set(),
    makers: createRoomMakers(),
    now: () => performance.now(),
    invite: (room, uses, seconds) => `${room} ${uses} ${seconds}`,
    ...its,
  };
}

type FrameOf<T extends ServerFrame["type"]> = Extract<ServerFrame, { type: T }>;

export interface TestMember {
  readonly channel: Channel;
  /** All that the server has said. */
  readonly frames: ServerFrame[];
  say(...frames: MemberFrame[]): void;
  sayBytes(...messages: Uint8Array[]): void;
  of<T extends ServerFrame["type"]>(type: T): FrameOf<T>[];
  /** All frames of a type, once there are so many. */
  until<T extends ServerFrame["type"]>(type: T, count?: number): Promise<FrameOf<T>[]>;
  /** The texts of all messages, once there are so many. */
  texts(count: number): Promise<string[]>;
  /** Takes nothing more, until the promise resolves. */
  stop(until: Promise<void>): void;
}

const isOf =
  <T extends ServerFrame["type"]>(type: T) =>
  (frame: ServerFrame): frame is FrameOf<T> =>
    frame.type === type;

/** Somebody at the door, whose key has that fingerprint. */
export function visit(
  house: House,
  fingerprint: string,
  owner = false,
  address: string | null = null,
  onlyRoom: string | null = null,
): TestMember {
  const [channel, server] = localChannel();
  const visitor = { channel: server, fingerprint, owner, onlyRoom, address: () => address };
  server.attend(receiveVisitor(house, visitor));
  const frames: ServerFrame[] = [];
  let stopped: Promise<void> | undefined;
  channel.attend({
    onMessages(messages) {
      for (const message of messages) {
        const reading = readServerFrame(message);
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

/** A device's mark, another for each name. */
export const deviceOf = (name: string) => name.padEnd(22, "_").slice(0, 22);

export function entering(name: string, its: Partial<FrameToEnter> = {}): MemberFrame {
  return { type: "enter", room: "main", name, device: deviceOf(name), ...its };
}
type FrameToEnter = Extract<MemberFrame, { type: "enter" }>;

/** Somebody who is in the room `main`; the fingerprint of their key is "key of" and their name. */
export async function come(
  house: House,
  name: string,
  its: Partial<FrameToEnter> & { owner?: boolean; key?: string } = {},
): Promise<TestMember> {
  const { owner, key = `key of ${name}`, ...frame } = its;
  const member = visit(house, key, owner);
  member.say(entering(name, frame));
  await member.until("welcome");
  return member;
}

export const saying = (number: number, text = `message ${number}`): MemberFrame => ({
  type: "say",
  number,
  text,
});

/** A log of which some part fails. */
export function brokenLog(its: Partial<Log>): Log {
  return { ...openMemoryLog({ now: () => 1_000, id: "log" }), ...its };
}

/** Why the channel has ended. */
export async function reasonOf({ channel }: TestMember): Promise<unknown> {
  return channel.ended;
}

/** Each of them said by Ann before anybody came. */
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
