// A conversation in a room without a network: the server is the test's own, and answers as it says.

import { describe, expect, test } from "bun:test";
import { getEventListeners } from "node:events";

import type { Channel, ChannelHandlers, CurrentWay } from "../../src/chat/channel.ts";
import type { Conversation } from "../../src/chat/conversation.ts";
import type { ConversationEvent } from "../../src/chat/events.ts";
import { encodeFrame, type ServerFrame } from "../../src/chat/frames.ts";
import { type MemberFrame, readMemberFrame } from "../../src/chat/member-frames.ts";
import { type Device, memoryDevice } from "../../src/client/device.ts";
import type { ChannelEnd } from "../../src/client/room-client/state.ts";
import {
  openRoomConversation,
  type RoomConversationOptions,
} from "../../src/client/room-conversation.ts";
import { CharlaError } from "../../src/errors.ts";
import { until } from "../harness/until.ts";
import { rejection } from "../net/rejection.ts";
import { follow } from "./follow.ts";

const OWN_DEVICE = "device-of-this-program";
const LOCAL: CurrentWay = { transport: "local" };
const LOST = new CharlaError("SESSION_LOST", "nothing was heard for a minute", "join again");
const NOBODY = new CharlaError("NOBODY_LISTENING", "nobody is listening", "start a server");

/** A channel as the server sees it. */
interface Line {
  readonly heard: MemberFrame[];
  handlers: ChannelHandlers;
  /** Whether the client has set its handlers. */
  isRead: boolean;
  /** What the client ended it with. */
  readonly ended: string[];
  say(...frames: ServerFrame[]): Promise<void>;
  end(end: ChannelEnd): void;
}

/** A conversation, and each of the lines it opens; a failure is what an attempt fails with. */
function conversing(
  options: Partial<RoomConversationOptions> = {},
  attempts: (CharlaError | null)[] = [],
  ways: CurrentWay[] = [],
  /** Whether an attempt sends the request to enter. */
  takesEnter: (enter: Uint8Array) => boolean = () => false,
) {
  const lines: Line[] = [];
  const waits: number[] = [];
  let tried = 0;
  const conversation = openRoomConversation({
    room: "main",
    name: "Ann",
    device: memoryDevice(OWN_DEVICE),
    random: () => 0.5,
    retryDelay(attempt) {
      waits.push(attempt);
      return 0;
    },
    isTemporary: () => true,
    async connect(_, enter) {
      const failure = attempts[tried] ?? null;
      tried += 1;
      if (failure !== null) throw failure;
      const ended = Promise.withResolvers<ChannelEnd>();
      const line: Line = {
        heard: [],
        handlers: { onMessages() {} },
        isRead: false,
        ended: [],
        say: async (...frames) => line.handlers.onMessages(frames.map(encodeFrame)),
        end: ended.resolve,
      };
      const endHere = (how: string) => {
        line.ended.push(how);
        ended.resolve({ type: "closed", reason: "" });
      };
      const channel: Channel = {
        sayAll(messages) {
          for (const message of messages) {
            const reading = readMemberFrame(message);
            if (reading.type !== "frame") throw new Error(JSON.stringify(reading));
            line.heard.push(reading.frame);
          }
          return true;
        },
        receive(handlers) {
          line.handlers = handlers;
          line.isRead = true;
        },
        async close() {
          endHere("closed");
        },
        abort: (_, reason) => endHere(`aborted: ${reason}`),
        ended: ended.promise,
        ...(ways.length === 0 ? {} : { way: () => ways[0] ?? LOCAL }),
      };
      lines.push(line);
      return { channel, ended: ended.promise, hasAsked: takesEnter(enter) };
    },
    ...options,
  });
  return {
    conversation,
    lines,
    waits,
    events: follow(conversation),
    /** The line of that number, once it is open and the client has said where it enters. */
    line: async (number: number): Promise<Line> => {
      await until(`line ${number}`, () => (lines[number - 1]?.heard.length ?? 0) > 0);
      const line = lines[number - 1];
      if (line === undefined) throw new Error("no line");
      return line;
    },
  };
}

const welcome = (
  last: number,
  log = "log",
  options: Partial<Extract<ServerFrame, { type: "welcome" }>> = {},
): ServerFrame => ({
  type: "welcome",
  room: "main",
  name: "Ann",
  owner: false,
  log,
  last,
  members: [],
  ...options,
});

