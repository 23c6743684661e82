// A session from its first packet to its last: in one long file, for every test starts with the same two
// endpoints and crafts packets under their keys.

import { describe, expect, test } from "bun:test";

import { generateKeyPair } from "../../../src/net/crypto.ts";
import { activate, endpointWakeAt } from "../../../src/protocol/endpoint.ts";
import {
  acknowledgeFragment,
  loseFragment,
} from "../../../src/protocol/session/outgoing-messages.ts";
import { MAX_FORGERIES, PACKETS_PER_KEY } from "../../../src/protocol/session/packet-protection.ts";
import type { Session } from "../../../src/protocol/session/session.ts";
import {
  answersTo,
  carryUntilFinish,
  close,
  connectedPair,
  connectToResponder,
  craft,
  createPair,
  deliver,
  drain,
  type End,
  flipped,
  frameNames,
  INITIATOR_KEYS,
  only,
  pass,
  PSK,
  receive,
  RESPONDER_KEYS,
  restartResponder,
  send,
  sentBy,
  sessionKeys,
  START,
  takeAccepted,
  text,
  words,
} from "../pair.ts";

/** The numbers of both directions are as if so many packets had been sent and acknowledged. */
function skipTo(sender: Session, receiver: Session, number: number): void {
  sender.recovery.sent.nextNumber = number;
  receiver.received.window.largest = number - 1;
  receiver.received.largestEliciting = number - 1;
  receiver.received.ranges.length = 0;
}

/** The bytes of a varint of 4. */
const varint4 = (value: number) => [
  0x80 | (value >>> 24),
  (value >>> 16) & 255,
  (value >>> 8) & 255,
  value & 255,
];

/** What the initiator sends is broken, and the responder ends the session with this code. */
function expectFault(frames: readonly number[], code: number): void {
  const { pair, connected, accepted } = connectedPair();
  deliver(pair.responder, craft(connected, frames), pair.initiator.address, pair.now);
  receive(pair.responder, accepted, pair.now);
  expect(accepted.end).toMatchObject({ type: "closed", by: "us", code });
  pass(pair, 100);
  expect(connected.end).toMatchObject({ type: "closed", by: "peer", code });
  pass(pair, 5_000);
  expect(pair.responder.endpoint.sessions.size).toBe(0);
  expect(pair.initiator.endpoint.sessions.size).toBe(0);
}

describe("messages of a session (docs/protocol.md s. 11)", () => {
  test("of 0 and of 65,536 bytes arrive both ways, whole and in order", () => {
    const { pair, connected, accepted } = connectedPair();
    const all = [
      new Uint8Array(0),
      pair.random.bytes(65_536),
      new Uint8Array(0),
      pair.random.bytes(1),
      pair.random.bytes(65_536),
    ];
    for (const message of all) {
      send(pair.initiator, connected, message);
      send(pair.responder, accepted, message);
    }
    pass(pair, 5_000);
    expect(receive(pair.responder, accepted, pair.now)).toEqual(all);
    expect(receive(pair.initiator, connected, pair.now)).toEqual(all);
  });

  test("of more than 65,536 bytes can't be sent", () => {
    const { pair, connected } = connectedPair();
    expect(() => send(pair.initiator, connected, new Uint8Array(65_537))).toThrow("65536");
    expect(send(pair.initiator, connected, new Uint8Array(65_536))).toBe(true);
  });

  test("arrive when a third of the datagrams is lost and the others overtake each other", () => {
    const { pair, connected, accepted } = connectedPair();
    const all = Array.from({ length: 50 }, (_, index) => `message ${index} ${"x".repeat(700)}`);
    for (const message of all) send(pair.initiator, connected, message);
    pair.loses = (sent) => {
      if (pair.random.chance(0.33)) return true;
      pair.inTransit.push({ ...sent, at: sent.at + pair.random.between(0, 30) });
      pair.inTransit.sort((one, other) => one.at - other.at);
      return true;
    };
    pass(pair, 40_000);
    const receivedCount = receive(pair.responder, accepted, pair.now).map(words);
    expect(receivedCount).toHaveLength(50);
    expect(receivedCount).toEqual(all);
  });

  test("are sent again in packets of at most 64 frames, however short the lost parts are (s. 10)", () => {
    const { pair, connected } = connectedPair();
    const message = pair.random.bytes(4_000);
    send(pair.initiator, connected, message);
    drain(pair.initiator, pair.now);
    for (let offset = 0; offset < 2_000; offset += 2) {
      acknowledgeFragment(connected.outgoing, { offset: offset + 1, length: 1 });
      loseFragment(connected.outgoing, { offset, length: 1 });
    }
    activate(pair.initiator.endpoint, connected);
    const packets = drain(pair.initiator, pair.now).map(({ bytes }) =>
      frameNames(connected, bytes),
    );
    expect(Math.max(...packets.map((frames) => frames.length))).toBeGreaterThan(50);
    for (const frames of packets) expect(frames.length).toBeLessThanOrEqual(64);
  });

  test("that have arrived are not accepted again from a replay (s. 9)", () => {
    const { pair, connected, accepted } = connectedPair();
    const from = pair.sent.length;
    send(pair.initiator, connected, "once");
    pass(pair, 500);
    expect(receive(pair.responder, accepted, pair.now).map(words)).toEqual(["once"]);
    const before = accepted.lastHeardAt;
    for (const { bytes } of sentBy(pair, "initiator", from)) {
      deliver(pair.responder, bytes, pair.initiator.address, pair.now);
    }
    expect(receive(pair.responder, accepted, pair.now)).toEqual([]);
    expect(accepted.lastHeardAt).toBe(before);
    expect(sessionKeys(accepted).receive.forgeries).toBe(0);
  });
});

