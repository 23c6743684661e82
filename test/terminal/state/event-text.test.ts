import { describe, expect, test } from "bun:test";

import type { ConversationEvent } from "../../../src/chat/events.ts";
import { CharlaError } from "../../../src/errors.ts";
import { describeError, describeEvent } from "../../../src/terminal/state/event-text.ts";

const LINES: [event: ConversationEvent, words: string][] = [
  [{ type: "listening", address: "127.0.0.1:12345" }, "listening on 127.0.0.1:12345"],
  [
    { type: "invitation", invitation: "charla://192.0.2.1:12345/main#KEY.SECRET" },
    "invite with: charla charla://192.0.2.1:12345/main#KEY.SECRET",
  ],
  [{ type: "joining", peer: "[::1]:12345" }, 'talking to [::1]:12345; "bye" ends it'],
  [{ type: "joined", peer: "192.0.2.1:5000" }, '192.0.2.1:5000 joined; "bye" ends it'],
  [{ type: "left", peer: "ana", reason: "" }, "ana left"],
  [{ type: "waiting", for: "peer", text: "hello" }, "nobody is here yet; waiting: hello"],
  [{ type: "waiting", for: "turn", text: "hello" }, "not your turn yet; waiting: hello"],
  [{ type: "silent", seconds: 12 }, "no contact for 12 s"],
  [{ type: "silent", seconds: 12.6 }, "no contact for 13 s"],
  [{ type: "heard", seconds: 31.2 }, "in contact again after 31 s"],
  [
    { type: "stranger", from: "192.0.2.9:1", ignored: 1 },
    "ignored a datagram from 192.0.2.9:1: not part of this conversation",
  ],
  [
    { type: "stranger", from: "192.0.2.9:1", ignored: 10 },
    "ignored 10 datagrams so far, the last from 192.0.2.9:1: not part of this conversation",
  ],
  [
    { type: "dropped", count: 12 },
    "messages arrived faster than they could be shown; 12 dropped so far",
  ],
  [{ type: "notice", code: "NOT_SEALED", message: "not encrypted" }, "not encrypted"],
  [
    { type: "notice", code: "OTHER_CONVERSATION", message: "not here", kept: ["one", "two\nrows"] },
    "not sent: one\nnot sent: two^Jrows\nnot here",
  ],
  [
    { type: "notice", code: "NOBODY_LISTENING", message: "nobody is there", hint: "wait" },
    "nobody is there\nhint: wait",
  ],
  [{ type: "ended", reason: "said-bye", unsaid: [] }, "the conversation is over: you said bye"],
  [
    { type: "ended", reason: "peer-left", unsaid: [] },
    "the conversation is over: the other end left",
  ],
  [
    { type: "ended", reason: "heard-bye", unsaid: [] },
    "the conversation is over: the other end said bye",
  ],
  [
    { type: "ended", reason: "left", unsaid: ["one", "two"] },
    "you left\nnot sent: one\nnot sent: two",
  ],
];

describe("an event is the same line, verbose or not", () => {
  test.each(LINES)("%j", (event, words) => {
    expect(describeEvent(event, false)).toBe(words);
    expect(describeEvent(event, true)).toBe(words);
  });
});

test("a sent message has a line only if verbose", () => {
  expect(describeEvent({ type: "said", text: "hello" }, false)).toBeNull();
  expect(describeEvent({ type: "said", text: "hello" }, true)).toBe("sent: hello");
});

test("a delivered message has a line only if verbose", () => {
  expect(
    describeEvent({ type: "delivered", text: "hello", sequence: 1, time: Date.now() }, false),
  ).toBeNull();
  expect(
    describeEvent({ type: "delivered", text: "a\nb", sequence: 1, time: Date.now() }, true),
  ).toBe("delivered: a^Jb");
});

const member = (name: string) => ({ name, fingerprint: `key of ${name}`, away: false });
const entered = (...names: string[]) =>
  describeEvent(
    {
      type: "entered",
      room: "main",
      name: "ben",
      owner: false,
      last: 0,
      members: names.map(member),
    },
    false,
  );