const message = (
  sequence: number,
  options: { device?: string; number?: number; text?: string } = {},
): ServerFrame => ({
  type: "message",
  sequence,
  time: 1_000,
  author: "key of Bob",
  name: "Bob",
  device: "device-of-another-one.",
  number: sequence,
  text: `entry ${sequence}`,
  ...options,
});

const own = (sequence: number, number: number, text: string) =>
  message(sequence, { device: OWN_DEVICE, number, text });

const turn = () => new Promise((done) => setImmediate(done));
const textsOf = (events: readonly ConversationEvent[]) =>
  events.map((event) => ("text" in event ? event.text : event.type));

/** Reads all events in the background. */
function gather({ events }: Conversation) {
  const read: ConversationEvent[] = [];
  void (async () => {
    for await (const event of events) read.push(event);
  })();
  return read;
}

describe("entering a room", () => {
  test("tells who is there, then what is said and who comes and goes", async () => {
    const { line, events } = conversing();
    const server = await line(1);
    expect(server.heard).toEqual([
      { type: "enter", room: "main", name: "Ann", device: OWN_DEVICE },
    ]);
    const bob = { name: "Bob", fingerprint: "key of Bob", away: false };
    await server.say(
      welcome(7, "log", { name: "Ann-2", members: [bob] }),
      message(7),
      { type: "joined", name: "Eve", fingerprint: "key of Eve", away: false },
      { type: "away", name: "Eve", away: true },
      { type: "renamed", from: "Eve", to: "Eva" },
      { type: "left", name: "Eva", reason: "" },
    );
    expect(await events.take(6)).toEqual([
      { type: "entered", room: "main", name: "Ann-2", owner: false, last: 7, members: [bob] },
      {
        type: "message",
        from: "Bob",
        text: "entry 7",
        sequence: 7,
        time: 1_000,
        fingerprint: "key of Bob",
        past: true,
      },
      { type: "joined", peer: "Eve", fingerprint: "key of Eve", away: false },
      { type: "away", peer: "Eve", away: true },
      { type: "renamed", from: "Eve", to: "Eva" },
      { type: "left", peer: "Eva", reason: "" },
    ]);
  });

  test("that is not answered is asked for again, until it is", async () => {
    const { line } = conversing({ resendAfter: 5 });
    const server = await line(1);
    await until("it is asked again", () => server.heard.length >= 3);
    await server.say(welcome(0));
    const { length } = server.heard;
    await Bun.sleep(20);
    expect(server.heard).toHaveLength(length);
    expect(new Set(server.heard.map(({ type }) => type))).toEqual(new Set(["enter"]));
  });

  test("may carry the request to enter, which is the same again after what was shown", async () => {
    const asked: unknown[] = [];
    const { conversation, lines, events } = conversing({}, [], [], (enter) => {
      asked.push(readMemberFrame(enter));
      return true;
    });
    await until("a line", () => lines.length === 1);
    await until("its reader", () => lines[0]?.isRead === true);
    await lines[0]?.say(welcome(1), message(1));
    expect((await events.take(2)).map(({ type }) => type)).toEqual(["entered", "message"]);
    lines[0]?.end({ type: "lost", error: LOST });
    await until("another line", () => lines[1]?.isRead === true);
    const enter = { type: "enter", room: "main", name: "Ann", device: OWN_DEVICE };
    expect(asked).toEqual([
      { type: "frame", frame: enter },
      { type: "frame", frame: { ...enter, after: { log: "log", sequence: 1 } } },
    ]);
    expect(lines.flatMap(({ heard }) => heard)).toEqual([]);
    await conversation.leave();
  });

  test("that fails the first time ends with the reason", async () => {
    const { conversation, events } = conversing({ isTemporary: () => false }, [NOBODY]);
    const saying = rejection(conversation.say("hello"));
    expect(await events.take(1)).toEqual([{ type: "waiting", for: "server", text: "hello" }]);
    expect(await rejection(events.next())).toBe(NOBODY);
    expect(await saying).toMatchObject({ code: "CONVERSATION_OVER" });
    await conversation.leave();
  });

  test("is tried again as long as it is worth it, after longer and longer waits", async () => {
    const changed = new CharlaError("SERVER_KEY_CHANGED", "another key", "ask");
    const { waits, events } = conversing(
      { isTemporary: ({ code }) => code === "NOBODY_LISTENING" },
      [NOBODY, NOBODY, NOBODY, changed],
    );
    expect(await rejection(events.next())).toBe(changed);
    expect(waits).toEqual([1, 2, 3]);
  });

  test("after a connection that was lost before the server answered is no reconnection", async () => {
    const { line, events, waits } = conversing();
    (await line(1)).end({ type: "lost", error: LOST });
    await (await line(2)).say(welcome(0));
    expect((await events.take(2)).map(({ type }) => type)).toEqual(["disconnected", "entered"]);
    expect(waits).toEqual([1]);
  });
});

