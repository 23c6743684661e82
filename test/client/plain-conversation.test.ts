import { describe, expect, test } from "bun:test";
import { getEventListeners } from "node:events";

import type { Conversation } from "../../src/chat/conversation.ts";
import type { ConversationEvent } from "../../src/chat/events.ts";
import { joinPlain, openPlain } from "../../src/client/plain-conversation.ts";
import { reservePort } from "../harness/ports.ts";
import { rejection } from "../net/rejection.ts";
import { type BareSocket, openBareSocket } from "../net/sockets.ts";
import { follow, type Followed, portOf } from "./follow.ts";

interface Opened extends AsyncDisposable {
  readonly conversation: Conversation;
  readonly events: Followed;
  readonly port: number;
}

/** A server on the loopback, whose "listening" event is read already. */
async function open(options: { turns?: boolean; port?: number } = {}): Promise<Opened> {
  const conversation = await openPlain({ bind: "127.0.0.1", port: 0, ...options });
  const events = follow(conversation);
  const port = portOf(await events.next());
  return {
    conversation,
    events,
    port,
    [Symbol.asyncDispose]: () => conversation[Symbol.asyncDispose](),
  };
}

/** A server that somebody has said hello to, and that somebody. */
async function openWithPeer(options: { turns?: boolean } = {}) {
  const opened = await open(options);
  const peer = await openBareSocket();
  await peer.send("hello", opened.port);
  const events = await opened.events.take(options.turns === true ? 4 : 2);
  expect(events.at(-1)).toEqual(
    options.turns === true
      ? { type: "turn", whose: "mine" }
      : { type: "message", from: `127.0.0.1:${peer.port}`, text: "hello" },
  );
  return { ...opened, peer };
}

const join = (port: number, turns = false) => joinPlain({ host: "127.0.0.1", port }, { turns });
const said = (text: string): ConversationEvent => ({ type: "said", text });
const ended = (reason: "said-bye" | "heard-bye" | "left", ...unsaid: string[]) =>
  ({ type: "ended", reason, unsaid }) as const;

test("a talk between two, from the first word to the last, as both ends see it", async () => {
  await using server = await open();
  await using client = await join(server.port);
  const joined = follow(client);
  const serverAddress = `127.0.0.1:${server.port}`;

  await client.say("hello");
  const [arrived, first] = await server.events.take(2);
  const clientAddress = arrived?.type === "joined" ? arrived.peer : "nobody";
  expect(clientAddress).toMatch(/^127\.0\.0\.1:\d+$/);
  expect(first).toEqual({ type: "message", from: clientAddress, text: "hello" });
  await server.conversation.say("welcome");
  expect(await joined.take(3)).toEqual([
    { type: "joining", peer: serverAddress },
    said("hello"),
    { type: "message", from: serverAddress, text: "welcome" },
  ]);
  await client.leave();
  await server.conversation.leave();
  expect(await server.events.rest()).toEqual([said("welcome"), ended("left")]);
  expect(await joined.rest()).toEqual([ended("left")]);
});

test("a goodbye between two: bye is said, heard, answered, and the answer heard", async () => {
  await using server = await open();
  await using client = await join(server.port);
  await client.say("bye");
  expect(await server.events.rest()).toEqual([
    { type: "joined", peer: expect.any(String) },
    { type: "message", from: expect.any(String), text: "bye" },
    ended("heard-bye"),
  ]);
  expect((await follow(client).rest()).slice(1)).toEqual([
    said("bye"),
    { type: "message", from: `127.0.0.1:${server.port}`, text: "bye" },
    ended("said-bye"),
  ]);
});

test("an end that said bye waits for an answer that comes late, as from a busy machine", async () => {
  await using peer = await openBareSocket();
  await using client = await join(peer.port);
  const events = follow(client);
  const saying = client.say("bye");
  const { from } = await peer.next();
  // A refusal would have come within 50 ms.
  await Bun.sleep(100);
  await peer.send("bye", from.port);
  await saying;
  expect((await events.rest()).slice(1)).toEqual([
    said("bye"),
    { type: "message", from: `127.0.0.1:${peer.port}`, text: "bye" },
    ended("said-bye"),
  ]);
});

