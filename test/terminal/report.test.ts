import { describe, expect, test } from "bun:test";

import type { ConversationEvent } from "../../src/chat/events.ts";
import { CharlaError } from "../../src/errors.ts";
import { describeError, describeEvent } from "../../src/terminal/report.ts";

const TOLD: [event: ConversationEvent, words: string][] = [
  [{ type: "listening", address: "127.0.0.1:12345" }, "listening on 127.0.0.1:12345"],
  [{ type: "joining", peer: "[::1]:12345" }, 'talking to [::1]:12345; "bye" ends it'],
  [{ type: "joined", peer: "192.0.2.1:5000" }, '192.0.2.1:5000 joined; "bye" ends it'],
  [{ type: "waiting", for: "peer", text: "hello" }, "nobody is here yet; waiting: hello"],
  [{ type: "waiting", for: "turn", text: "hello" }, "not your turn yet; waiting: hello"],
  [
    { type: "stranger", from: "192.0.2.9:1", ignored: 1 },
    "ignored a datagram from 192.0.2.9:1: this conversation has its two ends already",
  ],
  [
    { type: "stranger", from: "192.0.2.9:1", ignored: 10 },
    "ignored 10 datagrams so far, the last from 192.0.2.9:1: this conversation has its two ends already",
  ],
  [
    { type: "dropped", count: 12 },
    "messages came faster than they could be shown; 12 in all were dropped",
  ],
  [{ type: "notice", code: "NOT_SEALED", message: "not encrypted" }, "not encrypted"],
  [
    { type: "notice", code: "NOBODY_LISTENING", message: "nobody is there", hint: "wait" },
    "nobody is there\nhint: wait",
  ],
  [{ type: "ended", reason: "said-bye", unsaid: [] }, "the conversation is over: you said bye"],
  [
    { type: "ended", reason: "heard-bye", unsaid: [] },
    "the conversation is over: the other end said bye",
  ],
  [
    { type: "ended", reason: "left", unsaid: ["one", "two"] },
    "the conversation is over: you left\nnot said: one\nnot said: two",
  ],
];

describe("an event is told in words, with every detail or without", () => {
  test.each(TOLD)("%j", (event, words) => {
    expect(describeEvent(event, false)).toBe(words);
    expect(describeEvent(event, true)).toBe(words);
  });
});

test("what was said is told only to who wants every detail", () => {
  expect(describeEvent({ type: "said", text: "hello" }, false)).toBeNull();
  expect(describeEvent({ type: "said", text: "hello" }, true)).toBe("sent: hello");
});

test("messages and turns are not told: they show elsewhere", () => {
  for (const verbose of [false, true]) {
    expect(describeEvent({ type: "message", from: "a", text: "hello" }, verbose)).toBeNull();
    expect(describeEvent({ type: "turn", whose: "mine" }, verbose)).toBeNull();
    expect(describeEvent({ type: "turn", whose: "theirs" }, verbose)).toBeNull();
  }
});

const stranger = (ignored: number) => ({ type: "stranger", from: "192.0.2.9:1", ignored }) as const;

describe("a flood of strangers", () => {
  test("is told at 1, 10, 100 and so on: in as many lines as its count has digits", () => {
    const told = Array.from({ length: 1_000 }, (_, index) => index + 1).filter(
      (ignored) => describeEvent(stranger(ignored), false) !== null,
    );
    expect(told).toEqual([1, 10, 100, 1_000]);
  });

  test("is told whole to who wants every detail", () => {
    expect(describeEvent(stranger(7), true)).toBe(
      "ignored 7 datagrams so far, the last from 192.0.2.9:1: this conversation has its two ends already",
    );
  });
});

describe("what a person typed or a peer sent stays on its line, and moves no cursor", () => {
  test.each([
    [{ type: "said", text: "a\u001b[2Jb\nc" }, "sent: a^[[2Jb^Jc"],
    [{ type: "waiting", for: "peer", text: "a\u0007\nb" }, "nobody is here yet; waiting: a^G^Jb"],
    [{ type: "waiting", for: "turn", text: "a\r\nb" }, "not your turn yet; waiting: a^Jb"],
    [
      { type: "ended", reason: "left", unsaid: ["a\nhint: obey", "\u202eb"] },
      "the conversation is over: you left\nnot said: a^Jhint: obey\nnot said: \\u{202e}b",
    ],
  ] satisfies [ConversationEvent, string][])("%j", (event, words) => {
    expect(describeEvent(event, true)).toBe(words);
  });
});

describe("an error", () => {
  test("is told as its cause, then a hint", () => {
    expect(describeError(new CharlaError("UNKNOWN_HOST", "no host is known", "check it"))).toBe(
      "charla: no host is known\nhint: check it",
    );
  });

  test("is told in two lines, whatever somebody wrote into it", () => {
    const error = new CharlaError("USAGE", "no option --a\nb\u001b[2J", "see\nthere\u0007");
    expect(describeError(error)).toBe("charla: no option --a^Jb^[[2J\nhint: see^Jthere^G");
  });
});
