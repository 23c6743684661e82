// The handshake, datagram by datagram: in one file however long, for every test carries the same five
// packets between two endpoints.

import { describe, expect, test } from "bun:test";
import { createHash, createHmac } from "node:crypto";

import { generateKeyPair } from "../../../src/net/crypto.ts";
import { endpointWakeAt, receiveDatagram, tickEndpoint } from "../../../src/protocol/endpoint.ts";
import { readPacket } from "../../../src/protocol/packets.ts";
import { findPeerKey, type Session } from "../../../src/protocol/session/session.ts";
import {
  answersTo,
  carryUntilFinish,
  close,
  connectToResponder,
  createPair,
  DELAY,
  deliver,
  drain,
  flipped,
  frameNames,
  hex,
  INITIATOR_KEYS,
  only,
  type Pair,
  pass,
  PSK,
  receive,
  RESPONDER_KEYS,
  send,
  sessionKeys,
  START,
  takeAccepted,
  words,
} from "../pair.ts";

const OTHER_PSK = new Uint8Array(32).fill(8);

/** When a hello leaves while nothing is known of the path, ms after the first time. */
const TIMES = [
  0, 120, 180, 270, 360, 480, 600, 750, 900, 1_100, 1_400, 1_900, 2_400, 2_900, 3_400, 3_900, 4_400,
  4_900, 5_400, 5_900, 6_400, 6_900, 7_400, 7_900,
];

/** The intervals between finishes over a path whose round trip is known, ms. */
function* finishIntervals(roundTrip: number): Generator<number> {
  yield 1.25 * roundTrip + 20;
  for (let wait = Math.max(roundTrip / 2, 40); ; wait *= 1.25) yield Math.min(wait, 500);
}

/** The first byte and the length of a datagram. */
const shape = (bytes: Uint8Array) => `${hex(bytes.subarray(0, 1))} ${bytes.length}`;

function countUnfinished({ responder }: Pair): number {
  return responder.endpoint.responder?.handshakes.unfinished.byId.size ?? 0;
}

/** A hello with a valid cookie, from this initiator's address. */
function helloWithCookie(pair: Pair): Uint8Array {
  connectToResponder(pair);
  const retry = only(
    answersTo(
      pair.responder,
      only(drain(pair.initiator, pair.now)),
      pair.initiator.address,
      pair.now,
    ),
  );
  return only(answersTo(pair.initiator, retry, pair.responder.address, pair.now));
}

/** Delivers the finish to the responder and its answers to the initiator: the session is under way. */
function complete(pair: Pair, finish: Uint8Array): Session {
  const { initiator, responder, now } = pair;
  for (const { bytes } of answersTo(responder, finish, initiator.address, now)) {
    deliver(initiator, bytes, responder.address, now);
  }
  drain(initiator, now);
  return takeAccepted(pair);
}

/** Each end receives what the other sends. */
function expectTalk(pair: Pair, connected: Session, accepted: Session): void {
  send(pair.initiator, connected, "from the initiator");
  send(pair.responder, accepted, "from the responder");
  pass(pair, 2_000);
  expect(receive(pair.responder, accepted, pair.now).map(words)).toEqual(["from the initiator"]);
  expect(receive(pair.initiator, connected, pair.now).map(words)).toEqual(["from the responder"]);
}

