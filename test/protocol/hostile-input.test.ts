// Whatever anybody sends to an endpoint with sessions under way: it never throws, nothing of it grows, no
// stranger gets more bytes than they sent, and the sessions go on (docs/protocol.md s. 7, 16).

import { expect, test } from "bun:test";

import type { SocketAddress } from "../../src/net/address.ts";
import { validatedPath } from "../../src/protocol/session/path-validation.ts";
import type { Session } from "../../src/protocol/session/session.ts";
import { FULL_SIZE } from "../harness/full-size.ts";
import { type SeededRandom, seededRandom } from "../simulator/random.ts";
import {
  carryUntilFinish,
  connectToResponder,
  createPair,
  deliver,
  drain,
  type End,
  type Pair,
  pass,
  PSK,
  receive,
  restartResponder,
  send,
  sessionKeys,
  takeAccepted,
  words,
} from "./pair.ts";

/** A million where there is time for it. */
const DATAGRAMS = FULL_SIZE ? 1_000_000 : 10_000;

/** Strangers, none of whose addresses is proven. */
const STRANGERS: readonly SocketAddress[] = [
  { address: "203.0.113.1", port: 1 },
  { address: "203.0.113.2", port: 65_535 },
  { address: "2001:db8::bad", port: 53 },
];

const FIRST_BYTES = [0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff];

/**
 * What may be more afterwards than before: the two sessions' own PINGs and their ACKs; and a handshake for
 * each of the two hellos that were recorded with their cookies, when they are replayed from their address.
 */
const BOUNDS: Record<string, number> = {
  ranges: 64,
  packets: 64,
  lost: 256,
  unfinished: 2,
  answered: 2,
  networks: 1,
  sources: 1,
};

interface UnderAttack {
  readonly pair: Pair;
  readonly sessions: readonly { readonly connected: Session; readonly accepted: Session }[];
  /** Packets of each kind, as they were sent. */
  readonly recorded: readonly Uint8Array[];
}

/** Two sessions between an initiator and a responder, and packets of every kind that were seen. */
function underAttack(): UnderAttack {
  const pair = createPair({ seed: 77 });
  const sessions = Array.from({ length: 2 }, () => {
    const connected = connectToResponder(pair);
    send(pair.initiator, connected, "first");
    pass(pair, 500);
    return { connected, accepted: takeAccepted(pair) };
  });
  for (const { connected, accepted } of sessions) {
    send(pair.initiator, connected, pair.random.bytes(3_000));
    send(pair.responder, accepted, pair.random.bytes(3_000));
  }
  pass(pair, 2_000);
  const refused = createPair({ seed: 78 });
  connectToResponder(refused, new Uint8Array(32).fill(9));
  pass(refused, 500);
  const recorded = [...pair.sent, ...refused.sent].map(({ bytes }) => bytes);
  recorded.push(expectedReset(recorded));
  const kinds = new Set(recorded.map(([first]) => first));
  expect(kinds).toEqual(new Set(FIRST_BYTES.filter((first) => first !== 0xfd)));
  return { pair, sessions, recorded };
}

/** The responder's answer to the last sealed packet, had it been restarted. */
function expectedReset(recorded: readonly Uint8Array[]): Uint8Array {
  const stray = recorded.findLast(([first]) => first === 0xfc) ?? new Uint8Array(0);
  const responder = restartResponder(createPair());
  deliver(responder, stray, { address: "203.0.113.1", port: 1 }, 1_000);
  return drain(responder, 1_000)[0]?.bytes ?? new Uint8Array(0);
}

/** A datagram made up, or a true one made untrue. */
function hostile({ recorded, sessions }: UnderAttack, random: SeededRandom): Uint8Array {
  const shape = random.between(0, 9);
  if (shape === 0) return random.bytes(random.between(0, 100));
  if (shape === 1) {
    const bytes = random.bytes([25, 26, 30, 78, 135, 1_200][random.between(0, 5)] ?? 0);
    bytes[0] = pick(FIRST_BYTES, random);
    return bytes;
  }
  const bytes = pick(recorded, random).slice();
  if (shape === 2) return bytes;
  if (shape === 3) return bytes.subarray(0, random.between(0, bytes.length));
  if (shape === 4) {
    const longer = new Uint8Array(bytes.length + random.between(1, 40));
    longer.set(bytes);
    return longer;
  }
  if (shape === 5) {
    const other = pick(recorded, random);
    const at = random.between(0, Math.min(bytes.length, other.length));
    bytes.set(other.subarray(0, at));
    return bytes;
  }
  if (shape === 6 && bytes.length > 17) {
    // With the id of an existing session, or an unknown one.
    const { connected, accepted } = pick(sessions, random);
    const ids = [connected.localId, accepted.localId, random.bytes(8)];
    bytes.set(pick(ids, random), bytes[0] === 0xf8 ? 2 : 1);
    return bytes;
  }
  if (shape === 7) bytes[0] = pick(FIRST_BYTES, random);
  for (let flips = random.between(1, 3); flips > 0 && bytes.length > 0; flips -= 1) {
    const at = random.between(
      0,
      random.chance(0.5) ? Math.min(20, bytes.length - 1) : bytes.length - 1,
    );
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.between(0, 7));
  }
  return bytes;
}