describe("the way to the server", () => {
  const RELAYED: CurrentWay = { transport: "udp", relay: "relay.example", milliseconds: 61 };
  const DIRECT: CurrentWay = { transport: "udp", milliseconds: 23 };

  test("is an event after the room is entered, when it changes, and after a reconnection", async () => {
    const ways = [RELAYED];
    const { conversation, events, line } = conversing({}, [], ways);
    const first = await line(1);
    // Not in the room yet: the server may not let this end in.
    first.handlers.onWay?.();
    expect(conversation.way()).toBeNull();
    await first.say(welcome(1), message(1));
    expect(conversation.way()).toEqual(RELAYED);
    ways[0] = DIRECT;
    first.handlers.onWay?.();
    expect(await events.take(4)).toEqual([
      expect.objectContaining({ type: "entered" }),
      { type: "way", ...RELAYED },
      expect.objectContaining({ type: "message" }),
      { type: "way", ...DIRECT },
    ]);
    first.end({ type: "lost", error: LOST });
    const second = await line(2);
    expect(conversation.way()).toBeNull();
    await second.say(welcome(1));
    expect((await events.take(3)).map(({ type }) => type)).toEqual([
      "disconnected",
      "reconnected",
      "way",
    ]);
    await conversation.leave();
    expect(conversation.way()).toBeNull();
  });

  test("is no event on a channel that does not know it", async () => {
    const { conversation, events, line } = conversing();
    const server = await line(1);
    await server.say(welcome(0));
    server.handlers.onWay?.();
    await server.say(message(1));
    expect(textsOf(await events.take(2))).toEqual(["entered", "entry 1"]);
    expect(conversation.way()).toBeNull();
  });
});

describe("a lost connection", () => {
  test("is reported, made again from the same place in the log, and reported when it is back", async () => {
    const { line, events, waits } = conversing({}, [null, NOBODY, NOBODY]);
    const first = await line(1);
    await first.say(welcome(2), message(1), message(2));
    first.end({ type: "lost", error: LOST });
    const second = await line(2);
    expect(second.heard).toEqual([
      {
        type: "enter",
        room: "main",
        name: "Ann",
        device: OWN_DEVICE,
        after: { log: "log", sequence: 2 },
      },
    ]);
    await second.say(welcome(3), message(3));
    const happened = await events.take(6);
    expect(textsOf(happened)).toEqual([
      "entered",
      "entry 1",
      "entry 2",
      "disconnected",
      "reconnected",
      "entry 3",
    ]);
    expect(happened[3]).toEqual({
      type: "disconnected",
      message: "nothing was heard for a minute",
    });
    expect(waits).toEqual([1, 2, 3]);
    second.end({ type: "lost", error: LOST });
    await line(3);
    expect(waits.at(-1)).toBe(1);
  });

  test("has what was not stored said again, in order, and each is delivered once", async () => {
    const { conversation, line } = conversing();
    const read = gather(conversation);
    const first = await line(1);
    await first.say(welcome(0));
    const stored: string[] = [];
    for (const text of ["a", "b", "c"]) {
      void conversation.say(text).then(() => stored.push(text));
    }
    await first.say(own(1, 0, "a"));
    first.end({ type: "lost", error: LOST });
    await until("that it is reported", () => read.at(-1)?.type === "disconnected");
    void conversation.say("d").then(() => stored.push("d"));
    const second = await line(2);
    expect(second.heard).toHaveLength(1);
    await second.say(welcome(2));
    expect(second.heard.slice(1)).toEqual([
      { type: "say", number: 1, text: "b" },
      { type: "say", number: 2, text: "c" },
      { type: "say", number: 3, text: "d" },
    ]);
    // "b" was stored already when the line was lost.
    await second.say(own(2, 1, "b"), own(3, 2, "c"), message(4), own(5, 3, "d"));
    await until("the last", () => stored.length === 4);
    await turn();
    expect(stored).toEqual(["a", "b", "c", "d"]);
    expect(read.map((event) => [event.type, "text" in event ? event.text : ""])).toEqual([
      ["entered", ""],
      ["said", "a"],
      ["said", "b"],
      ["said", "c"],
      ["delivered", "a"],
      ["disconnected", ""],
      ["waiting", "d"],
      ["reconnected", ""],
      ["delivered", "b"],
      ["delivered", "c"],
      ["message", "entry 4"],
      ["delivered", "d"],
    ]);
  });

  test("that comes again with what was shown shows nothing twice", async () => {
    const { conversation, line } = conversing();
    const read = gather(conversation);
    const first = await line(1);
    await first.say(welcome(2), message(1), message(2));
    first.end({ type: "lost", error: LOST });
    await (await line(2)).say(welcome(3), message(1), message(2), message(3));
    await turn();
    expect(textsOf(read)).toEqual([
      "entered",
      "entry 1",
      "entry 2",
      "disconnected",
      "reconnected",
      "entry 3",
    ]);
  });

  test("in a room that was empty is looked for again from its beginning", async () => {
    const { line } = conversing();
    const first = await line(1);
    await first.say(welcome(0));
    first.end({ type: "lost", error: LOST });
    expect((await line(2)).heard[0]).toMatchObject({ after: { log: "log", sequence: 0 } });
  });

  test("to a server with another log shows what is in that", async () => {
    const { conversation, line } = conversing();
    const read = gather(conversation);
    const first = await line(1);
    await first.say(welcome(9), message(9));
    first.end({ type: "lost", error: LOST });
    await (await line(2)).say(welcome(2, "other"), message(1), message(2));
    await turn();
    expect(textsOf(read).slice(-2)).toEqual(["entry 1", "entry 2"]);
  });

  test("to a log that was cut short shows what is new in it", async () => {
    const { conversation, line } = conversing();
    const read = gather(conversation);
    const first = await line(1);
    await first.say(welcome(9), message(9));
    first.end({ type: "lost", error: LOST });
    await (await line(2)).say(welcome(5), message(6));
    await turn();
    expect(textsOf(read).at(-1)).toBe("entry 6");
  });
});