test("a talk in turns, as both ends see it", async () => {
  await using server = await open({ turns: true });
  await using client = await join(server.port, true);
  const joined = follow(client);
  const serverAddress = `127.0.0.1:${server.port}`;

  await client.say("one");
  const [theirs, arrived, first, mine] = await server.events.take(4);
  const clientAddress = arrived?.type === "joined" ? arrived.peer : "nobody";
  expect([theirs, first, mine]).toEqual([
    { type: "turn", whose: "theirs" },
    { type: "message", from: clientAddress, text: "one" },
    { type: "turn", whose: "mine" },
  ]);

  const outOfTurn = client.say("three");
  await server.conversation.say("two");
  await outOfTurn;
  expect(await joined.take(9)).toEqual([
    { type: "joining", peer: serverAddress },
    { type: "turn", whose: "mine" },
    { type: "turn", whose: "theirs" },
    said("one"),
    { type: "waiting", for: "turn", text: "three" },
    { type: "message", from: serverAddress, text: "two" },
    { type: "turn", whose: "mine" },
    { type: "turn", whose: "theirs" },
    said("three"),
  ]);
  expect(await server.events.take(4)).toEqual([
    { type: "turn", whose: "theirs" },
    said("two"),
    { type: "message", from: clientAddress, text: "three" },
    { type: "turn", whose: "mine" },
  ]);
});

describe("a server", () => {
  test("without an address listens on every one of both families", async () => {
    await using conversation = await openPlain({ port: 0 });
    expect(await follow(conversation).next()).toEqual({
      type: "listening",
      address: expect.stringMatching(/^\[::\]:[1-9]\d*$/),
    });
  });

  test("keeps what is said before anyone is there, and says it to the first who comes", async () => {
    await using server = await open();
    const saying = Promise.all([server.conversation.say("one"), server.conversation.say("two")]);
    expect(await server.events.take(2)).toEqual([
      { type: "waiting", for: "peer", text: "one" },
      { type: "waiting", for: "peer", text: "two" },
    ]);

    await using peer = await openBareSocket();
    await peer.send("hello", server.port);
    await saying;
    expect(await server.events.take(4)).toEqual([
      { type: "joined", peer: `127.0.0.1:${peer.port}` },
      { type: "message", from: `127.0.0.1:${peer.port}`, text: "hello" },
      said("one"),
      said("two"),
    ]);
    expect((await peer.next()).text).toBe("one");
    expect((await peer.next()).text).toBe("two");
  });

  test("tells of the first stranger, and again whenever the count of datagrams that it ignored has one more digit", async () => {
    await using server = await openWithPeer();
    await using peer = server.peer;
    await using stranger = await openBareSocket();
    for (let count = 1; count <= 12; count += 1) await stranger.send("bye", server.port);
    await peer.send("still here", server.port);
    expect(await server.events.take(3)).toEqual([
      { type: "stranger", from: `127.0.0.1:${stranger.port}`, ignored: 1 },
      { type: "stranger", from: `127.0.0.1:${stranger.port}`, ignored: 10 },
      { type: "message", from: `127.0.0.1:${peer.port}`, text: "still here" },
    ]);
  });

  test("survives a peer that is gone, says so, and takes the next one", async () => {
    await using server = await openWithPeer();
    await server.peer.close();
    await server.conversation.say("are you there?");
    expect(await server.events.take(2)).toEqual([
      said("are you there?"),
      {
        type: "notice",
        code: "NOBODY_LISTENING",
        message: `no program is listening at 127.0.0.1:${server.peer.port} any more; what was said last may not have arrived`,
        hint: "the next one to speak joins the conversation",
      },
    ]);

    await using next = await openBareSocket();
    await next.send("I am new", server.port);
    expect(await server.events.take(2)).toEqual([
      { type: "joined", peer: `127.0.0.1:${next.port}` },
      { type: "message", from: `127.0.0.1:${next.port}`, text: "I am new" },
    ]);
    await server.conversation.say("welcome");
    expect((await next.next()).text).toBe("welcome");
  });

  test("keeps what is said after its peer is gone for the next one", async () => {
    await using server = await openWithPeer();
    await server.peer.close();
    await server.conversation.say("one");
    await server.events.take(2);
    const saying = server.conversation.say("two");
    expect(await server.events.next()).toEqual({ type: "waiting", for: "peer", text: "two" });

    await using next = await openBareSocket();
    await next.send("I am new", server.port);
    await saying;
    expect((await next.next()).text).toBe("two");
  });

  // The system tells of the first one's refusal in place of sending the second.
  test("says once that its peer is gone, however much was said to it", async () => {
    await using server = await openWithPeer();
    await server.peer.close();
    await Promise.allSettled([server.conversation.say("one"), server.conversation.say("two")]);
    await using next = await openBareSocket();
    await next.send("I am new", server.port);
    const types = (await server.events.take(5)).map(({ type }) => type);
    // After which of the two the refusal comes is the system's choice.
    expect(types.slice(0, 3).toSorted()).toEqual(["notice", "said", "said"]);
    expect(types.slice(3)).toEqual(["joined", "message"]);
  });

  test("that finds its port taken is PORT_IN_USE", async () => {
    await using server = await open();
    expect(await rejection(openPlain({ bind: "127.0.0.1", port: server.port }))).toMatchObject({
      code: "PORT_IN_USE",
      message: `127.0.0.1:${server.port} is in use by another program`,
    });
  });
});

