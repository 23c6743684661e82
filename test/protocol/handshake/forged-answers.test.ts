// What somebody on the path can send to an initiator who waits: they see its hello and can answer it, but hold nobody back. Each
// is ignored if the responder's own answer comes, and is the reason of the failure if none does (docs/protocol.md s. 8).

import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";

import { generateKeyPair } from "../../../src/net/crypto.ts";
import { receivePlainWire } from "../../../src/protocol/endpoint.ts";
import { readPacket } from "../../../src/protocol/packets.ts";
import type { Session, SessionEnd } from "../../../src/protocol/session/session.ts";
import {
  answersTo,
  carryUntilFinish,
  connectToResponder,
  createPair,
  deliver,
  drain,
  only,
  type Pair,
  pass,
  PSK,
  receive,
  RESPONDER_KEYS,
  send,
  START,
  takeAccepted,
  text,
  words,
} from "../pair.ts";

const OTHER_KEYS = generateKeyPair(new Uint8Array(32).fill(0x33));

/** Sends something in the responder's name to an initiator that has sent this hello. */
type Forger = (pair: Pair, hello: Uint8Array) => void;

const forgeRetry: Forger = (pair, hello) => {
  const retry = new Uint8Array(26);
  retry.set([0xf9, ...hello.subarray(2, 10)]);
  retry.set(pair.random.bytes(17), 9);
  deliver(pair.initiator, retry, pair.responder.address, pair.now);
};

/** A refusal of this very hello. */
function forgeRefusal(code: number): Forger {
  return (pair, hello) => {
    const refusal = new Uint8Array(26);
    refusal.set([0xfe, ...hello.subarray(2, 10), code]);
    refusal.set(createHash("sha256").update(hello).digest().subarray(0, 16), 10);
    deliver(pair.initiator, refusal, pair.responder.address, pair.now);
  };
}

const forgePlainWire: Forger = ({ initiator, responder, now }) =>
  receivePlainWire(initiator.endpoint, text("who is there?"), responder.address, now);

/** The forger has a key of its own, and answers with it. */
const forgeAnswer: Forger = (pair, hello) => {
  const forger = createPair({ responderKeys: OTHER_KEYS, seed: 9 }).responder;
  const { initiator, responder, now } = pair;
  const retry = readPacket(only(answersTo(forger, hello, initiator.address, now)));
  if (retry?.kind !== "retry") throw new Error("it is not the first hello");
  const again = hello.slice();
  again[10] = 17;
  again.set(retry.cookie, 11);
  again.set(hello.subarray(11, 59), 28);
  const answer = only(answersTo(forger, again, initiator.address, now));
  expect(answer[0]).toBe(0xfa);
  deliver(initiator, answer, responder.address, now);
};

const forgeJunk: Forger = (pair, hello) => {
  for (const [kind, length] of [
    [0xfa, 135],
    [0xfb, 78],
    [0xfc, 30],
    [0xfe, 26],
    [0xff, 25],
  ] as const) {
    const junk = pair.random.bytes(length);
    junk.set([kind, ...hello.subarray(2, 10)]);
    deliver(pair.initiator, junk, pair.responder.address, pair.now);
  }
};

const FORGERS: readonly [string, Forger, SessionEnd][] = [
  ["a datagram of the plain wire", forgePlainWire, failed("other-wire")],
  ["the answer of another server", forgeAnswer, failed("other-server")],
  ["a refusal because of the version", forgeRefusal(1), failed("other-version")],
  ["a refusal because of too many sessions", forgeRefusal(3), failed("full")],
];

/** What proves nothing and says nothing either. */
const MEANINGLESS: readonly [string, Forger][] = [
  ["a retry", forgeRetry],
  ["a refusal because of the secret", forgeRefusal(2)],
  ["junk of each other kind", forgeJunk],
];

function failed(failure: Extract<SessionEnd, { type: "handshake-failed" }>["failure"]): SessionEnd {
  return { type: "handshake-failed", failure };
}

function connectKnowing(pair: Pair): { connected: Session; hello: Uint8Array } {
  const connected = connectToResponder(pair, PSK, RESPONDER_KEYS.publicKey);
  return { connected, hello: only(drain(pair.initiator, pair.now)).slice() };
}

function expectTalk(pair: Pair, connected: Session): void {
  const accepted = takeAccepted(pair);
  send(pair.initiator, connected, "one");
  send(pair.responder, accepted, "other");
  pass(pair, 1_000);
  expect(connected.end).toBeNull();
  expect(receive(pair.responder, accepted, pair.now).map(words)).toEqual(["one"]);
  expect(receive(pair.initiator, connected, pair.now).map(words)).toEqual(["other"]);
}

