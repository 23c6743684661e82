import { describe, expect, test } from "bun:test";

import type { SocketAddress } from "../../src/net/address.ts";
import {
  arrive,
  notRefused,
  type PlainPeer,
  refuse,
  seekPeer,
  waitForPeer,
} from "../../src/net/plain-peer.ts";

const ANN: SocketAddress = { address: "192.0.2.1", port: 1 };
const BOB: SocketAddress = { address: "192.0.2.2", port: 1 };
const CAT: SocketAddress = { address: "2001:db8::3", port: 1 };

/** The state after datagrams from each of `senders`. */
function after(state: PlainPeer, ...senders: SocketAddress[]): PlainPeer {
  return senders.reduce((before, from) => arrive(before, from)[0], state);
}

describe("an opener (docs/protocol.md s. 3)", () => {
  test("begins with nobody at the other end", () => {
    expect(waitForPeer()).toMatchObject({ peer: null, reached: false, strangers: 0 });
  });

  test("takes whoever speaks first for its peer", () => {
    const [state, arrival] = arrive(waitForPeer(), ANN);
    expect(arrival).toBe("new-peer");
    expect(state).toMatchObject({ peer: ANN, reached: true, strangers: 0 });
  });

  test("goes on hearing its peer", () => {
    const [state, arrival] = arrive(after(waitForPeer(), ANN), ANN);
    expect(arrival).toBe("peer");
    expect(state).toMatchObject({ peer: ANN, strangers: 0 });
  });

  test("ignores and counts everyone else", () => {
    const [first, arrival] = arrive(after(waitForPeer(), ANN), BOB);
    expect(arrival).toBe("stranger");
    expect(first).toMatchObject({ peer: ANN, strangers: 1 });
    expect(after(first, CAT, BOB, ANN)).toMatchObject({ peer: ANN, strangers: 3 });
  });

  test("takes another port of its peer's host for a stranger", () => {
    const [, arrival] = arrive(after(waitForPeer(), ANN), { ...ANN, port: 2 });
    expect(arrival).toBe("stranger");
  });

  test("is alone again when its peer is gone", () => {
    const [state, outcome] = refuse(after(waitForPeer(), ANN));
    expect(outcome).toBe("gone");
    expect(state).toMatchObject({ peer: null, reached: false });
  });

  test("takes the next one to speak after its peer is gone, and remembers its strangers", () => {
    const [alone] = refuse(after(waitForPeer(), ANN, BOB));
    const [state, arrival] = arrive(alone, BOB);
    expect(arrival).toBe("new-peer");
    expect(state).toMatchObject({ peer: BOB, reached: true, strangers: 1 });
  });
});

describe("a joiner (docs/protocol.md s. 3)", () => {
  test("of a host with one address has nothing to find out", () => {
    expect(seekPeer([ANN])).toMatchObject({ peer: ANN, alternatives: [], reached: true });
  });

  test("of a host with several tries the first of them first", () => {
    expect(seekPeer([ANN, BOB, CAT])).toMatchObject({
      peer: ANN,
      alternatives: [BOB, CAT],
      reached: false,
    });
  });

  test("goes on to the next address where nobody listens at one", () => {
    const [second, outcome] = refuse(seekPeer([ANN, BOB, CAT]));
    expect(outcome).toBe("next");
    expect(second).toMatchObject({ peer: BOB, alternatives: [CAT], reached: false });

    const [third, last] = refuse(second);
    expect(last).toBe("next");
    expect(third).toMatchObject({ peer: CAT, alternatives: [], reached: true });
  });

  test("has nobody when the last address refuses too", () => {
    const [second] = refuse(seekPeer([ANN, BOB]));
    const [state, outcome] = refuse(second);
    expect(outcome).toBe("gone");
    expect(state).toMatchObject({ peer: null });
  });

  test("stays with an address that did not refuse in time, and has nobody when it does later", () => {
    const reached = notRefused(seekPeer([ANN, BOB]));
    expect(reached).toMatchObject({ peer: ANN, reached: true });
    expect(refuse(reached)[1]).toBe("gone");
  });

  test("stays with an address that spoke", () => {
    const [state, arrival] = arrive(seekPeer([ANN, BOB]), ANN);
    expect(arrival).toBe("peer");
    expect(state).toMatchObject({ peer: ANN, reached: true });
    expect(refuse(state)[1]).toBe("gone");
  });

  test("takes for a stranger who is not where it speaks to", () => {
    const [state, arrival] = arrive(seekPeer([ANN]), BOB);
    expect(arrival).toBe("stranger");
    expect(state).toMatchObject({ peer: ANN, strangers: 1 });
  });

  test("takes for a stranger an address it has not come to yet", () => {
    const [state, arrival] = arrive(seekPeer([ANN, BOB]), BOB);
    expect(arrival).toBe("stranger");
    expect(state).toMatchObject({ peer: ANN, reached: false, strangers: 1 });
  });

  // `arrive` does not ask for the role: only an opener's seat is for whoever speaks.
  test("that has nobody left does not take a stranger for its peer", () => {
    const [alone] = refuse(seekPeer([ANN]));
    expect(arrive(alone, BOB)[1]).toBe("stranger");
  });
});

test("no step changes the state it was given", () => {
  const state = Object.freeze(seekPeer(Object.freeze([ANN, BOB])));
  arrive(state, ANN);
  arrive(state, CAT);
  refuse(state);
  notRefused(state);
  expect(state).toEqual(seekPeer([ANN, BOB]));
});