describe("a client", () => {
  test("of a host that does not exist is UNKNOWN_HOST (RFC 6761 s. 6.4)", async () => {
    expect(await rejection(joinPlain({ host: "nobody.invalid", port: 12345 }))).toMatchObject({
      code: "UNKNOWN_HOST",
    });
  });

  test("of a host where nobody listens fails in its events", async () => {
    const port = await reservePort();
    await using client = await join(port);
    const events = follow(client);
    await client.say("anyone?");
    expect(await events.take(3)).toEqual([
      { type: "joining", peer: `127.0.0.1:${port}` },
      said("anyone?"),
      { type: "ended", reason: "lost", unsaid: [] },
    ]);
    expect(await rejection(events.next())).toMatchObject({
      code: "NOBODY_LISTENING",
      message: `no program is listening at 127.0.0.1:${port}`,
    });
    expect(await rejection(client.say("anyone at all?"))).toMatchObject({
      code: "CONVERSATION_OVER",
    });
  });

  test("fails so also when its last message was bye, or it left", async () => {
    const port = await reservePort();
    for (const last of ["bye", "leave"]) {
      await using client = await join(port);
      const events = follow(client);
      await client.say(last);
      if (last === "leave") await client.leave();
      expect(await rejection(events.rest())).toMatchObject({ code: "NOBODY_LISTENING" });
    }
  });

  test("that waits for its turn in vain rejects when the conversation is over", async () => {
    await using client = await join(await reservePort(), true);
    const events = follow(client);
    const saying = client.say("one");
    const waiting = client.say("two").catch((error: unknown) => error);
    await saying;
    expect(await rejection(events.rest())).toMatchObject({ code: "NOBODY_LISTENING" });
    expect(await waiting).toMatchObject({ code: "CONVERSATION_OVER" });
  });

  test("hears no strangers, but of them", async () => {
    await using server = await openBareSocket();
    await using stranger = await openBareSocket();
    await using client = await join(server.port);
    const events = follow(client);
    await client.say("hello");
    const { from } = await server.next();
    await stranger.send("bye", from.port);
    await server.send("welcome", from.port);
    expect((await events.take(4)).slice(2)).toEqual([
      { type: "stranger", from: `127.0.0.1:${stranger.port}`, ignored: 1 },
      { type: "message", from: `127.0.0.1:${server.port}`, text: "welcome" },
    ]);
  });

  test("where nobody listens rejects the messages after the first", async () => {
    await using client = await join(await reservePort());
    const [first, ...others] = await Promise.allSettled(
      ["one", "two", "three"].map((text) => client.say(text)),
    );
    expect(first?.status).toBe("fulfilled");
    for (const other of others) {
      expect(other).toMatchObject({
        reason: {
          code: expect.stringMatching(/^(NOBODY_LISTENING|CONVERSATION_OVER)$/),
        },
      });
    }
  });

  // One address has many spellings (RFC 4291 s. 2.2, RFC 5952).
  describe.each([
    ["::1", "0:0:0:0:0:0:0:1"],
    ["127.0.0.1", "::ffff:127.0.0.1"],
    ["127.0.0.1", "::ffff:7f00:1"],
  ] as const)("of %s, written %s,", (address, host) => {
    test("hears its peer", async () => {
      await using server = await openBareSocket(address);
      await using client = await joinPlain({ host, port: server.port });
      const events = follow(client);
      await client.say("hello");
      const { from } = await server.next();
      await server.send("welcome", from.port);
      expect((await events.take(3)).at(-1)).toMatchObject({ type: "message", text: "welcome" });
    });
  });
});