describe("the end of a session (docs/protocol.md s. 15.3)", () => {
  test("reaches the peer with its code and its reason", () => {
    const { pair, connected, accepted } = connectedPair();
    close(pair.initiator, connected, 1, "the program ended it: ü", pair.now);
    expect(connected.end).toEqual({
      type: "closed",
      by: "us",
      code: 1,
      reason: "the program ended it: ü",
    });
    pass(pair, 20);
    expect(accepted.end).toEqual({
      type: "closed",
      by: "peer",
      code: 1,
      reason: "the program ended it: ü",
    });
    expect(send(pair.responder, accepted, "too late")).toBe(false);
    expect(send(pair.initiator, connected, "too late")).toBe(false);
  });

  test("is repeated after 1, 2, 4 and 8 more packets, and never for a replay", () => {
    const { pair, connected, accepted } = connectedPair();
    close(pair.initiator, connected, 0, "", pair.now);
    const answers = [drain(pair.initiator, pair.now).length];
    for (let count = 1; count <= 20; count += 1) {
      const packet = craft(accepted, [1]);
      answers.push(answersTo(pair.initiator, packet, pair.responder.address, pair.now).length);
      expect(answersTo(pair.initiator, packet, pair.responder.address, pair.now)).toEqual([]);
    }
    const answeredAt = answers.flatMap((length, index) => (length === 1 ? [index] : []));
    // 1, then 2 more, 4 more and 8 more.
    expect(answeredAt).toEqual([0, 1, 3, 7, 15]);
  });

  test("reaches a peer that missed the first CLOSE, as the answer to its next packet", () => {
    const { pair, connected, accepted } = connectedPair();
    pair.loses = ({ by }) => by === "initiator";
    close(pair.initiator, connected, 1, "lost at first", pair.now);
    pass(pair, 1);
    expect(accepted.end).toBeNull();
    pair.loses = () => false;
    send(pair.responder, accepted, "are you there?");
    pass(pair, 100);
    expect(accepted.end).toMatchObject({ type: "closed", by: "peer", code: 1 });
  });

  // Only sealed packets count as packets that still arrive; a finish does not.
  test("reaches an initiator whose finish is not confirmed when it repeats its finish", () => {
    const pair = createPair();
    const connected = connectToResponder(pair);
    const { finish } = carryUntilFinish(pair);
    deliver(pair.responder, finish, pair.initiator.address, pair.now);
    close(pair.responder, takeAccepted(pair), 1, "no room", pair.now);
    // Lost.
    drain(pair.responder, pair.now);
    pass(pair, 2_000);
    expect(connected.end).toMatchObject({ type: "closed", by: "peer", code: 1, reason: "no room" });
  });

  test("drops the session after 3 probe timeouts", () => {
    const { pair, connected } = connectedPair();
    pair.loses = () => true;
    close(pair.initiator, connected, 0, "", pair.now);
    pass(pair, 10);
    expect(pair.initiator.endpoint.sessions.size).toBe(1);
    const until = connected.closing?.until ?? 0;
    expect(until).toBeGreaterThan(pair.now);
    pass(pair, until - pair.now);
    expect(pair.initiator.endpoint.sessions.size).toBe(0);
  });

  test("leaves nothing behind when both end it at once", () => {
    const { pair, connected, accepted } = connectedPair();
    const from = pair.sent.length;
    close(pair.initiator, connected, 0, "", pair.now);
    close(pair.responder, accepted, 0, "", pair.now);
    pass(pair, 10_000);
    expect(pair.sent.length - from).toBeLessThanOrEqual(6);
    expect(pair.initiator.endpoint.sessions.size + pair.responder.endpoint.sessions.size).toBe(0);
  });

  test("has a reason of at most 256 bytes", () => {
    const { pair, connected, accepted } = connectedPair();
    close(pair.initiator, connected, 1, "é".repeat(1_000), pair.now);
    pass(pair, 20);
    expect(accepted.end).toMatchObject({ reason: "é".repeat(128) });
  });
});

