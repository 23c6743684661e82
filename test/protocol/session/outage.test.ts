// The network fails for half a minute (docs/protocol.md s. 12.2, 15.2): messages sent before, meanwhile and
// afterwards arrive, in order, and soon.

import { expect, test } from "bun:test";

import { SILENCE } from "../../../src/protocol/session/session-timers.ts";
import {
  type ConnectedPair,
  connectedPair,
  type Pair,
  pass,
  receive,
  send,
  words,
} from "../pair.ts";

const OUTAGE = 30_000;
/** How long after the network is back everything has to be there, ms. */
const SOON = 5_000;

const gone = () => true;
const back = () => false;

/** Lets time pass in steps of 10 ms until `until` holds; returns how long it took, ms. */
function passUntil(pair: Pair, most: number, until: () => boolean): number {
  const start = pair.now;
  while (!until() && pair.now - start < most) pass(pair, 10);
  return pair.now - start;
}

/** Both send a message each second while nothing passes; returns the messages. */
function sendDuringOutage(
  { pair, connected, accepted }: ConnectedPair,
  duration: number,
): string[] {
  const sent: string[] = [];
  for (let second = 0; second < duration / 1_000; second += 1) {
    const message = `sent in second ${second}`;
    sent.push(message);
    send(pair.initiator, connected, message);
    send(pair.responder, accepted, message);
    pass(pair, 1_000);
  }
  return sent;
}

test("an outage of 30 s loses no message: all have arrived 5 s after it, in order", () => {
  const session = connectedPair();
  const { pair, connected, accepted } = session;
  pair.loses = gone;
  const sent = sendDuringOutage(session, OUTAGE);
  expect([connected.silent, accepted.silent]).toEqual([true, true]);
  pair.loses = back;
  const received = { initiator: [] as string[], responder: [] as string[] };
  const took = passUntil(pair, SOON, () => {
    received.initiator.push(...receive(pair.initiator, connected, pair.now).map(words));
    received.responder.push(...receive(pair.responder, accepted, pair.now).map(words));
    return received.initiator.length === sent.length && received.responder.length === sent.length;
  });
  expect(received).toEqual({ initiator: sent, responder: sent });
  expect(took).toBeLessThanOrEqual(SOON);
  expect([connected.silent, accepted.silent]).toEqual([false, false]);
  expect([connected.end, accepted.end]).toEqual([null, null]);
});

test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])(
  "an outage of 30 to 33 s during heavy traffic loses no message (seed %i)",
  (seed) => {
    const { pair, connected, accepted } = connectedPair({ seed });
    const message = (index: number) => `${index} ${"x".repeat(pair.random.between(0, 2_000))}`;
    const sent = Array.from({ length: 200 }, (_, index) => message(index));
    // Half of it is on its way when the network goes.
    for (const one of sent.slice(0, 100)) send(pair.initiator, connected, one);
    pass(pair, 15);
    pair.loses = gone;
    for (const one of sent.slice(100)) send(pair.initiator, connected, one);
    for (const one of sent) send(pair.responder, accepted, one);
    pass(pair, OUTAGE + pair.random.between(0, 3_000));
    pair.loses = back;
    const received = { initiator: [] as string[], responder: [] as string[] };
    passUntil(pair, SOON, () => {
      received.initiator.push(...receive(pair.initiator, connected, pair.now).map(words));
      received.responder.push(...receive(pair.responder, accepted, pair.now).map(words));
      return received.initiator.length === sent.length && received.responder.length === sent.length;
    });
    expect(received.responder).toEqual(sent);
    expect(received.initiator).toEqual(sent);
  },
);

test("an outage without messages is over for both with the first packet after it", () => {
  const { pair, connected, accepted } = connectedPair();
  pass(pair, 1_000);
  pair.loses = gone;
  pass(pair, OUTAGE);
  // A keep-alive was due meanwhile, and was not answered.
  expect(connected.silent || accepted.silent).toBe(true);
  pair.loses = back;
  send(pair.initiator, connected, "still there?");
  pass(pair, SOON);
  expect(receive(pair.responder, accepted, pair.now).map(words)).toEqual(["still there?"]);
  expect([connected.silent, accepted.silent]).toEqual([false, false]);
});

test("an outage of less than 5 s is not reported as a silence, and loses nothing either", () => {
  const session = connectedPair();
  const { pair, connected, accepted } = session;
  pair.loses = gone;
  send(pair.initiator, connected, "into the gap");
  pass(pair, SILENCE - 100);
  expect(connected.silent).toBe(false);
  pair.loses = back;
  pass(pair, SOON);
  expect(receive(pair.responder, accepted, pair.now).map(words)).toEqual(["into the gap"]);
});

test("an outage of 61 s ends the session at each end, and the messages do not arrive", () => {
  const session = connectedPair();
  const { pair, connected, accepted } = session;
  pair.loses = gone;
  sendDuringOutage(session, 61_000);
  pair.loses = back;
  pass(pair, 10_000);
  expect(connected.end).toEqual({ type: "timed-out" });
  expect(accepted.end).toEqual({ type: "timed-out" });
  expect(receive(pair.responder, accepted, pair.now)).toEqual([]);
});