describe("what is said", () => {
  test("resolves when it is stored, and not before", async () => {
    const { conversation, line } = conversing();
    const server = await line(1);
    await server.say(welcome(0));
    let stored = false;
    void conversation.say("hello").then(() => (stored = true));
    await turn();
    expect([server.heard.at(-1), stored]).toEqual([
      { type: "say", number: 0, text: "hello" },
      false,
    ]);
    await server.say(own(1, 0, "hello"));
    await turn();
    expect(stored).toBe(true);
  });

  test("and is not stored for a while is said again, until it is", async () => {
    const { conversation, line } = conversing({ resendAfter: 5 });
    const server = await line(1);
    await server.say(welcome(0));
    void conversation.say("a");
    const stored = conversation.say("b");
    const numbers = () =>
      server.heard.flatMap((frame) => (frame.type === "say" ? [frame.number] : []));
    await until("it is said again", () => numbers().length >= 4);
    expect(numbers().slice(0, 4)).toEqual([0, 1, 0, 0]);
    await server.say(own(1, 0, "a"), own(2, 1, "b"));
    await stored;
    const { length } = server.heard;
    await Bun.sleep(20);
    expect(server.heard).toHaveLength(length);
  });

  test("and was stored before the connection was lost is delivered, though later entries were shown", async () => {
    const device = memoryDevice(OWN_DEVICE);
    device.say("from before");
    device.shown({ log: "log", sequence: 8 });
    const { conversation, line } = conversing({ device });
    const read = gather(conversation);
    const server = await line(1);
    await server.say(welcome(8));
    expect(server.heard.slice(1)).toEqual([{ type: "say", number: 0, text: "from before" }]);
    await server.say(own(5, 0, "from before"));
    await turn();
    expect([device.unstored, device.cursor?.sequence]).toEqual([[], 8]);
    await server.say(message(9));
    await turn();
    expect(textsOf(read)).toEqual(["entered", "from before", "entry 9"]);
    expect(device.cursor?.sequence).toBe(9);
  });

  test("and is refused rejects with the reason, and is not said again", async () => {
    const { conversation, line } = conversing();
    const server = await line(1);
    await server.say(welcome(0));
    const saying = rejection(conversation.say("hello"));
    await server.say({ type: "refused", number: 0, code: "MUTED", message: "you are muted" });
    expect(await saying).toMatchObject({ code: "REFUSED", message: "you are muted" });
    server.end({ type: "lost", error: LOST });
    const again = await line(2);
    await again.say(welcome(0));
    expect(again.heard).toHaveLength(1);
  });

  test("is kept up to 1,000 messages of 10,000 characters", async () => {
    const { conversation } = conversing();
    expect(await rejection(conversation.say("x".repeat(10_001)))).toMatchObject({
      code: "MESSAGE_TOO_LONG",
    });
    for (let count = 0; count < 1_000; count += 1) void rejection(conversation.say("waits"));
    expect(await rejection(conversation.say("too many"))).toMatchObject({
      code: "TOO_MANY_WAITING",
    });
    await Promise.all([conversation.leave(), conversation.leave()]);
  });
});

