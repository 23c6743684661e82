// One budget for all that peers make a responder hold (docs/protocol.md s. 13).

import { describe, expect, test } from "bun:test";

import { activate } from "../../../src/protocol/endpoint.ts";
import {
  finishMessages,
  RECEIVE_WINDOW,
  startMessages,
} from "../../../src/protocol/session/incoming-messages.ts";
import { FIRST_WINDOW, RESERVED } from "../../../src/protocol/session/memory.ts";
import { receiveMessages } from "../../../src/protocol/session/receive.ts";
import { closeSession, type Session } from "../../../src/protocol/session/session.ts";
import { connectToResponder, createPair, type Pair, pass, send } from "../pair.ts";

const MIB = 1_024 * 1_024;
/** They could hold 30 MiB of what they send, and more of what they don't read. */
const SESSIONS = 30;
const MEMORY = 4 * MIB;

interface Joined {
  readonly connected: Session;
  readonly accepted: Session;
}

function join(pair: Pair): Joined | null {
  const connected = connectToResponder(pair);
  pass(pair, 200);
  const accepted = pair.responder.endpoint.accepted.shift();
  return accepted === undefined ? null : { connected, accepted };
}

function joinAll(pair: Pair, count: number): Joined[] {
  return Array.from({ length: count }, () => join(pair)).filter((each) => each !== null);
}

/** Bytes in the buffers of all of the responder's sessions. */
function held({ responder }: Pair): number {
  let sum = 0;
  for (const { incoming, outgoing } of responder.endpoint.sessions.values()) {
    sum += incoming.arrived.buffer?.length ?? 0;
    for (const page of incoming.earlyBytes.values()) sum += page.length;
    sum += outgoing.queue.end - outgoing.queue.start;
  }
  return sum;
}

function used({ responder }: Pair): number {
  const memory = responder.endpoint.responder?.memory ?? null;
  if (memory === null) throw new Error("there is no budget");
  return memory.used;
}

/** A MiB of messages, which nobody at the other end takes. */
function flood(pair: Pair, { connected }: Joined): void {
  for (let count = 0; count < 16; count += 1) {
    send(pair.initiator, connected, new Uint8Array(MIB / 16 - 8));
  }
}