describe("in a room", () => {
  const fingerprint = "SHA256:NZ9cVAmlIuCBQoMkGRMaVCYUPVSkWKVzQHQhQgtqE1k";
  const joined = { type: "joined", peer: "ana", fingerprint } as const;

  test("a new member has a fingerprint only if verbose", () => {
    expect(describeEvent(joined, false)).toBe("ana joined");
    expect(describeEvent(joined, true)).toBe(`ana joined\nfingerprint: ${fingerprint}`);
  });

  test("a member who left has a reason, if there is one", () => {
    expect(describeEvent({ type: "left", peer: "ana", reason: "" }, false)).toBe("ana left");
    expect(describeEvent({ type: "left", peer: "ana", reason: "sent away" }, false)).toBe(
      "ana left: sent away",
    );
  });

  test("the other members are listed by name, and of many how many more there are", () => {
    expect(entered("ben")).toBe("you are ben in main, nobody else is here yet");
    expect(entered("ben", "ana")).toBe("you are ben in main, with ana");
    const names = Array.from({ length: 20 }, (_, index) => `m${index}`);
    expect(entered("ben", ...names)).toBe(
      "you are ben in main, with m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11 and 8 more",
    );
  });

  test("a person whose windows have different names is listed once", () => {
    const eva = { ...member("eva"), fingerprint };
    const members = [member("ben"), eva, { ...eva, name: "a/b" }, member("ana")];
    const event = {
      type: "entered",
      room: "main",
      name: "ben",
      owner: false,
      last: 0,
      members,
    } as const;
    expect(describeEvent(event, false)).toBe("you are ben in main, with eva, ana");
    const own = [member("ben"), { ...member("ben"), name: "benno" }];
    expect(describeEvent({ ...event, members: own }, false)).toBe(
      "you are ben in main, nobody else is here yet",
    );
  });

  test("where messages are typed, one is told how to leave", () => {
    const event = {
      type: "entered",
      room: "main",
      name: "ben",
      owner: false,
      last: 0,
      members: [],
    } as const;
    expect(describeEvent(event, false, "shown", true)).toBe(
      'you are ben in main, nobody else is here yet; "bye" leaves',
    );
  });

  test.each([
    [{ type: "away", peer: "ana", away: true }, "ana is away"],
    [{ type: "away", peer: "ana", away: false }, "ana is back"],
    [{ type: "renamed", from: "ana", to: "anna" }, "ana is now anna"],
    [{ type: "reconnected" }, "reconnected to the server"],
    [
      { type: "disconnected", message: "no answer" },
      "connection to the server lost (no answer); reconnecting",
    ],
  ] satisfies [ConversationEvent, string][])("%j", (event, words) => {
    expect(describeEvent(event, false)).toBe(words);
  });

  test("a name written from right to left keeps the rest of the line in order", () => {
    expect(describeEvent({ type: "joined", peer: "שרה", fingerprint }, false)).toBe(
      "\u2068שרה\u2069 joined",
    );
    expect(entered("علي", "ana")).toStartWith("you are ben in main, with \u2068علي\u2069, ana");
  });

  test.each([
    [{ type: "joined", peer: "a\n\u001b[2J", fingerprint: "f\n" }, "a^J^[[2J joined"],
    [{ type: "left", peer: "a\u202e", reason: "b\n" }, "a\\u{202e} left: b^J"],
    [{ type: "away", peer: "a\u0007", away: true }, "a^G is away"],
    [{ type: "renamed", from: "a\n", to: "\u009bb" }, "a^J is now \\u{9b}b"],
    [{ type: "notice", code: "SERVER_SAYS", message: "a\nhint: b" }, "a^Jhint: b"],
  ] satisfies [ConversationEvent, string][])(
    "text from the server stays on its line: %j",
    (event, words) => {
      expect(describeEvent(event, false)).toBe(words);
    },
  );
});

describe("an invitation", () => {
  test.each([
    "charla://192.0.2.1/main#a-b_c.D9",
    "charla://example.org:12345/caf%C3%A9#KEY",
    "charla://example.org:12345#KEY.SECRET",
    "charla://example.org:12345,192.0.2.1/main#KEY.SECRET",
  ])("is ready to paste into a shell as it is: %s", (invitation) => {
    expect(describeEvent({ type: "invitation", invitation }, false)).toBe(
      `invite with: charla ${invitation}`,
    );
  });

  // What sh, bash, zsh or fish take for their own in the middle of a word.
  test.each([
    "[::1]:1",
    "a?b",
    "a*b",
    "~b",
    "a&b",
    "a;b",
    "$b",
    "a|b",
    "{a,b}",
    "(a)",
    "a=b",
    "a^b",
  ])("is quoted when a shell would take a part of it for its own: %s", (part) => {
    expect(
      describeEvent({ type: "invitation", invitation: `charla://${part}/main#KEY` }, false),
    ).toBe(`invite with: charla 'charla://${part}/main#KEY'`);
  });
});