describe("the end", () => {
  test("waits for the first attempt when there is something to say", async () => {
    const { conversation, line, events } = conversing();
    const saying = conversation.say("hello");
    const sayingMore = conversation.say("more");
    const leaving = conversation.leave();
    const server = await line(1);
    await server.say(welcome(0));
    expect(server.heard.slice(1)).toEqual([
      { type: "say", number: 0, text: "hello" },
      { type: "say", number: 1, text: "more" },
    ]);
    await server.say(own(1, 0, "hello"), own(2, 1, "more"));
    await Promise.all([saying, sayingMore, leaving]);
    expect((await events.rest()).at(-1)).toEqual({ type: "ended", reason: "left", unsaid: [] });
  });

  test("tells why the first attempt failed, though it was asked for meanwhile", async () => {
    const attempt = Promise.withResolvers<never>();
    const { conversation, events } = conversing({ connect: () => attempt.promise });
    const saying = rejection(conversation.say("hello"));
    const leaving = conversation.leave();
    attempt.reject(NOBODY);
    await leaving;
    expect(await saying).toMatchObject({ code: "CONVERSATION_OVER" });
    expect(await events.take(1)).toEqual([{ type: "waiting", for: "server", text: "hello" }]);
    expect(await rejection(events.next())).toBe(NOBODY);
  });

  test("comes at once when nothing was said, and cancels the attempt", async () => {
    const attempt = Promise.withResolvers<never>();
    let cancelled: AbortSignal | undefined;
    const { conversation, events } = conversing({
      connect(signal) {
        cancelled = signal;
        return attempt.promise;
      },
    });
    await conversation.leave();
    expect(await events.rest()).toEqual([{ type: "ended", reason: "left", unsaid: [] }]);
    expect(cancelled?.reason).toMatchObject({ code: "CONVERSATION_OVER" });
  });

  test("does not come with a message that says bye, only by leaving", async () => {
    const { conversation, line, events } = conversing();
    const server = await line(1);
    await server.say(welcome(0));
    const saying = conversation.say("bye");
    await server.say(own(1, 0, "bye"));
    await saying;
    const after = conversation.say("after that");
    await server.say(own(2, 1, "after that"));
    await after;
    expect(server.ended).toEqual([]);
    await conversation.leave();
    expect((await events.rest()).slice(1)).toEqual([
      { type: "said", text: "bye" },
      { type: "delivered", text: "bye", sequence: 1, time: 1_000 },
      { type: "said", text: "after that" },
      { type: "delivered", text: "after that", sequence: 2, time: 1_000 },
      { type: "ended", reason: "left", unsaid: [] },
    ]);
    expect(server.ended).toEqual(["closed"]);
    expect(await rejection(conversation.say("late"))).toMatchObject({ code: "CONVERSATION_OVER" });
  });

  test("by leaving comes once all is stored; at the second time at once", async () => {
    const { conversation, line, events } = conversing();
    const server = await line(1);
    await server.say(welcome(0));
    const saying = rejection(conversation.say("hello"));
    const leaving = conversation.leave();
    await turn();
    expect(server.ended).toEqual([]);
    await Promise.all([conversation.leave(), leaving]);
    expect(await saying).toMatchObject({ code: "CONVERSATION_OVER" });
    expect((await events.rest()).at(-1)).toEqual({
      type: "ended",
      reason: "left",
      unsaid: ["hello"],
      kept: ["hello"],
    });
    expect(server.ended[0]).toBe("aborted: ");
  });

  test("by leaving waits no longer when the connection is lost meanwhile", async () => {
    const { conversation, line, lines } = conversing();
    const server = await line(1);
    await server.say(welcome(0));
    void rejection(conversation.say("hello"));
    const leaving = conversation.leave();
    server.end({ type: "lost", error: LOST });
    await leaving;
    await turn();
    expect(lines).toHaveLength(1);
  });

  test("by leaving before the server has answered closes the channel", async () => {
    const { conversation, line } = conversing();
    const server = await line(1);
    await conversation.leave();
    expect(server.ended).toEqual(["closed"]);
  });

  test("by leaving during an attempt to connect closes the channel that it gives", async () => {
    const { conversation, lines } = conversing();
    const leaving = conversation.leave();
    await leaving;
    await until("the line is closed", () => lines[0]?.ended[0] === "closed");
    expect(lines[0]?.heard).toEqual([]);
  });

  test("by leaving between two attempts comes at once", async () => {
    const { conversation, events, lines } = conversing({ retryDelay: () => 60_000 }, [NOBODY]);
    await turn();
    await conversation.leave();
    expect(await events.rest()).toEqual([{ type: "ended", reason: "left", unsaid: [] }]);
    expect(lines).toEqual([]);
  });

  test("by leaving does not wait for a reader that has stopped", async () => {
    const { conversation, line } = conversing();
    const server = await line(1);
    await server.say(welcome(0));
    const saying = conversation.say("hello");
    const long = "x".repeat(10_000);
    const full = server.say(
      ...Array.from({ length: 1_800 }, (_, index) => message(index + 1, { text: long })),
    );
    expect(await Promise.race([full.then(() => "taken"), turn().then(() => "waits")])).toBe(
      "waits",
    );
    const leaving = conversation.leave();
    await full;
    await server.say(own(1_801, 0, "hello"));
    await Promise.all([saying, leaving]);
  });

  test.each([
    ["", []],
    [
      "the server ends",
      [{ type: "notice", code: "SERVER_SAYS", message: "the server ends" } as const],
    ],
  ])("by the server's goodbye with the reason %j is reported", async (reason, notices) => {
    const { line, lines, events } = conversing();
    const server = await line(1);
    await server.say(welcome(0));
    server.end({ type: "closed", reason });
    expect((await events.rest()).slice(1)).toEqual([
      ...notices,
      { type: "ended", reason: "peer-left", unsaid: [] },
    ]);
    expect(lines).toHaveLength(1);
  });
});

