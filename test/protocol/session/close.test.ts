// The end of a session (docs/protocol.md s. 15.3): CLOSE is sent, answered, sent again when it is lost, and the
// session is dropped.

import { describe, expect, test } from "bun:test";

import { currentProbeTimeout } from "../../../src/protocol/session/session.ts";
import {
  carryUntilFinish,
  close,
  type ConnectedPair,
  connectedPair,
  connectToResponder,
  createPair,
  deliver,
  drain,
  frameNames,
  type Pair,
  pass,
  receive,
  send,
  type Sent,
  sentBy,
  takeAccepted,
  words,
} from "../pair.ts";

/** A pair that has been quiet for a second: nothing is owed, and nothing will be sent unasked. */
function quietPair(): ConnectedPair {
  const connected = connectedPair();
  pass(connected.pair, 1_000);
  return connected;
}

const remembered = ({ initiator, responder }: Pair) => [
  initiator.endpoint.sessions.size,
  responder.endpoint.sessions.size,
];

/** Loses the first `count` datagrams that `matches`. */
function loseFirst(pair: Pair, count: number, matches: (sent: Sent) => boolean): void {
  let left = count;
  pair.loses = (sent) => matches(sent) && left-- > 0;
}

/** The frames of all that was sent since `from`, with who sent them and how long after `start`, ms. */
function transcript(
  { pair, connected, accepted }: ConnectedPair,
  from: number,
  start: number,
): string[] {
  return pair.sent.slice(from).map(({ by, bytes, sentAt }) => {
    const frames = frameNames(by === "initiator" ? connected : accepted, bytes);
    return `${by} at ${sentAt - start}: ${frames.join(", ")}`;
  });
}

describe("CLOSE", () => {
  test("is answered at once, and the end that receives the answer drops the session", () => {
    const connected = quietPair();
    const { pair } = connected;
    const [from, start] = [pair.sent.length, pair.now];
    close(pair.initiator, connected.connected, 1, "off to bed", pair.now);
    pass(pair, 19);
    expect(remembered(pair)).toEqual([1, 1]);
    pass(pair, 1);
    expect(remembered(pair)).toEqual([0, 1]);
    pass(pair, 60_000);
    expect(remembered(pair)).toEqual([0, 0]);
    expect(transcript(connected, from, start)).toEqual([
      "initiator at 0: close 1 off to bed, ack",
      "responder at 10: close 0 , ack",
    ]);
  });

  test("is sent by the responder just as by the initiator", () => {
    const { pair, connected, accepted } = quietPair();
    close(pair.responder, accepted, 1, "no more", pair.now);
    pass(pair, 20);
    expect(connected.end).toEqual({ type: "closed", by: "peer", code: 1, reason: "no more" });
    expect(accepted.end).toEqual({ type: "closed", by: "us", code: 1, reason: "no more" });
    expect(remembered(pair)).toEqual([1, 0]);
  });

  test("keeps the session of the end that answered it for 3 probe timeouts", () => {
    const { pair, connected, accepted } = quietPair();
    close(pair.initiator, connected, 0, "", pair.now);
    pass(pair, 10);
    const until = pair.now + 3 * currentProbeTimeout(accepted);
    pass(pair, Math.floor(until - pair.now) - 1);
    expect(remembered(pair)).toEqual([0, 1]);
    pass(pair, 2);
    expect(remembered(pair)).toEqual([0, 0]);
  });

  test.each([
    ["once", 1],
    ["twice", 2],
    ["five times", 5],
  ])("that is lost %s is sent again after as many probe timeouts", (_times, count) => {
    const { pair, connected, accepted } = quietPair();
    const timeout = currentProbeTimeout(connected);
    const from = pair.sent.length;
    loseFirst(pair, count, ({ by }) => by === "initiator");
    close(pair.initiator, connected, 1, "lost at first", pair.now);
    pass(pair, count * timeout + 9);
    expect(accepted.end).toBeNull();
    pass(pair, 2);
    expect(accepted.end).toMatchObject({ by: "peer", code: 1, reason: "lost at first" });
    pass(pair, 10);
    expect(remembered(pair)[0]).toBe(0);
    expect(sentBy(pair, "initiator", from)).toHaveLength(count + 1);
  });

  test("that nobody answers is sent six times, one probe timeout apart, and the session is dropped after the sixth", () => {
    const { pair, connected } = quietPair();
    const [from, start, timeout] = [pair.sent.length, pair.now, currentProbeTimeout(connected)];
    pair.loses = () => true;
    close(pair.initiator, connected, 0, "", pair.now);
    pass(pair, Math.floor(6 * timeout) - 1);
    expect(remembered(pair)[0]).toBe(1);
    pass(pair, 2);
    expect(remembered(pair)[0]).toBe(0);
    pass(pair, 5_000);
    const times = sentBy(pair, "initiator", from).map(({ sentAt }) => sentAt - start);
    const expected = [0, 1, 2, 3, 4, 5].map((count) => count * timeout);
    expect(times).toEqual(expected.map((time) => expect.closeTo(time, 3)));
  });

  test("whose answer is lost is sent again, and answered again", () => {
    const connected = quietPair();
    const { pair } = connected;
    const timeout = currentProbeTimeout(connected.connected);
    const [from, start] = [pair.sent.length, pair.now];
    loseFirst(pair, 1, ({ by }) => by === "responder");
    close(pair.initiator, connected.connected, 0, "", pair.now);
    pass(pair, 2 * timeout);
    expect(remembered(pair)[0]).toBe(0);
    expect(
      transcript(connected, from, start).map((line) => line.replace(/at \S+:/, "says")),
    ).toEqual([
      "initiator says close 0 , ack",
      "responder says close 0 , ack",
      "initiator says close 0 , ack",
      "responder says close 0 , ack",
    ]);
  });

  test("that crosses the other's is its answer: both drop the session, and nothing more is sent", () => {
    const { pair, connected, accepted } = quietPair();
    const from = pair.sent.length;
    close(pair.initiator, connected, 1, "the initiator's", pair.now);
    close(pair.responder, accepted, 1, "the responder's", pair.now);
    pass(pair, 10);
    expect(remembered(pair)).toEqual([0, 0]);
    pass(pair, 10_000);
    expect(pair.sent.length - from).toBe(2);
    // Each ended it itself.
    expect(connected.end).toMatchObject({ by: "us", reason: "the initiator's" });
    expect(accepted.end).toMatchObject({ by: "us", reason: "the responder's" });
  });

  test("that crosses the other's and is lost is sent again to an end that has dropped the session", () => {
    const { pair, connected, accepted } = quietPair();
    const timeout = currentProbeTimeout(connected);
    loseFirst(pair, 1, ({ by }) => by === "responder");
    close(pair.initiator, connected, 0, "", pair.now);
    close(pair.responder, accepted, 0, "", pair.now);
    pass(pair, 11);
    // The responder has the initiator's CLOSE, and treats it as the answer.
    expect(remembered(pair)).toEqual([1, 0]);
    // The initiator's next CLOSE is for an unknown session: it is answered with a reset, which ends it at once.
    pass(pair, timeout + 10);
    expect(remembered(pair)).toEqual([0, 0]);
    expect(connected.end).toMatchObject({ type: "closed", by: "us", code: 0 });
  });

  test("leaves messages that arrived before it to be taken, and nothing after it is accepted", () => {
    const { pair, connected, accepted } = quietPair();
    send(pair.initiator, connected, "before");
    pass(pair, 100);
    send(pair.responder, accepted, "too late");
    close(pair.initiator, connected, 0, "", pair.now);
    pass(pair, 100);
    expect(receive(pair.responder, accepted, pair.now).map(words)).toEqual(["before"]);
    expect(receive(pair.initiator, connected, pair.now)).toEqual([]);
  });
});

