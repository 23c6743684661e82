// A member that breaks the protocol, over the sealed wire: its session is closed with a code and the reason, and
// the others in the room notice only that it joined and left.

import { expect, test } from "bun:test";

import { joinRoom } from "../../src/client/join-room.ts";
import { packetReceived } from "../../src/protocol/recovery/received-packets.ts";
import { appendMessage, MAX_MESSAGE } from "../../src/protocol/session/outgoing-messages.ts";
import type { SessionEnd } from "../../src/protocol/session/session.ts";
import type { Limits } from "../../src/server/limits.ts";
import type { Server } from "../../src/server/server.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { until } from "../harness/until.ts";
import { joinRaw, type RawMember } from "./raw-member.ts";
import { entered, openHere, SERVER_LIMITS, shownTo } from "./served.ts";
import { deviceOf } from "./server-state.ts";

const enter = { type: "enter", room: "main", name: "Eve", device: deviceOf("Eve") };
const bytes = (text: string) => new TextEncoder().encode(text);
const closed = (code: number, reason: string): SessionEnd => ({
  type: "closed",
  by: "peer",
  code,
  reason,
});

/** Ann talks before and after what Eve does, and sees nothing else. */
async function whileAnnTalks(
  eveDoes: (server: Server) => Promise<void>,
  expected: readonly string[] = ["before", "after"],
  limits: Limits = SERVER_LIMITS,
): Promise<void> {
  await using server = await openHere({ limits });
  await using ann = joinRoom(server.invitation("main"), { name: "Ann", room: "main" });
  const seen = shownTo(ann);
  await entered(seen);
  await ann.say("before");
  await eveDoes(server);
  await ann.say("after");
  await until("all of it", () => seen.texts.length === expected.length);
  expect(seen.texts).toEqual([...expected]);
  const others = new Set(["entered", "way", "said", "delivered", "message", "joined", "left"]);
  expect(seen.shown.filter(({ type }) => !others.has(type))).toEqual([]);
}

/** Eve enters, and then breaks the protocol. */
async function eveBreaks(
  server: Server,
  how: (eve: RawMember) => void,
  expected: SessionEnd,
): Promise<void> {
  await using eve = await joinRaw(server, "Eve");
  eve.say(enter);
  await eve.until("welcome");
  how(eve);
  expect(await eve.ended).toEqual(expected);
}

test.each([
  ["no JSON", bytes("hello?"), "a frame is not JSON"],
  ["no UTF-8", new Uint8Array([0x7b, 0xff, 0x7d]), "a frame is not JSON"],
  ["as long as a message may be", new Uint8Array(MAX_MESSAGE).fill(0x5b), "a frame is not JSON"],
  ["no array of what is said", ["say"], "say: the frame is not valid"],
  ["without a type", { number: 1, text: "hello" }, "a frame has no type"],
  [
    "a text that is too long",
    { type: "say", number: 1, text: "x".repeat(10_001) },
    "say: text is not valid",
  ],
  [
    "a number that is not whole",
    { type: "say", number: 0.5, text: "x" },
    "say: number is not valid",
  ],
  [
    "a number that is not safe",
    { type: "say", number: 2 ** 53, text: "x" },
    "say: number is not valid",
  ],
  [
    "a cursor before the beginning",
    { ...enter, room: "other", after: { log: "log", sequence: -1 } },
    "enter: after.sequence is not valid",
  ],
  [
    "a request for too much",
    { type: "history", request: 1, count: 1_000_000 },
    "history: count is not valid",
  ],
  [
    "a room with a name that is not allowed",
    { ...enter, room: "../etc" },
    "enter: room is not valid",
  ],
])(
  "a frame that is %s closes its session with code 1, and the room goes on",
  async (_what, message, reason) => {
    await whileAnnTalks((server) =>
      eveBreaks(server, (eve) => eve.say(message), closed(1, reason)),
    );
  },
  END_TO_END_TIMEOUT,
);

test.each([
  ["say", { type: "say", number: 1, text: "let me in" }],
  ["who", { type: "who", request: 1 }],
  ["kick", { type: "kick", request: 1, name: "Ann" }],
])(
  "the frame %s before enter closes the session with code 1, and the room goes on",
  async (type, message) => {
    await whileAnnTalks(async (server) => {
      await using eve = await joinRaw(server, "Eve");
      eve.say(message);
      const reason = `${type} was sent before enter`;
      expect(await eve.ended).toEqual(closed(1, reason));
    });
  },
  END_TO_END_TIMEOUT,
);