test("frames that break the protocol end the channel, and those of later versions do not", async () => {
  const { line, events } = conversing();
  const server = await line(1);
  await server.say(welcome(0));
  await server.handlers.onMessages([new TextEncoder().encode('{"type":"dance"}')]);
  await server.say(message(1));
  expect(textsOf(await events.take(2))).toEqual(["entered", "entry 1"]);
  await server.handlers.onMessages([new TextEncoder().encode('{"type":"left"}')]);
  expect(server.ended).toEqual(["aborted: left: name is not valid"]);
});

/** A device that tells what is done with it. */
function watchedDevice() {
  const device = memoryDevice(OWN_DEVICE);
  const done: string[] = [];
  const watched: Device = {
    id: device.id,
    get unstored() {
      return device.unstored;
    },
    cursor: null,
    say: (text) => device.say(text),
    entered: () => undefined,
    settled: (number) => void done.push(`settled ${number}`),
    named: (number) => void done.push(`named ${number}`),
    shown: ({ sequence }) => void done.push(`shown ${sequence}`),
  };
  return { watched, done };
}

async function inRoom() {
  const all = conversing();
  const server = await all.line(1);
  await server.say(welcome(0));
  return { ...all, server, asked: () => server.heard.slice(1) };
}

describe("what is asked of the server", () => {
  const ben = { name: "Ben", fingerprint: "key of Ben", away: false };

  test("is numbered, and gets the answer with its number", async () => {
    const { conversation, server, asked } = await inRoom();
    const who = conversation.who();
    const rooms = conversation.rooms();
    const history = conversation.history({ count: 20, before: 7 });
    const found = conversation.history({ count: 5, words: "lunch" });
    const invitation = conversation.invite({ uses: 2 });
    await turn();
    expect(asked()).toEqual([
      { type: "who", request: 0 },
      { type: "rooms", request: 1 },
      { type: "history", request: 2, count: 20, before: 7 },
      { type: "history", request: 3, count: 5, words: "lunch" },
      { type: "invite", request: 4, uses: 2 },
    ]);
    const room = { name: "main", entries: 3, members: 1 };
    await server.say(
      { type: "invited", request: 4, invitation: "charla://" },
      { type: "found", request: 3, entries: [] },
      { type: "found", request: 2, entries: [] },
      { type: "rooms", request: 1, rooms: [room] },
      { type: "people", request: 0, members: [ben] },
    );
    expect(await who).toEqual([ben]);
    expect(await rooms).toEqual([room]);
    expect(await history).toEqual([]);
    expect(await found).toEqual([]);
    expect(await invitation).toBe("charla://");
  });

  test("fails with the server's code, sentence and hint", async () => {
    const { conversation, server } = await inRoom();
    const kick = rejection(conversation.kick("Ben"));
    const mute = rejection(conversation.mute("Ben", true));
    await turn();
    const message = "only who opened the conversation may kick";
    const code = "NOT_THE_OWNER";
    await server.say(
      { type: "failed", request: 0, code, message, hint: "ask them to" },
      { type: "failed", request: 1, code: "OF_TOMORROW", message: "not so" },
    );
    expect(await kick).toMatchObject({ code, message, hint: "ask them to" });
    expect(await mute).toMatchObject({
      code: "REFUSED",
      message: "not so",
      hint: "the server's code for it is OF_TOMORROW",
    });
  });

  test("fails when the connection is lost, and while there is none", async () => {
    const { conversation, server } = await inRoom();
    const lock = rejection(conversation.lock(true));
    server.end({ type: "lost", error: LOST });
    expect(await lock).toMatchObject({ code: "NOT_CONNECTED" });
    expect(await rejection(conversation.who())).toMatchObject({ code: "NOT_CONNECTED" });
    await conversation.leave();
    expect(await rejection(conversation.who())).toMatchObject({ code: "CONVERSATION_OVER" });
  });

  test("waits for at most 100 answers", async () => {
    const { conversation } = await inRoom();
    for (let count = 0; count < 100; count += 1) void rejection(conversation.who());
    expect(await rejection(conversation.who())).toMatchObject({ code: "TOO_MANY_WAITING" });
  });

  test("is another name, with which it comes in again as well", async () => {
    const { conversation, server, line } = await inRoom();
    const renaming = conversation.rename("Anna");
    await turn();
    await server.say({ type: "done", request: 0 });
    await renaming;
    server.end({ type: "lost", error: LOST });
    expect((await line(2)).heard[0]).toMatchObject({ type: "enter", name: "Anna" });
  });
});

