import { describe, expect, test } from "bun:test";

import type { SocketAddress } from "../../../src/net/address.ts";
import {
  abandonValidation,
  challengeSent,
  countReceived,
  countSent,
  dueChallenge,
  migratePath,
  postponeChallenge,
  sendAllowance,
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

/** A path that was proven at home, and moved away at 1,000. */
function movedAway() {
  const path = validatedPath(HOME);
  migratePath(path, AWAY, CHALLENGE, TIMEOUT, 1_000);
  return path;
}

describe("the address of a session's peer (docs/protocol.md s. 14)", () => {
  test("a validated path has no limit, no challenge and no timer", () => {
    const path = validatedPath(HOME);
    expect(sendAllowance(path)).toBe(Number.POSITIVE_INFINITY);
    expect(dueChallenge(path, 1e9)).toBeNull();
    expect(validationTimerAt(path)).toBe(Number.POSITIVE_INFINITY);
    expect(abandonValidation(path, 1e9)).toBe(false);
    expect(validatePath(path, CHALLENGE)).toBe(false);
    countSent(path, 1e9);
    expect(sendAllowance(path)).toBe(Number.POSITIVE_INFINITY);
  });

  test("a new address is used at once, and challenged", () => {
    const path = movedAway();
    expect(path.address).toEqual(AWAY);
    expect(dueChallenge(path, 1_000)).toEqual(CHALLENGE);
    expect(validationTimerAt(path)).toBe(1_000);
  });

  test("a new address gets three bytes for each that came from it (RFC 9000 s. 8.1)", () => {
    const path = movedAway();
    expect(sendAllowance(path)).toBe(0);
    countReceived(path, AWAY, 40);
    expect(sendAllowance(path)).toBe(120);
    countSent(path, 100);
    expect(sendAllowance(path)).toBe(20);
    countReceived(path, AWAY, 1);
    expect(sendAllowance(path)).toBe(23);
  });

  test("bytes from the previous address do not count for the new one", () => {
    const path = movedAway();
    countReceived(path, HOME, 40);
    expect(sendAllowance(path)).toBe(0);
  });

  test("bytes from a third address do not count either", () => {
    const path = movedAway();
    countReceived(path, FAR, 40);
    expect(sendAllowance(path)).toBe(0);
  });

  test("the challenge is sent three times, one probe timeout apart", () => {
    const path = movedAway();
    for (const now of [1_000, 1_100, 1_200]) {
      expect(dueChallenge(path, now - 1)).toBeNull();
      expect(validationTimerAt(path)).toBe(now);
      expect(dueChallenge(path, now)).toEqual(CHALLENGE);
      challengeSent(path, now);
    }
    expect(dueChallenge(path, 1_299)).toBeNull();
    expect(validationTimerAt(path)).toBe(1_300);
  });

  test("a challenge for which there is no room waits one probe timeout", () => {
    const path = movedAway();
    postponeChallenge(path, 1_050);
    expect(dueChallenge(path, 1_149)).toBeNull();
    expect(dueChallenge(path, 1_150)).toEqual(CHALLENGE);
    // It does not shorten a longer wait.
    challengeSent(path, 1_150);
    postponeChallenge(path, 1_000);
    expect(dueChallenge(path, 1_249)).toBeNull();
  });

  test("only a response with the same eight bytes validates it", () => {
    const path = movedAway();
    for (let bit = 0; bit < 64; bit += 1) {
      expect(validatePath(path, flipped(CHALLENGE, bit >> 3, 1 << (bit & 7)))).toBe(false);
    }
    expect(validatePath(path, CHALLENGE.subarray(0, 7))).toBe(false);
    expect(path.validation).not.toBeNull();
    expect(validatePath(path, CHALLENGE.slice())).toBe(true);
    expect(path).toEqual(validatedPath(AWAY));
    expect(validatePath(path, CHALLENGE)).toBe(false);
  });

  test("without a response for 3 probe timeouts it is the previous address again", () => {
    const path = movedAway();
    expect(abandonValidation(path, 1_299)).toBe(false);
    expect(abandonValidation(path, 1_300)).toBe(true);
    expect(path).toEqual(validatedPath(HOME));
    expect(abandonValidation(path, 1_300)).toBe(false);
  });

  test("a return to the validated address needs no validation", () => {
    const path = movedAway();
    migratePath(path, HOME, CHALLENGE, TIMEOUT, 1_010);
    expect(path).toEqual(validatedPath(HOME));
  });

  test("from one new address to the next it falls back to the validated one", () => {
    const path = movedAway();
    countReceived(path, AWAY, 1_000);
    const other = Uint8Array.of(8, 7, 6, 5, 4, 3, 2, 1);
    migratePath(path, FAR, other, TIMEOUT, 1_050);
    expect(path.address).toEqual(FAR);
    // Bytes from the address in between don't count for this one.
    expect(sendAllowance(path)).toBe(0);
    expect(validatePath(path, CHALLENGE)).toBe(false);
    expect(abandonValidation(path, 1_349)).toBe(false);
    expect(abandonValidation(path, 1_350)).toBe(true);
    expect(path).toEqual(validatedPath(HOME));
  });

  test("once validated, the new address is the fallback", () => {
    const path = movedAway();
    validatePath(path, CHALLENGE);
    migratePath(path, FAR, CHALLENGE, TIMEOUT, 2_000);
    abandonValidation(path, 2_300);
    expect(path).toEqual(validatedPath(AWAY));
  });

  test("another port of the same host is another address", () => {
    const path = validatedPath(HOME);
    migratePath(path, { ...HOME, port: 9 }, CHALLENGE, TIMEOUT, 1_000);
    expect(path.validation).not.toBeNull();
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
    expect(accepted.path.address).toEqual(address);
    expect(accepted.path.validation).not.toBeNull();
    pass(pair, 500);
    expect(accepted.path).toEqual({ address, validation: null });
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
    for (let step = 0; step < 40 && accepted.path.validation !== null; step += 1) {
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
    expect(accepted.path.address).toEqual(AWAY);
    pass(pair, 1_000);
    expect(accepted.path).toEqual({ address: pair.initiator.address, validation: null });
    send(pair.responder, accepted, "still here");
    pass(pair, 2_000);
    expect(receive(pair.initiator, connected, pair.now).map(words)).toEqual(["still here"]);
  });

  test("is not moved by an old packet that is replayed from another address", () => {
    const { pair, accepted } = connectedPair();
    const home = accepted.path.address;
    for (const { by, bytes } of pair.sent) {
      if (by === "initiator") deliver(pair.responder, bytes, AWAY, pair.now);
      expect(accepted.path).toEqual({ address: home, validation: null });
    }
  });

  test("is not moved by a packet that was overtaken, for its number is not the largest", () => {
    const { pair, connected, accepted } = connectedPair();
    const early = craft(connected, [1]);
    const late = craft(connected, [1]);
    deliver(pair.responder, late, pair.initiator.address, pair.now);
    deliver(pair.responder, early, AWAY, pair.now);
    expect(accepted.path).toEqual({ address: pair.initiator.address, validation: null });
  });

  test("is not moved by a copy that arrives second, and returns after one that arrives first (s. 9.3.3)", () => {
    const { pair, connected, accepted } = connectedPair();
    const first = craft(connected, [1]);
    deliver(pair.responder, first, pair.initiator.address, pair.now);
    deliver(pair.responder, first, AWAY, pair.now);
    expect(accepted.path).toEqual({ address: pair.initiator.address, validation: null });
    const second = craft(connected, [1]);
    deliver(pair.responder, second, AWAY, pair.now);
    deliver(pair.responder, second, pair.initiator.address, pair.now);
    expect(accepted.path.address).toEqual(AWAY);
    // The next true packet is newer, and from where the peer was proven to be.
    send(pair.initiator, connected, "here");
    pass(pair, 500);
    expect(accepted.path).toEqual({ address: pair.initiator.address, validation: null });
    expect(receive(pair.responder, accepted, pair.now).map(words)).toEqual(["here"]);
  });

  test("is not moved by a forged packet", () => {
    const { pair, connected, accepted } = connectedPair();
    deliver(pair.responder, flipped(craft(connected, [1]), 20), AWAY, pair.now);
    expect(accepted.path.address).toEqual(pair.initiator.address);
  });

  test("is challenged with random bytes, other ones for each move", () => {
    const { pair, connected, accepted } = connectedPair();
    deliver(pair.responder, craft(connected, [1]), AWAY, pair.now);
    const one = accepted.path.validation?.challenge;
    deliver(pair.responder, craft(connected, [1]), FAR, pair.now);
    const two = accepted.path.validation?.challenge;
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
    deliver(pair.responder, craft(connected, [1]), AWAY, pair.now);
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
    expect(accepted.path).toEqual({ address: pair.initiator.address, validation: null });
    expect(accepted.recovery.path).toBe(known);
  });

  // Only the hello's address is proven by its cookie; the finish may come from any other.
  test("has not validated an address from which only its finish came", () => {
    const pair = createPair();
    connectToResponder(pair);
    const { finish } = carryUntilFinish(pair);
    deliver(pair.responder, finish, AWAY, pair.now);
    const accepted = takeAccepted(pair);
    expect(accepted.path.address).toEqual(AWAY);
    expect(sendAllowance(accepted.path)).toBeLessThanOrEqual(3 * finish.length);
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