test(
  "frames that only a server sends, and frames of unknown types, change nothing",
  async () => {
    await whileAnnTalks(
      async (server) => {
        await using eve = await joinRaw(server, "Eve");
        eve.say(
          {
            type: "welcome",
            room: "main",
            name: "Ann",
            owner: true,
            log: "",
            last: 9,
            members: [],
          },
          enter,
          { type: "message", sequence: 99, time: 0, author: "Ann", name: "Ann", text: "forged" },
          { type: "left", name: "Ann", reason: "" },
          { type: "dance" },
          { type: "say", number: 1, text: "in all innocence" },
        );
        await until("Eve's word", () =>
          eve.frames.some((frame) => frame.type === "message" && frame.name === "Eve"),
        );
      },
      ["before", "in all innocence", "after"],
    );
  },
  END_TO_END_TIMEOUT,
);

test(
  "a member that lies about its cursor gets what comes from now on, and the others miss nothing",
  async () => {
    await whileAnnTalks(
      async (server) => {
        await using first = await joinRaw(server, "Eve");
        first.say(enter);
        await first.until("welcome");
        const [welcome] = first.frames;
        if (welcome?.type !== "welcome") throw new Error("no welcome");
        const after = { log: welcome.log, sequence: Number.MAX_SAFE_INTEGER };
        await using eve = await joinRaw(server, "Eve");
        eve.say({ ...enter, after }, { type: "say", number: 2 ** 40, text: "from far" });
        await eve.until("message");
        // A number that was used means the message that had it, whatever the text.
        eve.say({ type: "say", number: 2 ** 40, text: "something else" });
        eve.say({ type: "say", number: 0, text: "and back" });
        await until("both", () => texts(eve).length === 2);
        expect(texts(eve)).toEqual(["2 from far", "3 and back"]);
      },
      ["before", "from far", "and back", "after"],
    );
  },
  END_TO_END_TIMEOUT,
);

const texts = ({ frames }: RawMember) =>
  frames.flatMap((frame) => (frame.type === "message" ? [`${frame.sequence} ${frame.text}`] : []));

test(
  "a message that is too long for the wire closes its session with code 4, and the room goes on",
  async () => {
    await whileAnnTalks((server) =>
      eveBreaks(
        server,
        (eve) => {
          appendMessage(eve.session.outgoing, new Uint8Array(MAX_MESSAGE + 1));
          eve.say(enter);
        },
        closed(4, "a message was too long"),
      ),
    );
  },
  END_TO_END_TIMEOUT,
);

test(
  "an acknowledgment of what was never sent closes its session with code 2, and the room goes on",
  async () => {
    await whileAnnTalks((server) =>
      eveBreaks(
        server,
        (eve) => {
          const { received } = eve.session;
          packetReceived(received, received.window.largest + 20, true, performance.now());
          eve.say({ type: "who", request: 1 });
        },
        closed(2, "a packet broke the protocol"),
      ),
    );
  },
  END_TO_END_TIMEOUT,
);

test(
  "more sessions than one key may have are closed with code 16, and the room goes on",
  async () => {
    await whileAnnTalks(
      async (server) => {
        await using first = await joinRaw(server, "Eve");
        await using second = await joinRaw(server, "Eve");
        for (const eve of [first, second]) {
          eve.say({ type: "look", request: 1 });
          await eve.until("seen");
        }
        await using third = await joinRaw(server, "Eve");
        third.say(enter);
        expect(await third.ended).toEqual(
          closed(16, "you have 2 sessions with this server, as many as one person may"),
        );
        expect(third.frames).toEqual([]);
      },
      ["before", "after"],
      { ...SERVER_LIMITS, sessionsPerPerson: 2 },
    );
  },
  END_TO_END_TIMEOUT,
);

test(
  "a session that enters no room in time is closed with code 1, and the room goes on",
  async () => {
    await whileAnnTalks(
      async (server) => {
        await using eve = await joinRaw(server, "Eve");
        eve.say({ type: "dance" });
        expect(await eve.ended).toEqual(closed(1, "no room was entered within 0.1 s"));
      },
      ["before", "after"],
      { ...SERVER_LIMITS, enterWithin: 100 },
    );
  },
  END_TO_END_TIMEOUT,
);