describe("the life of a session (docs/protocol.md s. 15.1, 15.2)", () => {
  test("that is idle has a PING of the initiator every 20 s, none of the responder, and goes on", () => {
    const { pair, connected, accepted } = connectedPair();
    pass(pair, 5_000);
    const from = pair.sent.length;
    const quietSince = Math.max(connected.lastElicitingAt, accepted.lastElicitingAt);
    pass(pair, 600_000);
    expect(connected.end).toBeNull();
    expect(accepted.end).toBeNull();
    const [first] = pair.sent.slice(from);
    expect(first?.sentAt).toBeLessThanOrEqual(quietSince + 20_000);
    // PINGs and an ACK of each, 30 times, and path MTU probes: far below one datagram a second.
    expect(pair.sent.length - from).toBeGreaterThanOrEqual(60);
    expect(pair.sent.length - from).toBeLessThan(200);
    expect(accepted.lastElicitingAt).toBeLessThanOrEqual(quietSince);
  });

  test("has a PING of the responder 25 s after the initiator's last packet", () => {
    const { pair, accepted } = connectedPair();
    pass(pair, 5_000);
    pair.loses = ({ by }) => by === "initiator";
    pass(pair, accepted.lastHeardAt + 24_990 - pair.now);
    expect(accepted.lastElicitingAt).toBeLessThan(accepted.lastHeardAt + 5_000);
    pass(pair, 20);
    expect(accepted.lastElicitingAt).toBe(accepted.lastHeardAt + 25_000);
  });

  test("is over 60 s after the last packet received, at each end independently", () => {
    const { pair, connected, accepted } = connectedPair();
    pair.loses = () => true;
    const receivedCount = [connected.lastHeardAt, accepted.lastHeardAt];
    for (const [index, session] of [connected, accepted].entries()) {
      const over = (receivedCount[index] ?? 0) + 60_000;
      if (pair.now < over - 1) pass(pair, over - 1 - pair.now);
      if (pair.now === over - 1) expect(session.end).toBeNull();
      pass(pair, 1);
      expect(session.end).toEqual({ type: "timed-out" });
    }
    expect(pair.initiator.endpoint.sessions.size + pair.responder.endpoint.sessions.size).toBe(0);
  });

  test("is not kept alive by packets that do not authenticate, nor by replays", () => {
    const { pair, connected, accepted } = connectedPair();
    const packet = craft(connected, [1]);
    deliver(pair.responder, packet, pair.initiator.address, pair.now);
    pair.loses = () => true;
    for (let second = 0; second < 61; second += 1) {
      pass(pair, 1_000);
      deliver(pair.responder, packet, pair.initiator.address, pair.now);
      deliver(pair.responder, flipped(packet, 12), pair.initiator.address, pair.now);
    }
    expect(accepted.end).toEqual({ type: "timed-out" });
  });

  test("survives a silence of 50 s, and every message sent in it arrives", () => {
    const { pair, connected, accepted } = connectedPair();
    pair.loses = () => true;
    send(pair.initiator, connected, "into the silence");
    pass(pair, 50_000);
    pair.loses = () => false;
    // The next probe is at most 3 s away (s. 12.2).
    pass(pair, 3_100);
    expect(receive(pair.responder, accepted, pair.now).map(words)).toEqual(["into the silence"]);
  });
});

describe("keep-alives (docs/protocol.md s. 15.1)", () => {
  test("are one PING and one ACK each 20 s: it is acknowledged at once, and with no path MTU probe", () => {
    const { pair, accepted } = connectedPair();
    pass(pair, 5_000);
    pair.sent.length = 0;
    pass(pair, 60_000);
    const [first] = pair.sent;
    const packets = pair.sent.map(({ by, bytes, sentAt }) => {
      return { by, length: bytes.length, at: Math.round(sentAt - (first?.sentAt ?? 0)) };
    });
    // Header (13), PING or an ACK of one range, and a tag (16).
    expect(packets).toEqual(
      [0, 20_000, 40_000].flatMap((at) => [
        { by: "initiator", length: 30, at },
        { by: "responder", length: 34, at: at + 10 },
      ]),
    );
    expect(accepted.end).toBe(null);
  });

  test("of many sessions wake the responder at most once a second by its timer", () => {
    const pair = createPair();
    for (let count = 0; count < 50; count += 1) {
      connectToResponder(pair);
      pass(pair, 37);
    }
    pass(pair, 5_000);
    const wakes = new Set<number>();
    for (const end = pair.now + 60_000; pair.now < end;) {
      wakes.add(endpointWakeAt(pair.responder.endpoint));
      pass(pair, 5);
    }
    expect(pair.responder.endpoint.sessions.size).toBe(50);
    expect(wakes.size).toBeLessThan(60);
  });
});

