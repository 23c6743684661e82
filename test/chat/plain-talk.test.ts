import { describe, expect, test } from "bun:test";

import { GOODBYE, MAX_WAITING } from "../../src/chat/conversation.ts";
import {
  advance,
  type PlainTalk,
  startTalk,
  type TalkInput,
  type TalkOutput,
} from "../../src/chat/plain-talk.ts";

const say = (text: string): TalkInput => ({ type: "say", text });
const hear = (text: string): TalkInput => ({ type: "hear", text });
const PEER_GONE: TalkInput = { type: "peer-gone" };

/** The state after `inputs`, and what the last of them made the talk do. */
function after(start: PlainTalk, ...inputs: TalkInput[]): [PlainTalk, TalkOutput[]] {
  let step: [PlainTalk, TalkOutput[]] = [start, []];
  for (const input of inputs) step = advance(step[0], input);
  return step;
}

/** What the last of `inputs` makes a talk do. */
function outputs(start: PlainTalk, ...inputs: TalkInput[]): TalkOutput[] {
  return after(start, ...inputs)[1];
}

const SERVER = startTalk("server", false);
const CLIENT = startTalk("client", false);
const SERVER_IN_TURNS = startTalk("server", true);
const CLIENT_IN_TURNS = startTalk("client", true);

test("the goodbye is bye", () => {
  expect(GOODBYE).toBe("bye");
});

describe("without turns (docs/protocol.md s. 4)", () => {
  test("a client may speak at once, as often as it likes", () => {
    expect(outputs(CLIENT, say("one"))).toEqual([{ type: "send", text: "one" }]);
    expect(outputs(CLIENT, say("one"), say("two"))).toEqual([{ type: "send", text: "two" }]);
  });

  test("a server may speak as soon as it has heard somebody", () => {
    expect(outputs(SERVER, hear("hello"))).toEqual([{ type: "show", text: "hello" }]);
    expect(outputs(SERVER, hear("hello"), say("one"))).toEqual([{ type: "send", text: "one" }]);
  });

  test("either hears at any time", () => {
    expect(outputs(CLIENT, hear("one"), hear("two"))).toEqual([{ type: "show", text: "two" }]);
    expect(outputs(SERVER, hear("one"), say("two"), hear("three"))).toEqual([
      { type: "show", text: "three" },
    ]);
  });

  test("an empty message is a message", () => {
    expect(outputs(CLIENT, say(""))).toEqual([{ type: "send", text: "" }]);
    expect(outputs(CLIENT, hear(""))).toEqual([{ type: "show", text: "" }]);
  });

  test("what a server says before anyone is there waits for a peer", () => {
    expect(outputs(SERVER, say("one"))).toEqual([{ type: "wait", for: "peer", text: "one" }]);
  });

  test("what waited leaves in the order it was said, once the first message was shown", () => {
    const [talk, done] = after(SERVER, say("one"), say("two"), say("three"), hear("hello"));
    expect(done).toEqual([
      { type: "show", text: "hello" },
      { type: "send", text: "one" },
      { type: "send", text: "two" },
      { type: "send", text: "three" },
    ]);
    expect(talk.waiting).toEqual([]);
    expect(outputs(talk, say("four"))).toEqual([{ type: "send", text: "four" }]);
  });

  test("no turn is ever announced", () => {
    const [, first] = after(SERVER, hear("hello"));
    const [, second] = after(CLIENT, say("one"));
    expect([...first, ...second].map(({ type }) => type)).not.toContain("turn");
  });

  test("a peer that is gone is waited for, and the next one hears what waited", () => {
    const [talk, done] = after(SERVER, hear("hello"), PEER_GONE);
    expect(done).toEqual([]);
    expect(outputs(talk, say("still there?"))).toEqual([
      { type: "wait", for: "peer", text: "still there?" },
    ]);
    expect(outputs(talk, say("still there?"), hear("I am new"))).toEqual([
      { type: "show", text: "I am new" },
      { type: "send", text: "still there?" },
    ]);
  });
});

