import { describe, expect, test } from "bun:test";

import type { SocketAddress } from "../../../src/net/address.ts";
import {
  abandonChallenges,
  type ChallengeOptions,
  challengeSent,
  countFrom,
  countSent,
  dueChallenge,
  migratePath,
  postponeChallenge,
  PROOF_LASTS,
  sendAllowance,
  type SessionPath,
  stayOnPath,
  validatedPath,
  validatePath,
  validationTimerAt,
} from "../../../src/protocol/session/path-validation.ts";
import {
  carryUntilFinish,
  type ConnectedPair,
  connectedPair,
  connectToResponder,
  craft,
  createPair,
  deliver,
  drain,
  flipped,
  frameNames,
  INITIATOR_ADDRESS,
  type Pair,
  pass,
  receive,
  send,
  takeAccepted,
  words,
} from "../pair.ts";

const HOME: SocketAddress = { address: "192.0.2.1", port: 1 };
const AWAY: SocketAddress = { address: "203.0.113.5", port: 2 };
const FAR: SocketAddress = { address: "203.0.113.9", port: 3 };
const CHALLENGE = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
/** A probe timeout, ms. */
const TIMEOUT = 100;

const OTHER_CHALLENGE = Uint8Array.of(8, 7, 6, 5, 4, 3, 2, 1);

/** Options with these challenges, one after the other. */
function challenges(...data: Uint8Array[]): ChallengeOptions {
  return {
    newChallenge() {
      const next = data.shift();
      if (next === undefined) throw new Error("another challenge was not expected");
      return next;
    },
    timeout: TIMEOUT,
  };
}

/** Challenges of which each has other bytes. */
function anyChallenges(): ChallengeOptions {
  let count = 0;
  const newChallenge = () => {
    count += 1;
    return Uint8Array.of(count & 255, count >> 8, 0, 0, 0, 0, 0, 0);
  };
  return { newChallenge, timeout: TIMEOUT };
}

/** A path that was proven at home, and moved away at 1,000 with a packet of no length. */
function movedAway() {
  const path = validatedPath(HOME);
  migratePath(path, AWAY, 0, challenges(CHALLENGE, OTHER_CHALLENGE), 1_000);
  return path;
}

/** The addresses that are challenged now, each once. */
function takeDue(path: SessionPath, now: number): SocketAddress[] {
  const due: SocketAddress[] = [];
  for (;;) {
    const next = dueChallenge(path, now);
    if (next === null) return due;
    due.push(next.address);
    challengeSent(next, now);
  }
}

/** What an address was challenged with and has not answered yet. */
function findChallenge(path: SessionPath, address: SocketAddress): Uint8Array | null {
  const known = [path.current, ...path.others].find((one) => one.address === address);
  return known?.challenge?.data ?? null;
}

/** The address answers its challenge, in a packet from where the newest came from. */
function answer(path: SessionPath, address: SocketAddress, now: number): void {
  const challenge = findChallenge(path, address);
  if (challenge === null) throw new Error("there is no challenge to answer");
  validatePath(path, challenge, anyChallenges(), now);
}