function pick<Item>(items: readonly Item[], random: SeededRandom): Item {
  const item = items[random.between(0, items.length - 1)];
  if (item === undefined) throw new Error("there is nothing to pick from");
  return item;
}

/** How much an endpoint holds, by name. */
function holdings({ endpoint }: End): Record<string, number> {
  const { responder } = endpoint;
  const held: Record<string, number> = {
    sessions: endpoint.sessions.size,
    tokens: endpoint.byResetToken.size,
    arrived: endpoint.accepted.length,
    answers: endpoint.answers.length,
    active: endpoint.active.size,
    unfinished: responder?.handshakes.unfinished.byId.size ?? 0,
    answered: responder?.handshakes.unfinished.byHello.size ?? 0,
    networks: responder?.handshakes.unfinished.networks.size ?? 0,
    sources: responder?.handshakes.unfinished.sources.size ?? 0,
  };
  for (const session of endpoint.sessions.values()) {
    const { received, recovery, incoming, outgoing } = session;
    for (const [name, size] of Object.entries({
      ranges: received.ranges.length,
      packets: recovery.sent.packets.length,
      lost: recovery.lost.length,
      early: incoming.early.length,
      acknowledged: outgoing.acknowledged.length,
      again: outgoing.lost.length,
      arrivedBytes: incoming.arrived.end - incoming.arrived.start,
      saidBytes: outgoing.queue.end - outgoing.queue.start,
    })) {
      held[name] = Math.max(held[name] ?? 0, size);
    }
  }
  return held;
}

test(`${DATAGRAMS} hostile datagrams to both ends of two sessions disturb nobody`, () => {
  const attack = underAttack();
  const { pair, sessions } = attack;
  const { initiator, responder } = pair;
  const random = seededRandom(4_711);
  const ends = [initiator, responder];
  const before = ends.map(holdings);
  let answered = 0;

  for (let count = 0; count < DATAGRAMS; count += 1) {
    const end = count % 2 === 0 ? responder : initiator;
    const bytes = hostile(attack, random);
    const spoofed = random.chance(0.2) ? (end === responder ? initiator : responder).address : null;
    const from = spoofed ?? pick(STRANGERS, random);
    deliver(end, bytes, from, pair.now);
    let toStranger = 0;
    for (const outbound of drain(end, pair.now)) {
      if (STRANGERS.includes(outbound.to)) toStranger += outbound.bytes.length;
      else
        pair.inTransit.push({
          by: end.name,
          ...outbound,
          from: end.address,
          sentAt: pair.now,
          at: pair.now + 10,
        });
    }
    if (toStranger > 0) answered += 1;
    if (toStranger > bytes.length) {
      throw new Error(
        `${toStranger} bytes for the ${bytes.length} of ${Buffer.from(bytes).toString("hex")}`,
      );
    }
    // The sessions live on meanwhile: 50 ms for each thousand.
    if (count % 1_000 === 999) pass(pair, 50);
  }
  // Some of it was worth an answer, or nothing was tried.
  expect(answered).toBeGreaterThan(DATAGRAMS / 100);

  for (const { connected, accepted } of sessions) {
    expect(connected.end).toBeNull();
    expect(accepted.end).toBeNull();
    const heardAt = expect.any(Number);
    expect(connected.path).toEqual({ ...validatedPath(responder.address), heardAt });
    expect(accepted.path).toEqual({ ...validatedPath(initiator.address), heardAt });
    expect(sessionKeys(connected).receive.forgeries).toBeGreaterThan(DATAGRAMS / 1_000);
    expect(sessionKeys(accepted).receive.forgeries).toBeGreaterThan(DATAGRAMS / 1_000);
  }
  pass(pair, 5_000);
  for (const [index, held] of ends.map(holdings).entries()) {
    for (const [name, size] of Object.entries(held)) {
      const bound = BOUNDS[name] ?? before[index]?.[name] ?? 0;
      if (size > bound) throw new Error(`${name}: ${size}, more than ${bound}`);
    }
  }
  for (const { connected, accepted } of sessions) {
    receive(responder, accepted, pair.now);
    receive(initiator, connected, pair.now);
    send(initiator, connected, "undisturbed");
    send(responder, accepted, "likewise");
  }
  pass(pair, 2_000);
  for (const { connected, accepted } of sessions) {
    expect(receive(responder, accepted, pair.now).map(words)).toEqual(["undisturbed"]);
    expect(receive(initiator, connected, pair.now).map(words)).toEqual(["likewise"]);
  }
}, 60_000);

test("changing any byte of any packet of a handshake leaves the initiator waiting", () => {
  const pair = createPair({ seed: 5 });
  const connected = connectToResponder(pair);
  const parts = Object.values(carryUntilFinish(pair));
  const other = createPair({ seed: 6 });
  const waiting = connectToResponder(other, PSK);
  drain(other.initiator, other.now);
  for (const part of parts) {
    for (let at = 0; at < Math.min(part.length, 200); at += 1) {
      const bytes = part.slice();
      bytes[at] = (bytes[at] ?? 0) ^ 0x55;
      // To the initiator of this handshake, and to one that has nothing to do with it.
      deliver(pair.initiator, bytes, pair.responder.address, pair.now);
      deliver(other.initiator, bytes, other.responder.address, other.now);
    }
  }
  expect(connected.end).toBeNull();
  expect(waiting.end).toBeNull();
});