describe("say", () => {
  test("resolves when the message has left, and the conversation says so", async () => {
    await using server = await openWithPeer();
    await using peer = server.peer;
    await server.conversation.say("one");
    await server.conversation.say("");
    expect(await server.events.take(2)).toEqual([said("one"), said("")]);
    expect((await peer.next()).text).toBe("one");
    expect((await peer.next()).text).toBe("");
  });

  test("rejects a message of more than 65,507 bytes, and the conversation goes on", async () => {
    await using server = await openWithPeer();
    await using peer = server.peer;
    expect(await rejection(server.conversation.say("é".repeat(32_754)))).toMatchObject({
      code: "MESSAGE_TOO_LONG",
      message: "the message is 65,508 bytes long; one datagram carries 65,507",
    });
    await server.conversation.say("é".repeat(32_753));
    expect(await server.events.next()).toEqual(said("é".repeat(32_753)));
    expect((await peer.next()).text).toBe("é".repeat(32_753));
  });

  test("rejects a message that is too long rather than let it wait", async () => {
    await using server = await open();
    expect(await rejection(server.conversation.say("a".repeat(65_508)))).toMatchObject({
      code: "MESSAGE_TOO_LONG",
    });
    await server.conversation.leave();
    expect(await server.events.rest()).toEqual([ended("left")]);
  });

  test("rejects the message that is one too many to wait, 1,000 after the first", async () => {
    await using server = await open();
    const waiting = Array.from({ length: 1_000 }, (_, index) =>
      server.conversation.say(`${index}`),
    );
    expect(await rejection(server.conversation.say("one too many"))).toMatchObject({
      code: "TOO_MANY_WAITING",
      message: "1,000 messages wait already",
      hint: "wait until the other end has answered",
    });

    await server.conversation.leave();
    const outcomes = await Promise.allSettled(waiting);
    expect(outcomes.filter(({ status }) => status === "rejected")).toHaveLength(1_000);
    const last = (await server.events.rest()).at(-1);
    expect(last?.type === "ended" ? last.unsaid.length : null).toBe(1_000);
  });
});

