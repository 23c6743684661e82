// A sealed talk over real sockets (docs/protocol.md s. 17): who waits for whom, what is known to have
// arrived, and how it ends.

import { describe, expect, test } from "bun:test";

import type { ConversationEvent } from "../../src/chat/events.ts";
import { joinSealed, openSealed } from "../../src/client/sealed-conversation.ts";
import { CharlaError } from "../../src/errors.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { until } from "../harness/until.ts";
import { rejection } from "../wire/rejection.ts";
import { joinEnd, nextOf, openEnd, relayTo } from "./sealed-ends.ts";

const LONGEST = "x".repeat(65_507);
const OVER = {
  code: "CONVERSATION_OVER",
  message: "the conversation is over",
  hint: "open or join another one",
};

const textsOf = (events: readonly ConversationEvent[], wanted: ConversationEvent["type"]) =>
  events.flatMap((event) => (event.type === wanted && "text" in event ? [event.text] : []));

describe("what is said", () => {
  test("before anyone is there waits, and is heard by the first who joins, in order", async () => {
    await using opener = await openEnd();
    const saying = ["one", "two\n", ""].map((text) => opener.conversation.say(text));
    expect(await opener.events.take(3)).toEqual([
      { type: "waiting", for: "peer", text: "one" },
      { type: "waiting", for: "peer", text: "two" },
      { type: "waiting", for: "peer", text: "" },
    ]);
    await using joiner = await joinEnd(opener.invitation);
    await Promise.all(saying);
    const told = await opener.events.take(7);
    expect(told[0]).toEqual({
      type: "joined",
      peer: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      fingerprint: expect.any(String),
    });
    expect(textsOf(told, "said")).toEqual(["one", "two", ""]);
    expect(textsOf(told, "delivered")).toEqual(["one", "two", ""]);
    expect(textsOf(await joiner.events.take(3), "message")).toEqual(["one", "two", ""]);
  });

  test("is done once the other end has it, and not before", async () => {
    await using opener = await openEnd();
    await using way = await relayTo(opener);
    await using joiner = await joinEnd(way.invitation);
    await joiner.conversation.say("hello");
    way.relay.silent = true;
    let done = false;
    const saying = joiner.conversation.say("are you there?").then(() => (done = true));
    await nextOf(joiner.events, "delivered");
    expect(await joiner.events.next()).toEqual({ type: "said", text: "are you there?" });
    expect(done).toBe(false);
    way.relay.silent = false;
    await saying;
    expect(await joiner.events.next()).toEqual({ type: "delivered", text: "are you there?" });
  });

  test("may have 65,507 bytes, both ways, and no more", async () => {
    await using opener = await openEnd();
    await using joiner = await joinEnd(opener.invitation);
    for (const [from, to] of [
      [joiner, opener],
      [opener, joiner],
    ] as const) {
      await from.conversation.say(`${LONGEST}\n`);
      expect((await nextOf(to.events, "message")).text === LONGEST).toBe(true);
      // In bytes of UTF-8: an ñ has two.
      expect(await rejection(from.conversation.say(`${LONGEST.slice(1)}ñ`))).toMatchObject({
        code: "MESSAGE_TOO_LONG",
      });
    }
  });

  test("too long while nobody is there is refused at once, and does not wait", async () => {
    await using opener = await openEnd();
    expect(await rejection(opener.conversation.say(`${LONGEST}y`))).toMatchObject({
      code: "MESSAGE_TOO_LONG",
    });
    await using joiner = await joinEnd(opener.invitation);
    await opener.conversation.say("short");
    expect(await joiner.events.next()).toMatchObject({ type: "message", text: "short" });
  });

  test("past 1,000 that wait is TOO_MANY_WAITING; the 1,000 arrive", async () => {
    await using opener = await openEnd();
    const texts = Array.from({ length: 1_000 }, (_, index) => `waiting ${index}`);
    const saying = texts.map((text) => opener.conversation.say(text));
    expect(await rejection(opener.conversation.say("one more"))).toMatchObject({
      code: "TOO_MANY_WAITING",
    });
    await using joiner = await joinEnd(opener.invitation);
    await Promise.all(saying);
    expect(textsOf(await joiner.events.take(1_000), "message")).toEqual(texts);
    // There is room again.
    await opener.conversation.say("one more");
    expect(await joiner.events.next()).toMatchObject({ type: "message", text: "one more" });
  });

  test("after the end is CONVERSATION_OVER, and so is what waited for somebody until then", async () => {
    const opener = await openEnd();
    const waited = rejection(opener.conversation.say("is nobody coming?"));
    await opener.conversation.leave();
    expect(await waited).toMatchObject(OVER);
    expect(await rejection(opener.conversation.say("too late"))).toMatchObject(OVER);
    expect(await opener.events.rest()).toEqual([
      { type: "waiting", for: "peer", text: "is nobody coming?" },
      { type: "ended", reason: "left", unsaid: ["is nobody coming?"] },
    ]);
  });

  test("and what is heard of 2,000 messages each way at once is all of it, in order", async () => {
    await using opener = await openEnd();
    await using joiner = await joinEnd(opener.invitation);
    const texts = Array.from({ length: 2_000 }, (_, index) => `message ${index}`);
    async function sayAll({ conversation }: typeof joiner): Promise<void> {
      // As many at once as may wait, and no more.
      for (let at = 0; at < texts.length; at += 500) {
        await Promise.all(texts.slice(at, at + 500).map((text) => conversation.say(text)));
      }
    }
    await Promise.all([sayAll(joiner), sayAll(opener)]);
    await Promise.all([joiner.conversation.leave(), opener.conversation.leave()]);
    for (const { events } of [joiner, opener]) {
      const all = await events.rest();
      expect(textsOf(all, "message")).toEqual(texts);
      expect(textsOf(all, "said")).toEqual(texts);
      expect(textsOf(all, "delivered")).toEqual(texts);
    }
  });
});

