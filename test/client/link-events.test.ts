// What a sealed talk makes of what its link tells, without any network: the link is the test's own.

import { describe, expect, test } from "bun:test";

import type { ConversationEvent } from "../../src/chat/events.ts";
import { converse } from "../../src/client/sealed-talk.ts";
import { CharlaError } from "../../src/errors.ts";
import type { SealedLink } from "../../src/wire/sealed-link.ts";
import type { SealedSocket } from "../../src/wire/sealed-socket.ts";
import type { SessionEnd } from "../../src/wire/sealed/session.ts";
import { rejection } from "../wire/rejection.ts";

const HERE = { address: "192.0.2.1", port: 1 };
const ANA = { peer: "192.0.2.7:70", fingerprint: "an-fingerprint" };
const REFUSED = new CharlaError("NOBODY_LISTENING", "nobody is listening at 192.0.2.7:70", "");

/** A link over which everything that is said leaves at once, and nothing happens unless a test says so. */
function fakeLink() {
  const ended = Promise.withResolvers<SessionEnd>();
  const arrived = Promise.withResolvers<boolean>();
  const said: string[] = [];
  const aborted: number[] = [];
  let end = 0;
  const link: SealedLink = {
    peer: HERE,
    peerKey: null,
    joined: Promise.resolve(true),
    async say(message) {
      said.push(new TextDecoder().decode(message));
      end += message.length + 1;
      return end;
    },
    arrived: () => arrived.promise,
    ended: ended.promise,
    sayAll: () => true,
    async close() {},
    abort: (code) => void aborted.push(code),
  };
  return { link, said, aborted, end: ended.resolve, arrive: () => arrived.resolve(true) };
}

/** A talk whose link and socket are fakes. */
function fakeTalk(role: "opener" | "joiner") {
  const talk = converse(role);
  const its = fakeLink();
  let closed = 0;
  const close = async () => void (closed += 1);
  const socket: SealedSocket = {
    local: HERE,
    join: () => its.link,
    close,
    [Symbol.asyncDispose]: close,
  };
  talk.start(socket, []);
  const handlers = talk.attach(its.link, ANA);
  if (handlers === null) throw new Error("the seat was taken");
  return {
    talk,
    handlers,
    ...its,
    conversation: talk.conversation,
    /** All events up to the end, and what they ended with; the talk is left. */
    events: async () => {
      its.arrive();
      await talk.conversation.leave();
      const read: ConversationEvent[] = [];
      let error: unknown = null;
      try {
        for await (const event of talk.conversation.events) read.push(event);
      } catch (failure) {
        error = failure;
      }
      return { read: read.slice(1, -1), last: read.at(-1), error, closed };
    },
  };
}

const bytes = (text: string) => new TextEncoder().encode(text);

test("silence, its end and a move are events, with whole seconds and where the peer is now", async () => {
  const { handlers, events } = fakeTalk("joiner");
  handlers.onSilent?.(5_400);
  handlers.onHeard?.(11_600);
  handlers.onMoved?.({ address: "2001:db8::7", port: 71 });
  await handlers.onMessages([bytes("from there")]);
  expect((await events()).read).toEqual([
    { type: "silent", seconds: 5 },
    { type: "heard", seconds: 12 },
    { type: "moved", peer: "[2001:db8::7]:71" },
    { type: "message", from: "[2001:db8::7]:71", text: "from there" },
  ]);
});

test("bytes that are no text become U+FFFD, and a newline at the end is none of the message", async () => {
  const { handlers, events } = fakeTalk("joiner");
  await handlers.onMessages([Uint8Array.of(0x61, 0xff, 0x62), bytes("line\n"), bytes("\n\n")]);
  const texts = (await events()).read.map((event) => ("text" in event ? event.text : event.type));
  expect(texts).toEqual(["a\uFFFDb", "line", "\n"]);
});

describe("what has arrived", () => {
  test("is told in order, each once, however the link counts it", async () => {
    const { handlers, conversation, events } = fakeTalk("joiner");
    const saying = ["a", "b", "c"].map((text) => conversation.say(text));
    await turn();
    for (const end of [1, 3, 4, 4, 6]) handlers.onArrived?.(end);
    await Promise.all(saying);
    expect((await events()).read).toEqual([
      { type: "said", text: "a" },
      { type: "said", text: "b" },
      { type: "said", text: "c" },
      { type: "delivered", text: "a" },
      { type: "delivered", text: "b" },
      { type: "delivered", text: "c" },
    ]);
  });

  test("before it was told that it left is told after that", async () => {
    const { handlers, conversation, events } = fakeTalk("joiner");
    const saying = conversation.say("quick");
    handlers.onArrived?.(6);
    await saying;
    expect((await events()).read).toEqual([
      { type: "said", text: "quick" },
      { type: "delivered", text: "quick" },
    ]);
  });
});

const refusals = ({ read }: { read: ConversationEvent[] }) =>
  read.filter(({ type }) => type === "notice");
/** All that awaits what has been resolved goes on. */
const turn = () => new Promise((done) => setImmediate(done));

