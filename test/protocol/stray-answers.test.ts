// Who gets an answer when many strays arrive (docs/protocol.md s. 15.4).

import { describe, expect, test } from "bun:test";

import { sourcePrefixes } from "../../src/protocol/socket-address.ts";
import { createStrayAnswers, mayAnswerStray } from "../../src/protocol/stray-answers.ts";
import { connectedPair, deliver, drain, type Pair, pass, restartResponder, send } from "./pair.ts";

/** An address of the network with this number. */
const inNetwork = (network: number, last = 1) => ({
  address: `10.${network >> 8}.${network & 255}.${last}`,
  port: 40_000,
});

/** How many of `count` strays from an address are answered. */
function countAnswers(
  answers: ReturnType<typeof createStrayAnswers>,
  from: { address: string; port: number },
  count: number,
  now: number,
): number {
  let answered = 0;
  for (let stray = 0; stray < count; stray += 1) {
    if (mayAnswerStray(answers, from, now)) answered += 1;
  }
  return answered;
}

/** Ms from the initiator's next message until it knows of the restart, under four strays a ms; null after 10 s. */
function timeUntilReset(sourceOf: (stray: number) => { address: string; port: number }) {
  const { pair, connected } = connectedPair();
  const flood = floodOf(pair, sourceOf);
  restartResponder(pair);
  // The limits are used up before the first packet of the session arrives.
  for (let ms = 0; ms < 1_500; ms += 1) flood();
  const from = pair.now;
  send(pair.initiator, connected, "are you there?");
  while (connected.end === null && pair.now < from + 10_000) flood();
  expect(connected.end).toEqual({ type: "reset" });
  return pair.now - from;
}

function floodOf(pair: Pair, sourceOf: (stray: number) => { address: string; port: number }) {
  const stray = new Uint8Array(30).fill(0xfc, 0, 1);
  let sent = 0;
  return () => {
    for (let count = 0; count < 4; count += 1) {
      stray.set(pair.random.bytes(8), 1);
      deliver(pair.responder, stray, sourceOf(sent), pair.now);
      sent += 1;
    }
    for (const { to, bytes } of drain(pair.responder, pair.now)) {
      const { address: from } = pair.responder;
      const sentAt = pair.now;
      pair.inTransit.push({ by: "responder", bytes, from, to, sentAt, at: sentAt + 10 });
    }
    pass(pair, 1);
  };
}

describe("4,000 strays a second do not hide that a responder was restarted", () => {
  test("when they come from many addresses of one network", () => {
    expect(timeUntilReset((stray) => inNetwork(7, stray & 255))).toBeLessThan(100);
  });

  test("when they come from one neighbour in the member's own network", () => {
    expect(timeUntilReset(() => ({ address: "192.0.2.77", port: 9 }))).toBeLessThan(100);
  });

  test("when each seems to come from another network", () => {
    expect(timeUntilReset((stray) => inNetwork(stray & 0xffff))).toBeLessThan(100);
  });
});

describe("answers to strays", () => {
  test.each([
    ["one IPv4 address", "192.0.2.1", "192.0.2.1", "192.0.2.2"],
    ["a /64 of IPv6", "2001:db8:0:1::1", "2001:db8:0:1:ffff::1", "2001:db8:0:2::1"],
  ])("are 100 at once and 100 a second for %s", (_what, one, same, other) => {
    const answers = createStrayAnswers();
    expect(countAnswers(answers, { address: one, port: 1 }, 150, 0)).toBe(100);
    expect(countAnswers(answers, { address: same, port: 2 }, 150, 0)).toBe(0);
    expect(countAnswers(answers, { address: other, port: 1 }, 150, 0)).toBe(100);
    expect(countAnswers(answers, { address: one, port: 1 }, 150, 500)).toBe(50);
  });

  test.each([
    ["a /24 of IPv4", (index: number) => `192.0.2.${index}`, "192.0.3.1"],
    ["a /48 of IPv6", (index: number) => `2001:db8:0:${index}::1`, "2001:db8:1::1"],
  ])("are 400 at once and 400 a second for %s", (_what, addressOf, other) => {
    const answers = createStrayAnswers();
    const countAll = (now: number) => {
      let answered = 0;
      for (let index = 0; index < 10; index += 1) {
        answered += countAnswers(answers, { address: addressOf(index), port: 1 }, 90, now);
      }
      return answered;
    };
    expect(countAll(0)).toBe(400);
    expect(countAll(500)).toBe(200);
    expect(countAnswers(answers, { address: other, port: 1 }, 150, 500)).toBe(100);
  });

  test("are 2,000 at once and 10,000 a second for all networks together", () => {
    const answers = createStrayAnswers();
    const countAll = (now: number) => {
      let answered = 0;
      for (let network = 0; network < 3_000; network += 1) {
        answered += countAnswers(answers, inNetwork(network), 1, now);
      }
      return answered;
    };
    expect(countAll(0)).toBe(2_000);
    expect(countAll(50)).toBe(500);
    expect(countAll(60_000)).toBe(2_000);
  });

  test("that one source does not get are left for the others", () => {
    const answers = createStrayAnswers();
    expect(countAnswers(answers, inNetwork(1), 5_000, 0)).toBe(100);
    let others = 0;
    for (let network = 1; network < 40; network += 1) {
      others += countAnswers(answers, inNetwork(network, 2), 50, 0);
    }
    expect(others).toBe(1_900);
  });

  test("are counted for at most 8,192 sources and networks, and for one that goes on sending however many others do", () => {
    const answers = createStrayAnswers();
    let answered = 0;
    for (let network = 0; network < 50_000; network += 1) {
      mayAnswerStray(answers, inNetwork(network), 0);
      answered += countAnswers(answers, { address: "192.0.2.1", port: 1 }, 1, 0);
    }
    expect(answers.buckets?.prefixes.size).toBe(8_192);
    expect(answered).toBe(100);
  });
});

describe("the source and the network of an address", () => {
  test.each([
    ["192.0.2.1", "192.0.2.1", "both"],
    ["192.0.2.1", "192.0.2.255", "network"],
    ["192.0.2.1", "192.0.3.1", "neither"],
    ["192.0.2.1", "::ffff:192.0.2.1", "both"],
    ["::ffff:c000:201", "192.0.2.9", "network"],
    ["::ffff:192.0.2.1", "::ffff:192.0.3.1", "neither"],
    ["2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", "both"],
    ["2001:db8:1:2::1", "2001:db8:1:3::1", "network"],
    ["2001:db8:1:2::1", "2001:db8:2:2::1", "neither"],
    // Of one link (RFC 4291 s. 2.5.6), whatever this machine calls it.
    ["fe80::1%eth0", "fe80::2%eth0", "both"],
    ["::1", "127.0.0.1", "neither"],
    ["::2:ffff:192.0.2.1", "192.0.2.1", "neither"],
  ])("%s and %s have in common: %s", (one, other, common) => {
    const [first, second] = [one, other].map((address) => sourcePrefixes({ address, port: 1 }));
    const isSource = first?.source === second?.source;
    const isNetwork = first?.network === second?.network;
    expect(isSource ? "both" : isNetwork ? "network" : "neither").toBe(common);
    expect(isSource && !isNetwork).toBe(false);
  });
});