describe("the address of a session's peer (docs/protocol.md s. 14)", () => {
  test("a validated path has no limit, no challenge and no timer", () => {
    const path = validatedPath(HOME);
    expect(sendAllowance(path.current)).toBe(Number.POSITIVE_INFINITY);
    expect(dueChallenge(path, 1e9)).toBeNull();
    expect(validationTimerAt(path)).toBe(Number.POSITIVE_INFINITY);
    abandonChallenges(path, 1e9);
    expect(validatePath(path, CHALLENGE, challenges(), 1_000)).toBeNull();
    countSent(path.current, 1e9);
    expect(sendAllowance(path.current)).toBe(Number.POSITIVE_INFINITY);
    expect(path).toEqual(validatedPath(HOME));
  });

  test("a new address is used at once, and challenged; the old one, too (RFC 9000 s. 9.3.3)", () => {
    const path = movedAway();
    expect(path.current).toMatchObject({ address: AWAY, proven: false });
    expect(validationTimerAt(path)).toBe(1_000);
    expect(dueChallenge(path, 999)).toBeNull();
    expect(dueChallenge(path, 1_000)?.challenge?.data).toEqual(CHALLENGE);
    expect(takeDue(path, 1_000)).toEqual([AWAY, HOME]);
  });

  test("a new address gets three bytes for each that came from it (RFC 9000 s. 8.1)", () => {
    const path = movedAway();
    expect(sendAllowance(path.current)).toBe(0);
    stayOnPath(path, 40, 1_000);
    expect(sendAllowance(path.current)).toBe(120);
    countSent(path.current, 100);
    expect(sendAllowance(path.current)).toBe(20);
    countFrom(path, AWAY, 1, 1_000);
    expect(sendAllowance(path.current)).toBe(23);
  });

  test("bytes from the previous address do not count for the new one", () => {
    const path = movedAway();
    countFrom(path, HOME, 40, 1_000);
    expect(sendAllowance(path.current)).toBe(0);
  });

  test("bytes from a third address do not count either", () => {
    const path = movedAway();
    countFrom(path, FAR, 40, 1_000);
    expect(sendAllowance(path.current)).toBe(0);
  });

  test("the challenge is sent three times, one probe timeout apart", () => {
    const path = movedAway();
    for (const now of [1_000, 1_100, 1_200]) {
      expect(takeDue(path, now - 1)).toEqual([]);
      expect(validationTimerAt(path)).toBe(now);
      expect(dueChallenge(path, now)?.challenge?.data).toEqual(CHALLENGE);
      expect(takeDue(path, now)).toEqual([AWAY, HOME]);
    }
    expect(takeDue(path, 1_299)).toEqual([]);
    expect(validationTimerAt(path)).toBe(1_300);
  });

  test("a challenge for which there is no room waits one probe timeout", () => {
    const path = movedAway();
    const { current } = path;
    postponeChallenge(current, 1_050);
    expect(dueChallenge(path, 1_149)).not.toBe(current);
    expect(dueChallenge(path, 1_150)).toBe(current);
    // It does not shorten a longer wait.
    challengeSent(current, 1_150);
    postponeChallenge(current, 1_000);
    expect(dueChallenge(path, 1_249)).not.toBe(current);
  });

  test("only a response with the same eight bytes validates it", () => {
    const path = movedAway();
    for (let bit = 0; bit < 64; bit += 1) {
      const wrong = flipped(CHALLENGE, bit >> 3, 1 << (bit & 7));
      expect(validatePath(path, wrong, challenges(), 1_050)).toBeNull();
    }
    expect(validatePath(path, CHALLENGE.subarray(0, 7), challenges(), 1_050)).toBeNull();
    expect(path.current.proven).toBe(false);
    expect(validatePath(path, CHALLENGE.slice(), challenges(), 1_050)).toBe(path.current);
    expect(path.current).toMatchObject({ address: AWAY, proven: true, challenge: null });
    expect(sendAllowance(path.current)).toBe(Number.POSITIVE_INFINITY);
    expect(validatePath(path, CHALLENGE, challenges(), 1_050)).toBeNull();
  });

  test("without a response for 3 probe timeouts it is the previous address again", () => {
    const path = movedAway();
    abandonChallenges(path, 1_299);
    expect(path.current.address).toEqual(AWAY);
    abandonChallenges(path, 1_300);
    expect(path.current).toMatchObject({ address: HOME, proven: true, challenge: null });
    expect(path.others).toEqual([]);
    expect(validationTimerAt(path)).toBe(Number.POSITIVE_INFINITY);
  });

  test("a return to the validated address needs no validation", () => {
    const path = movedAway();
    migratePath(path, HOME, 0, challenges(), 1_010);
    expect(path.current).toMatchObject({ address: HOME, proven: true });
    expect(sendAllowance(path.current)).toBe(Number.POSITIVE_INFINITY);
  });

  test("from one new address to the next it falls back to the validated one", () => {
    const path = movedAway();
    stayOnPath(path, 1_000, 1_000);
    const third = Uint8Array.of(3, 3, 3, 3, 3, 3, 3, 3);
    migratePath(path, FAR, 0, challenges(third), 1_050);
    expect(path.current.address).toEqual(FAR);
    // Bytes from the address in between don't count for this one.
    expect(sendAllowance(path.current)).toBe(0);
    abandonChallenges(path, 1_349);
    expect(path.current.address).toEqual(FAR);
    abandonChallenges(path, 1_350);
    expect(path.current).toMatchObject({ address: HOME, proven: true });
    expect(path.others).toEqual([]);
  });

  test("once validated, the new address is the fallback", () => {
    const path = movedAway();
    validatePath(path, CHALLENGE, challenges(), 1_050);
    migratePath(path, FAR, 0, anyChallenges(), 2_000);
    abandonChallenges(path, 2_300);
    expect(path.current).toMatchObject({ address: AWAY, proven: true });
  });

  test("another port of the same host is another address", () => {
    const path = validatedPath(HOME);
    migratePath(path, { ...HOME, port: 9 }, 0, anyChallenges(), 1_000);
    expect(path.current.proven).toBe(false);
  });
});

