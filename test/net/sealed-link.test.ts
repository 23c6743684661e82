// A link over a session, in virtual time: sending, a slow reader, silence, moves and the end (docs/protocol.md s. 13, 15).

import { describe, expect, test } from "bun:test";

import { defer } from "../../src/deferred.ts";
import type { SessionEnd } from "../../src/protocol/session/session.ts";
import { linkedPair } from "../protocol/linked-pair.ts";
import { text, words } from "../protocol/pair.ts";
import { rejection } from "./rejection.ts";

/** A reader that collects messages, and can stop and go on. */
function createReader() {
  const received: string[] = [];
  let stopped: PromiseWithResolvers<void> | null = null;
  return {
    received,
    stop() {
      stopped = defer();
    },
    goOn() {
      stopped?.resolve();
      stopped = null;
    },
    onMessages(messages: readonly Uint8Array[]): void | Promise<void> {
      received.push(...messages.map(words));
      return stopped?.promise;
    },
  };
}

/** The result of a promise, or "pending". */
async function stateOf<T>(promise: Promise<T>): Promise<T | "pending"> {
  const pending = new Promise<"pending">((done) => setImmediate(() => done("pending")));
  return Promise.race([promise, pending]);
}

const OVER: SessionEnd = { type: "closed", by: "peer", code: 0, reason: "" };

/** A text of `length` bytes; each `at` gives a different one. */
const wordsOf = (count: number, length: number) =>
  Array.from({ length: count }, (_, index) => `${index}`.padEnd(length, "."));

describe("sending", () => {
  test("each message ends further on in the stream, and arrival is reported in that order", async () => {
    const arrived: number[] = [];
    const reader = createReader();
    const link = linkedPair({
      initiator: { onArrived: (end) => arrived.push(end) },
      responder: reader,
    });
    const saying = ["one", "", "three", "x".repeat(60_000)].map((word) =>
      link.initiator.say(text(word)),
    );
    // Each is its bytes and a length prefix: of 1 byte for the short ones, of 4 for the last (s. 11).
    expect(await Promise.all(saying)).toEqual([4, 5, 11, 11 + 60_004]);
    expect(arrived).toEqual([]);
    await link.go(2_000);
    expect(reader.received.map(({ length }) => length)).toEqual([3, 0, 5, 60_000]);
    expect(arrived).toEqual(arrived.toSorted((one, other) => one - other));
    expect(new Set(arrived).size).toBe(arrived.length);
    expect(arrived.at(-1)).toBe(60_015);
  });

  test("a message is reported as arrived only when it has, not while it is lost", async () => {
    const arrived: number[] = [];
    const link = linkedPair({ initiator: { onArrived: (end) => arrived.push(end) } });
    link.pair.loses = () => true;
    expect(await link.initiator.say(text("hello"))).toBe(6);
    const all = link.initiator.arrived();
    await link.go(4_000);
    expect(arrived).toEqual([]);
    expect(await stateOf(all)).toBe("pending");
    link.pair.loses = () => false;
    await link.go(3_000);
    expect(arrived).toEqual([6]);
    expect(await stateOf(all)).toBe(true);
  });

  test("messages wait for space, and are sent and received in the order of the calls", async () => {
    const reader = createReader();
    const link = linkedPair({ responder: reader });
    // At most 4 MiB wait (s. 13): 64 of these fit with their length prefixes.
    const words = Array.from({ length: 100 }, (_, index) => `${index}`.padEnd(65_000, "."));
    const said: number[] = [];
    for (const [index, word] of words.entries()) {
      void link.initiator.say(text(word)).then(() => said.push(index));
    }
    // This one would fit, but others came first.
    void link.initiator.say(text("short")).then(() => said.push(100));
    await stateOf(Promise.resolve());
    expect(said).toEqual(Array.from({ length: 64 }, (_, index) => index));
    await link.go(20_000);
    expect(said).toEqual(Array.from({ length: 101 }, (_, index) => index));
    expect(reader.received.map((word) => word.replace(/\.+$/, ""))).toEqual([
      ...Array.from({ length: 100 }, (_, index) => `${index}`),
      "short",
    ]);
  });

  test("sayAll is true when there is space for all messages, and otherwise resolves once there is", async () => {
    const reader = createReader();
    const link = linkedPair({ responder: reader });
    const few = wordsOf(10, 20);
    expect(link.initiator.sayAll(few.map(text))).toBe(true);
    const many = wordsOf(100, 65_000);
    const all = link.initiator.sayAll(many.map(text));
    expect(all).toBeInstanceOf(Promise);
    // The next message comes after them, though it would fit.
    const last = link.initiator.sayAll([text("last")]);
    expect(last).toBeInstanceOf(Promise);
    await link.go(20_000);
    expect([await all, await last]).toEqual([true, true]);
    expect(reader.received).toEqual([...few, ...many, "last"]);
  });

  test("sayAll is false when the session ended before there was space, or is over", async () => {
    const link = linkedPair({ responder: { onMessages: () => new Promise<void>(() => {}) } });
    const all = link.initiator.sayAll(Array.from({ length: 200 }, () => new Uint8Array(65_536)));
    await link.go(100);
    link.initiator.abort(0, "");
    await link.go(100);
    expect(await all).toBe(false);
    expect(await link.initiator.sayAll([text("too late")])).toBe(false);
  });

  test("arrived resolves when nothing was sent", async () => {
    const link = linkedPair();
    expect(await stateOf(link.initiator.arrived())).toBe(true);
  });

  test("a message of 65,536 bytes is sent; one byte more throws", async () => {
    const reader = createReader();
    const link = linkedPair({ responder: reader });
    expect(await link.initiator.say(new Uint8Array(65_536))).toBe(65_540);
    expect(await rejection(link.initiator.say(new Uint8Array(65_537)))).toBeInstanceOf(Error);
    // It throws also when it would have to wait.
    for (let count = 0; count < 100; count += 1) void link.initiator.say(new Uint8Array(65_536));
    expect(await rejection(link.initiator.say(new Uint8Array(65_537)))).toBeInstanceOf(Error);
    await link.go(20_000);
    expect(reader.received).toHaveLength(101);
  });

  test("a message without space when the session ends resolves with null, and has not arrived", async () => {
    const link = linkedPair({ responder: { onMessages: () => new Promise<void>(() => {}) } });
    const saying = Array.from({ length: 200 }, () => link.initiator.say(new Uint8Array(65_536)));
    const arrived = link.initiator.arrived();
    await link.go(1_000);
    link.initiator.abort(1, "enough");
    await link.go(100);
    const ends = await Promise.all(saying);
    const left = ends.indexOf(null);
    expect(left).toBeGreaterThan(60);
    expect(ends.slice(left).every((end) => end === null)).toBe(true);
    expect(await arrived).toBe(false);
    expect(await link.initiator.say(text("too late"))).toBeNull();
    expect(await link.initiator.arrived()).toBe(false);
  });
});