describe("a session whose finish is not confirmed", () => {
  test("sends its CLOSE again for 3 s, however short the probe timeout is", () => {
    const pair = createPair();
    const connected = connectToResponder(pair);
    const { finish } = carryUntilFinish(pair);
    deliver(pair.responder, finish, pair.initiator.address, pair.now);
    const accepted = takeAccepted(pair);
    const start = pair.now;
    close(pair.responder, accepted, 1, "no room", pair.now);
    pair.loses = () => true;
    pass(pair, 2_900);
    expect(connected.end).toBeNull();
    expect(remembered(pair)).toEqual([1, 1]);
    // One second apart each; the finishes sent meanwhile were lost.
    const times = sentBy(pair, "responder").map(({ sentAt }) => sentAt - start);
    expect(times).toEqual([0, 1_000, 2_000]);
    pass(pair, 200);
    expect(remembered(pair)).toEqual([1, 0]);
  });

  test("is closed by the answer to its repeated finish", () => {
    const pair = createPair();
    const connected = connectToResponder(pair);
    const { finish } = carryUntilFinish(pair);
    deliver(pair.responder, finish, pair.initiator.address, pair.now);
    close(pair.responder, takeAccepted(pair), 1, "no room", pair.now);
    drain(pair.responder, pair.now);
    // The initiator repeats its finish after 200 ms.
    pass(pair, 230);
    expect(connected.end).toMatchObject({ type: "closed", by: "peer", code: 1, reason: "no room" });
  });

  // Otherwise its place would stay taken until the responder gives up after 60 s.
  test("that its initiator closes ends at the responder too, as soon as the CLOSE arrives", () => {
    const pair = createPair();
    const connected = connectToResponder(pair);
    const { finish } = carryUntilFinish(pair);
    deliver(pair.responder, finish, pair.initiator.address, pair.now);
    const accepted = takeAccepted(pair);
    close(pair.initiator, connected, 0, "", pair.now);
    pass(pair, 3_000);
    expect(accepted.end).toMatchObject({ type: "closed", by: "peer", code: 0 });
  });
});