describe("a handshake (docs/protocol.md s. 8)", () => {
  test("is hello, retry, hello, answer, finish and a sealed packet, each of its length", () => {
    const pair = createPair();
    const connected = connectToResponder(pair);
    const { hello, retry, helloAgain, answer, finish } = carryUntilFinish(pair);
    expect([hello, retry, helloAgain, answer, finish].map(shape)).toEqual([
      "f8 1200",
      "f9 26",
      "f8 1200",
      // Ids (17), e (32), s (48), RESET TOKEN (17), WINDOW of 1,048,576 (5) and a tag (16).
      "fa 135",
      // Id (9), s (48), WINDOW (5) and a tag (16).
      "fb 78",
    ]);
    const sealed = answersTo(pair.responder, finish, pair.initiator.address, START);
    const accepted = takeAccepted(pair);
    // Header (13), PING and a tag (16); then a path MTU probe of its own kind (s. 12.3).
    expect(sealed.map(({ bytes }) => shape(bytes))).toEqual(["fc 30", "fc 1372"]);
    expect(sealed.map(({ bytes }) => frameNames(accepted, bytes))).toEqual([["ping"], ["ping"]]);
    expect(connected.handshake).not.toBeNull();
    for (const { bytes } of sealed) deliver(pair.initiator, bytes, pair.responder.address, START);
    expect(connected.handshake).toBeNull();
    expectTalk(pair, connected, accepted);
  });

  test("gives each side the other's static key, and each direction a key of its own", () => {
    const pair = createPair();
    const connected = connectToResponder(pair);
    const accepted = complete(pair, carryUntilFinish(pair).finish);
    expect(sessionKeys(connected).remoteKey).toEqual(RESPONDER_KEYS.publicKey);
    expect(sessionKeys(accepted).remoteKey).toEqual(INITIATOR_KEYS.publicKey);
    expect(sessionKeys(connected).send.key).toEqual(sessionKeys(accepted).receive.key);
    expect(sessionKeys(connected).receive.key).toEqual(sessionKeys(accepted).send.key);
    expect(sessionKeys(connected).send.key).not.toEqual(sessionKeys(accepted).send.key);
    expect(sessionKeys(connected).remoteId).toEqual(accepted.localId);
    expect(sessionKeys(accepted).remoteId).toEqual(connected.localId);
  });

  test("repeats the first hello with the retry's cookie, and everything else unchanged", () => {
    const pair = createPair();
    connectToResponder(pair);
    const { hello, retry, helloAgain } = carryUntilFinish(pair);
    expect(helloAgain.subarray(0, 10)).toEqual(hello.subarray(0, 10));
    expect(helloAgain[10]).toBe(17);
    expect(helloAgain.subarray(11, 28)).toEqual(retry.subarray(9));
    expect(helloAgain.subarray(28, 76)).toEqual(hello.subarray(11, 59));
    expect(helloAgain.subarray(76)).toEqual(hello.subarray(76));
  });

  test("carries the first message in the finish, which the responder's first packet acknowledges", () => {
    const pair = createPair();
    const connected = connectToResponder(pair);
    send(pair.initiator, connected, "first");
    const { finish } = carryUntilFinish(pair);
    // WINDOW (5), and a FRAGMENT: type, offset and length (3), the message's length (1) and 5 bytes.
    expect(finish).toHaveLength(78 + 3 + 6);
    const sealed = answersTo(pair.responder, finish, pair.initiator.address, START);
    const accepted = takeAccepted(pair);
    expect(receive(pair.responder, accepted, START).map(words)).toEqual(["first"]);
    expect(connected.outgoing.queue.start).toBe(0);
    deliver(pair.initiator, only(sealed.slice(0, 1)), pair.responder.address, START);
    expect(connected.outgoing.queue.start).toBe(6);
  });

  test("fills a finish up to 1,200 bytes and sends the rest afterwards", () => {
    const pair = createPair();
    const connected = connectToResponder(pair);
    const long = pair.random.bytes(5_000);
    send(pair.initiator, connected, long);
    const { finish } = carryUntilFinish(pair);
    expect(finish.length).toBeGreaterThan(1_150);
    expect(finish.length).toBeLessThanOrEqual(1_200);
    const accepted = complete(pair, finish);
    pass(pair, 5_000);
    expect(receive(pair.responder, accepted, pair.now)).toEqual([long]);
  });
});