describe("silence (docs/protocol.md s. 15.1)", () => {
  test("is noticed 5 s after a message that is not acknowledged, and ends with the first packet received", () => {
    const { pair, connected, accepted } = connectedPair();
    pass(pair, 1_000);
    send(pair.initiator, connected, "are you there?");
    pair.loses = () => true;
    pass(pair, 4_990);
    expect(connected.silent).toBe(false);
    pass(pair, 20);
    expect([connected.silent, accepted.silent]).toEqual([true, false]);
    pair.loses = () => false;
    pass(pair, 3_000);
    expect(connected.silent).toBe(false);
    expect(receive(pair.responder, accepted, pair.now).map(words)).toEqual(["are you there?"]);
  });

  test("is not reported while no acknowledgment is awaited, as in an idle minute with keep-alives", () => {
    const { pair, connected, accepted } = connectedPair();
    for (let elapsed = 0; elapsed < 60_000; elapsed += 100) {
      pass(pair, 100);
      expect([connected.silent, accepted.silent]).toEqual([false, false]);
    }
  });

  test("is noticed 5 s after a keep-alive that is not answered", () => {
    const { pair, connected } = connectedPair();
    pass(pair, 1_000);
    pair.loses = () => true;
    const last = connected.lastElicitingAt;
    pass(pair, last + 20_000 + 5_000 - 10 - pair.now);
    expect(connected.silent).toBe(false);
    pass(pair, 20);
    expect(connected.silent).toBe(true);
  });

  // A keep-alive and the first of the two probes that follow it are lost, and the second is acknowledged. The
  // loss timer takes the first out of flight: nothing of it is sent again.
  test("is not reported when the loss timer empties the flight", () => {
    const { pair, connected, accepted } = connectedPair();
    // Until the window is too small for further path MTU probes.
    for (let message = 0; message < 10; message += 1) {
      send(pair.initiator, connected, "hello");
      pass(pair, 100);
    }
    let sent = 0;
    pair.loses = ({ by }) => by === "initiator" && (sent += 1) <= 2;
    pass(pair, 22_000);
    expect(sent).toBe(3);
    expect(connected.recovery.sent.packetsInFlight).toBe(0);
    for (let elapsed = 0; elapsed < 15_000; elapsed += 100) {
      pass(pair, 100);
      expect([connected.silent, accepted.silent]).toEqual([false, false]);
    }
  });
});

describe("the first round-trip time (docs/protocol.md s. 12.2)", () => {
  test("is the handshake's: a lost first message is sent again after it, not after 1 s", () => {
    const { pair, connected, accepted } = connectedPair();
    pair.loses = () => true;
    send(pair.responder, accepted, "first");
    pass(pair, 1);
    pair.loses = () => false;
    // 20 ms there and back, four times half of that, 25 ms for the ACK, and 10 ms on the way.
    pass(pair, 20 + 40 + 25 + 10 + 1);
    expect(receive(pair.initiator, connected, pair.now).map(words)).toEqual(["first"]);
  });

  test("is taken from the first of two answers, as it was no longer, unless that is longer than what is assumed", () => {
    for (const [after, roundTrip] of [
      [200, 200],
      [332, 332],
      [400, 333],
    ] as const) {
      const pair = createPair();
      connectToResponder(pair);
      const { helloAgain, finish } = carryUntilFinish(pair);
      answersTo(pair.responder, helloAgain, pair.initiator.address, pair.now);
      deliver(pair.responder, finish, pair.initiator.address, pair.now + after);
      expect(takeAccepted(pair).recovery.path.roundTrip.smoothed).toBe(roundTrip);
    }
  });
});