const message = (index: number) => `${index} `.padEnd(10_000, "x");

describe("a slow reader", () => {
  test("a reader that stops makes the writer wait, at 1 MiB there and 4 MiB here, and nothing is lost", async () => {
    const reader = createReader();
    const link = linkedPair({ responder: reader });
    reader.stop();
    await link.initiator.say(text("first"));
    await link.go(100);
    expect(reader.received).toEqual(["first"]);
    let said = 0;
    const saying = (async () => {
      for (; said < 1_000; said += 1) await link.initiator.say(text(message(said)));
    })();
    await link.go(30_000);
    const { arrived } = link.accepted.incoming;
    expect(arrived.end - arrived.start).toBeLessThanOrEqual(1_048_576);
    const { queue: held } = link.connected.outgoing;
    expect(held.end - held.start).toBeLessThanOrEqual(4_194_304);
    expect(said).toBeWithin(500, 530);
    expect(reader.received).toEqual(["first"]);
    // The connection is not silent: the peer sends ACKs.
    expect(link.connected.silent).toBe(false);

    reader.goOn();
    await link.go(40_000);
    await saying;
    expect(reader.received.slice(1)).toEqual(Array.from({ length: 1_000 }, (_, at) => message(at)));
    expect(link.connected.outgoing.queue.chunks).toEqual([]);
    expect(link.accepted.incoming.arrived.buffer).toBeNull();
  }, 20_000);

  test("a reader gets no more messages while it is busy", async () => {
    let given = 0;
    let at = 0;
    let most = 0;
    const link = linkedPair({
      responder: {
        async onMessages(messages) {
          at += 1;
          most = Math.max(most, at);
          given += messages.length;
          await new Promise((done) => setImmediate(done));
          at -= 1;
        },
      },
    });
    for (let count = 0; count < 5_000; count += 1) void link.initiator.say(text(`${count}`));
    await link.go(5_000);
    expect(given).toBe(5_000);
    expect(most).toBe(1);
  });

  test("a reader gets at most 1,024 messages at a time", async () => {
    const batches: number[] = [];
    const reader = createReader();
    const link = linkedPair({
      responder: {
        onMessages(messages) {
          batches.push(messages.length);
          return reader.onMessages(messages);
        },
      },
    });
    reader.stop();
    await link.initiator.say(text("first"));
    await link.go(100);
    for (let count = 0; count < 5_000; count += 1) void link.initiator.say(text(`${count}`));
    await link.go(5_000);
    reader.goOn();
    await link.go(5_000);
    expect(batches).toEqual([1, 1_024, 1_024, 1_024, 1_024, 904]);
  });
});