describe("a responder whose peers send what nobody takes", () => {
  test("holds no more than its budget", () => {
    const pair = createPair({ memory: MEMORY });
    const sessions = joinAll(pair, SESSIONS);
    expect(used(pair)).toBe(SESSIONS * RESERVED);
    for (const session of sessions) flood(pair, session);
    pass(pair, 5_000);
    expect(held(pair)).toBeGreaterThan(SESSIONS * (FIRST_WINDOW - 1));
    expect(held(pair)).toBeLessThanOrEqual(MEMORY);
    for (const { accepted } of sessions) expect(accepted.end).toBeNull();
  });

  test("refuses the newest, and goes on with those that it has", () => {
    const pair = createPair({ memory: SESSIONS * RESERVED });
    const [honest, ...sessions] = joinAll(pair, SESSIONS);
    if (honest === undefined) throw new Error("nobody was admitted");
    for (const session of sessions) flood(pair, session);
    pass(pair, 1_000);
    const refused = connectToResponder(pair);
    pass(pair, 5_000);
    expect(refused.end).toEqual({ type: "handshake-failed", failure: "full" });
    const { connected, accepted } = honest;
    // The second of them needs more than what the first has left of the window, and not half of it is used.
    const [small, large] = ["x".repeat(30_000), "x".repeat(65_536)];
    for (let round = 0; round < 5; round += 1) {
      for (const message of [small, large]) {
        expect(send(pair.initiator, connected, message)).toBe(true);
        expect(send(pair.responder, accepted, message)).toBe(true);
        pass(pair, 2_000);
        for (const end of [pair.initiator, pair.responder]) {
          const session = end === pair.initiator ? connected : accepted;
          const received = receiveMessages(session, 10, pair.now).map(({ length }) => length);
          expect(received).toEqual([message.length]);
          activate(end.endpoint, session);
        }
      }
    }
    for (const { accepted: other } of sessions) expect(other.end).toBeNull();
  });

  test("takes everything, once, when there is memory again", () => {
    const pair = createPair({ memory: MEMORY });
    const sessions = joinAll(pair, SESSIONS);
    for (const session of sessions) flood(pair, session);
    pass(pair, 5_000);
    const counts = sessions.map(() => 0);
    let rest = 20; // Rounds in which a message could come a second time.
    for (let round = 0; round < 400 && rest > 0; round += 1) {
      if (counts.every((count) => count >= 16)) rest -= 1;
      for (const [index, { accepted }] of sessions.entries()) {
        counts[index] = (counts[index] ?? 0) + receiveMessages(accepted, 4, pair.now).length;
        activate(pair.responder.endpoint, accepted);
      }
      pass(pair, 500);
    }
    expect(new Set(counts)).toEqual(new Set([16]));
    expect(used(pair)).toBe(SESSIONS * RESERVED);
  });

  test("counts nothing any more for sessions that are over", () => {
    const pair = createPair({ memory: MEMORY });
    const sessions = joinAll(pair, SESSIONS);
    for (const session of sessions) flood(pair, session);
    pass(pair, 5_000);
    for (const { connected } of sessions) {
      closeSession(connected, 0, "", pair.now);
      activate(pair.initiator.endpoint, connected);
    }
    pass(pair, 70_000);
    expect(used(pair)).toBe(0);
    expect(join(pair)).not.toBeNull();
  });
});

describe("a window", () => {
  test("grows up to a MiB while its peer fills it, and is short again for one that doesn't", () => {
    const pair = createPair({ memory: MEMORY });
    const [session] = joinAll(pair, 1);
    if (session === undefined) throw new Error("nobody was admitted");
    const { connected, accepted } = session;
    const take = (): void => {
      receiveMessages(accepted, 1_000, pair.now);
      activate(pair.responder.endpoint, accepted);
    };
    expect(accepted.incoming.window).toBe(FIRST_WINDOW);
    for (let round = 0; round < 40; round += 1) {
      flood(pair, session);
      pass(pair, 20);
      take();
    }
    expect(accepted.incoming.window).toBe(RECEIVE_WINDOW);
    pass(pair, 10_000);
    for (let round = 0; round < 30; round += 1) {
      take();
      send(pair.initiator, connected, new Uint8Array(60_000));
      pass(pair, 5_000);
    }
    expect(accepted.incoming.window).toBe(FIRST_WINDOW);
  });

  test("does not grow when there is no memory for it", () => {
    const pair = createPair({ memory: 2 * RESERVED });
    const [session] = joinAll(pair, 1);
    if (session === undefined) throw new Error("nobody was admitted");
    let received = 0;
    for (let count = 0; count < 16; count += 1)
      send(pair.initiator, session.connected, new Uint8Array(60_000));
    for (let round = 0; round < 100; round += 1) {
      pass(pair, 20);
      received += receiveMessages(session.accepted, 1_000, pair.now).length;
      activate(pair.responder.endpoint, session.accepted);
      expect(
        session.accepted.incoming.granted - session.accepted.incoming.arrived.start,
      ).toBeLessThanOrEqual(2 * FIRST_WINDOW);
    }
    expect(received).toBe(16);
  });

  test("is not renewed while the program above has not finished with the messages", () => {
    const pair = createPair({ memory: MEMORY });
    const [session] = joinAll(pair, 1);
    if (session === undefined) throw new Error("nobody was admitted");
    const { accepted } = session;
    flood(pair, session);
    pass(pair, 1_000);
    const messages = receiveMessages(accepted, 1_000, pair.now);
    startMessages(accepted.incoming, messages);
    activate(pair.responder.endpoint, accepted);
    pass(pair, 1_000);
    expect(messages).toHaveLength(1);
    const granted = accepted.incoming.granted;
    expect(granted).toBeLessThan(2 * FIRST_WINDOW);
    pass(pair, 10_000);
    expect(accepted.incoming.granted).toBe(granted);
    finishMessages(accepted.incoming, messages);
    activate(pair.responder.endpoint, accepted);
    pass(pair, 1_000);
    expect(accepted.incoming.granted).toBeGreaterThan(granted);
  });
});