describe("a responder before an address is proven (docs/protocol.md s. 8.2)", () => {
  test("keeps nothing of 100,000 hellos from forged addresses, and answers each with 26 bytes", () => {
    const pair = createPair();
    const { responder, random } = pair;
    connectToResponder(pair);
    const hello = only(drain(pair.initiator, START)).slice();
    let answered = 0;
    let misled = 0;
    Bun.gc(true);
    const before = process.memoryUsage().heapUsed;
    for (let count = 0; count < 100_000; count += 1) {
      // Another id and another key each time, from another address; every other one guesses a cookie.
      hello.set(random.bytes(8), 2);
      hello[10] = count % 2 === 0 ? 0 : 17;
      hello.set(random.bytes(32), 11);
      const address = `10.${count >> 16}.${(count >> 8) & 255}.${count & 255}`;
      receiveDatagram(responder.endpoint, hello, { address, port: 1 + (count % 65_535) }, START);
      for (const { to, bytes } of drain(responder, START)) {
        answered += 1;
        if (bytes.length !== 26 || to.address !== address) misled += 1;
      }
    }
    Bun.gc(true);
    expect({ answered, misled }).toEqual({ answered: 100_000, misled: 0 });
    expect(countUnfinished(pair)).toBe(0);
    expect(responder.endpoint.responder?.handshakes.unfinished.byHello.size).toBe(0);
    expect(responder.endpoint.sessions.size).toBe(0);
    expect(responder.endpoint.answers).toHaveLength(0);
    expect(responder.endpoint.active.size).toBe(0);
    // 20 bytes a hello would be two million.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(2_000_000);
  }, 30_000);

  test("queues at most 4,096 answers while none can be sent", () => {
    const pair = createPair();
    const { responder } = pair;
    connectToResponder(pair);
    const hello = only(drain(pair.initiator, START));
    for (let count = 0; count < 4_097; count += 1) {
      receiveDatagram(responder.endpoint, hello, pair.initiator.address, START);
    }
    expect(drain(responder, START)).toHaveLength(4_096);
  });

  test("never answers with more bytes than it received", () => {
    const pair = createPair();
    connectToResponder(pair);
    const { hello, retry, helloAgain, answer } = carryUntilFinish(pair);
    expect(retry.length).toBeLessThan(hello.length);
    expect(answer.length).toBeLessThan(helloAgain.length);
    const otherVersion = flipped(hello, 1, 0xff);
    const refusal = only(answersTo(pair.responder, otherVersion, pair.initiator.address, START));
    expect(refusal.length).toBeLessThan(otherVersion.length);
  });

  test.each<[string, (hello: Uint8Array) => Uint8Array, string]>([
    ["another address", (hello) => hello, "192.0.2.77"],
    ["another id", (hello) => flipped(hello, 5), "192.0.2.1"],
    ["another cookie", (hello) => flipped(hello, 20), "192.0.2.1"],
    ["another ephemeral key", (hello) => flipped(hello, 30), "192.0.2.1"],
    ["another tag in the Noise message", (hello) => flipped(hello, 70), "192.0.2.1"],
  ])("treats a cookie from %s as none", (_what, change, address) => {
    const pair = createPair();
    const hello = change(helloWithCookie(pair));
    const from = { address, port: pair.initiator.address.port };
    expect(shape(only(answersTo(pair.responder, hello, from, START)))).toBe("f9 26");
    expect(countUnfinished(pair)).toBe(0);
  });

  test("keeps nothing of a hello whose key or tag is bad, even with a cookie", () => {
    const pair = createPair();
    const hello = helloWithCookie(pair);
    for (const bad of [hello.slice().fill(0, 28, 60), flipped(hello, 70)]) {
      // A cookie for the bad hello, which it can have.
      const bare = bad.slice();
      bare[10] = 0;
      bare.copyWithin(11, 28, 76);
      const retry = only(answersTo(pair.responder, bare, pair.initiator.address, START));
      bad.set(retry.subarray(9), 11);
      expect(answersTo(pair.responder, bad, pair.initiator.address, START)).toEqual([]);
      expect(countUnfinished(pair)).toBe(0);
    }
  });

  test("that admits nobody answers nothing, whatever arrives", () => {
    const pair = createPair({ admission: null });
    const open = createPair();
    connectToResponder(open);
    const parts = Object.values(carryUntilFinish(open));
    const sealed = answersTo(
      open.responder,
      parts.at(-1) ?? new Uint8Array(0),
      open.initiator.address,
      START,
    );
    for (const bytes of [...parts, ...sealed.map((outbound) => outbound.bytes)]) {
      expect(answersTo(pair.responder, bytes, open.initiator.address, START)).toEqual([]);
    }
    expect(pair.responder.endpoint.sessions.size).toBe(0);
  });
});