const ALL = [...FORGERS.map(([what, forge]) => [what, forge] as const), ...MEANINGLESS];

describe.each(ALL)("%s, forged,", (_what, forge) => {
  test("does not end an attempt that the responder answers", () => {
    const pair = createPair();
    const { connected, hello } = connectKnowing(pair);
    forge(pair, hello);
    // The hello was lost; it is sent again after 120 ms.
    pass(pair, 500);
    expectTalk(pair, connected);
  });

  test("ten times does not end one that the responder answers after 1.9 s", () => {
    const pair = createPair();
    const { connected, hello } = connectKnowing(pair);
    pair.loses = ({ by, sentAt }) => by === "responder" && sentAt < START + 1_200;
    for (let time = 0; time < 10; time += 1) {
      forge(pair, hello);
      pass(pair, 190);
    }
    expect(connected.end).toBeNull();
    pass(pair, 3_000);
    expectTalk(pair, connected);
  });

  test("does not shorten the time for the finish once the responder has answered", () => {
    const pair = createPair();
    const { connected, hello } = connectKnowing(pair);
    forge(pair, hello);
    pair.loses = ({ by, bytes }) => by === "initiator" && bytes[0] === 0xfb;
    pass(pair, 7_999);
    expect(connected.established).not.toBeNull();
    expect(connected.end).toBeNull();
    pass(pair, 1);
    expect(connected.end).toEqual(failed("no-answer"));
  });

  test("is ignored after the answer", () => {
    const pair = createPair();
    const connected = connectToResponder(pair, PSK, RESPONDER_KEYS.publicKey);
    const { hello, finish } = carryUntilFinish(pair);
    forge(pair, hello);
    expect(connected.end).toBeNull();
    for (const { bytes } of answersTo(pair.responder, finish, pair.initiator.address, pair.now)) {
      deliver(pair.initiator, bytes, pair.responder.address, pair.now);
    }
    pass(pair, 3_000);
    expectTalk(pair, connected);
  });
});

describe.each(FORGERS)("%s", (_what, forge, end) => {
  test("is the reason of the failure when nothing authentic comes for 2 s", () => {
    const pair = createPair();
    const { connected, hello } = connectKnowing(pair);
    pair.loses = () => true;
    pass(pair, 100);
    forge(pair, hello);
    pass(pair, 1_000);
    // Again is not later.
    forge(pair, hello);
    pass(pair, 999);
    expect(connected.end).toBeNull();
    pass(pair, 1);
    expect(connected.end).toEqual(end);
    expect(pair.initiator.endpoint.sessions.size).toBe(0);
  });
});

describe.each(MEANINGLESS)("%s", (_what, forge) => {
  test("is no reason of a failure: nothing answers for 8 s", () => {
    const pair = createPair();
    const { connected, hello } = connectKnowing(pair);
    pair.loses = () => true;
    forge(pair, hello);
    pass(pair, 7_999);
    expect(connected.end).toBeNull();
    pass(pair, 1);
    expect(connected.end).toEqual(failed("no-answer"));
  });
});

test.each([
  ["a datagram of the plain wire", forgePlainWire],
  ["a refusal because of the version", forgeRefusal(1)],
])(
  "%s does not shorten an attempt to which a retry came, before it or after it",
  (_what, forge) => {
    const pair = createPair();
    const { connected, hello } = connectKnowing(pair);
    forge(pair, hello);
    // The answers are lost, and the retry is not.
    pair.loses = ({ bytes }) => bytes[0] === 0xfa;
    pass(pair, 1_000);
    forge(pair, connected.handshake?.datagram ?? hello);
    pass(pair, 6_999);
    expect(connected.end).toBeNull();
    pass(pair, 1);
    expect(connected.end).toEqual(failed("no-answer"));
  },
);

test("the last of several is the reason", () => {
  const pair = createPair();
  const { connected, hello } = connectKnowing(pair);
  pair.loses = () => true;
  forgePlainWire(pair, hello);
  forgeRefusal(3)(pair, hello);
  pass(pair, 2_000);
  expect(connected.end).toEqual(failed("full"));
});

test("a datagram of the plain wire from elsewhere says nothing", () => {
  const pair = createPair();
  const { connected } = connectKnowing(pair);
  pair.loses = () => true;
  const elsewhere = { ...pair.responder.address, port: 9 };
  receivePlainWire(pair.initiator.endpoint, text("hello"), elsewhere, pair.now);
  pass(pair, 8_000);
  expect(connected.end).toEqual(failed("no-answer"));
});
