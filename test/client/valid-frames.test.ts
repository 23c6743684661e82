// Whatever a person types, or a program gives the library: no frame that is not valid leaves this client, for the server
// would end the session. It is refused here, with USAGE, or sent and answered.

import { describe, expect, test } from "bun:test";

import type { Channel, ChannelHandlers } from "../../src/chat/channel.ts";
import { type Command, COMMANDS, type ParsedLine, parseLine } from "../../src/chat/commands.ts";
import type { RoomConversation } from "../../src/chat/conversation.ts";
import { encodeFrame, type ServerFrame } from "../../src/chat/frames.ts";
import { checkMemberFrame, readMemberFrame } from "../../src/chat/member-frames.ts";
import { memoryDevice } from "../../src/client/device.ts";
import { openRoomConversation } from "../../src/client/room-conversation.ts";
import { CharlaError } from "../../src/errors.ts";
import type { RoomSwitcher } from "../../src/terminal/room-switcher.ts";
import { runCommand } from "../../src/terminal/run-command.ts";
import type { RoomCommand } from "../../src/terminal/state/effects.ts";
import { NO_ROOM } from "../../src/terminal/state/room.ts";
import { rejection } from "../net/rejection.ts";
import { follow } from "./follow.ts";

const TEXTS: readonly string[] = [
  "",
  " ",
  "x",
  "0",
  "-1",
  "1e3",
  "x".repeat(41),
  "x".repeat(64),
  "x".repeat(65),
  "x y ".repeat(3_000),
  "\ufb2c".repeat(40),
  "\u0390".repeat(100),
  "a" + "\u0301".repeat(100),
  "\u0000\u001b[2J\u007f\u0085",
  "\ud800 \udfff",
  "\u202e\u2066",
  "👩‍👩‍👧".repeat(30),
  "../etc",
  "--uses 9007199254740993",
  "--for 99999999999d",
  "9".repeat(400),
];
const NUMBERS: readonly number[] = [
  0,
  -0,
  -1,
  0.5,
  1,
  101,
  1e9,
  2 ** 53,
  1e300,
  Number.NaN,
  Number.POSITIVE_INFINITY,
];

/** A room whose server finds nothing, and says so, and keeps what was not valid. */
async function enterRoom() {
  const invalid: string[] = [];
  let handlers: ChannelHandlers = { onMessages() {} };
  const answer = (frame: ServerFrame) => void handlers.onMessages([encodeFrame(frame)]);
  const channel: Channel = {
    sayAll(messages) {
      for (const message of messages) {
        const reading = readMemberFrame(message);
        if (reading.type !== "frame") {
          invalid.push(reading.type === "invalid" ? reading.why : "unknown");
          continue;
        }
        const { frame } = reading;
        if (frame.type === "enter") {
          const { name } = frame;
          const welcome = { room: frame.room, name, owner: true, log: "log", last: 0, members: [] };
          queueMicrotask(() => answer({ type: "welcome", ...welcome }));
        } else if (frame.type === "say") {
          const { number } = frame;
          queueMicrotask(() => answer({ type: "refused", number, code: "MUTED", message: "no" }));
        } else if (frame.type !== "watch") {
          const { request } = frame;
          const failed = { code: "NO_SUCH_MEMBER", message: "nobody", hint: "" };
          queueMicrotask(() => answer({ type: "failed", request, ...failed }));
        }
      }
      return true;
    },
    receive: (set) => void (handlers = set),
    async close() {},
    abort: (_, reason) => void invalid.push(reason),
    ended: Promise.resolve(),
    way: () => ({ transport: "local" }),
  };
  const conversation = openRoomConversation({
    room: "main",
    name: "Ann",
    device: memoryDevice(),
    checkFrame: checkMemberFrame,
    random: Math.random,
    isTemporary: () => false,
    connect: async () => ({ channel, ended: new Promise<never>(() => {}) }),
  });
  expect(await follow(conversation).next()).toMatchObject({ type: "entered" });
  return { conversation, invalid };
}

/** The code of the error with which it ends: none is one of this program's own. */
async function codeOf(asking: () => Promise<unknown>): Promise<string> {
  try {
    await asking();
    return "done";
  } catch (error) {
    if (error instanceof CharlaError) return error.code;
    throw error;
  }
}

type Ask<Value> = (room: RoomConversation, value: Value) => Promise<unknown>;