describe("bye", () => {
  test("said is sent, shown as said, and ends the conversation", async () => {
    await using server = await openWithPeer();
    await using peer = server.peer;
    await server.conversation.say("bye");
    expect(await server.events.rest()).toEqual([said("bye"), ended("said-bye")]);
    expect((await peer.next()).text).toBe("bye");
  });

  test("heard, also as ncat sends it, is shown and ends the conversation", async () => {
    for (const word of ["bye", "bye\n", "bye\r\n"]) {
      await using server = await openWithPeer();
      await using peer = server.peer;
      await peer.send(word, server.port);
      expect(await server.events.rest()).toEqual([
        { type: "message", from: `127.0.0.1:${peer.port}`, text: "bye" },
        ended("heard-bye"),
      ]);
    }
  });

  test("heard is answered with bye", async () => {
    await using server = await openWithPeer();
    await using peer = server.peer;
    await peer.send("bye", server.port);
    await server.events.rest();
    await using witness = await openBareSocket();
    await witness.send("nothing came before me", peer.port);
    expect(await peer.next()).toMatchObject({ text: "bye", from: { port: server.port } });
  });

  test("heard from a peer that is gone by then is no failure", async () => {
    const server = await openBareSocket();
    await using client = await join(server.port);
    const events = follow(client);
    await client.say("hello");
    const { from } = await server.next();
    await server.send("bye", from.port);
    await server.close();
    expect((await events.rest()).slice(2)).toEqual([
      { type: "message", from: `127.0.0.1:${server.port}`, text: "bye" },
      ended("heard-bye"),
    ]);
  });

  test("said without a peer is sent to the first that comes, after what was said before it", async () => {
    await using server = await open();
    const before = Promise.all([server.conversation.say("one"), server.conversation.say("bye")]);
    const after = server.conversation.say("two").catch((error: unknown) => error);
    await using peer = await openBareSocket();
    await peer.send("hello", server.port);
    await before;
    expect(await after).toMatchObject({ code: "CONVERSATION_OVER" });
    expect((await peer.next()).text).toBe("one");
    expect((await peer.next()).text).toBe("bye");
    expect((await server.events.rest()).slice(-3)).toEqual([
      said("one"),
      said("bye"),
      ended("said-bye", "two"),
    ]);
  });

  test("heard while a message waits for its turn leaves it unsaid", async () => {
    await using server = await openBareSocket();
    await using client = await join(server.port, true);
    const events = follow(client);
    await client.say("one");
    const waiting = client.say("two").catch((error: unknown) => error);
    const { from } = await server.next();
    await server.send("bye", from.port);
    expect((await events.rest()).at(-1)).toEqual(ended("heard-bye", "two"));
    expect(await waiting).toMatchObject({ code: "CONVERSATION_OVER" });
  });

  test("heard while a goodbye waits for its turn is answered with it", async () => {
    await using server = await openBareSocket();
    await using client = await join(server.port, true);
    const events = follow(client);
    await client.say("one");
    const waiting = client.say("two").catch((error: unknown) => error);
    const goodbyes = [client.say("bye"), client.say("bye")];
    const { from } = await server.next();
    await server.send("bye", from.port);
    await Promise.all(goodbyes);
    expect((await server.next()).text).toBe("bye");
    expect((await events.rest()).slice(-2)).toEqual([said("bye"), ended("heard-bye", "two")]);
    expect(await waiting).toMatchObject({ code: "CONVERSATION_OVER" });
  });
});

describe("leave", () => {
  test("shows what is heard until it is over", async () => {
    await using server = await openWithPeer();
    await using peer = server.peer;
    await server.conversation.say("one");
    const leaving = server.conversation.leave();
    await peer.send("wait", server.port);
    await leaving;
    expect(await server.events.rest()).toEqual([
      said("one"),
      { type: "message", from: `127.0.0.1:${peer.port}`, text: "wait" },
      ended("left"),
    ]);
  });

  test("ends the conversation without a word to the other end", async () => {
    await using server = await openWithPeer();
    await using peer = server.peer;
    await server.conversation.leave();
    expect(await server.events.rest()).toEqual([ended("left")]);
    await using witness = await openBareSocket();
    await witness.send("nothing came before me", peer.port);
    expect((await peer.next()).text).toBe("nothing came before me");
  });

  test("lets what was said before it leave first", async () => {
    await using server = await openWithPeer();
    await using peer = server.peer;
    const saying = server.conversation.say("one");
    await server.conversation.leave();
    await saying;
    expect(await server.events.rest()).toEqual([said("one"), ended("left")]);
    expect((await peer.next()).text).toBe("one");
  });

  test("tells what was said and never left, oldest first, and rejects it", async () => {
    await using server = await open();
    const waiting = ["one", "two"].map((text) =>
      server.conversation.say(text).catch((error: unknown) => error),
    );
    await server.conversation.leave();
    for (const error of await Promise.all(waiting)) {
      expect(error).toMatchObject({
        code: "CONVERSATION_OVER",
        message: "the conversation is over",
        hint: "open or join another one",
      });
    }
    expect((await server.events.rest()).at(-1)).toEqual(ended("left", "one", "two"));
  });

  test("tells a client what was never sent also when the other end is lost meanwhile", async () => {
    const server = await openBareSocket();
    await using client = await join(server.port, true);
    const events = follow(client);
    await client.say("one");
    const { from } = await server.next();
    await server.send("two", from.port);
    await events.take(6);
    await server.close();
    const sent = client.say("three").catch((error: unknown) => error);
    const waiting = client.say("four").catch((error: unknown) => error);
    const leaving = client.leave();
    let last = await events.next();
    while (last !== null && last.type !== "ended") last = await events.next();
    expect(last).toEqual({ type: "ended", reason: "lost", unsaid: ["four"] });
    expect(await rejection(events.next())).toMatchObject({ code: "NOBODY_LISTENING" });
    await Promise.all([leaving, sent]);
    expect(await waiting).toMatchObject({ code: "CONVERSATION_OVER" });
  });

  test("is the last word: nothing can be said after it, and it can be repeated", async () => {
    await using server = await openWithPeer();
    const leaving = server.conversation.leave();
    expect(await rejection(server.conversation.say("one"))).toMatchObject({
      code: "CONVERSATION_OVER",
    });
    await leaving;
    await server.conversation.leave();
    expect(await server.events.rest()).toEqual([ended("left")]);
  });

  test("gives the port back", async () => {
    const server = await open({ port: await reservePort() });
    await server.conversation.leave();
    await using again = await openPlain({ bind: "127.0.0.1", port: server.port });
    expect(portOf(await follow(again).next())).toBe(server.port);
  });
});