describe("a reset (docs/protocol.md s. 15.4)", () => {
  test("ends the session of an initiator whose responder was restarted with the same key", () => {
    const { pair, connected } = connectedPair();
    restartResponder(pair);
    const from = pair.sent.length;
    send(pair.initiator, connected, "are you there?");
    pass(pair, 100);
    expect(connected.end).toEqual({ type: "reset" });
    const [reset] = sentBy(pair, "responder", from);
    expect(reset?.bytes).toHaveLength(25);
    expect(reset?.bytes.subarray(1, 9)).toEqual(sessionKeys(connected).remoteId);
    expect(pair.initiator.endpoint.sessions.size).toBe(0);
    expect(pair.initiator.endpoint.byResetToken.size).toBe(0);
  });

  test("of a responder with another key is dropped: the session times out", () => {
    const { pair, connected } = connectedPair();
    restartResponder(pair, generateKeyPair(new Uint8Array(32).fill(0x44)));
    send(pair.initiator, connected, "are you there?");
    pass(pair, 59_000);
    expect(connected.end).toBeNull();
    pass(pair, 1_500);
    expect(connected.end).toEqual({ type: "timed-out" });
  });

  test("of another responder with the same key is dropped, which an observer can have made (RFC 9000 s. 21.11)", () => {
    const { pair, connected } = connectedPair();
    restartResponder(pair, RESPONDER_KEYS, new Uint8Array(16).fill(1));
    const packet = craft(connected, [1]);
    const reset = only(answersTo(pair.responder, packet, pair.initiator.address, pair.now));
    deliver(pair.initiator, reset, pair.responder.address, pair.now);
    expect(connected.end).toBeNull();
  });

  test("with a bit of its token changed is dropped", () => {
    const { pair, connected } = connectedPair();
    restartResponder(pair);
    const packet = craft(connected, [1]);
    const reset = only(answersTo(pair.responder, packet, pair.initiator.address, pair.now));
    for (let bit = 9 * 8; bit < 25 * 8; bit += 1) {
      deliver(
        pair.initiator,
        flipped(reset, bit >> 3, 1 << (bit & 7)),
        pair.responder.address,
        pair.now,
      );
    }
    expect(connected.end).toBeNull();
    deliver(pair.initiator, reset, pair.responder.address, pair.now);
    expect(connected.end).toEqual({ type: "reset" });
  });

  test("ends an initiator's attempt when its responder was restarted in the middle of the handshake", () => {
    const pair = createPair();
    const connected = connectToResponder(pair);
    send(pair.initiator, connected, "first");
    const { finish } = carryUntilFinish(pair);
    restartResponder(pair);
    // The finish is lost and sent again after 20 ms, for the round trip took none; the reset arrives 20 ms later.
    pass(pair, 39);
    expect(connected.end).toBeNull();
    pass(pair, 1);
    expect(connected.end).toEqual({ type: "reset" });
    const [reset, ...more] = sentBy(pair, "responder");
    expect(more).toEqual([]);
    expect(reset?.bytes).toHaveLength(25);
    expect(reset?.bytes.subarray(1, 9)).toEqual(finish.subarray(1, 9));
    expect(pair.responder.endpoint.sessions.size).toBe(0);
    expect(pair.initiator.endpoint.sessions.size).toBe(0);
    expect(pair.initiator.endpoint.byResetToken.size).toBe(0);
  });

  test("in the middle of a handshake is dropped with a bit of its token changed, or of another key", () => {
    const pair = createPair();
    const connected = connectToResponder(pair);
    const { finish } = carryUntilFinish(pair);
    const expectedReset = (responder: End) =>
      only(answersTo(responder, finish, pair.initiator.address, pair.now));
    const other = expectedReset(
      restartResponder(pair, generateKeyPair(new Uint8Array(32).fill(0x44))),
    );
    const reset = expectedReset(restartResponder(pair));
    expect(answersTo(pair.initiator, other, pair.responder.address, pair.now)).toEqual([]);
    for (let bit = 9 * 8; bit < 25 * 8; bit += 1) {
      deliver(
        pair.initiator,
        flipped(reset, bit >> 3, 1 << (bit & 7)),
        pair.responder.address,
        pair.now,
      );
    }
    expect(connected.end).toBeNull();
    deliver(pair.initiator, reset, pair.responder.address, pair.now);
    expect(connected.end).toEqual({ type: "reset" });
  });

  test("is sent to one address 100 times at once and 100 times a second, and is shorter than what it answers", () => {
    const pair = createPair();
    // The shortest of each: a sealed packet, and a finish.
    const strays = [new Uint8Array(30).fill(0xfc, 0, 1), new Uint8Array(73).fill(0xfb, 0, 1)];
    const count = (now: number) => {
      let sent = 0;
      for (let packet = 0; packet < 150; packet += 1) {
        const stray = strays[packet % 2] ?? new Uint8Array(0);
        stray.set(pair.random.bytes(8), 1);
        const answers = answersTo(pair.responder, stray, pair.initiator.address, now);
        for (const { bytes } of answers) expect(bytes).toHaveLength(25);
        sent += answers.length;
      }
      return sent;
    };
    expect(count(START)).toBe(100);
    expect(count(START)).toBe(0);
    expect(count(START + 10)).toBe(1);
    expect(count(START + 1_010)).toBe(100);
    expect(count(START + 60_000)).toBe(100);
  });

  test("is not sent by an initiator, which accepts no sessions", () => {
    const { pair, accepted } = connectedPair();
    const packet = craft(accepted, [1]).slice();
    packet.set(pair.random.bytes(8), 1);
    expect(answersTo(pair.initiator, packet, pair.responder.address, pair.now)).toEqual([]);
  });

  // The frame belongs in the answer; here it is sent again and again.
  test("has only one token: a peer that sends many makes nothing grow", () => {
    const { pair, connected, accepted } = connectedPair();
    for (let count = 0; count < 100; count += 1) {
      const packet = craft(accepted, [8, ...pair.random.bytes(16)]);
      deliver(pair.initiator, packet, pair.responder.address, pair.now);
      drain(pair.initiator, pair.now);
    }
    expect(connected.end).toBeNull();
    expect(pair.initiator.endpoint.byResetToken.size).toBe(1);
  });
});

