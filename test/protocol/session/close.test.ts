// How the end of a session travels (docs/protocol.md s. 15.3): told, answered, told again where it was
// lost, and forgotten.

import { describe, expect, test } from "bun:test";

import { currentProbeTimeout } from "../../../src/protocol/session/session.ts";
import {
  arrivedAt,
  close,
  createPair,
  deliver,
  drain,
  framesOf,
  hear,
  type Joined,
  joinedPair,
  joinResponder,
  type Pair,
  pass,
  type Sent,
  sentBy,
  speak,
  untilFinish,
  words,
} from "../pair.ts";

/** A pair that has been quiet for a second: nothing is owed, and nothing will be sent unasked. */
function quietPair(): Joined {
  const joined = joinedPair();
  pass(joined.pair, 1_000);
  return joined;
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
function conversationOf({ pair, joined, opened }: Joined, from: number, start: number): string[] {
  return pair.sent.slice(from).map(({ by, bytes, sentAt }) => {
    const frames = framesOf(by === "initiator" ? joined : opened, bytes);
    return `${by} at ${sentAt - start}: ${frames.join(", ")}`;
  });
}

describe("CLOSE", () => {
  test("is answered at once, and whoever gets the answer forgets the session", () => {
    const joined = quietPair();
    const { pair } = joined;
    const [from, start] = [pair.sent.length, pair.now];
    close(pair.initiator, joined.joined, 1, "off to bed", pair.now);
    pass(pair, 19);
    expect(remembered(pair)).toEqual([1, 1]);
    pass(pair, 1);
    expect(remembered(pair)).toEqual([0, 1]);
    pass(pair, 60_000);
    expect(remembered(pair)).toEqual([0, 0]);
    expect(conversationOf(joined, from, start)).toEqual([
      "initiator at 0: close 1 off to bed, ack",
      "responder at 10: close 0 , ack",
    ]);
  });

  test("is told by the responder as by the initiator", () => {
    const { pair, joined, opened } = quietPair();
    close(pair.responder, opened, 1, "no more", pair.now);
    pass(pair, 20);
    expect(joined.end).toEqual({ type: "closed", by: "peer", code: 1, reason: "no more" });
    expect(opened.end).toEqual({ type: "closed", by: "us", code: 1, reason: "no more" });
    expect(remembered(pair)).toEqual([1, 0]);
  });

  test("is remembered for 3 probe timeouts by who answered it", () => {
    const { pair, joined, opened } = quietPair();
    close(pair.initiator, joined, 0, "", pair.now);
    pass(pair, 10);
    const until = pair.now + 3 * currentProbeTimeout(opened);
    pass(pair, Math.floor(until - pair.now) - 1);
    expect(remembered(pair)).toEqual([0, 1]);
    pass(pair, 2);
    expect(remembered(pair)).toEqual([0, 0]);
  });

  test.each([
    ["once", 1],
    ["twice", 2],
    ["five times", 5],
  ])("that is lost %s comes again after as many probe timeouts", (_times, count) => {
    const { pair, joined, opened } = quietPair();
    const timeout = currentProbeTimeout(joined);
    const from = pair.sent.length;
    loseFirst(pair, count, ({ by }) => by === "initiator");
    close(pair.initiator, joined, 1, "lost at first", pair.now);
    pass(pair, count * timeout + 9);
    expect(opened.end).toBeNull();
    pass(pair, 2);
    expect(opened.end).toMatchObject({ by: "peer", code: 1, reason: "lost at first" });
    pass(pair, 10);
    expect(remembered(pair)[0]).toBe(0);
    expect(sentBy(pair, "initiator", from)).toHaveLength(count + 1);
  });

  test("to nobody is sent six times, a probe timeout apart, and forgotten after the sixth", () => {
    const { pair, joined } = quietPair();
    const [from, start, timeout] = [pair.sent.length, pair.now, currentProbeTimeout(joined)];
    pair.loses = () => true;
    close(pair.initiator, joined, 0, "", pair.now);
    pass(pair, Math.floor(6 * timeout) - 1);
    expect(remembered(pair)[0]).toBe(1);
    pass(pair, 2);
    expect(remembered(pair)[0]).toBe(0);
    pass(pair, 5_000);
    const times = sentBy(pair, "initiator", from).map(({ sentAt }) => sentAt - start);
    const expected = [0, 1, 2, 3, 4, 5].map((count) => count * timeout);
    expect(times).toEqual(expected.map((time) => expect.closeTo(time, 3)));
  });

  test("whose answer is lost once comes again, and is answered again", () => {
    const joined = quietPair();
    const { pair } = joined;
    const timeout = currentProbeTimeout(joined.joined);
    const [from, start] = [pair.sent.length, pair.now];
    loseFirst(pair, 1, ({ by }) => by === "responder");
    close(pair.initiator, joined.joined, 0, "", pair.now);
    pass(pair, 2 * timeout);
    expect(remembered(pair)[0]).toBe(0);
    expect(
      conversationOf(joined, from, start).map((line) => line.replace(/at \S+:/, "says")),
    ).toEqual([
      "initiator says close 0 , ack",
      "responder says close 0 , ack",
      "initiator says close 0 , ack",
      "responder says close 0 , ack",
    ]);
  });

  test("that crosses the other's is its answer: both forget the session, and nothing more is sent", () => {
    const { pair, joined, opened } = quietPair();
    const from = pair.sent.length;
    close(pair.initiator, joined, 1, "the initiator's", pair.now);
    close(pair.responder, opened, 1, "the responder's", pair.now);
    pass(pair, 10);
    expect(remembered(pair)).toEqual([0, 0]);
    pass(pair, 10_000);
    expect(pair.sent.length - from).toBe(2);
    // Each ended it itself.
    expect(joined.end).toMatchObject({ by: "us", reason: "the initiator's" });
    expect(opened.end).toMatchObject({ by: "us", reason: "the responder's" });
  });

  test("that crosses the other's, and is lost, comes again to an end that has forgotten the session", () => {
    const { pair, joined, opened } = quietPair();
    const timeout = currentProbeTimeout(joined);
    loseFirst(pair, 1, ({ by }) => by === "responder");
    close(pair.initiator, joined, 0, "", pair.now);
    close(pair.responder, opened, 0, "", pair.now);
    pass(pair, 11);
    // The responder has the initiator's, and takes it for the answer.
    expect(remembered(pair)).toEqual([1, 0]);
    // The initiator's next CLOSE is for a session that nobody knows: it is reset, and ends at once.
    pass(pair, timeout + 10);
    expect(remembered(pair)).toEqual([0, 0]);
    expect(joined.end).toMatchObject({ type: "closed", by: "us", code: 0 });
  });

  test("leaves what arrived before it to be taken, and takes nothing that comes after it", () => {
    const { pair, joined, opened } = quietPair();
    speak(pair.initiator, joined, "before");
    pass(pair, 100);
    speak(pair.responder, opened, "too late");
    close(pair.initiator, joined, 0, "", pair.now);
    pass(pair, 100);
    expect(hear(pair.responder, opened, pair.now).map(words)).toEqual(["before"]);
    expect(hear(pair.initiator, joined, pair.now)).toEqual([]);
  });
});

describe("a session whose finish is not confirmed", () => {
  test("is told again for 3 s that it is over, however short a probe timeout is", () => {
    const pair = createPair();
    const joined = joinResponder(pair);
    const { finish } = untilFinish(pair);
    deliver(pair.responder, finish, pair.initiator.address, pair.now);
    const opened = arrivedAt(pair);
    const start = pair.now;
    close(pair.responder, opened, 1, "no room", pair.now);
    pair.loses = () => true;
    pass(pair, 2_900);
    expect(joined.end).toBeNull();
    expect(remembered(pair)).toEqual([1, 1]);
    // Each time a second after the one before; the finishes that came meanwhile were lost.
    const times = sentBy(pair, "responder").map(({ sentAt }) => sentAt - start);
    expect(times).toEqual([0, 1_000, 2_000]);
    pass(pair, 200);
    expect(remembered(pair)).toEqual([1, 0]);
  });

  test("hears of its end with the answer to the finish that it says again", () => {
    const pair = createPair();
    const joined = joinResponder(pair);
    const { finish } = untilFinish(pair);
    deliver(pair.responder, finish, pair.initiator.address, pair.now);
    close(pair.responder, arrivedAt(pair), 1, "no room", pair.now);
    drain(pair.responder, pair.now);
    // The initiator says its finish again after 200 ms.
    pass(pair, 230);
    expect(joined.end).toMatchObject({ type: "closed", by: "peer", code: 1, reason: "no room" });
  });

  // It has to: until the responder gives up after 60 s, nobody else gets the seat. Today it forgets at once.
  test("that its initiator ends is over for the responder too, as soon as it hears of it", () => {
    const pair = createPair();
    const joined = joinResponder(pair);
    const { finish } = untilFinish(pair);
    deliver(pair.responder, finish, pair.initiator.address, pair.now);
    const opened = arrivedAt(pair);
    close(pair.initiator, joined, 0, "", pair.now);
    pass(pair, 3_000);
    expect(opened.end).toMatchObject({ type: "closed", by: "peer", code: 0 });
  });
});