test("what peers don't read is counted, and each of them still gets one message at a time", () => {
  const pair = createPair({ memory: 4 * MIB });
  const sessions = joinAll(pair, 20);
  pair.loses = ({ by }) => by === "responder";
  for (const { accepted } of sessions) {
    for (let count = 0; count < 100; count += 1) send(pair.responder, accepted, "z".repeat(30_000));
    pass(pair, 10);
  }
  // Without a budget it would be 60 MB.
  expect(held(pair)).toBeLessThan(7 * MIB);
  const queued = sessions.map(({ accepted }) => accepted.outgoing.queue.end);
  expect(Math.min(...queued)).toBeGreaterThan(30_000);
});

test("a peer that acknowledges nothing has 256 KiB queued for it, and more the more it acknowledges", () => {
  const pair = createPair({ memory: 64 * MIB });
  const [session] = joinAll(pair, 1);
  if (session === undefined) throw new Error("nobody was admitted");
  const { connected, accepted } = session;
  const { queue } = accepted.outgoing;
  const fill = () => {
    while (send(pair.responder, accepted, "z".repeat(30_000))) continue;
    return queue.end - queue.start;
  };
  const first = fill();
  expect(first).toBeLessThanOrEqual(256 * 1_024);
  expect(first).toBeGreaterThan(200_000);
  for (let round = 0; round < 20; round += 1) {
    pass(pair, 100);
    receiveMessages(connected, 1_000, pair.now);
    activate(pair.initiator.endpoint, connected);
    fill();
  }
  expect(fill()).toBeGreaterThan(2 * 256 * 1_024);
});

test("while memory is short those who leave the most unread are ended with a code, and another invitation's newcomer is admitted", () => {
  const psks = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  const keys = psks.map((psk, index) => ({ psk, id: `${index + 1}` }));
  const pair = createPair({
    memory: 3 * MIB,
    admission: { keysFor: () => keys, admit: () => true },
  });
  const joinBy = (index: number) => {
    const connected = connectToResponder(pair, psks[index]);
    // The first hello is refused if there is no memory at all; the next one comes after a second.
    pass(pair, 2_000);
    const accepted = pair.responder.endpoint.accepted.shift();
    if (accepted === undefined) throw new Error("nobody was admitted");
    return { connected, accepted };
  };
  const ann = joinBy(1);
  let newcomers = 0;
  const attackers = Array.from({ length: 12 }, () => joinBy(0));
  // They take nothing, and their windows are full after a MiB.
  for (let round = 0; round < 50; round += 1) {
    for (const { accepted } of attackers) {
      while (send(pair.responder, accepted, "z".repeat(30_000))) continue;
    }
    send(pair.responder, ann.accepted, "hello");
    pass(pair, 100);
    if (round % 10 > 0) continue;
    joinBy(1);
    newcomers += 1;
  }
  expect(newcomers).toBe(5);
  const ends = attackers.map(({ accepted }) => accepted.end);
  expect(ends.filter((each) => each === null).length).toBeGreaterThan(0);
  expect(ends).toContainEqual({
    type: "closed",
    by: "us",
    code: 6,
    reason: "you left messages unread, and the server needs the memory",
  });
  expect(ann.accepted.end).toBeNull();
  const ben = joinBy(1);
  expect(ben.accepted.end).toBeNull();
});
