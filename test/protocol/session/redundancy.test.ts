// What is sent more often than once where datagrams are lost (docs/protocol.md s. 12.4): in virtual time, 10 ms each way.

import { describe, expect, test } from "bun:test";

import { MAX_PROBE_INTERVAL } from "../../../src/protocol/recovery/loss-detection.ts";
import {
  type ConnectedPair,
  connectedPair,
  connectToResponder,
  createPair,
  fragmentTexts,
  frameNames,
  pass,
  send,
  type Sent,
  sentBy,
} from "../pair.ts";

/** Bytes of a sealed packet around its frames. */
const AROUND = 13 + 16;
/** 20 ms there and back, four times half of that, and 25 ms for the ACK: the first probe timeout. */
const FIRST_TIMEOUT = 20 + 40 + 25;

const everything = () => true;
const nothing = () => false;

/** A message of so many bytes, its length before it included. */
const message = (letter: string, length: number) => letter.repeat(length - (length > 64 ? 2 : 1));

/** A pair that has lost one message of the initiator, which has arrived since. */
function afterLoss(): ConnectedPair {
  const connected = connectedPair();
  const { pair } = connected;
  pair.loses = everything;
  send(pair.initiator, connected.connected, "lost");
  pass(pair, 1);
  pair.loses = nothing;
  pass(pair, 1_000);
  return connected;
}

/** What the initiator sends in so many ms, as times from now on and the letters of its messages. */
function sendings({ pair, connected }: ConnectedPair, duration: number): [number, string][] {
  const { now } = pair;
  const from = pair.sent.length;
  pass(pair, duration);
  return sentBy(pair, "initiator", from).flatMap(({ bytes, sentAt }): [number, string][] => {
    const texts = fragmentTexts(connected, bytes);
    return texts.length === 0 ? [] : [[sentAt - now, letters(texts.join(""))]];
  });
}

/** Each letter of the messages in a part of the stream, once. */
const letters = (text: string) => [...new Set(text.match(/[a-z]/g))].join("");

/** Whether the initiator's first message is sent twice, after a handshake that loses these datagrams. */
function isTwice(loses: (sent: Sent, index: number) => boolean): boolean {
  const pair = createPair();
  const connected = connectToResponder(pair);
  pair.loses = (sent) => loses(sent, pair.sent.length - 1);
  pass(pair, 2_000);
  pair.loses = nothing;
  const session = { pair, connected, accepted: connected };
  send(pair.initiator, connected, "a");
  return sendings(session, 500).length === 2;
}

/** The responder's ACKs after a burst of these bytes, as times. */
function acksAfter({ pair, connected, accepted }: ConnectedPair, length: number): number[] {
  const from = pair.sent.length;
  const { now } = pair;
  send(pair.initiator, connected, message("x", length));
  pass(pair, 500);
  return sentBy(pair, "responder", from)
    .filter(({ bytes }) => frameNames(accepted, bytes).includes("ack"))
    .map(({ sentAt }) => sentAt - now);
}

describe("where nothing was lost", () => {
  test("a message is sent once, and so is its ACK", () => {
    const session = connectedPair();
    const { pair, connected } = session;
    const from = pair.sent.length;
    for (const letter of "abcdefgh") {
      send(pair.initiator, connected, letter);
      expect(sendings(session, 500)).toEqual([[0, letter]]);
    }
    expect(sentBy(pair, "responder", from)).toHaveLength(8);
  });

  test("a packet carries what no packet had before, however little is on its way", () => {
    const session = connectedPair();
    const { pair, connected } = session;
    for (const letter of "abc") {
      send(pair.initiator, connected, letter);
      expect(sendings(session, 1)).toEqual([[0, letter]]);
    }
  });
});

describe("a probe", () => {
  test("carries everything that is not acknowledged, and so does the second one of a timeout", () => {
    const session = connectedPair();
    const { pair, connected } = session;
    pair.loses = everything;
    for (const letter of "abc") send(pair.initiator, connected, message(letter, 300));
    expect(sendings(session, 1)).toEqual([[0, "abc"]]);
    expect(sendings(session, FIRST_TIMEOUT)).toEqual([
      [FIRST_TIMEOUT - 1, "abc"],
      [FIRST_TIMEOUT - 1, "abc"],
    ]);
  });

  test("carries the oldest of what does not fit, and the second one what follows", () => {
    const session = connectedPair();
    const { pair, connected } = session;
    pair.loses = everything;
    for (const letter of "abcdef") send(pair.initiator, connected, message(letter, 500));
    expect(sendings(session, 1)).toEqual([
      [0, "abc"],
      [0, "cde"],
      [0, "ef"],
    ]);
    expect(sendings(session, FIRST_TIMEOUT)).toEqual([
      [FIRST_TIMEOUT - 1, "abc"],
      [FIRST_TIMEOUT - 1, "cde"],
    ]);
  });
});