describe("flow control (docs/protocol.md s. 13)", () => {
  test("a reader that does not read stops the writer, with bounded bytes at both ends", () => {
    const { pair, connected, accepted } = connectedPair();
    const message = pair.random.bytes(10_000);
    let sentCount = 0;
    for (let round = 0; round < 30; round += 1) {
      while (send(pair.initiator, connected, message)) sentCount += 1;
      pass(pair, 1_000);
    }
    expect(accepted.incoming.arrived.end).toBe(1_048_576);
    expect(connected.outgoing.queue.end - connected.outgoing.queue.start).toBeLessThanOrEqual(
      4_194_304,
    );
    expect(accepted.incoming.arrived.buffer?.length ?? 0).toBeLessThanOrEqual(4_194_304);
    const buffers = connected.outgoing.queue.chunks.map(({ bytes }) => bytes.length);
    expect(buffers.reduce((sum, length) => sum + length, 0)).toBeLessThanOrEqual(8_388_608);
    // 1 MiB arrived and 4 MiB waits: each message is 10,000 bytes and a head of 2.
    expect(sentCount).toBe(Math.floor((1_048_576 + 4_194_304) / 10_002));
    let receivedCount = 0;
    for (let round = 0; round < 600 && receivedCount < sentCount; round += 1) {
      for (const one of receive(pair.responder, accepted, pair.now)) {
        expect(Buffer.compare(one, message)).toBe(0);
        receivedCount += 1;
      }
      pass(pair, 100);
    }
    expect(receivedCount).toBe(sentCount);
    expect(accepted.end).toBeNull();
    expect(connected.outgoing.queue.chunks).toEqual([]);
    expect(accepted.incoming.arrived.buffer).toBeNull();
  }, 20_000);

  test("keeps early fragments within the window, and is not disturbed by them", () => {
    const { pair, connected, accepted } = connectedPair();
    for (let gap = 0; gap < 100; gap += 1) {
      // One byte of the stream, and PADDING.
      const frames = new Uint8Array(1_100);
      frames.set([3, ...varint4(2 + 2 * gap), 1, 9]);
      deliver(pair.responder, craft(connected, [...frames]), pair.initiator.address, pair.now);
    }
    expect(accepted.incoming.early).toHaveLength(100);
    expect(accepted.end).toBeNull();
  });

  // Each early fragment is a view of its whole packet: 4,096 of them may hold 256 MiB.
  test("uses no more memory than the window for early fragments", () => {
    const { pair, connected, accepted } = connectedPair();
    for (let gap = 0; gap < 100; gap += 1) {
      const frames = new Uint8Array(60_000);
      frames.set([3, ...varint4(2 + 2 * gap), 1, 9]);
      deliver(pair.responder, craft(connected, [...frames]), pair.initiator.address, pair.now);
    }
    expect(accepted.incoming.early).toHaveLength(100);
    const held = new Set([...accepted.incoming.earlyBytes.values()].map(({ buffer }) => buffer));
    const total = [...held].reduce((sum, { byteLength }) => sum + byteLength, 0);
    expect(total).toBeLessThanOrEqual(1_048_576);
  });
});