describe("a peer with two addresses (docs/protocol.md s. 14)", () => {
  test("has both proven by answers that come after the session has gone back and forth", () => {
    const path = movedAway();
    expect(takeDue(path, 1_000)).toEqual([AWAY, HOME]);
    for (let now = 1_002; now < 1_040; now += 4) {
      migratePath(path, HOME, 50, challenges(), now);
      migratePath(path, AWAY, 50, challenges(), now + 2);
    }
    answer(path, AWAY, 1_040);
    answer(path, HOME, 1_040);
    expect(path.current).toMatchObject({ address: AWAY, proven: true });
    migratePath(path, HOME, 50, anyChallenges(), 1_042);
    expect(path.current).toMatchObject({ address: HOME, proven: true });
    expect(sendAllowance(path.current)).toBe(Number.POSITIVE_INFINITY);
  });

  test("is challenged no more than once a round trip at each, however often it goes back and forth", () => {
    const path = movedAway();
    const options = anyChallenges();
    let sent = 0;
    for (let now = 1_002; now < 2_000; now += 2) {
      migratePath(path, now % 4 === 0 ? HOME : AWAY, 50, options, now);
      sent += takeDue(path, now).length;
      if (now % 40 !== 0) continue;
      for (const address of [HOME, AWAY]) {
        if (findChallenge(path, address) !== null) answer(path, address, now);
      }
    }
    expect(sent).toBeLessThanOrEqual(2 * 27);
  });

  test("has its old one forgotten 30 s after the session has left it", () => {
    for (const [later, proven] of [
      [PROOF_LASTS - 1, true],
      [PROOF_LASTS, false],
    ] as const) {
      const path = movedAway();
      answer(path, AWAY, 1_050);
      abandonChallenges(path, 1_300);
      migratePath(path, HOME, 50, anyChallenges(), 1_000 + later);
      expect(path.current).toMatchObject({ address: HOME, proven });
    }
  });

  test("has it remembered for longer when it answers there", () => {
    const path = movedAway();
    answer(path, AWAY, 1_050);
    answer(path, HOME, 1_060);
    migratePath(path, HOME, 50, anyChallenges(), 1_060 + PROOF_LASTS - 1);
    expect(path.current).toMatchObject({ address: HOME, proven: true });
  });

  // Somebody else has got the old address by now, and forged packets come from there.
  test("does not prove an address by the use of it", () => {
    const path = movedAway();
    answer(path, AWAY, 1_050);
    const options = anyChallenges();
    for (let now = 2_000; now < 40_000; now += 500) {
      abandonChallenges(path, now);
      migratePath(path, HOME, 50, options, now);
      const proven = now < 1_000 + PROOF_LASTS;
      expect({ now, ...path.current }).toMatchObject({ now, address: HOME, proven });
      migratePath(path, AWAY, 50, options, now + 1);
      if (findChallenge(path, AWAY) !== null) answer(path, AWAY, now + 20);
    }
  });

  test("has at most 7 others remembered, the proven ones longest", () => {
    const path = movedAway();
    answer(path, AWAY, 1_010);
    answer(path, HOME, 1_010);
    const options = anyChallenges();
    for (let port = 100; port < 200; port += 1) {
      migratePath(path, { address: "203.0.113.50", port }, 50, options, 1_020);
      expect(path.others.length).toBeLessThanOrEqual(7);
    }
    const proven = path.others.filter((one) => one.proven).map(({ address }) => address);
    expect(proven).toEqual([AWAY, HOME]);
  });
});