describe("the end", () => {
  test("the end is reported after every message that arrived, however slow the reader is", async () => {
    const reader = createReader();
    const link = linkedPair({ responder: reader });
    let ended: SessionEnd | null = null;
    void link.responder.ended.then((end) => (ended = end));
    reader.stop();
    await link.initiator.say(text("first"));
    await link.go(100);
    for (let count = 0; count < 5_000; count += 1) void link.initiator.say(text(`${count}`));
    const closed = link.initiator.close();
    await link.go(5_000);
    expect(await stateOf(closed)).toBeUndefined();
    expect(link.accepted.end).toEqual(OVER);
    expect(reader.received).toHaveLength(1);
    expect(ended).toBeNull();
    for (let batch = 1; batch <= 4; batch += 1) {
      reader.goOn();
      reader.stop();
      await link.go(20);
      expect(reader.received).toHaveLength(1 + 1_024 * batch);
      expect(ended).toBeNull();
    }
    reader.goOn();
    await link.go(100);
    expect(reader.received).toEqual([
      "first",
      ...Array.from({ length: 5_000 }, (_, at) => `${at}`),
    ]);
    expect(ended as SessionEnd | null).toEqual(OVER);
  });

  test("the end is reported after every message that arrived when the reader is fast, too", async () => {
    const reader = createReader();
    const link = linkedPair({ responder: reader });
    reader.stop();
    await link.initiator.say(text("first"));
    await link.go(100);
    for (let count = 0; count < 5_000; count += 1) void link.initiator.say(text(`${count}`));
    void link.initiator.close();
    await link.go(5_000);
    const after = link.responder.ended.then(() => reader.received.length);
    reader.goOn();
    await link.go(100);
    expect(await stateOf(after)).toBe(5_001);
  });

  test("close ends the session after every message has arrived", async () => {
    const reader = createReader();
    const link = linkedPair({ responder: reader });
    link.pair.loses = () => true;
    await link.initiator.say(text("the last word"));
    const closed = link.initiator.close();
    await link.go(10_000);
    expect(link.connected.end).toBeNull();
    link.pair.loses = () => false;
    await link.go(3_500);
    expect(reader.received).toEqual(["the last word"]);
    expect(await stateOf(closed)).toBeUndefined();
    expect(await stateOf(link.responder.ended)).toEqual(OVER);
  });

  test("abort ends the session at once, and the peer gets the code and the reason", async () => {
    const reader = createReader();
    const link = linkedPair({ responder: reader });
    link.pair.loses = ({ by }) => by === "initiator";
    await link.initiator.say(text("on its way"));
    link.initiator.abort(1, "no patience");
    link.pair.loses = () => false;
    await link.go(500);
    expect(await stateOf(link.initiator.ended)).toEqual({
      type: "closed",
      by: "us",
      code: 1,
      reason: "no patience",
    });
    expect(await stateOf(link.responder.ended)).toEqual({
      type: "closed",
      by: "peer",
      code: 1,
      reason: "no patience",
    });
    expect(reader.received).toEqual([]);
  });

  test("the first abort counts, whatever follows", async () => {
    const link = linkedPair();
    link.initiator.abort(1, "the first");
    link.initiator.abort(2, "the second");
    const closed = link.initiator.close();
    await link.go(500);
    expect(await stateOf(closed)).toBeUndefined();
    expect(await stateOf(link.initiator.ended)).toMatchObject({ code: 1, reason: "the first" });
  });

  test("a session whose peer is gone ends 60 s after the peer's last packet, also while close waits", async () => {
    const link = linkedPair();
    link.pair.loses = () => true;
    await link.initiator.say(text("is anybody there?"));
    const closed = link.initiator.close();
    const arrived = link.initiator.arrived();
    await link.go(59_000);
    expect(await stateOf(closed)).toBe("pending");
    await link.go(1_500);
    expect(await stateOf(arrived)).toBe(false);
    expect(await stateOf(closed)).toBeUndefined();
    expect(await stateOf(link.initiator.ended)).toEqual({ type: "timed-out" });
  });
});