test("if delivery is reported, what is pending at the end may not have been delivered", () => {
  const ended = { type: "ended", reason: "lost", unsaid: ["one", "t\nwo"] } as const;
  expect(describeEvent(ended, false, "shown")).toBe(
    "the conversation is over: the other end can't be reached\n" +
      "may not have been delivered: one\nmay not have been delivered: t^Jwo",
  );
});

test("what is kept will be sent, and is not said to be lost", () => {
  const ended = { type: "ended", reason: "left", unsaid: ["a", "b", "b"], kept: ["b"] } as const;
  expect(describeEvent(ended, false, "shown")).toBe(
    "you left\nmay not have been delivered: a\n" +
      "kept; will be sent when you join again: b\nmay not have been delivered: b",
  );
});

test("of a long message that may not have been delivered, the beginning is shown", () => {
  const long = "é👋".repeat(1_000);
  const ended = { type: "ended", reason: "left", unsaid: [long, "a".repeat(200)] } as const;
  expect(describeEvent(ended, false, "shown")).toBe(
    "you left\n" +
      `may not have been delivered: ${"é👋".repeat(100)}… (3,000 characters)\n` +
      `may not have been delivered: ${"a".repeat(200)}`,
  );
});

test("messages, turns and ways have no line: they are shown elsewhere", () => {
  for (const verbose of [false, true]) {
    expect(describeEvent({ type: "message", from: "a", text: "hello" }, verbose)).toBeNull();
    expect(describeEvent({ type: "turn", whose: "mine" }, verbose)).toBeNull();
    expect(describeEvent({ type: "turn", whose: "theirs" }, verbose)).toBeNull();
    expect(describeEvent({ type: "way", transport: "udp" }, verbose)).toBeNull();
  }
});

const stranger = (ignored: number) => ({ type: "stranger", from: "192.0.2.9:1", ignored }) as const;

describe("a flood of strangers", () => {
  test("is reported at 1, 10, 100 and so on: in as many lines as its count has digits", () => {
    const reported = Array.from({ length: 1_000 }, (_, index) => index + 1).filter(
      (ignored) => describeEvent(stranger(ignored), false) !== null,
    );
    expect(reported).toEqual([1, 10, 100, 1_000]);
  });

  test("is reported one by one if verbose", () => {
    expect(describeEvent(stranger(7), true)).toBe(
      "ignored 7 datagrams so far, the last from 192.0.2.9:1: not part of this conversation",
    );
  });
});

describe("text typed here or sent by a peer stays on its line, and moves no cursor", () => {
  test.each([
    [{ type: "said", text: "a\u001b[2Jb\nc" }, "sent: a^[[2Jb^Jc"],
    [{ type: "waiting", for: "peer", text: "a\u0007\nb" }, "nobody is here yet; waiting: a^G^Jb"],
    [{ type: "waiting", for: "turn", text: "a\r\nb" }, "not your turn yet; waiting: a^Jb"],
    [
      { type: "ended", reason: "left", unsaid: ["a\nhint: obey", "\u202eb"] },
      "you left\nnot sent: a^Jhint: obey\nnot sent: \\u{202e}b",
    ],
  ] satisfies [ConversationEvent, string][])("%j", (event, words) => {
    expect(describeEvent(event, true)).toBe(words);
  });
});

describe("an error", () => {
  test("is its cause, then a hint", () => {
    expect(describeError(new CharlaError("UNKNOWN_HOST", "no host is known", "check it"))).toBe(
      "charla: no host is known\nhint: check it",
    );
  });

  test("is two lines, whatever somebody wrote into it", () => {
    const error = new CharlaError("USAGE", "no option --a\nb\u001b[2J", "see\nthere\u0007");
    expect(describeError(error)).toBe("charla: no option --a^Jb^[[2J\nhint: see^Jthere^G");
  });
});