const OF_TEXTS: readonly [string, Ask<string>][] = [
  ["say", (room, text) => room.say(text)],
  ["rename", (room, name) => room.rename(name)],
  ["kick", (room, name) => room.kick(name)],
  ["ban", (room, name) => room.ban(name)],
  ["unban", (room, name) => room.unban(name)],
  ["op", (room, name) => room.op(name, true)],
  ["mute", (room, name) => room.mute(name, true)],
  ["deleteRoom", (room, name) => room.deleteRoom(name)],
  ["history of words", (room, words) => room.history({ count: 1, words })],
];
const OF_NUMBERS: readonly [string, Ask<number>][] = [
  ["history", (room, count) => room.history({ count })],
  ["history before", (room, before) => room.history({ count: 1, before })],
  ["invite for uses", (room, uses) => room.invite({ uses })],
  ["invite for seconds", (room, seconds) => room.invite({ seconds })],
  ["revoke", (room, number) => room.revoke(number)],
];
const CODES = ["USAGE", "NO_SUCH_MEMBER", "REFUSED", "MESSAGE_TOO_LONG"];

describe("no frame that is not valid is sent", () => {
  test.each(OF_TEXTS)("by the method %s, whatever the text", async (_, ask) => {
    const { conversation, invalid } = await enterRoom();
    for (const text of TEXTS) {
      expect(CODES).toContain(await codeOf(() => ask(conversation, text)));
    }
    expect(invalid).toEqual([]);
  });

  test.each(OF_NUMBERS)("by the method %s, whatever the number", async (_, ask) => {
    const { conversation, invalid } = await enterRoom();
    for (const number of NUMBERS) {
      expect(CODES).toContain(await codeOf(() => ask(conversation, number)));
    }
    expect(invalid).toEqual([]);
  });

  test("by a command, whatever is typed behind it", async () => {
    const { conversation, invalid } = await enterRoom();
    const shown: string[] = [];
    const switcher: RoomSwitcher = {
      conversation,
      searchCommand: () => null,
      atQuit: "others-stay",
      hasLeft: () => false,
      events: conversation.events,
      async switchTo(name) {
        openRoomConversation({
          room: name,
          name: "Ann",
          device: memoryDevice(),
          checkFrame: checkMemberFrame,
          random: Math.random,
          isTemporary: () => false,
          connect: () => new Promise<never>(() => {}),
        });
      },
      async leave() {},
    };
    async function enter(line: string): Promise<void> {
      const parsed = parsedLine(line);
      if (parsed === null) return;
      if (parsed.type === "say") return await conversation.say(parsed.text);
      const { command } = parsed;
      if (isForScreen(command)) return;
      const outcome = await runCommand(command, switcher, NO_ROOM, null);
      if (outcome.type === "failed") shown.push(outcome.code);
    }
    function parsedLine(line: string): ParsedLine | null {
      try {
        return parseLine(line);
      } catch (error) {
        if (error instanceof CharlaError) shown.push(error.code);
        return null;
      }
    }
    for (const { name } of COMMANDS) {
      for (const text of TEXTS) {
        const code = await codeOf(() => enter(`/${name} ${text}`));
        expect(["done", "USAGE", "REFUSED", "MESSAGE_TOO_LONG"]).toContain(code);
      }
    }
    expect(new Set(shown)).toEqual(new Set(["USAGE", "NO_SUCH_MEMBER"]));
    expect(invalid).toEqual([]);
  });

  test.each([
    ["name", { name: "" }],
    ["name", { name: "\ufb2c".repeat(40) }],
    ["room", { room: "a room" }],
    ["history", { history: 101 }],
    ["history", { history: Number.NaN }],
  ])("to enter with another %s", (field, options) => {
    const open = () =>
      openRoomConversation({
        room: "main",
        name: "Ann",
        device: memoryDevice(),
        checkFrame: checkMemberFrame,
        random: Math.random,
        isTemporary: () => false,
        connect: () => new Promise<never>(() => {}),
        ...options,
      });
    expect(open).toThrow(`enter: invalid ${field}`);
  });
});

test("what nobody can be called is refused with what to write instead", async () => {
  const { conversation } = await enterRoom();
  expect(await rejection(conversation.kick("x".repeat(65)))).toMatchObject({
    code: "USAGE",
    message: "kick: invalid name",
    hint: "write a name, or a fingerprint; /who lists both",
  });
});

/** These ask nothing of the server. */
function isForScreen(command: Command): command is Exclude<Command, RoomCommand> {
  return ["help", "quit", "bye", "copy"].includes(command.type);
}
