import { describe, expect, test } from "bun:test";

import {
  describeJoinFailure,
  describeRefusal,
  describeSessionEnd,
  describeWaysFailure,
  refusal,
} from "../../src/client/conversation-errors.ts";
import type { ServerTrust } from "../../src/client/sealed-target.ts";
import { CharlaError, type ErrorCode } from "../../src/errors.ts";
import type { SessionEnd } from "../../src/protocol/session/session.ts";

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

const failed = (way: string, code: ErrorCode, privateElsewhere: string | null = null) => ({
  way,
  error: new CharlaError(code, `${code} at ${way}`, `hint for ${code}`),
  privateElsewhere,
});
const says = (...failures: Parameters<typeof describeWaysFailure>[0]) => {
  const { code, message, hint } = describeWaysFailure(failures);
  return { code, message, hint };
};

describe("why none of the ways leads to the server", () => {
  const ELSEWHERE =
    "join from the same network, or ask for an invitation that leads into it: charla --server --relay HOST, or --public-host NAME";

  test("the error of the only way stays as it is", () => {
    expect(says(failed("h:1", "NO_ANSWER"))).toEqual({
      code: "NO_ANSWER",
      message: "NO_ANSWER at h:1",
      hint: "hint for NO_ANSWER",
    });
  });

  test("a private address of another network is said to be one", () => {
    expect(says(failed("192.168.1.5:1", "NO_ANSWER", "192.168.1.5"))).toEqual({
      code: "NO_ANSWER",
      message:
        "NO_ANSWER at 192.168.1.5:1 (192.168.1.5 is private: it reaches only its own network)",
      hint: ELSEWHERE,
    });
  });

  test("of several ways each is said, and the code is that of the first that may have led to the server", () => {
    expect(
      says(
        failed("192.168.1.5:1", "NOBODY_LISTENING", "192.168.1.5"),
        failed("203.0.113.5:1", "NO_ANSWER"),
        { way: "[2001:db8::1]:1", error: null, privateElsewhere: null },
      ),
    ).toEqual({
      code: "NO_ANSWER",
      message:
        "none of the 3 ways leads to the server: NOBODY_LISTENING at 192.168.1.5:1 (192.168.1.5 is private: it reaches only its own network); NO_ANSWER at 203.0.113.5:1; nothing can be sent to [2001:db8::1]:1",
      hint: "check that charla --server still runs there; a firewall on the way may drop UDP",
    });
  });

  test("where all are private addresses of other networks, the hint is what leads into one", () => {
    const failures = [
      failed("192.168.1.5:1", "NO_ANSWER", "192.168.1.5"),
      failed("10.0.0.5:1", "UNREACHABLE", "10.0.0.5"),
    ];
    expect(says(...failures)).toMatchObject({ code: "NO_ANSWER", hint: ELSEWHERE });
  });

  test.each(["WRONG_SECRET", "CONVERSATION_FULL", "OTHER_VERSION", "SERVER_KEY_CHANGED"] as const)(
    "%s of one way is the answer, unless it comes from a private address of another network",
    (code) => {
      const silent = failed("h:1", "NO_ANSWER");
      expect(says(silent, failed("g:1", code)).message).toBe(`${code} at g:1`);
      expect(says(silent, failed("10.0.0.5:1", code, "10.0.0.5"))).toMatchObject({
        code: "NO_ANSWER",
        message: expect.stringContaining("none of the 2 ways leads to the server"),
      });
    },
  );

  test("that one way is of another server counts less than what the server itself says", () => {
    const failures = [failed("h:1", "SERVER_KEY_CHANGED"), failed("g:1", "WRONG_SECRET")];
    expect(says(...failures).code).toBe("WRONG_SECRET");
  });
});