describe("the end", () => {
  test("by the joiner's bye is the joiner's; the opener hears it and waits for the next", async () => {
    await using opener = await openEnd();
    await using first = await joinEnd(opener.invitation);
    await first.conversation.say("bye");
    expect((await first.events.rest()).at(-1)).toEqual({
      type: "ended",
      reason: "said-bye",
      unsaid: [],
    });
    expect((await nextOf(opener.events, "message")).text).toBe("bye");
    expect(await opener.events.next()).toMatchObject({ type: "left" });
    await using second = await joinEnd(opener.invitation);
    expect(await opener.events.next()).toMatchObject({ type: "joined" });
    await opener.conversation.say("welcome");
    expect(await second.events.next()).toMatchObject({ type: "message", text: "welcome" });
  });

  test("by the opener's bye is the end for both, and each knows who said it", async () => {
    await using opener = await openEnd();
    await using joiner = await joinEnd(opener.invitation);
    await opener.conversation.say("bye");
    expect((await opener.events.rest()).at(-1)).toEqual({
      type: "ended",
      reason: "said-bye",
      unsaid: [],
    });
    const heard = await joiner.events.rest();
    expect(textsOf(heard, "message")).toEqual(["bye"]);
    expect(heard.at(-1)).toEqual({ type: "ended", reason: "heard-bye", unsaid: [] });
  });

  test("by leaving is told to a joiner; an opener goes on waiting", async () => {
    await using opener = await openEnd();
    const joiner = await joinEnd(opener.invitation);
    await nextOf(opener.events, "joined");
    await joiner.conversation.leave();
    expect(await opener.events.next()).toMatchObject({ type: "left" });
    await using next = await joinEnd(opener.invitation);
    await opener.conversation.leave();
    expect(await next.events.rest()).toEqual([{ type: "ended", reason: "peer-left", unsaid: [] }]);
  });

  test("waits for what is under way, and says so after a second; asked for twice it does not", async () => {
    await using opener = await openEnd();
    await using way = await relayTo(opener);
    const joiner = await joinEnd(way.invitation);
    await joiner.conversation.say("hello");
    way.relay.silent = true;
    const lost = rejection(joiner.conversation.say("on its way"));
    const leaving = joiner.conversation.leave();
    const notice = await nextOf(joiner.events, "notice");
    expect(notice).toMatchObject({
      code: "LEAVING",
      message: "leaving once a message has arrived",
      hint: "Ctrl-C again leaves at once",
    });
    const again = joiner.conversation.leave();
    await Promise.all([leaving, again]);
    expect(await lost).toMatchObject(OVER);
    expect((await joiner.events.rest()).at(-1)).toEqual({
      type: "ended",
      reason: "left",
      unsaid: ["on its way"],
    });
  });

  test("waits for what is under way, and leaves nothing unsaid where the network comes back", async () => {
    await using opener = await openEnd();
    await using way = await relayTo(opener);
    await using joiner = await joinEnd(way.invitation);
    await joiner.conversation.say("hello");
    way.relay.silent = true;
    const said = joiner.conversation.say("the last word");
    const leaving = joiner.conversation.leave();
    await nextOf(joiner.events, "notice");
    way.relay.silent = false;
    await Promise.all([said, leaving]);
    expect((await joiner.events.rest()).at(-1)).toEqual({
      type: "ended",
      reason: "left",
      unsaid: [],
    });
    expect((await nextOf(opener.events, "message")).text).toBe("hello");
    expect((await nextOf(opener.events, "message")).text).toBe("the last word");
  });

  test("comes although nobody reads the events, and the other end has much to say", async () => {
    await using opener = await openEnd();
    const joiner = await joinSealed(opener.invitation);
    // More than 16 Mi characters: the joiner's queue is full, and its link takes no more.
    for (let count = 0; count < 280; count += 1) opener.conversation.say(LONGEST).catch(() => {});
    let delivered = 0;
    while (delivered < 257) {
      await nextOf(opener.events, "delivered");
      delivered += 1;
    }
    await joiner.leave();
  });
});