describe("a peer that breaks the protocol ends the session for both (docs/protocol.md s. 15.3)", () => {
  test("with code 3 for a fragment beyond the window", () => {
    expectFault([3, ...varint4(1_048_576), 1, 9], 3);
  });

  test("but not for one that ends exactly at it", () => {
    const { pair, connected, accepted } = connectedPair();
    const packet = craft(connected, [3, ...varint4(1_048_575), 1, 9]);
    deliver(pair.responder, packet, pair.initiator.address, pair.now);
    expect(accepted.end).toBeNull();
  });

  test("with code 2 for more than 64 frames in one packet (s. 10)", () => {
    const fragments = Array.from({ length: 65 }, (_, index) => [
      3,
      ...varint4(100 + 2 * index),
      1,
      9,
    ]);
    expectFault(fragments.flat(), 2);
  });

  test("with code 4 for a message longer than 65,536 bytes", () => {
    expectFault([3, 0, 4, ...varint4(65_537)], 4);
  });

  test("with code 2 for an ACK of a packet that was never sent", () => {
    const { pair, connected, accepted } = connectedPair();
    const next = accepted.recovery.sent.nextNumber;
    deliver(
      pair.responder,
      craft(connected, [2, next - 1, 0, 0, 0]),
      pair.initiator.address,
      pair.now,
    );
    expect(accepted.end).toBeNull();
    deliver(pair.responder, craft(connected, [2, next, 0, 0, 0]), pair.initiator.address, pair.now);
    expect(accepted.end).toMatchObject({ type: "closed", by: "us", code: 2 });
    expectFault([2, 63, 0, 0, 0], 2);
  });

  test.each([
    ["an unknown frame", [9]],
    ["an unknown frame after a known one", [1, 0, 0x7f]],
    ["a FRAGMENT that is cut short", [3, 0, 5, 1]],
    ["a WINDOW that is cut short", [4]],
    ["an ACK whose ranges go below 0", [2, 0, 0, 0, 1]],
    ["an empty ACK", [2]],
    ["a CLOSE with a reason that is cut short", [7, 0, 9, 65]],
  ])("with code 2 for %s", (_what, frames) => {
    expectFault(frames, 2);
  });

  test("with code 5 after 2^36 packets that do not authenticate (s. 9)", () => {
    const { pair, connected, accepted } = connectedPair();
    sessionKeys(accepted).receive.forgeries = MAX_FORGERIES - 2;
    const forged = flipped(craft(connected, [1]), 20);
    deliver(pair.responder, forged, pair.initiator.address, pair.now);
    expect(accepted.end).toBeNull();
    deliver(pair.responder, forged, pair.initiator.address, pair.now);
    expect(accepted.end).toMatchObject({ type: "closed", by: "us", code: 5 });
    pass(pair, 100);
    expect(connected.end).toMatchObject({ type: "closed", by: "peer", code: 5 });
  });

  test("but not with forged packets, which are only counted", () => {
    const { pair, connected, accepted } = connectedPair();
    const packet = craft(connected, [1]);
    for (let bit = 0; bit < packet.length * 8; bit += 1) {
      const at = bit >> 3;
      // Another connection id is another session's, and another first byte another kind.
      if (at < 9) continue;
      deliver(
        pair.responder,
        flipped(packet, at, 1 << (bit & 7)),
        pair.initiator.address,
        pair.now,
      );
    }
    // With a bit of its number changed it may look like a replay, which is dropped uncounted.
    expect(sessionKeys(accepted).receive.forgeries).toBeGreaterThan(17 * 8);
    expect(accepted.end).toBeNull();
    deliver(pair.responder, packet, pair.initiator.address, pair.now);
    expect(accepted.lastHeardAt).toBe(pair.now);
  });

  test("but never makes it throw, as with 20,000 copies of a finish and not one ACK", () => {
    const pair = createPair();
    connectToResponder(pair);
    const { finish } = carryUntilFinish(pair);
    for (let count = 0; count < 20_000; count += 1) {
      answersTo(pair.responder, finish, pair.initiator.address, pair.now);
    }
    // 8,192 packets in flight, and what probes may add.
    expect(takeAccepted(pair).recovery.sent.packets.length).toBeLessThan(12_500);
  });

  test("but never makes it throw, as with 20,000 path challenges and not one ACK", () => {
    const { pair, connected, accepted } = connectedPair();
    for (let count = 0; count < 20_000; count += 1) {
      const packet = craft(connected, [5, 1, 2, 3, 4, 5, 6, 7, 8]);
      answersTo(pair.responder, packet, pair.initiator.address, pair.now);
    }
    expect(accepted.recovery.sent.packets.length).toBeLessThan(12_500);
  });

  // Otherwise anyone who has seen a connection id could put PINGs in flight that are never acknowledged.
  test("but not with a packet that only looks like a finish, which is dropped (s. 7)", () => {
    const { pair, accepted } = connectedPair();
    const forged = new Uint8Array(78).fill(0x99);
    forged[0] = 0xfb;
    forged.set(accepted.localId, 1);
    const stranger = { address: "203.0.113.9", port: 9 };
    expect(answersTo(pair.responder, forged, stranger, pair.now)).toEqual([]);
  });
});