describe("with turns (docs/protocol.md s. 4.1)", () => {
  test("who joins speaks first, and then it is the other end's turn", () => {
    expect(CLIENT_IN_TURNS.myTurn).toBe(true);
    expect(outputs(CLIENT_IN_TURNS, say("one"))).toEqual([
      { type: "send", text: "one" },
      { type: "turn", whose: "theirs" },
    ]);
  });

  test("who opens is spoken to first, and then it is its turn", () => {
    expect(SERVER_IN_TURNS.myTurn).toBe(false);
    expect(outputs(SERVER_IN_TURNS, hear("one"))).toEqual([
      { type: "show", text: "one" },
      { type: "turn", whose: "mine" },
    ]);
    expect(outputs(SERVER_IN_TURNS, hear("one"), say("two"))).toEqual([
      { type: "send", text: "two" },
      { type: "turn", whose: "theirs" },
    ]);
  });

  test("what is said out of turn waits for the turn", () => {
    expect(outputs(CLIENT_IN_TURNS, say("one"), say("two"))).toEqual([
      { type: "wait", for: "turn", text: "two" },
    ]);
  });

  test("what a server says before anyone is there waits for a peer", () => {
    expect(outputs(SERVER_IN_TURNS, say("one"))).toEqual([
      { type: "wait", for: "peer", text: "one" },
    ]);
  });

  test("of what waits, one message leaves each turn, the oldest first", () => {
    const [first, done] = after(
      CLIENT_IN_TURNS,
      say("one"),
      say("two"),
      say("three"),
      hear("answer one"),
    );
    expect(done).toEqual([
      { type: "show", text: "answer one" },
      { type: "turn", whose: "mine" },
      { type: "send", text: "two" },
      { type: "turn", whose: "theirs" },
    ]);
    expect(first.waiting).toEqual(["three"]);

    const [second, then] = after(first, say("four"), hear("answer two"));
    expect(then).toEqual([
      { type: "show", text: "answer two" },
      { type: "turn", whose: "mine" },
      { type: "send", text: "three" },
      { type: "turn", whose: "theirs" },
    ]);
    expect(second.waiting).toEqual(["four"]);
  });

  test("what the other end says out of its turn is shown, and the turn stays here", () => {
    const [talk, done] = after(CLIENT_IN_TURNS, hear("may I?"));
    expect(done).toEqual([{ type: "show", text: "may I?" }]);
    expect(outputs(talk, say("one"))).toEqual([
      { type: "send", text: "one" },
      { type: "turn", whose: "theirs" },
    ]);
  });

  test("a peer that is gone takes the turn with it: the next one speaks first", () => {
    const [talk] = after(SERVER_IN_TURNS, hear("one"), PEER_GONE);
    expect(outputs(talk, say("two"))).toEqual([{ type: "wait", for: "peer", text: "two" }]);
    expect(outputs(talk, hear("I am new"))).toEqual([
      { type: "show", text: "I am new" },
      { type: "turn", whose: "mine" },
    ]);
  });

  test("what waited for the turn of a peer that is gone leaves when the next one has spoken", () => {
    const [talk] = after(SERVER_IN_TURNS, hear("one"), say("two"), say("three"), PEER_GONE);
    expect(outputs(talk, hear("I am new"))).toEqual([
      { type: "show", text: "I am new" },
      { type: "turn", whose: "mine" },
      { type: "send", text: "three" },
      { type: "turn", whose: "theirs" },
    ]);
  });
});