describe("a responder with unfinished handshakes (docs/protocol.md s. 8.3)", () => {
  test("answers the same hello with the same bytes, and keeps one handshake for both", () => {
    const pair = createPair();
    const hello = helloWithCookie(pair);
    const answer = only(answersTo(pair.responder, hello, pair.initiator.address, START));
    const again = only(answersTo(pair.responder, hello, pair.initiator.address, START + 9_999));
    expect(again).toEqual(answer);
    expect(countUnfinished(pair)).toBe(1);
  });

  test("keeps each for 10 s: then the same hello starts another, and the old finish is unknown", () => {
    const pair = createPair();
    connectToResponder(pair);
    const { helloAgain, answer, finish } = carryUntilFinish(pair);
    const other = only(
      answersTo(pair.responder, helloAgain, pair.initiator.address, START + 10_000),
    );
    expect(other).not.toEqual(answer);
    expect(countUnfinished(pair)).toBe(1);
    const answered = only(
      answersTo(pair.responder, finish, pair.initiator.address, START + 10_000),
    );
    expect(readPacket(answered)?.kind).toBe("reset");
    expect(pair.responder.endpoint.sessions.size).toBe(0);
    expect(countUnfinished(pair)).toBe(1);
  });

  test("accepts a finish up to 10 s after the answer, and not later", () => {
    for (const [after, sessions] of [
      [9_999, 1],
      [10_000, 0],
    ] as const) {
      const pair = createPair();
      connectToResponder(pair);
      const { finish } = carryUntilFinish(pair);
      answersTo(pair.responder, finish, pair.initiator.address, START + after);
      expect(pair.responder.endpoint.sessions.size).toBe(sessions);
    }
  });

  test("keeps at most 1,024; beyond that it drops hellos, until the oldest are 10 s old", () => {
    const pair = createPair();
    const hellos = Array.from({ length: 1_025 }, () => helloWithCookie(pair));
    const answers = hellos.map((hello) =>
      answersTo(pair.responder, hello, pair.initiator.address, START),
    );
    expect(answers.filter(({ length }) => length === 1)).toHaveLength(1_024);
    expect(answers.at(-1)).toEqual([]);
    expect(countUnfinished(pair)).toBe(1_024);
    expect(pair.responder.endpoint.responder?.handshakes.unfinished.byHello.size).toBe(1_024);
    const last = hellos.at(-1) ?? new Uint8Array(0);
    // One that is known is still answered.
    const first = hellos[0] ?? new Uint8Array(0);
    expect(answersTo(pair.responder, first, pair.initiator.address, START)).toEqual(
      answers[0] ?? [],
    );
    expect(answersTo(pair.responder, last, pair.initiator.address, START + 9_999)).toEqual([]);
    expect(answersTo(pair.responder, last, pair.initiator.address, START + 10_000)).toHaveLength(1);
    expect(countUnfinished(pair)).toBe(1);
    expect(pair.responder.endpoint.responder?.handshakes.unfinished.byHello.size).toBe(1);
  }, 20_000);
});

describe("an initiator without an answer (docs/protocol.md s. 8.1)", () => {
  test("sends its hello again after 120, 60, 90, 90 ms, and then more and more seldom, the same bytes", () => {
    const pair = createPair();
    connectToResponder(pair);
    const first = only(drain(pair.initiator, START));
    pair.loses = () => true;
    pass(pair, 7_999);
    const sent = pair.sent.map(({ sentAt }) => sentAt - START);
    expect([0, ...sent]).toEqual(TIMES);
    for (const { bytes } of pair.sent) expect(bytes).toEqual(first);
  });

  test("gives up 8,000 ms after its first hello, and its session is dropped", () => {
    const pair = createPair();
    const connected = connectToResponder(pair);
    pair.loses = () => true;
    pass(pair, 7_999);
    expect(connected.end).toBeNull();
    pass(pair, 1);
    expect(connected.end).toEqual({ type: "handshake-failed", failure: "no-answer" });
    expect(pair.initiator.endpoint.sessions.size).toBe(0);
    expect(endpointWakeAt(pair.initiator.endpoint)).toBe(Number.POSITIVE_INFINITY);
  });

  test("sends its finish again as the round trip says, and also gives up 8,000 ms after the hello", () => {
    const pair = createPair();
    const connected = connectToResponder(pair);
    pair.loses = ({ by, bytes }) => by === "initiator" && bytes[0] === 0xfb;
    pass(pair, 7_999);
    const finishes = pair.sent.filter(({ bytes }) => bytes[0] === 0xfb);
    const first = finishes[0]?.sentAt ?? 0;
    // Two journeys there and back, of 20 ms each.
    expect(first).toBe(START + 40);
    const times = finishes.map(({ sentAt }) => sentAt - first);
    expect(times.at(-1)).toBeGreaterThan(7_400);
    for (const [index, interval] of finishIntervals(2 * DELAY)
      .take(times.length - 1)
      .toArray()
      .entries()) {
      // Timers are a millisecond fine.
      const late = (times[index + 1] ?? 0) - (times[index] ?? 0) - interval;
      expect(late).toBeGreaterThan(-0.001);
      expect(late).toBeLessThan(1);
    }
    for (const { bytes } of finishes) expect(bytes).toEqual(finishes[0]?.bytes ?? bytes);
    pass(pair, 1);
    expect(connected.end).toEqual({ type: "handshake-failed", failure: "no-answer" });
  });

  test("sends nothing sealed before its finish is confirmed (s. 8.4)", () => {
    const pair = createPair();
    const connected = connectToResponder(pair);
    send(pair.initiator, connected, "hello");
    pair.loses = ({ by }) => by === "responder" && pair.sent.length > 5;
    pass(pair, 7_000);
    const kinds = new Set(
      pair.sent.filter(({ by }) => by === "initiator").map(({ bytes }) => bytes[0]),
    );
    expect(kinds).toEqual(new Set([0xf8, 0xfb]));
  });
});