describe("a session that changes its key (docs/protocol.md s. 9)", () => {
  test("continues after 2^20 packets, also with packets that overtake each other across the change", () => {
    const { pair, connected, accepted } = connectedPair();
    // One packet with the key is acknowledged.
    send(pair.initiator, connected, "before");
    pass(pair, 2_000);
    expect(receive(pair.responder, accepted, pair.now).map(words)).toEqual(["before"]);
    skipTo(connected, accepted, PACKETS_PER_KEY - 3);
    const all = Array.from({ length: 12 }, (_, index) => `across ${index}`);
    const packets = all.map((message) => {
      send(pair.initiator, connected, message);
      return only(drain(pair.initiator, pair.now).slice(0, 1));
    });
    // From number 2^20 on the other first byte.
    for (const packet of packets) {
      const number = new DataView(packet.buffer, packet.byteOffset).getUint32(9);
      expect(packet[0]).toBe(number < 1_048_576 ? 0xfc : 0xfd);
    }
    expect(packets[0]?.[0]).toBe(0xfc);
    expect(packets.at(-1)?.[0]).toBe(0xfd);
    for (const packet of packets.toReversed()) {
      deliver(pair.responder, packet, pair.initiator.address, pair.now);
    }
    expect(receive(pair.responder, accepted, pair.now).map(words)).toEqual(all);
    expect(sessionKeys(accepted).receive.forgeries).toBe(0);
    expect(sessionKeys(accepted).receive.key).toEqual(sessionKeys(connected).send.key);
    pass(pair, 2_000);
    send(pair.responder, accepted, "and back");
    pass(pair, 500);
    expect(receive(pair.initiator, connected, pair.now).map(words)).toEqual(["and back"]);
  });

  test("continues past 2^32 packets: the half of the number that is not sent is known", () => {
    const { pair, connected, accepted } = connectedPair();
    pass(pair, 2_000);
    skipTo(connected, accepted, 2 ** 32 - 2);
    const from = pair.sent.length;
    for (const message of ["one", "two", "three", "four", "five"]) {
      send(pair.initiator, connected, message);
      pass(pair, 100);
    }
    expect(receive(pair.responder, accepted, pair.now).map(words)).toEqual([
      "one",
      "two",
      "three",
      "four",
      "five",
    ]);
    const numbers = sentBy(pair, "initiator", from).map(({ bytes }) => bytes[9]);
    expect(numbers).toContain(0xff);
    expect(numbers).toContain(0x00);
  });

  // Nothing ends it: the number after the last is refused by the cipher, which throws.
  test("ends before 2^53 packets, with code 5", () => {
    const { pair, connected, accepted } = connectedPair();
    pass(pair, 2_000);
    skipTo(connected, accepted, 2 ** 53 - 2);
    for (let count = 0; count < 4; count += 1) {
      send(pair.initiator, connected, "the last");
      pass(pair, 100);
    }
    expect(connected.end).toMatchObject({ type: "closed", by: "us", code: 5 });
  });
});

describe("a capture of the traffic (docs/protocol.md s. 16)", () => {
  const MESSAGES = ["Meet me at the old mill at nine.", "Bring the letter, Konstantin."];

  /** Every datagram of a conversation of the same people about the same things. */
  function capture(seed: number): Uint8Array[] {
    const { pair, connected, accepted } = connectedPair({ seed });
    for (const message of MESSAGES) {
      send(pair.initiator, connected, message);
      send(pair.responder, accepted, message);
      pass(pair, 1_000);
    }
    pass(pair, 30_000);
    expect(receive(pair.responder, accepted, pair.now).map(words)).toEqual(MESSAGES);
    close(pair.initiator, connected, 0, "Konstantin has left", pair.now);
    pass(pair, 10_000);
    return pair.sent.map(({ bytes }) => bytes);
  }

  test("shows neither messages, nor the reason of the end, nor any key or secret", () => {
    const secrets = [
      ...[...MESSAGES, "Konstantin has left"].map(text),
      ...[INITIATOR_KEYS, RESPONDER_KEYS].flatMap(({ publicKey, privateKey }) => [
        publicKey,
        privateKey,
      ]),
      PSK,
    ];
    for (const datagram of capture(1)) {
      const bytes = Buffer.from(datagram);
      for (const secret of secrets) {
        // Not eight bytes of it anywhere.
        for (let at = 0; at + 8 <= secret.length; at += 1) {
          expect(bytes.includes(secret.subarray(at, at + 8))).toBe(false);
        }
      }
    }
  });

  // What is constant on the wire is shorter than 8 bytes: the first byte with the version (2), the cookie's
  // length with its secret's number (2), and a packet number (4) between a random id and a sealed byte.
  test("has no 8 bytes in a row in common with another of the same keys and messages", () => {
    const seen = new Set<string>();
    for (const datagram of capture(1)) {
      const bytes = Buffer.from(datagram).toString("latin1");
      for (let at = 0; at + 8 <= bytes.length; at += 1) seen.add(bytes.slice(at, at + 8));
    }
    expect(seen.size).toBeGreaterThan(3_000);
    const common: string[] = [];
    for (const datagram of capture(2)) {
      const bytes = Buffer.from(datagram).toString("latin1");
      for (let at = 0; at + 8 <= bytes.length; at += 1) {
        if (seen.has(bytes.slice(at, at + 8))) common.push(`${datagram[0]} at ${at}`);
      }
    }
    expect(common).toEqual([]);
  });
});