test("a conversation disposed of has been left", async () => {
  let events: Followed;
  let peer: BareSocket;
  {
    await using server = await openWithPeer();
    ({ events, peer } = server);
  }
  expect(await events.rest()).toEqual([ended("left")]);
  await peer.close();
});

/** How many listeners wait for the signal's abort. */
const listeners = (signal: AbortSignal) => getEventListeners(signal, "abort").length;

describe("a signal", () => {
  test("of the conversation ends it at once, and leaves no listener", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const port = await reservePort();
    const conversation = await openPlain({ bind: "127.0.0.1", port, signal });
    const events = follow(conversation);
    expect(portOf(await events.next())).toBe(port);
    const saying = rejection(conversation.say("one"));
    expect(listeners(signal)).toBe(1);
    controller.abort();
    expect(await saying).toMatchObject({ code: "CONVERSATION_OVER" });
    expect((await events.rest()).at(-1)).toEqual(ended("left", "one"));
    expect(listeners(signal)).toBe(0);
    await using again = await openPlain({ bind: "127.0.0.1", port });
    expect(portOf(await follow(again).next())).toBe(port);
  });

  test("of the conversation does not wait for a refusal that may come", async () => {
    await using server = await open();
    const controller = new AbortController();
    const { signal } = controller;
    const client = await joinPlain({ host: "127.0.0.1", port: server.port }, { signal });
    await client.say("hello");
    const leaving = client.leave();
    controller.abort();
    await leaving;
    expect(listeners(signal)).toBe(0);
  });

  test("that has aborted before rejects with its reason, and opens nothing", async () => {
    const signal = AbortSignal.abort("gone");
    expect(await rejection(openPlain({ bind: "127.0.0.1", port: 0, signal }))).toBe("gone");
    expect(await rejection(joinPlain({ host: "127.0.0.1", port: 1 }, { signal }))).toBe("gone");
  });

  test("of a message rejects with its reason while the message waits, which then is never sent", async () => {
    await using server = await open();
    const { conversation, events, port } = server;
    const controller = new AbortController();
    const first = conversation.say("one");
    const second = rejection(conversation.say("two", { signal: controller.signal }));
    const third = conversation.say("three");
    expect(listeners(controller.signal)).toBe(1);
    controller.abort("too late");
    expect(await second).toBe("too late");
    expect(listeners(controller.signal)).toBe(0);
    await using peer = await openBareSocket();
    await peer.send("hello", port);
    expect([(await peer.next()).text, (await peer.next()).text]).toEqual(["one", "three"]);
    await Promise.all([first, third]);
    await conversation.leave();
    expect((await events.rest()).at(-1)).toEqual(ended("left"));
  });

  test("of a message that was sent changes nothing", async () => {
    await using server = await open();
    await using client = await join(server.port);
    const controller = new AbortController();
    const saying = client.say("hello", { signal: controller.signal });
    controller.abort();
    await saying;
    expect(await rejection(client.say("again", { signal: controller.signal }))).toMatchObject({
      name: "AbortError",
    });
  });
});