describe("an initiator and retries (docs/protocol.md s. 8.2)", () => {
  test("answers the first at once; the next hello still has the newest cookie", () => {
    const pair = createPair();
    const connected = connectToResponder(pair);
    drain(pair.initiator, START);
    const retry = new Uint8Array(26);
    retry[0] = 0xf9;
    retry.set(connected.localId, 1);
    retry[9] = 1;
    const hello = only(answersTo(pair.initiator, retry, pair.responder.address, START + 100));
    expect(hello[10]).toBe(17);
    expect(hello[11]).toBe(1);
    for (let count = 2; count <= 5; count += 1) {
      retry[9] = count;
      expect(answersTo(pair.initiator, retry, pair.responder.address, START + 100)).toEqual([]);
    }
    // A round trip of 100 ms and a quarter, and 20 ms.
    tickEndpoint(pair.initiator.endpoint, START + 245);
    expect(only(drain(pair.initiator, START + 245))[11]).toBe(5);
  });

  test("sends the next hello twice, 15 ms apart, when the first was sent again before one came", () => {
    const pair = createPair();
    connectToResponder(pair);
    let sent = 0;
    pair.loses = ({ by }) => by === "initiator" && (sent += 1) === 1;
    pass(pair, 200);
    const hellos = pair.sent.filter(({ bytes }) => bytes[0] === 0xf8);
    const times = hellos.map(({ bytes, sentAt }) => [sentAt - START, bytes[10]]);
    expect(times).toEqual([
      [0, 0],
      [120, 0],
      [140, 17],
      [155, 17],
    ]);
    const finishes = pair.sent.filter(({ bytes }) => bytes[0] === 0xfb);
    expect(finishes.map(({ sentAt }) => sentAt - START)).toEqual([160, 175]);
  });

  test("ignores one from another address than its hello went to", () => {
    const pair = createPair();
    connectToResponder(pair);
    const hello = only(drain(pair.initiator, START));
    const retry = only(answersTo(pair.responder, hello, pair.initiator.address, START));
    const other = { ...pair.responder.address, port: 9 };
    expect(answersTo(pair.initiator, retry, other, START)).toEqual([]);
    expect(answersTo(pair.initiator, retry, pair.responder.address, START)).toHaveLength(1);
  });

  test("ignores one after the answer", () => {
    const pair = createPair();
    connectToResponder(pair);
    const { retry } = carryUntilFinish(pair);
    expect(answersTo(pair.initiator, retry, pair.responder.address, START)).toEqual([]);
  });
});

describe("an initiator that expects a certain key (docs/protocol.md s. 8.3)", () => {
  test("sends no finish to a responder with another one, and reports that", () => {
    const pair = createPair();
    const other = generateKeyPair(new Uint8Array(32).fill(0x33));
    const connected = connectToResponder(pair, PSK, other.publicKey);
    // The first answer comes after two round trips of 20 ms: until 2 s later another may come.
    pass(pair, 2_039);
    expect(connected.end).toBeNull();
    pass(pair, 1);
    expect(connected.end).toEqual({ type: "handshake-failed", failure: "other-server" });
    expect(findPeerKey(connected)).toEqual(RESPONDER_KEYS.publicKey);
    const kinds = pair.sent.map(({ bytes }) => bytes[0]);
    expect(kinds.slice(0, 4)).toEqual([0xf8, 0xf9, 0xf8, 0xfa]);
    expect(new Set(kinds)).toEqual(new Set([0xf8, 0xf9, 0xfa]));
    expect(pair.initiator.endpoint.sessions.size).toBe(0);
  });

  test("connects to a responder with the expected one", () => {
    const pair = createPair();
    const connected = connectToResponder(pair, PSK, RESPONDER_KEYS.publicKey);
    pass(pair, 500);
    expectTalk(pair, connected, takeAccepted(pair));
  });
});