describe("what the device keeps", () => {
  test("is that an entry was shown once its reader asks for the next one, and not when it came", async () => {
    const { watched, done } = watchedDevice();
    const { line, events, conversation } = conversing({ device: watched });
    const server = await line(1);
    await server.say(welcome(0), message(1), message(2));
    expect(done).toEqual([]);
    await events.take(2);
    expect(done).toEqual(["shown 0"]);
    await events.next();
    expect(done).toEqual(["shown 0", "shown 1"]);
    void conversation.leave();
    await events.next();
    expect(done).toEqual(["shown 0", "shown 1", "shown 2"]);
  });

  test("is every message that is not known to be stored", async () => {
    const { watched, done } = watchedDevice();
    const { conversation, line } = conversing({ device: watched });
    const server = await line(1);
    await server.say(welcome(0));
    void rejection(conversation.say("hello"));
    void rejection(conversation.say("bye"));
    server.end({ type: "lost", error: LOST });
    await conversation.leave();
    expect(done).toEqual([]);
    expect(watched.unstored.map(({ text }) => text)).toEqual(["hello", "bye"]);
  });

  test("is that a text for another log was shown once its reader asks for the next event", async () => {
    const { watched, done } = watchedDevice();
    const unstored = [{ number: 7, text: "of another log", log: "another" }];
    const device: Device = { ...watched, unstored };
    const { line, events } = conversing({ device });
    const server = await line(1);
    await server.say(welcome(0), message(1));
    const [, notice] = await events.take(2);
    expect(notice).toMatchObject({ code: "OTHER_CONVERSATION", kept: ["of another log"] });
    expect(done).toEqual(["shown 0"]);
    await events.next();
    expect(done).toEqual(["shown 0", "named 7"]);
  });

  test("is what was said in another run, and nothing said in this one when no server was reached", async () => {
    const { watched, done } = watchedDevice();
    watched.say("of another run");
    const { conversation } = conversing({ device: watched, isTemporary: () => false }, [NOBODY]);
    await rejection(conversation.say("hello"));
    expect(done).toEqual(["settled 1"]);
  });
});

/** How many listeners wait for the signal's abort. */
const listeners = (signal: AbortSignal) => getEventListeners(signal, "abort").length;