describe("that the network refuses what is sent", () => {
  test("is told once, until the peer is heard again after a silence", async () => {
    const { talk, handlers, events } = fakeTalk("joiner");
    talk.onRefused(REFUSED);
    talk.onRefused(REFUSED);
    handlers.onSilent?.(5_000);
    talk.onRefused(REFUSED);
    handlers.onHeard?.(8_000);
    talk.onRefused(REFUSED);
    const notice: ConversationEvent = {
      type: "notice",
      code: "NOBODY_LISTENING",
      message: "192.0.2.7:70 refuses what is sent to it: the other end may be gone",
    };
    expect(refusals(await events())).toEqual([notice, notice]);
  });

  test("is not told while nobody is there, nor of a farewell", async () => {
    const { talk, end, events } = fakeTalk("opener");
    end({ type: "closed", by: "peer", code: 0, reason: "" });
    await turn();
    talk.onRefused(REFUSED);
    const { talk: other, conversation, events: eventsOfOther } = fakeTalk("joiner");
    void conversation.leave();
    other.onRefused(REFUSED);
    expect(refusals(await events())).toEqual([]);
    expect(refusals(await eventsOfOther())).toEqual([]);
  });
});

describe("a session that is over", () => {
  const LOST: SessionEnd = { type: "timed-out" };
  const LEFT: SessionEnd = { type: "closed", by: "peer", code: 0, reason: "" };

  test("without a word is an opener's notice, and it waits for the next", async () => {
    const { talk, end, events } = fakeTalk("opener");
    end(LOST);
    await turn();
    const next = fakeLink();
    expect(talk.attach(next.link, { ...ANA, peer: "192.0.2.8:80" })).not.toBeNull();
    next.arrive();
    expect((await events()).read).toEqual([
      {
        type: "notice",
        code: "SESSION_LOST",
        message: "nothing was heard from 192.0.2.7:70 for a minute",
      },
      { type: "left", peer: "192.0.2.7:70" },
      { type: "joined", peer: "192.0.2.8:80", fingerprint: ANA.fingerprint },
    ]);
  });

  test("by the peer's leaving is no notice", async () => {
    const { end, events } = fakeTalk("opener");
    end(LEFT);
    await turn();
    expect((await events()).read).toEqual([{ type: "left", peer: "192.0.2.7:70" }]);
  });

  test("takes an opener's messages with it that were under way, and says them to nobody else", async () => {
    const { talk, handlers: first, conversation, said, end } = fakeTalk("opener");
    const arrived = conversation.say("has arrived");
    const under = rejection(conversation.say("under way"));
    first.onArrived?.(12);
    await arrived;
    end(LOST);
    expect(await under).toMatchObject({ code: "SESSION_LOST" });
    const waits = conversation.say("waits");
    const next = fakeLink();
    const handlers = talk.attach(next.link, ANA);
    expect([said, next.said]).toEqual([["has arrived", "under way"], ["waits"]]);
    let done = false;
    void waits.then(() => (done = true));
    await turn();
    // What the one before had acknowledged says nothing of this one.
    expect(done).toBe(false);
    handlers?.onArrived?.(6);
    await waits;
  });

  test("is a joiner's end: lost with its reason, or that the peer left", async () => {
    const lost = fakeTalk("joiner");
    const under = rejection(lost.conversation.say("under way"));
    lost.end(LOST);
    await turn();
    expect(await under).toMatchObject({ code: "CONVERSATION_OVER" });
    const told = await lost.events();
    expect(told.last).toEqual({ type: "ended", reason: "lost", unsaid: ["under way"] });
    expect(told.error).toMatchObject({
      code: "SESSION_LOST",
      message: "nothing was heard from 192.0.2.7:70 for a minute",
    });
    expect(told.closed).toBe(1);

    const left = fakeTalk("joiner");
    left.end(LEFT);
    left.arrive();
    await turn();
    expect(await left.events()).toMatchObject({
      last: { type: "ended", reason: "peer-left", unsaid: [] },
      error: null,
      closed: 1,
    });
  });
});

test("leave aborts at the second time, and is the same end", async () => {
  const { conversation, aborted, events } = fakeTalk("joiner");
  const leaving = conversation.leave();
  expect(aborted).toEqual([]);
  const again = conversation.leave();
  expect(aborted).toEqual([0]);
  const { last } = await events();
  await Promise.all([leaving, again]);
  expect(last).toEqual({ type: "ended", reason: "left", unsaid: [] });
});

test("the seat is taken until its session is over, and is nobody's once the talk is", async () => {
  const { talk, conversation, arrive, events } = fakeTalk("opener");
  expect(talk.attach(fakeLink().link, { ...ANA, peer: "192.0.2.8:80" })).toBeNull();
  arrive();
  await conversation.leave();
  expect(talk.attach(fakeLink().link, ANA)).toBeNull();
  expect((await events()).read).toEqual([{ type: "stranger", from: "192.0.2.8:80", ignored: 1 }]);
});