describe("bye (docs/protocol.md s. 4)", () => {
  test("said is sent, and ends the talk", () => {
    const [talk, done] = after(CLIENT, say("bye"));
    expect(done).toEqual([
      { type: "send", text: "bye" },
      { type: "end", reason: "said-bye" },
    ]);
    expect(talk.ended).toBe(true);
  });

  test("said in turn ends the talk without another turn", () => {
    expect(outputs(CLIENT_IN_TURNS, say("bye"))).toEqual([
      { type: "send", text: "bye" },
      { type: "end", reason: "said-bye" },
    ]);
  });

  test("heard is shown, answered with bye, and ends the talk", () => {
    for (const start of [SERVER, CLIENT, SERVER_IN_TURNS, CLIENT_IN_TURNS]) {
      const [talk, done] = after(start, hear("bye"));
      expect(done).toEqual([
        { type: "show", text: "bye" },
        { type: "answer", text: "bye" },
        { type: "end", reason: "heard-bye" },
      ]);
      expect(talk.ended).toBe(true);
    }
  });

  test("heard while messages wait ends the talk with these unsaid", () => {
    const [talk, done] = after(CLIENT_IN_TURNS, say("one"), say("two"), say("three"), hear("bye"));
    expect(done).toEqual([
      { type: "show", text: "bye" },
      { type: "answer", text: "bye" },
      { type: "end", reason: "heard-bye" },
    ]);
    expect(talk.waiting).toEqual(["two", "three"]);
  });

  test("heard while a goodbye of this end waits is answered with it: both have said bye", () => {
    const messages = [say("one"), say("two"), say("bye"), say("three"), say("bye")];
    const [talk, done] = after(CLIENT_IN_TURNS, ...messages, hear("bye"));
    expect(done).toEqual([
      { type: "show", text: "bye" },
      { type: "answer", text: "bye" },
      { type: "end", reason: "heard-bye" },
    ]);
    expect(talk.waiting).toEqual(["two", "three"]);
  });

  test("said while others wait leaves after them, and what was said after it stays unsaid", () => {
    const [talk, done] = after(SERVER, say("one"), say("bye"), say("two"), hear("hello"));
    expect(done).toEqual([
      { type: "show", text: "hello" },
      { type: "send", text: "one" },
      { type: "send", text: "bye" },
      { type: "end", reason: "said-bye" },
    ]);
    expect(talk.ended).toBe(true);
    expect(talk.waiting).toEqual(["two"]);
  });

  test("said out of turn leaves with the turn, and ends the talk then", () => {
    const [talk, waits] = after(CLIENT_IN_TURNS, say("one"), say("bye"));
    expect(waits).toEqual([{ type: "wait", for: "turn", text: "bye" }]);
    expect(outputs(talk, hear("two"))).toEqual([
      { type: "show", text: "two" },
      { type: "turn", whose: "mine" },
      { type: "send", text: "bye" },
      { type: "end", reason: "said-bye" },
    ]);
  });

  test.each(["Bye", "bye ", " bye", "bye!", "bye\nbye", "goodbye", ""])(
    "is the whole message and nothing else: %p ends nothing",
    (text) => {
      expect(outputs(CLIENT, say(text))).toEqual([{ type: "send", text }]);
      expect(outputs(CLIENT, hear(text))).toEqual([{ type: "show", text }]);
    },
  );

  test("is the last of the talk: nothing happens after it", () => {
    for (const end of [say("bye"), hear("bye")]) {
      const [talk] = after(CLIENT, end);
      for (const input of [say("one"), hear("one"), hear("bye"), PEER_GONE]) {
        expect(after(talk, input)).toEqual([talk, []]);
      }
    }
  });
});

/** A talk for whose peer so many messages wait. */
function crowded(count: number): PlainTalk {
  return after(SERVER, ...Array.from({ length: count }, (_, index) => say(`message ${index}`)))[0];
}

describe("messages that wait", () => {
  test("are at most 1,000; one more is refused, and the rest keep their places", () => {
    expect(MAX_WAITING).toBe(1_000);
    const [talk, done] = after(crowded(999), say("the thousandth"));
    expect(done).toEqual([{ type: "wait", for: "peer", text: "the thousandth" }]);

    const [same, refused] = after(talk, say("one too many"));
    expect(refused).toEqual([{ type: "refuse", text: "one too many" }]);
    expect(same).toEqual(talk);
  });

  test("all leave when they may, and make room again", () => {
    const [talk, done] = after(crowded(1_000), hear("hello"));
    expect(done).toHaveLength(1_001);
    expect(done.slice(0, 3)).toEqual([
      { type: "show", text: "hello" },
      { type: "send", text: "message 0" },
      { type: "send", text: "message 1" },
    ]);
    expect(done.at(-1)).toEqual({ type: "send", text: "message 999" });
    expect(outputs(talk, PEER_GONE, say("one"))).toEqual([
      { type: "wait", for: "peer", text: "one" },
    ]);
  });
});

test("no step changes the state it was given", () => {
  const talk = Object.freeze({ ...SERVER_IN_TURNS, waiting: Object.freeze(["one"]) });
  for (const input of [say("two"), hear("hello"), hear("bye"), PEER_GONE]) advance(talk, input);
  expect(talk).toEqual({
    turns: true,
    peer: false,
    myTurn: false,
    waiting: ["one"],
    ended: false,
  });
});

test("a message that waits can be withdrawn: the others are sent in their order", () => {
  const [talk, none] = after(SERVER, say("one"), say("two"), say("three"), {
    type: "withdraw",
    index: 1,
  });
  expect(none).toEqual([]);
  expect(talk.waiting).toEqual(["one", "three"]);
  expect(outputs(talk, hear("hello"))).toEqual([
    { type: "show", text: "hello" },
    { type: "send", text: "one" },
    { type: "send", text: "three" },
  ]);
});