describe("a signal", () => {
  test("of the conversation ends it at once, with what was not stored", async () => {
    const controller = new AbortController();
    const { conversation, line, events } = conversing({ signal: controller.signal });
    const server = await line(1);
    await server.say(welcome(0));
    const saying = rejection(conversation.say("hello"));
    expect(listeners(controller.signal)).toBe(1);
    controller.abort();
    expect(await saying).toMatchObject({ code: "CONVERSATION_OVER" });
    expect((await events.rest()).at(-1)).toEqual({
      type: "ended",
      reason: "left",
      unsaid: ["hello"],
      kept: ["hello"],
    });
    expect(server.ended).toEqual(["aborted: "]);
    await conversation.leave();
    expect(listeners(controller.signal)).toBe(0);
  });

  test("of the conversation that aborts while the server is looked for cancels the attempt", async () => {
    const controller = new AbortController();
    let attempt: AbortSignal | undefined;
    const { events } = conversing({
      signal: controller.signal,
      connect(signal) {
        attempt = signal;
        return new Promise(() => {});
      },
    });
    controller.abort();
    expect(await events.rest()).toEqual([{ type: "ended", reason: "left", unsaid: [] }]);
    expect(attempt?.aborted).toBe(true);
  });

  test("of the conversation that has aborted already keeps it from connecting", async () => {
    const { events, lines } = conversing({ signal: AbortSignal.abort() });
    expect(await events.rest()).toEqual([{ type: "ended", reason: "left", unsaid: [] }]);
    expect(lines).toEqual([]);
  });

  test("of a message rejects with its reason while the message waits, which then is never sent", async () => {
    const { conversation, line, lines, events } = conversing();
    const controller = new AbortController();
    const saying = rejection(conversation.say("hello", { signal: controller.signal }));
    void conversation.say("there");
    expect(listeners(controller.signal)).toBe(1);
    controller.abort("too late");
    expect(await saying).toBe("too late");
    expect(listeners(controller.signal)).toBe(0);
    const server = await line(1);
    await server.say(welcome(0));
    expect(server.heard.slice(1)).toEqual([{ type: "say", number: 1, text: "there" }]);
    await server.say(own(1, 1, "there"));
    await conversation.leave();
    expect(lines).toHaveLength(1);
    expect((await events.rest()).at(-1)).toEqual({ type: "ended", reason: "left", unsaid: [] });
  });

  test("of a message that was sent changes nothing: it resolves when it is stored", async () => {
    const { conversation, line } = conversing();
    const server = await line(1);
    await server.say(welcome(0));
    const controller = new AbortController();
    const saying = conversation.say("hello", { signal: controller.signal });
    controller.abort();
    await server.say(own(1, 0, "hello"));
    await saying;
    expect(listeners(controller.signal)).toBe(0);
  });

  test("that has aborted already lets nothing be said or asked", async () => {
    const { watched, done } = watchedDevice();
    const { conversation, line } = conversing({ device: watched });
    const server = await line(1);
    await server.say(welcome(0));
    const signal = AbortSignal.abort("gone");
    expect(await rejection(conversation.say("hello", { signal }))).toBe("gone");
    expect(await rejection(conversation.who({ signal }))).toBe("gone");
    expect([watched.unstored, done]).toEqual([[], []]);
    expect(server.heard).toHaveLength(1);
  });

  test("of a question rejects with its reason, and its answer is ignored", async () => {
    const { conversation, line } = conversing();
    const server = await line(1);
    await server.say(welcome(0));
    const controller = new AbortController();
    const { signal } = controller;
    const asking = [
      conversation.who({ signal }),
      conversation.rooms({ signal }),
      conversation.history({ count: 1 }, { signal }),
      conversation.rename("Anna", { signal }),
      conversation.kick("Ben", { signal }),
      conversation.mute("Ben", true, { signal }),
      conversation.lock(true, { signal }),
      conversation.invite({}, { signal }),
    ].map(rejection);
    expect(listeners(signal)).toBe(8);
    controller.abort("too slow");
    expect(await Promise.all(asking)).toEqual(asking.map(() => "too slow"));
    expect(listeners(signal)).toBe(0);
    await server.say({ type: "people", request: 0, members: [] });
    const who = conversation.who();
    await server.say({ type: "people", request: 8, members: [] });
    expect(await who).toEqual([]);
  });

  test("that is used many times keeps no listener of what is settled", async () => {
    const { signal } = new AbortController();
    const { conversation, line } = conversing({ signal });
    const server = await line(1);
    await server.say(welcome(0));
    for (let number = 0; number < 100; number += 1) {
      const saying = conversation.say(`text ${number}`, { signal });
      const asking = conversation.who({ signal });
      await server.say(own(number + 1, number, `text ${number}`));
      await server.say({ type: "people", request: number, members: [] });
      await Promise.all([saying, asking]);
      expect(listeners(signal)).toBe(1);
    }
    await conversation.leave();
    expect(listeners(signal)).toBe(0);
  });
});