describe("somebody who copies the peer's packets (docs/protocol.md s. 14; RFC 9000 s. 9.3.3)", () => {
  test("loses the session as soon as the peer answers at its old address", () => {
    const path = movedAway();
    expect(takeDue(path, 1_000)).toEqual([AWAY, HOME]);
    // The answer is copied as well, and comes from there.
    stayOnPath(path, 50, 1_000);
    answer(path, HOME, 1_040);
    expect(path.current).toMatchObject({ address: HOME, proven: true });
  });

  test("does not lead it away again for 30 s without an answer, from whichever address", () => {
    const path = movedAway();
    answer(path, HOME, 1_040);
    const options = anyChallenges();
    for (let port = 1; port < 1_000; port += 1) {
      const now = 1_010 + port * 30;
      abandonChallenges(path, now);
      migratePath(path, { address: "203.0.113.50", port }, 50, options, now);
      expect(path.current.address).toEqual(HOME);
    }
    migratePath(path, FAR, 50, options, 31_040);
    expect(path.current.address).toEqual(FAR);
  });

  test("does not keep the peer from moving meanwhile: it is followed with its answer", () => {
    const path = movedAway();
    answer(path, HOME, 1_040);
    abandonChallenges(path, 1_300);
    migratePath(path, FAR, 50, anyChallenges(), 2_000);
    expect(path.current.address).toEqual(HOME);
    expect(takeDue(path, 2_000)).toEqual([FAR]);
    answer(path, FAR, 2_040);
    expect(path.current).toMatchObject({ address: FAR, proven: true });
  });
});

/** The frames of what the responder sends now, and where to. */
function responderSends({ pair, accepted }: ConnectedPair) {
  return drain(pair.responder, pair.now).map(({ to, bytes }) => ({
    to,
    frames: frameNames(accepted, bytes),
  }));
}