describe("a refusal (docs/protocol.md s. 8.5)", () => {
  test("of a wrong secret has a proof, and is believed at once", () => {
    const pair = createPair();
    const connected = connectToResponder(pair, OTHER_PSK);
    pass(pair, 500);
    expect(connected.end).toEqual({ type: "handshake-failed", failure: "wrong-secret" });
    const kinds = pair.sent.map(({ bytes }) => bytes[0]);
    expect(kinds.slice(4)).toEqual([0xfb, 0xfe]);
    const refusal = pair.sent.at(-1)?.bytes ?? new Uint8Array(0);
    expect([...refusal.subarray(0, 10)]).toEqual([0xfe, ...connected.localId, 2]);
    // Six journeys of 10 ms each.
    expect(pair.sent.at(-1)?.at).toBe(START + 60);
    expect(pair.responder.endpoint.sessions.size).toBe(0);
  });

  test("is proven with HMAC-SHA256 under the refusal key, over the ten bytes before and Noise message 3", () => {
    const pair = createPair();
    const connected = connectToResponder(pair, OTHER_PSK);
    const { finish } = carryUntilFinish(pair);
    const refusal = only(answersTo(pair.responder, finish, pair.initiator.address, START));
    const key = connected.handshake?.refusalKey ?? new Uint8Array(0);
    expect(key).toHaveLength(32);
    const proven = Buffer.concat([refusal.subarray(0, 10), finish.subarray(9)]);
    const proof = createHmac("sha256", key).update(proven).digest();
    expect(hex(refusal.subarray(10))).toBe(hex(proof.subarray(0, 16)));
  });

  test("of a wrong secret without its proof is ignored, before the answer and after", () => {
    const pair = createPair();
    const connected = connectToResponder(pair);
    const refusal = new Uint8Array(26);
    refusal.set([0xfe, ...connected.localId, 2]);
    for (let count = 0; count < 10; count += 1) {
      deliver(pair.initiator, refusal, pair.responder.address, START);
    }
    const { finish } = carryUntilFinish(pair);
    for (let count = 0; count < 10; count += 1) {
      deliver(pair.initiator, refusal, pair.responder.address, START);
    }
    for (let code = 0; code < 256; code += 1) {
      refusal[9] = code;
      deliver(pair.initiator, refusal, pair.responder.address, START);
    }
    expect(connected.end).toBeNull();
    expectTalk(pair, connected, complete(pair, finish));
  });

  test("of a wrong secret with a bit of its proof or its code changed is ignored", () => {
    const pair = createPair();
    const connected = connectToResponder(pair, OTHER_PSK);
    const { finish } = carryUntilFinish(pair);
    const refusal = only(answersTo(pair.responder, finish, pair.initiator.address, START));
    for (let bit = 9 * 8; bit < 26 * 8; bit += 1) {
      deliver(
        pair.initiator,
        flipped(refusal, bit >> 3, 1 << (bit & 7)),
        pair.responder.address,
        START,
      );
    }
    expect(connected.end).toBeNull();
  });

  test("from another address is ignored", () => {
    const pair = createPair();
    const connected = connectToResponder(pair);
    const refusal = new Uint8Array(26);
    refusal.set([0xfe, ...connected.localId, 3]);
    deliver(pair.initiator, refusal, { ...pair.responder.address, port: 9 }, START);
    expect(connected.end).toBeNull();
  });

  test.each([
    [1, "other-version"],
    [3, "full"],
  ] as const)(
    "of code %d of the hello as it was sent is believed if no answer comes for 2 s: %s",
    (code, failure) => {
      const pair = createPair();
      pair.loses = () => true;
      const connected = connectToResponder(pair);
      const hello = only(drain(pair.initiator, START));
      const refusal = new Uint8Array(26);
      refusal.set([0xfe, ...connected.localId, code]);
      deliver(pair.initiator, refusal, pair.responder.address, START);
      expect(connected.end).toBeNull();
      refusal.set(createHash("sha256").update(hello).digest().subarray(0, 16), 10);
      deliver(pair.initiator, refusal, pair.responder.address, START);
      pass(pair, 1_999);
      expect(connected.end).toBeNull();
      pass(pair, 1);
      expect(connected.end).toEqual({ type: "handshake-failed", failure });
    },
  );

  test("answers a hello of another version, and is ignored for a hello that was changed on the way", () => {
    const pair = createPair();
    const connected = connectToResponder(pair);
    const hello = only(drain(pair.initiator, START)).slice();
    hello[1] = 2;
    const refusal = only(answersTo(pair.responder, hello, pair.initiator.address, START));
    const digest = createHash("sha256").update(hello).digest().subarray(0, 16);
    expect([...refusal]).toEqual([0xfe, ...connected.localId, 1, ...digest]);
    deliver(pair.initiator, refusal, pair.responder.address, START);
    expect(connected.end).toBeNull();
  });

  // The layout after the version depends on it.
  test("answers a hello of another version whose cookie has another length", () => {
    const pair = createPair();
    connectToResponder(pair);
    const hello = only(drain(pair.initiator, START)).slice();
    hello[1] = 2;
    hello[10] = 33;
    expect(answersTo(pair.responder, hello, pair.initiator.address, START)).toHaveLength(1);
  });

  test("says that a responder accepts no more sessions, unfinished handshakes included, until one is over (s. 8.3)", () => {
    const pair = createPair({ maxSessions: 2 });
    const sessions = [connectToResponder(pair), connectToResponder(pair)];
    pass(pair, 100);
    const [first] = Array.from(pair.responder.endpoint.sessions.values());
    if (first === undefined) throw new Error("nobody has joined");
    const third = connectToResponder(pair);
    pass(pair, 2_100);
    expect(third.end).toEqual({ type: "handshake-failed", failure: "full" });
    expect(sessions.map(({ end }) => end)).toEqual([null, null]);

    close(pair.responder, first, 0, "", pair.now);
    pass(pair, 3_000);
    answersTo(pair.responder, helloWithCookie(pair), pair.initiator.address, pair.now);
    expect(countUnfinished(pair)).toBe(1);
    const fourth = connectToResponder(pair);
    pass(pair, 2_100);
    expect(fourth.end).toEqual({ type: "handshake-failed", failure: "full" });
  });

  test("answers eight wrong secrets of one handshake, and no more", () => {
    const pair = createPair();
    connectToResponder(pair, OTHER_PSK);
    const { finish } = carryUntilFinish(pair);
    // What is behind the initiator's static key looks like a wrong secret when it is changed.
    const answers = Array.from({ length: 10 }, (_, index) =>
      answersTo(pair.responder, flipped(finish, 60 + index), pair.initiator.address, START),
    );
    expect(answers.map(({ length }) => length)).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 0, 0]);
  });
});