test("a third is turned away while two talk, and told why; the two hear nothing of it", async () => {
  await using opener = await openEnd();
  await using joiner = await joinEnd(opener.invitation);
  await nextOf(opener.events, "joined");
  for (const ignored of [1, 2]) {
    expect(await rejection(joinSealed(opener.invitation))).toMatchObject({
      code: "SESSION_LOST",
      message: `127.0.0.1:${opener.port} ended the session: this conversation has its two ends already`,
    });
    expect(await opener.events.next()).toEqual({
      type: "stranger",
      from: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      ignored,
    });
  }
  await joiner.conversation.say("where were we?");
  expect(await opener.events.next()).toMatchObject({ type: "message", text: "where were we?" });
  await opener.conversation.leave();
  const heard = (await joiner.events.rest()).map(({ type }) => type);
  expect(heard.toSorted()).toEqual(["delivered", "ended", "said"]);
});

test(
  "a peer that is lost takes what is under way with it: SESSION_LOST, and the next does not hear it",
  async () => {
    const opener = await openEnd();
    const first = await joinSealed(opener.invitation);
    await nextOf(opener.events, "joined");
    await opener.conversation.say("first");
    // It takes nothing more than its queue and its window hold, and then ends it.
    const texts = Array.from({ length: 330 }, (_, index) => `${index}`.padEnd(65_000, "."));
    const outcomes = texts.map((text) =>
      opener.conversation.say(text).then(
        () => "arrived",
        (error: unknown) => (error instanceof CharlaError ? error.code : "another error"),
      ),
    );
    let arrived = 0;
    while (arrived < 250) {
      await nextOf(opener.events, "delivered");
      arrived += 1;
    }
    await Promise.all([first.leave(), first.leave()]);
    const ended = await Promise.all(outcomes);
    const lost = ended.indexOf("SESSION_LOST");
    expect(lost).toBeGreaterThanOrEqual(250);
    expect(new Set(ended.slice(0, lost))).toEqual(new Set(["arrived"]));
    expect(new Set(ended.slice(lost))).toEqual(new Set(["SESSION_LOST"]));
    await nextOf(opener.events, "left");
    const waiting = opener.conversation.say("for whoever comes next");
    await using next = await joinEnd(opener.invitation);
    expect(await next.events.next()).toMatchObject({ text: "for whoever comes next" });
    await waiting;
    await opener.conversation.leave();
  },
  END_TO_END_TIMEOUT,
);

test(
  "a slow reader of the events loses nothing, and the sayer waits for it",
  async () => {
    const opener = await openSealed({ bind: "127.0.0.1", port: 0 });
    await using joiner = await joinEnd(opener.invitation);
    // 25 MB: more than the queue's 16 Mi characters, the window's 1 MiB and the sayer's 4 MiB.
    const texts = Array.from({ length: 400 }, (_, index) => `${index}`.padEnd(65_000, "."));
    let delivered = 0;
    const saying = texts.map((text) => joiner.conversation.say(text).then(() => (delivered += 1)));
    // The window is full when all that it and the queue hold has been delivered.
    await until("a full window", () => delivered > 255);
    // However long it takes: 50 times there and back.
    for (let count = 0; count < 50; count += 1) await opener.say("I am still reading");
    expect(delivered).toBeLessThan(300);
    const heard: string[] = [];
    for await (const event of opener.events) {
      if (event.type === "message") heard.push(event.text);
      if (heard.length === texts.length) break;
      // No faster than the loop turns.
      await new Promise((done) => setImmediate(done));
    }
    await Promise.all(saying);
    expect(heard.length).toBe(texts.length);
    expect(heard.every((text, index) => text === texts[index])).toBe(true);
    await joiner.conversation.leave();
    await opener.leave();
  },
  END_TO_END_TIMEOUT,
);

test("a peer that goes on from another port is told to have moved, and is heard from there", async () => {
  await using opener = await openEnd();
  await using way = await relayTo(opener);
  await using joiner = await joinEnd(way.invitation);
  const joined = await nextOf(opener.events, "joined");
  await joiner.conversation.say("from here");
  expect((await nextOf(opener.events, "message")).from).toBe(joined.peer);
  await way.relay.move();
  await joiner.conversation.say("and from there");
  const moved = await nextOf(opener.events, "moved");
  expect(moved.peer).not.toBe(joined.peer);
  await joiner.conversation.say("still there");
  await opener.conversation.leave();
  const rest = await opener.events.rest();
  expect(rest.find((event) => event.type === "message" && event.text === "still there")).toEqual({
    type: "message",
    from: moved.peer,
    text: "still there",
  });
});