describe("a session whose peer moves (docs/protocol.md s. 14; RFC 9000 s. 9)", () => {
  test.each([
    ["to another host", AWAY],
    ["to another port", { address: "192.0.2.1", port: 9 }],
  ])("%s continues there, and validates the address", (_what, address) => {
    const { pair, connected, accepted } = connectedPair();
    pair.initiator.address = address;
    send(pair.initiator, connected, "moved");
    pass(pair, 15);
    expect(accepted.path.current.address).toEqual(address);
    expect(accepted.path.current.proven).toBe(false);
    pass(pair, 500);
    expect(accepted.path.current).toMatchObject({ address, proven: true });
    send(pair.responder, accepted, "found");
    pass(pair, 500);
    expect(receive(pair.responder, accepted, pair.now).map(words)).toEqual(["moved"]);
    expect(receive(pair.initiator, connected, pair.now).map(words)).toEqual(["found"]);
  });

  test("sends at most three times as many bytes there as came from it, until it is validated", () => {
    const { pair, connected, accepted } = connectedPair();
    send(pair.responder, accepted, new Uint8Array(60_000));
    drain(pair.responder, pair.now);
    const packet = craft(connected, [1]);
    pair.now += 2_000;
    deliver(pair.responder, packet, AWAY, pair.now);
    let sent = 0;
    let challenges = 0;
    for (let step = 0; step < 40 && !accepted.path.current.proven; step += 1) {
      for (const { to, bytes } of drain(pair.responder, pair.now)) {
        if (to.address !== AWAY.address) continue;
        sent += bytes.length;
        challenges += frameNames(accepted, bytes).filter((name) => name === "challenge").length;
      }
      expect(sent).toBeLessThanOrEqual(3 * packet.length);
      pair.now += 10;
    }
    expect(challenges).toBeGreaterThan(0);
  });

  test("gives up a silent new address after 3 probe timeouts, and continues at the previous one", () => {
    const { pair, connected, accepted } = connectedPair();
    // What the responder sends to the new address is lost.
    deliver(pair.responder, craft(connected, [1]), AWAY, pair.now);
    expect(accepted.path.current.address).toEqual(AWAY);
    pass(pair, 1_000);
    expect(accepted.path.current).toMatchObject({ address: pair.initiator.address, proven: true });
    send(pair.responder, accepted, "still here");
    pass(pair, 2_000);
    expect(receive(pair.initiator, connected, pair.now).map(words)).toEqual(["still here"]);
  });

  test("challenges the new address again with the next packet from there, where all challenges were lost and no other is proven", () => {
    const { pair, connected, accepted } = connectedPair();
    pair.loses = () => true;
    deliver(pair.responder, craft(connected, [1]), AWAY, pair.now);
    // The old one was found dead.
    accepted.path.others = [];
    pass(pair, 10_000);
    expect(accepted.path.current).toMatchObject({ address: AWAY, proven: false, challenge: null });
    pair.loses = () => false;
    pair.initiator.address = AWAY;
    send(pair.initiator, connected, "still here");
    pass(pair, 1_000);
    expect(accepted.path.current).toMatchObject({ address: AWAY, proven: true });
  });

  test("is not moved by an old packet that is replayed from another address", () => {
    const { pair, accepted } = connectedPair();
    const home = accepted.path.current.address;
    for (const { by, bytes } of pair.sent) {
      if (by === "initiator") deliver(pair.responder, bytes, AWAY, pair.now);
      expect(accepted.path.current).toMatchObject({ address: home, proven: true });
    }
  });

  test("is not moved by a packet that was overtaken, for its number is not the largest", () => {
    const { pair, connected, accepted } = connectedPair();
    const early = craft(connected, [1]);
    const late = craft(connected, [1]);
    deliver(pair.responder, late, pair.initiator.address, pair.now);
    deliver(pair.responder, early, AWAY, pair.now);
    expect(accepted.path.current).toMatchObject({ address: pair.initiator.address, proven: true });
  });

  test("is not moved by a copy that arrives second, and returns after one that arrives first (s. 9.3.3)", () => {
    const { pair, connected, accepted } = connectedPair();
    const first = craft(connected, [1]);
    deliver(pair.responder, first, pair.initiator.address, pair.now);
    deliver(pair.responder, first, AWAY, pair.now);
    expect(accepted.path.current).toMatchObject({ address: pair.initiator.address, proven: true });
    const second = craft(connected, [1]);
    deliver(pair.responder, second, AWAY, pair.now);
    deliver(pair.responder, second, pair.initiator.address, pair.now);
    expect(accepted.path.current.address).toEqual(AWAY);
    // The next true packet is newer, and from where the peer was proven to be.
    send(pair.initiator, connected, "here");
    pass(pair, 500);
    expect(accepted.path.current).toMatchObject({ address: pair.initiator.address, proven: true });
    expect(receive(pair.responder, accepted, pair.now).map(words)).toEqual(["here"]);
  });

  test("is not moved by a forged packet", () => {
    const { pair, connected, accepted } = connectedPair();
    deliver(pair.responder, flipped(craft(connected, [1]), 20), AWAY, pair.now);
    expect(accepted.path.current.address).toEqual(pair.initiator.address);
  });

  test("is challenged with random bytes, other ones for each move", () => {
    const { pair, connected, accepted } = connectedPair();
    deliver(pair.responder, craft(connected, [1]), AWAY, pair.now);
    const one = accepted.path.current.challenge?.data;
    deliver(pair.responder, craft(connected, [1]), FAR, pair.now);
    const two = accepted.path.current.challenge?.data;
    expect(one).toHaveLength(8);
    expect(two).toHaveLength(8);
    expect(one).not.toEqual(two);
  });

  test("answers a challenge with its bytes at once", () => {
    const joint = connectedPair();
    const { pair, connected } = joint;
    deliver(
      pair.responder,
      craft(connected, [5, 9, 8, 7, 6, 5, 4, 3, 2]),
      pair.initiator.address,
      pair.now,
    );
    const [first] = responderSends(joint);
    expect(first?.frames).toContain("response");
  });

  test("keeps its estimates of the path when only the port changes, and resets them for another host (s. 9.4)", () => {
    const { pair, connected, accepted } = connectedPair();
    const known = accepted.recovery.path;
    deliver(
      pair.responder,
      craft(connected, [1]),
      { ...pair.initiator.address, port: 9 },
      pair.now,
    );
    expect(accepted.recovery.path).toBe(known);
    pair.initiator.address = AWAY;
    send(pair.initiator, connected, "moved");
    pass(pair, 15);
    // Anyone could have sent a copy from there.
    expect(accepted.recovery.path).toBe(known);
    pass(pair, 500);
    expect(accepted.recovery.path).not.toBe(known);
  });

  test("keeps its estimates too when it returns from a port that was not validated", () => {
    const { pair, connected, accepted } = connectedPair();
    const known = accepted.recovery.path;
    deliver(
      pair.responder,
      craft(connected, [1]),
      { ...pair.initiator.address, port: 9 },
      pair.now,
    );
    pass(pair, 1_000);
    expect(accepted.path.current).toMatchObject({ address: pair.initiator.address, proven: true });
    expect(accepted.recovery.path).toBe(known);
  });

  // Only the hello's address is proven by its cookie; the finish may come from any other.
  test("has not validated an address from which only its finish came", () => {
    const pair = createPair();
    connectToResponder(pair);
    const { finish } = carryUntilFinish(pair);
    deliver(pair.responder, finish, AWAY, pair.now);
    const accepted = takeAccepted(pair);
    expect(accepted.path.current.address).toEqual(AWAY);
    expect(sendAllowance(accepted.path.current)).toBeLessThanOrEqual(3 * finish.length);
  });

  // An ACK of many ranges leaves no room in the small packet that carries a challenge.
  test("sends a challenge to a new address at once, even with much to acknowledge", () => {
    const joint = connectedPair();
    const { pair, connected } = joint;
    const from = pair.initiator.address;
    for (let gap = 0; gap < 60; gap += 1) {
      deliver(pair.responder, craft(connected, [1]), from, pair.now);
      connected.recovery.sent.nextNumber += 70;
      drain(pair.responder, pair.now);
    }
    deliver(pair.responder, craft(connected, [1, ...new Uint8Array(1_100)]), AWAY, pair.now);
    expect(responderSends(joint).flatMap(({ frames }) => frames)).toContain("challenge");
  });
});