describe("after a loss", () => {
  test("a message is sent again after an eighth of the round trip, and not within 5 ms, until 128 packets later", () => {
    const session = afterLoss();
    const { pair, connected } = session;
    send(pair.initiator, connected, "a");
    expect(sendings(session, 500)).toEqual([
      [0, "a"],
      [5, "a"],
    ]);
    connected.recovery.path.roundTrip.smoothed = 100;
    send(pair.initiator, connected, "b");
    expect(sendings(session, 500)).toEqual([
      [0, "b"],
      [12.5, "b"],
    ]);
    connected.recovery.sent.nextNumber += 128;
    send(pair.initiator, connected, "c");
    expect(sendings(session, 500)).toEqual([[0, "c"]]);
  });

  test("each packet carries everything up to 400 bytes, and one copy everything up to 1,000", () => {
    const session = afterLoss();
    const { pair, connected } = session;
    pair.loses = everything;
    const carried: string[] = [];
    for (const letter of "abcdefghijklm") {
      send(pair.initiator, connected, message(letter, 90));
      carried.push(...sendings(session, 1).map(([at, sent]) => `${at} ${sent}`));
    }
    expect(carried).toEqual([
      "0 a",
      "0 ab",
      "0 abc",
      "0 abcd",
      "0 e",
      "1 abcde",
      "0 f",
      "0 g",
      "0 h",
      "0 i",
      "0 j",
      "1 abcdefghij",
      // 990 bytes, and then more than 1,000: the copy that was to come is not sent.
      "0 k",
      "0 l",
      "0 m",
    ]);
    expect(sendings(session, 20)).toEqual([]);
  });

  test("copies are 4,000 bytes at once, and 1,600 a second", () => {
    const session = afterLoss();
    const { pair, connected } = session;
    const seconds = 20;
    let bytes = 0;
    for (let sent = 0; sent < seconds * 10; sent += 1) {
      connected.recovery.path.lossyBelow = Infinity;
      send(pair.initiator, connected, message("x", 300));
      pass(pair, 1);
      const from = pair.sent.length;
      pass(pair, 99);
      const copies = sentBy(pair, "initiator", from).filter(
        (copy) => fragmentTexts(connected, copy.bytes).length > 0,
      );
      bytes += copies.reduce((sum, copy) => sum + copy.bytes.length, 0);
    }
    const most = 4_000 + seconds * 1_600;
    // The last one may be on credit.
    expect(bytes).toBeLessThanOrEqual(most + 300 + AROUND + 20);
    expect(bytes).toBeGreaterThan(most - 2_000);
  });

  test("copies never go beyond the congestion window", () => {
    const session = afterLoss();
    const { pair, connected } = session;
    const { sent, path } = connected.recovery;
    // Nothing is acknowledged any more: each packet stays in flight.
    pair.loses = ({ by }) => by === "responder";
    const from = pair.sent.length;
    let copies = 0;
    for (let said = 0; said < 200; said += 1) {
      const { nextNumber } = sent;
      send(pair.initiator, connected, "x");
      pass(pair, 8);
      const isCopied = sent.nextNumber > nextNumber + 1;
      if (isCopied && path.detection.timeouts === 0) {
        copies += 1;
        expect(sent.bytesInFlight).toBeLessThanOrEqual(path.congestion.window);
      }
    }
    expect(copies).toBeGreaterThan(3);
    expect(sentBy(pair, "initiator", from).length).toBeLessThan(400);
  });

  test("a few new words begin the probe timeouts anew, and a long text does not", () => {
    for (const [length, isAnew] of [
      [30, true],
      [500, false],
    ] as const) {
      const session = afterLoss();
      const { pair, connected } = session;
      pair.loses = everything;
      send(pair.initiator, connected, "a");
      pass(pair, 3_000);
      expect(connected.recovery.path.detection.timeouts).toBeGreaterThan(5);
      send(pair.initiator, connected, message("b", length));
      const probes = sendings(session, MAX_PROBE_INTERVAL).filter(([at]) => at > 10);
      const intervals = probes.map(([at], index) => at - (probes[index - 2]?.[0] ?? 0));
      expect((intervals[2] ?? Infinity) < 100).toBe(isAnew);
    }
  });

  test("what comes with a gap before it is answered twice as well, for the network is the same", () => {
    const session = connectedPair();
    const { pair, connected, accepted } = session;
    let sent = 0;
    pair.loses = ({ by }) => by === "responder" && (sent += 1) === 1;
    send(pair.responder, accepted, "lost");
    send(pair.responder, accepted, "x".repeat(3_000));
    pass(pair, 1_000);
    send(pair.initiator, connected, "a");
    expect(sendings(session, 500)).toEqual([
      [0, "a"],
      [5, "a"],
    ]);
  });
});

describe("a handshake that has lost something", () => {
  test("begins a session in which messages are sent twice", () => {
    // The hello, the retry, the hello with the cookie, the answer, the finish.
    for (let lost = 0; lost < 5; lost += 1) {
      expect(isTwice((_sent, index) => index === lost)).toBe(true);
    }
    expect(isTwice(nothing)).toBe(false);
  });
});

describe("an ACK", () => {
  test("of a full datagram is sent again where packets were missing, unless another packet carries it", () => {
    const session = afterLoss();
    // 10 ms on the way, and 5 ms.
    expect(acksAfter(session, 1_100)).toEqual([10, 15]);
    const { pair, connected, accepted } = session;
    const from = pair.sent.length;
    send(pair.initiator, connected, message("x", 1_100));
    pass(pair, 12);
    send(pair.responder, accepted, "an answer");
    pass(pair, 500);
    const acks = sentBy(pair, "responder", from).map(({ bytes }) => frameNames(accepted, bytes));
    expect(acks.slice(0, 2)).toEqual([["ack"], ["ack", "fragment"]]);
    expect(acks.slice(2).flat()).not.toContain("ack");
    accepted.received.lossyBelow = 0;
    expect(acksAfter(session, 1_100)).toHaveLength(1);
  });
});
