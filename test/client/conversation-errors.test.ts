import { describe, expect, test } from "bun:test";

import * as page from "../../src/client/conversation-errors.browser.ts";
import * as terminal from "../../src/client/conversation-errors.ts";
import type { ServerTrust } from "../../src/client/sealed-target.ts";
import { CharlaError } from "../../src/errors.ts";
import type { SessionEnd } from "../../src/protocol/session/session.ts";

const { describeJoinFailure, describeRefusal, describeSessionEnd, refusal } = terminal;

const WHERE = "[2001:db8::1]:12345";
const SECRET = new Uint8Array(16).fill(7);
const KEY = new Uint8Array(32).fill(9);

const trust: ServerTrust = {
  expected: null,
  refused: (key) => new CharlaError("SERVER_KEY_CHANGED", `it has key ${key[0]}`, "ask"),
};

function described(end: SessionEnd, secret: Uint8Array | null = SECRET, peerKey = KEY) {
  const { code, message, hint } = describeJoinFailure(end, {
    where: WHERE,
    secret,
    peerKey,
    trust,
  });
  return { code, message, hint };
}

function lost(end: SessionEnd) {
  const { code, message, hint } = describeSessionEnd(end, WHERE);
  expect({ code, hint }).toEqual({
    code: "SESSION_LOST",
    hint: "join again, or open another conversation",
  });
  return message;
}

test.each([
  ["QUOTA_REACHED", "ask the owner to delete old messages; then send it again"],
  ["STORE_FULL", "ask the owner to free space on the server's disk; then send it again"],
  ["STORE_GONE", "ask the owner to look at the server; then send it again"],
  ["OF_TOMORROW", "the server's code for it is OF_TOMORROW"],
])("a message refused with %s has a hint for its sender", (code, hint) => {
  expect(refusal(code, "no")).toMatchObject({ code: "REFUSED", message: "no", hint });
});

describe("a session that did not begin fails with", () => {
  test("NO_ANSWER when there was no answer", () => {
    expect(described({ type: "handshake-failed", failure: "no-answer" })).toEqual({
      code: "NO_ANSWER",
      message: `no answer from ${WHERE}`,
      hint: "check the address, and that charla --server runs there; a firewall on the way may drop UDP",
    });
  });

  test("WRONG_SECRET where the invitation is another conversation's", () => {
    expect(described({ type: "handshake-failed", failure: "wrong-secret" })).toEqual({
      code: "WRONG_SECRET",
      message: `the conversation at ${WHERE} does not take this invitation`,
      hint: "it may be used up, expired or from an earlier server: ask the owner for another",
    });
  });

  test("WRONG_SECRET where an invitation is needed and there was none", () => {
    expect(described({ type: "handshake-failed", failure: "wrong-secret" }, null)).toEqual({
      code: "WRONG_SECRET",
      message: `the conversation at ${WHERE} is by invitation only`,
      hint: "ask the owner for the whole invitation: it has a dot, and 22 characters after it",
    });
  });

  test("the error of the trusted server's owner for another server, with the other's key", () => {
    expect(described({ type: "handshake-failed", failure: "other-server" })).toEqual({
      code: "SERVER_KEY_CHANGED",
      message: "it has key 9",
      hint: "ask",
    });
  });

  test("OTHER_VERSION where another version answers", () => {
    expect(described({ type: "handshake-failed", failure: "other-version" })).toEqual({
      code: "OTHER_VERSION",
      message: `${WHERE} speaks another version of charla's wire`,
      hint: "use the same version of charla at both ends: charla --version",
    });
  });

  test("OTHER_WIRE where something answers that does not speak the sealed wire", () => {
    expect(described({ type: "handshake-failed", failure: "other-wire" })).toEqual({
      code: "OTHER_WIRE",
      message: `${WHERE} speaks the plain wire, which is not encrypted`,
      hint: `join it with charla --plain ${WHERE}`,
    });
  });

  test("CONVERSATION_FULL when the server is full", () => {
    expect(described({ type: "handshake-failed", failure: "full" })).toEqual({
      code: "CONVERSATION_FULL",
      message: `${WHERE} is full`,
      hint: "try again later",
    });
  });

  test("SESSION_LOST where it came to be and was over at once", () => {
    expect(
      described({ type: "closed", by: "peer", code: 1, reason: "its two ends are there" }),
    ).toEqual({
      code: "SESSION_LOST",
      message: `${WHERE} ended the session: its two ends are there`,
      hint: "join again, or open another conversation",
    });
  });
});