describe("silence", () => {
  test("a silence is reported once with its length so far, and its end with its whole length", async () => {
    const reports: string[] = [];
    const link = linkedPair({
      initiator: {
        onSilent: (duration) => reports.push(`silent for ${Math.round(duration / 1_000)} s`),
        onHeard: (duration) => reports.push(`heard after ${Math.round(duration / 1_000)} s`),
      },
    });
    await link.initiator.say(text("hello"));
    await link.go(1_000);
    link.pair.loses = () => true;
    await link.initiator.say(text("hello?"));
    await link.go(4_900);
    expect(reports).toEqual([]);
    await link.go(7_000);
    // One second after the peer's last packet an ACK was due; five seconds later that is reported as silence.
    expect(reports).toEqual(["silent for 6 s"]);
    link.pair.loses = () => false;
    await link.go(3_000);
    expect(reports).toEqual(["silent for 6 s", expect.stringMatching(/^heard after 1[2-6] s$/)]);
    await link.go(50_000);
    expect(reports).toHaveLength(2);
  });

  test("each silence is reported", async () => {
    const reports: string[] = [];
    const link = linkedPair({
      initiator: { onSilent: () => reports.push("silent"), onHeard: () => reports.push("heard") },
    });
    for (let count = 0; count < 2; count += 1) {
      link.pair.loses = () => true;
      await link.initiator.say(text("hello?"));
      await link.go(6_000);
      link.pair.loses = () => false;
      await link.go(4_000);
    }
    expect(reports).toEqual(["silent", "heard", "silent", "heard"]);
  });
});

describe("the round trip", () => {
  test("is measured in the handshake, and unknown on a path to another host until it is measured there", async () => {
    const trips: (number | null)[] = [];
    const link = linkedPair({ responder: { onMoved: () => trips.push(link.responder.roundTrip) } });
    trips.push(link.initiator.roundTrip);
    await link.initiator.say(text("at home"));
    await link.responder.say(text("hello"));
    await link.go(500);
    trips.push(link.initiator.roundTrip, link.responder.roundTrip);
    link.pair.initiator.address = { address: "203.0.113.7", port: 60_003 };
    await link.initiator.say(text("elsewhere"));
    await link.go(500);
    await link.responder.say(text("hello again"));
    await link.go(500);
    trips.push(link.responder.roundTrip);
    expect(trips).toEqual([20, 20, 20, null, 20]);
  });
});

describe("a move", () => {
  test("a move is reported once the new address is proven", async () => {
    const moves: string[] = [];
    const link = linkedPair({
      responder: { onMoved: ({ address, port }) => moves.push(`${address}:${port}`) },
    });
    await link.initiator.say(text("at home"));
    await link.go(100);
    expect(link.responder.peer).toEqual({ address: "192.0.2.1", port: 40_001 });
    link.pair.initiator.address = { address: "192.0.2.1", port: 50_002 };
    await link.initiator.say(text("on the way"));
    await link.go(20);
    // Datagrams came from there, but the address is not proven yet.
    expect(moves).toEqual([]);
    await link.go(500);
    expect(moves).toEqual(["192.0.2.1:50002"]);
    expect(link.responder.peer).toEqual({ address: "192.0.2.1", port: 50_002 });
    link.pair.initiator.address = { address: "203.0.113.7", port: 60_003 };
    await link.initiator.say(text("elsewhere"));
    await link.go(500);
    expect(moves).toEqual(["192.0.2.1:50002", "203.0.113.7:60003"]);
  });

  test("a move that is not proven is not reported", async () => {
    const moves: unknown[] = [];
    const link = linkedPair({ responder: { onMoved: (to) => moves.push(to) } });
    const home = link.pair.initiator.address;
    link.pair.initiator.address = { address: "192.0.2.66", port: 6_666 };
    // As if somebody forged the sender address of its datagrams: the challenges to it are lost.
    link.pair.loses = ({ to }) => to.port === 6_666;
    await link.initiator.say(text("from elsewhere"));
    await link.go(10);
    link.pair.initiator.address = home;
    await link.go(10_000);
    expect(moves).toEqual([]);
    expect(link.responder.peer).toEqual(home);
  });
});

test("both ends have joined, and each knows the other's key", async () => {
  const link = linkedPair();
  await link.go(10);
  expect(await stateOf(link.initiator.joined)).toBe(true);
  expect(await stateOf(link.responder.joined)).toBe(true);
  expect(link.initiator.peerKey).toHaveLength(32);
  expect(link.responder.peerKey).toHaveLength(32);
  expect(link.initiator.peerKey).not.toEqual(link.responder.peerKey);
});