describe("a handshake on a bad network (docs/protocol.md s. 8)", () => {
  test.each([
    ["hello", 0],
    ["retry", 1],
    ["second hello", 2],
    ["answer", 3],
    ["finish", 4],
    ["first sealed packet", 5],
  ])("continues when the %s is lost", (_what, index) => {
    const pair = createPair();
    const connected = connectToResponder(pair);
    send(pair.initiator, connected, "first");
    pair.loses = (sent) => sent === pair.sent[index];
    pass(pair, 3_000);
    const accepted = takeAccepted(pair);
    expect(receive(pair.responder, accepted, pair.now).map(words)).toEqual(["first"]);
    expectTalk(pair, connected, accepted);
    expect(pair.responder.endpoint.sessions.size).toBe(1);
    expect(pair.responder.endpoint.accepted).toEqual([]);
  });

  test("yields one session when every datagram arrives twice, and once more at the end", () => {
    const pair = createPair();
    const connected = connectToResponder(pair);
    send(pair.initiator, connected, "first");
    pair.loses = (sent) => {
      pair.inTransit.push(sent);
      return false;
    };
    pass(pair, 500);
    pair.loses = () => false;
    const accepted = takeAccepted(pair);
    expect(receive(pair.responder, accepted, pair.now).map(words)).toEqual(["first"]);
    for (const { by, bytes, from } of pair.sent.slice()) {
      deliver(by === "initiator" ? pair.responder : pair.initiator, bytes, from, pair.now);
    }
    expectTalk(pair, connected, accepted);
    expect(pair.responder.endpoint.accepted).toEqual([]);
    expect(pair.responder.endpoint.sessions.size).toBe(1);
    expect(pair.initiator.endpoint.sessions.size).toBe(1);
  });

  test("answers a repeated finish with a sealed packet of its own (s. 8.4)", () => {
    const pair = createPair();
    connectToResponder(pair);
    const { finish } = carryUntilFinish(pair);
    const first = answersTo(pair.responder, finish, pair.initiator.address, START);
    const accepted = takeAccepted(pair);
    const second = answersTo(pair.responder, finish, pair.initiator.address, START);
    expect(frameNames(accepted, second[0]?.bytes ?? new Uint8Array(0))).toContain("ping");
    expect(second[0]?.bytes).not.toEqual(first[0]?.bytes ?? new Uint8Array(0));
    expect(pair.responder.endpoint.sessions.size).toBe(1);
  });

  test("does not follow a finish that is repeated from another address", () => {
    const pair = createPair();
    const connected = connectToResponder(pair);
    const { finish } = carryUntilFinish(pair);
    const accepted = complete(pair, finish);
    deliver(pair.responder, finish, { address: "203.0.113.9", port: 9 }, START);
    expect(accepted.path.current.address).toEqual(pair.initiator.address);
    expectTalk(pair, connected, accepted);
  });

  test("does not accept a finish again once its session is over", () => {
    const pair = createPair();
    connectToResponder(pair);
    const { finish } = carryUntilFinish(pair);
    complete(pair, finish);
    tickEndpoint(pair.responder.endpoint, START + 60_000);
    drain(pair.responder, START + 60_000);
    expect(pair.responder.endpoint.sessions.size).toBe(0);
    const answered = only(
      answersTo(pair.responder, finish, pair.initiator.address, START + 60_000),
    );
    expect(readPacket(answered)?.kind).toBe("reset");
    expect(pair.responder.endpoint.sessions.size).toBe(0);
    expect(pair.responder.endpoint.accepted).toEqual([]);
  });

  test("drops a damaged answer, and accepts the next", () => {
    const pair = createPair();
    const connected = connectToResponder(pair);
    const hello = only(drain(pair.initiator, START));
    const retry = only(answersTo(pair.responder, hello, pair.initiator.address, START));
    const again = only(answersTo(pair.initiator, retry, pair.responder.address, START));
    const answer = only(answersTo(pair.responder, again, pair.initiator.address, START));
    for (let at = 0; at < answer.length; at += 1) {
      expect(answersTo(pair.initiator, flipped(answer, at), pair.responder.address, START)).toEqual(
        [],
      );
    }
    expect(connected.established).toBeNull();
    const finish = only(answersTo(pair.initiator, answer, pair.responder.address, START));
    expectTalk(pair, connected, complete(pair, finish));
  });

  test("drops a damaged finish, and accepts the real one", () => {
    const pair = createPair();
    const connected = connectToResponder(pair);
    const { finish } = carryUntilFinish(pair);
    // The initiator's static key is sealed before the secret is mixed in.
    for (let at = 9; at < 57; at += 1) {
      expect(answersTo(pair.responder, flipped(finish, at), pair.initiator.address, START)).toEqual(
        [],
      );
    }
    // What is after it looks like a wrong secret.
    const refusal = only(
      answersTo(pair.responder, flipped(finish, 60), pair.initiator.address, START),
    );
    expect(readPacket(refusal)?.kind).toBe("refusal");
    expect(pair.responder.endpoint.sessions.size).toBe(0);
    // However often it is repeated, it refuses another finish than the initiator's.
    for (let count = 0; count < 10; count += 1) {
      expect(answersTo(pair.initiator, refusal, pair.responder.address, START)).toEqual([]);
    }
    expect(connected.end).toBeNull();
    expectTalk(pair, connected, complete(pair, finish));
  });
});

