// Who gets an answer when many strays arrive (docs/protocol.md s. 15.4).

import { describe, expect, test } from "bun:test";

import { networkPrefix } from "../../src/protocol/socket-address.ts";
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

  test("when each seems to come from another network", () => {
    expect(timeUntilReset((stray) => inNetwork(stray & 0xffff))).toBeLessThan(100);
  });
});

describe("answers to strays", () => {
  test("are 100 at once and 100 a second for one network, also over IPv6", () => {
    for (const [one, neighbour, other] of [
      ["192.0.2.1", "192.0.2.200", "192.0.3.1"],
      ["2001:db8::1", "2001:db8::ffff:1", "2001:db8:0:1::1"],
    ] as const) {
      const answers = createStrayAnswers(0);
      expect(countAnswers(answers, { address: one, port: 1 }, 150, 0)).toBe(100);
      expect(countAnswers(answers, { address: neighbour, port: 2 }, 150, 0)).toBe(0);
      expect(countAnswers(answers, { address: other, port: 1 }, 150, 0)).toBe(100);
      expect(countAnswers(answers, { address: one, port: 1 }, 150, 500)).toBe(50);
    }
  });

  test("are 1,000 at once and 10,000 a second for all networks together", () => {
    const answers = createStrayAnswers(0);
    const countAll = (now: number) => {
      let answered = 0;
      for (let network = 0; network < 2_000; network += 1) {
        answered += countAnswers(answers, inNetwork(network), 1, now);
      }
      return answered;
    };
    expect(countAll(0)).toBe(1_000);
    expect(countAll(50)).toBe(500);
    expect(countAll(60_000)).toBe(1_000);
  });

  test("that one network does not get are left for the others", () => {
    const answers = createStrayAnswers(0);
    expect(countAnswers(answers, inNetwork(1), 5_000, 0)).toBe(100);
    let others = 0;
    for (let network = 2; network < 20; network += 1) {
      others += countAnswers(answers, inNetwork(network), 50, 0);
    }
    expect(others).toBe(900);
  });

  test("are counted for at most 4,096 networks, and for one that goes on sending however many others do", () => {
    const answers = createStrayAnswers(0);
    let answered = 0;
    for (let network = 0; network < 50_000; network += 1) {
      mayAnswerStray(answers, inNetwork(network), 0);
      answered += countAnswers(answers, { address: "192.0.2.1", port: 1 }, 1, 0);
    }
    expect(answers.networks.size).toBe(4_096);
    expect(answered).toBe(100);
  });
});

describe("the network of an address", () => {
  test.each([
    ["192.0.2.1", "192.0.2.255", true],
    ["192.0.2.1", "192.0.3.1", false],
    ["192.0.2.1", "::ffff:192.0.2.9", true],
    ["::ffff:c000:201", "192.0.2.9", true],
    ["::ffff:192.0.2.1", "::ffff:192.0.3.1", false],
    ["2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true],
    ["2001:db8:1:2::1", "2001:db8:1:3::1", false],
    // Of one link (RFC 4291 s. 2.5.6), whatever this machine calls it.
    ["fe80::1%eth0", "fe80::2%eth0", true],
    ["::1", "127.0.0.1", false],
  ])("%s and %s: the same is %p", (one, other, same) => {
    const [first, second] = [one, other].map((address) => networkPrefix({ address, port: 1 }));
    expect(first === second).toBe(same);
  });
});