/**
 * Each 3 ms for 5 s the initiator sends a short message and the responder a longer one; `step` is called each
 * millisecond. Returns how many of the 1,667 messages arrived at each.
 */
function talk({ pair, connected, accepted }: ConnectedPair, step: (ms: number) => void = () => {}) {
  const arrived = { initiator: 0, responder: 0 };
  for (let ms = 0; ms < 5_000; ms += 1) {
    step(ms);
    if (ms % 3 === 0) {
      send(pair.initiator, connected, "to the responder");
      send(pair.responder, accepted, "x".repeat(600));
    }
    pass(pair, 1);
    arrived.initiator += receive(pair.initiator, connected, pair.now).length;
    arrived.responder += receive(pair.responder, accepted, pair.now).length;
  }
  return arrived;
}

/** The initiator is at two addresses in turn, and receives at both. */
function alternate(pair: Pair, one: SocketAddress, other: SocketAddress, isOther: boolean): void {
  pair.initiator.address = isOther ? other : one;
  pair.initiator.alias = isOther ? one : other;
}

describe("a session whose peer has two addresses in turn (docs/protocol.md s. 14)", () => {
  const home = INITIATOR_ADDRESS;
  test.each([
    ["the old and another host", 5, home, AWAY],
    ["the old and another port", 5, home, { ...home, port: 9 }],
    ["two other hosts", 1, FAR, AWAY],
    ["two other hosts", 5, FAR, AWAY],
    ["two other hosts", 30, FAR, AWAY],
    ["two other hosts", 200, FAR, AWAY],
    ["two other ports", 5, { ...home, port: 8 }, { ...home, port: 9 }],
  ] as const)("%s, %i ms each, goes on as fast as ever", (_what, each, one, other) => {
    const joint = connectedPair();
    const { pair, accepted, connected } = joint;
    const arrived = talk(joint, (ms) => {
      alternate(pair, one, other, Math.floor(ms / each) % 2 === 1);
    });
    // The last few are on their way.
    expect(arrived.initiator).toBeGreaterThan(1_640);
    expect(arrived.responder).toBeGreaterThan(1_640);
    expect([accepted.end, connected.end]).toEqual([null, null]);
  });

  test("carries a megabyte in a few seconds, in datagrams that both paths carry", () => {
    const joint = connectedPair();
    const { pair, accepted } = joint;
    pair.loses = ({ to, bytes }) => to === AWAY && bytes.length > 1_250;
    for (let count = 0; count < 16; count += 1) {
      send(pair.responder, accepted, new Uint8Array(65_000));
    }
    const arrived = talk(joint, (ms) => {
      alternate(pair, FAR, AWAY, Math.floor(ms / 7) % 2 === 1);
    });
    expect(arrived.initiator).toBeGreaterThan(16 + 1_640);
  });
});

describe("an attacker who sends copies of the peer's packets from elsewhere, first (RFC 9000 s. 9.3.3)", () => {
  test.each([
    ["one address", () => AWAY],
    ["a new port each time", (count: number) => ({ ...AWAY, port: 1_024 + count })],
    [
      "a new host each time",
      (count: number) => ({ address: `2001:db8::${count.toString(16)}`, port: 2 }),
    ],
  ] as const)("from %s, does not get the session", (_what, source) => {
    const joint = connectedPair();
    const { pair, accepted, connected } = joint;
    let copies = 0;
    pair.loses = (sent) => {
      if (sent.by === "responder") return false;
      copies += 1;
      pair.inTransit.push({ ...sent, from: source(copies), at: sent.at - 5 }, sent);
      pair.inTransit.sort((one, other) => one.at - other.at);
      return true;
    };
    const arrived = talk(joint);
    expect(copies).toBeGreaterThan(1_000);
    expect(arrived.initiator).toBeGreaterThan(1_640);
    expect(arrived.responder).toBeGreaterThan(1_640);
    expect(accepted.path.current.address).toEqual(pair.initiator.address);
    expect([accepted.end, connected.end]).toEqual([null, null]);
  });
});