describe("that a session is over is SESSION_LOST, with why", () => {
  test.each<[string, SessionEnd, string]>([
    ["a minute's silence", { type: "timed-out" }, `nothing was heard from ${WHERE} for a minute`],
    ["a restart", { type: "reset" }, `${WHERE} was restarted, and has lost this session`],
    [
      "the peer's reason",
      { type: "closed", by: "peer", code: 1, reason: "no room" },
      `${WHERE} ended the session: no room`,
    ],
    [
      "the peer's end without a reason",
      { type: "closed", by: "peer", code: 5, reason: "" },
      `${WHERE} ended the session`,
    ],
    [
      "our own reason",
      { type: "closed", by: "us", code: 2, reason: "a packet broke the protocol" },
      `the session with ${WHERE} was ended: a packet broke the protocol`,
    ],
    [
      "a session that never was",
      { type: "handshake-failed", failure: "no-answer" },
      `there is no session with ${WHERE}: no-answer`,
    ],
  ])("%s", (_what, end, message) => {
    expect(lost(end)).toBe(message);
  });
});

test.each([
  ["main is locked", "ask its owner to unlock it"],
  ["main is full", "try again later"],
  ["your invitation lets in nobody new any more", "ask the owner for a new invitation"],
  [
    "your invitation is for the room lunch, not for main",
    "join that room, or ask the owner for another invitation",
  ],
  ["lunсh looks like the room lunch", "join that room, or choose another name"],
  ["ana closed the conversation", "it is over for everybody; ask them for the next one"],
])('a server that says "%s" leaves the hint: %s', (reason, hint) => {
  expect(describeRefusal(16, reason)).toMatchObject({ code: "REFUSED", message: reason, hint });
});

test("a CLOSE with which the server refuses a member is an error with its reason and a hint, another one is not", () => {
  const described = [16, 17, 18, 20].map((code) => {
    const error = describeRefusal(code, "because");
    return [error?.code, error?.message, error?.hint];
  });
  expect(described).toEqual([
    ["REFUSED", "because", "ask the owner of the conversation why"],
    ["KICKED", "because", "you may join again; ask them before you do"],
    ["BANNED", "because", "ask the owner of the conversation to /unban you"],
    ["ROOM_DELETED", "because", "join another room with --room ROOM, or ask the owner"],
  ]);
  expect(describeRefusal(17, "you were kicked by Olga, and main is locked")).toMatchObject({
    code: "KICKED",
    hint: "you may join again once it is unlocked: ask them",
  });
  expect([0, 1, 2, 15, 19].map((code) => describeRefusal(code, "because"))).toEqual(
    Array(5).fill(null),
  );
});

describe("in a page it is the same error as elsewhere", () => {
  const twins: readonly (typeof terminal)[] = [terminal, page];
  const codes = (make: (of: typeof terminal) => CharlaError | null) =>
    twins.map((twin) => make(twin)?.code ?? null);

  const failures = [
    "no-answer",
    "wrong-secret",
    "other-server",
    "other-version",
    "other-wire",
    "full",
  ] as const;
  const ends: readonly SessionEnd[] = [
    ...failures.map((failure) => ({ type: "handshake-failed" as const, failure })),
    { type: "timed-out" },
  ];
  test.each(ends)("where no session came to be: %p", (end) => {
    const attempt = { where: WHERE, secret: SECRET, peerKey: KEY, trust };
    const [inTerminal, inPage] = codes((of) => of.describeJoinFailure(end, attempt));
    expect(inPage).toBe(inTerminal);
  });

  test.each([0, 1, 2, 15, 16, 17, 18, 19, 20])("for a CLOSE with code %d", (code) => {
    const [inTerminal, inPage] = codes((of) => of.describeRefusal(code, "because"));
    expect(inPage).toBe(inTerminal);
    expect(page.describeRefusal(code, "because")?.message ?? "because").toBe("because");
  });

  test("and for everything else", () => {
    const unreachable = new CharlaError("UNREACHABLE", "no route", "wait");
    for (const make of [
      (of) => of.conversationOver(),
      (of) => of.otherConversation(2, 1),
      (of) => of.notConnected(),
      (of) => of.refusal("MUTED", "you are muted"),
      (of) => of.refusedByServer("main is full"),
      (of) => of.tooManyWaiting("later"),
      (of) => of.relayRefused("r:1", "no-server"),
      (of) => of.relayRefused("r:1", "full"),
      (of) => of.relayUnreachable("r:1", unreachable),
      (of) => of.describeSessionEnd({ type: "reset" }, WHERE),
    ] satisfies ((of: typeof terminal) => CharlaError)[]) {
      const [inTerminal, inPage] = codes(make);
      expect(inPage).toBe(inTerminal);
    }
  });
});