describe("spliced handshakes (docs/protocol.md s. 8)", () => {
  test("the answer to another hello is ignored", () => {
    const pair = createPair();
    const connected = connectToResponder(pair);
    const other = createPair({ seed: 2 });
    connectToResponder(other);
    const { answer } = carryUntilFinish(other);
    drain(pair.initiator, START);
    // With its own id, and with the id of the initiator that receives it.
    const spliced = answer.slice();
    spliced.set(connected.localId, 1);
    expect(answersTo(pair.initiator, answer, pair.responder.address, START)).toEqual([]);
    expect(answersTo(pair.initiator, spliced, pair.responder.address, START)).toEqual([]);
    expect(connected.established).toBeNull();
    expect(connected.end).toBeNull();
  });

  test("the finish of another handshake is ignored, under either id", () => {
    const pair = createPair();
    connectToResponder(pair);
    const one = carryUntilFinish(pair);
    connectToResponder(pair);
    const two = carryUntilFinish(pair);
    const spliced = two.finish.slice();
    spliced.set(one.finish.subarray(1, 9), 1);
    expect(answersTo(pair.responder, spliced, pair.initiator.address, START)).toEqual([]);
    expect(pair.responder.endpoint.sessions.size).toBe(0);
    expect(countUnfinished(pair)).toBe(2);
    complete(pair, one.finish);
    complete(pair, two.finish);
    expect(pair.responder.endpoint.sessions.size).toBe(2);
  });

  test("a packet of one session decrypts in no other, under either id", () => {
    const pair = createPair();
    const connected = connectToResponder(pair);
    const accepted = complete(pair, carryUntilFinish(pair).finish);
    connectToResponder(pair);
    const other = complete(pair, carryUntilFinish(pair).finish);
    send(pair.initiator, connected, "not for others");
    const sealed = only(drain(pair.initiator, START).slice(0, 1)).slice();
    sealed.set(other.localId, 1);
    deliver(pair.responder, sealed, pair.initiator.address, START);
    expect(receive(pair.responder, other, START)).toEqual([]);
    expect(sessionKeys(other).receive.forgeries).toBe(1);
    sealed.set(accepted.localId, 1);
    deliver(pair.responder, sealed, pair.initiator.address, START);
    expect(receive(pair.responder, accepted, START).map(words)).toEqual(["not for others"]);
  });
});
