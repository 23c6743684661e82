// One run of the simulator: a seed decides the network's conditions, the messages and the events on the way; at
// the end the guarantee of the sealed wire is checked (docs/protocol.md s. 1).

import { activate, receivePlainWire } from "../../src/protocol/endpoint.ts";
import { networkChanged } from "../../src/protocol/session/path-in-use.ts";
import { nameCandidates } from "../../src/protocol/session/paths.ts";
import { IDLE_TIMEOUT, SILENCE } from "../../src/protocol/session/session-timers.ts";
import {
  CLOSE_UNREAD,
  isAllAcknowledged,
  sendNote,
  type Session,
  type SessionEnd,
} from "../../src/protocol/session/session.ts";
import { createNatNetwork, type NatNetwork } from "./nat-network.ts";
import { type Conditions, type Network, silence } from "./network.ts";
import { type SeededRandom, seededRandom } from "./random.ts";
import { takePlace } from "./strangers.ts";
import {
  createWorld,
  joinResponder,
  MAX_SESSIONS,
  restart,
  run,
  type Side,
  type World,
} from "./world.ts";

/** Virtual time that a run may take, ms: an hour is enough under the worst conditions. */
const LONGEST = 3_600_000;

/** How much later a datagram may arrive that was in transit when a silence began, ms. */
const LATE = 2_000;

/** How long a handshake may take, ms. */
const HANDSHAKE = 8_000;

/**
 * Virtual time that a run takes at most under mild conditions, whatever addresses packets come from, ms: a time for
 * pauses of the reader, and for each byte. Runs without copies and second addresses take half as long at most.
 */
const LONGEST_MILD = 60_000;
const LONGEST_PER_BYTE = 1 / 8;

/** Loss up to which a handshake practically never fails in that time. */
const MILD_LOSS = 0.1;

export interface Outcome {
  readonly seed: number;
  readonly conditions: Conditions;
  /** How the guarantee was broken; null when it was not. */
  readonly fault: string | null;
  /** How the session ended at each end; null if it did not. */
  readonly ends: { readonly initiator: SessionEnd | null; readonly responder: SessionEnd | null };
  /** Whether everything arrived, or the session ended with an error for both. */
  readonly result: "delivered" | "ended";
  readonly virtualTime: number;
  readonly datagrams: number;
}

/** When the last note is sent, ms after the beginning. */
const NOTES_UNTIL = 20_000;

/** Conditions from perfect to very bad. */
export function randomConditions(random: SeededRandom): Conditions {
  const sometimes = (probability: number, value: () => number) =>
    random.chance(probability) ? value() : 0;
  return {
    loss: sometimes(0.7, () => random.fraction() * 0.5),
    duplication: sometimes(0.5, () => random.fraction() * 0.3),
    reordering: sometimes(0.5, () => random.fraction() * 0.3),
    corruption: sometimes(0.3, () => random.fraction() * 0.1),
    truncation: sometimes(0.3, () => random.fraction() * 0.1),
    delay: random.between(0, 150),
    jitter: sometimes(0.5, () => random.between(1, 100)),
    jittery: 1,
    bursts: sometimes(0.3, () => random.fraction() * 0.02),
    burstLength: random.between(10, 3_000),
    mtu: [1_200, 1_280, 1_472, 9_000, 65_507][random.between(0, 4)] ?? 1_200,
  };
}

/** Runs one seed; throws only when the code under test does. */
export function simulate(seed: number): Outcome {
  // Seeds of their own, so that the other events of a run stay the same.
  const paths = seededRandom(seed + 2_000_000);
  const nats = paths.chance(0.2) ? randomNats(paths) : null;
  const world = createWorld(seed, { ...PERFECT }, nats);
  world.network.conditions = randomConditions(world.random);
  const { initiator, responder, random } = world;
  for (const side of [initiator, responder]) {
    // Under bad conditions so much would take hours, though it would arrive.
    const sendsMuch = random.chance(0.1) && world.network.conditions.loss < 0.25;
    for (let count = random.between(1, 60); count > 0; count -= 1) {
      side.messages.push(random.bytes(sendsMuch ? 65_536 : messageLength(random)));
    }
  }
  const strangers = seededRandom(seed + 1_000_000);
  const overlongSilences: number[] = [];
  const events = planEvents(world, overlongSilences);
  if (nats !== null) events.push(...planPaths(world, nats, paths));
  if (strangers.chance(0.3)) {
    const takePlaces = strangersTakingPlaces(world, strangers);
    takePlaces();
    events.push(takePlaces);
  }
  joinResponder(world, strangers.chance(0.5));
  if (strangers.chance(0.3)) {
    // Somebody on the path claims that the responder speaks another wire.
    receivePlainWire(initiator.endpoint, new Uint8Array(1), responder.address, world.now);
  }
  const notes = seededRandom(seed + 3_000_000);
  for (const side of [initiator, responder]) {
    if (notes.chance(0.5)) events.push(sendNotes(world, side, notes));
  }
  const needlessSilences: string[] = [];
  for (const side of [initiator, responder]) {
    events.push(watchSilence(world, side, needlessSilences));
  }
  const everythingReceived = () =>
    initiator.received.length === responder.messages.length &&
    responder.received.length === initiator.messages.length;
  const done = () => {
    for (const event of events) event();
    return (
      (everythingReceived() && isSettled(initiator) && isSettled(responder)) || bothEnded(world)
    );
  };
  const start = world.now;
  const finished = run(world, start + LONGEST, done);
  const fault =
    overlongSilences.length > 0
      ? `a session survived a silence of ${overlongSilences.join()} ms`
      : needlessSilences.length > 0
        ? needlessSilences.join()
        : finished
          ? (findFault(world) ?? findSlowness(world, start))
          : "neither delivered nor ended";
  const result = everythingReceived() ? "delivered" : "ended";
  return {
    seed,
    conditions: world.network.conditions,
    fault,
    ends: { initiator: initiator.session?.end ?? null, responder: responder.session?.end ?? null },
    result,
    virtualTime: world.now,
    datagrams: world.network.sent,
  };
}

const PERFECT: Conditions = {
  loss: 0,
  duplication: 0,
  reordering: 0,
  corruption: 0,
  truncation: 0,
  delay: 0,
  jitter: 0,
  jittery: 1,
  bursts: 0,
  burstLength: 0,
  mtu: 1_472,
};

/** Most messages are short, as people's are; some are as long as possible. */
function messageLength(random: SeededRandom): number {
  if (random.chance(0.05)) return 65_536;
  return random.chance(0.3) ? random.between(1_000, 20_000) : random.between(0, 200);
}

/** The events of a run: silences, moves of the initiator, a restart, a reader that pauses. */
function planEvents(world: World, overlongSilences: number[]): (() => void)[] {
  const { random, network, initiator, responder } = world;
  const start = world.now;
  const events: (() => void)[] = [];
  const once = (at: number, happen: () => void) => {
    let happened = false;
    events.push(() => {
      if (happened || world.now < at) return;
      happened = true;
      happen();
    });
  };
  if (random.chance(0.4)) {
    const length = random.chance(0.2) ? 180_000 : random.between(100, 40_000);
    const from = start + random.between(0, 20_000);
    once(from, () => {
      silence(network, world.now, length);
    });
    once(from + length, () => {
      if (length > IDLE_TIMEOUT + LATE && !bothEnded(world)) overlongSilences.push(length);
    });
  }
  const moves = random.chance(0.4) ? random.between(1, 3) : 0;
  if (world.nats !== null) return events;
  for (let move = 0; move < moves; move += 1) {
    const host = random.chance(0.5) ? "192.0.2.1" : `192.0.2.${random.between(10, 99)}`;
    const port = random.between(1_024, 65_535);
    once(start + random.between(0, 30_000), () => {
      initiator.address = { address: host, port };
    });
  }
  if (random.chance(0.1)) {
    const side = random.chance(0.5) ? initiator : responder;
    once(start + random.between(0, 10_000), () => {
      restart(world, side);
    });
  }
  if (random.chance(0.3)) {
    const side = random.chance(0.5) ? initiator : responder;
    const from = start + random.between(0, 5_000);
    once(from, () => {
      side.reading = false;
    });
    once(from + random.between(100, 20_000), () => {
      side.reading = true;
    });
  }
  if (random.chance(0.15)) events.push(alternateAddresses(world));
  // An attacker who is faster with everything also hides where a peer has moved to.
  else if (moves === 0 && random.chance(0.3)) copyPackets(world);
  return events;
}

function randomNats(random: SeededRandom): NatNetwork {
  const kinds = ["open", "home", "home", "symmetric"] as const;
  const kind = () => kinds[random.between(0, 3)] ?? "home";
  return createNatNetwork(kind(), kind());
}

/** What happens to paths: NATs forget, the initiator moves to another network, and the direct path or the relay fails. */
function planPaths(world: World, nats: NatNetwork, random: SeededRandom): (() => void)[] {
  const { initiator, responder, network } = world;
  const events: (() => void)[] = [];
  const start = world.now;
  const at = (time: number, happen: () => void) => {
    let happened = false;
    events.push(() => {
      if (happened || world.now < time) return;
      happened = true;
      happen();
      for (const { endpoint, session } of [initiator, responder]) {
        if (session !== null) activate(endpoint, session);
      }
    });
  };
  for (let count = random.between(0, 3); count > 0; count -= 1) {
    const from = start + random.between(0, 30_000);
    const length = random.between(100, 20_000);
    const what = random.chance(0.7) ? "direct" : "relay";
    at(from, () => {
      nats.passes[what] = false;
      // To the session it may be a silence.
      network.silentUntil = Math.max(network.silentUntil, 1);
    });
    at(from + length, () => {
      nats.passes[what] = true;
    });
  }
  for (let count = random.between(0, 2); count > 0; count -= 1) {
    const port = random.between(1_024, 60_000);
    const last = random.between(10, 99);
    const notices = random.chance(0.7);
    at(start + random.between(0, 30_000), () => {
      nats.move("initiator", { address: `192.0.2.${last}`, port });
      const { session } = initiator;
      if (!notices || session === null) return;
      networkChanged(session, world.now);
      nameCandidates(session, [nats.outer.initiator], world.now);
    });
  }
  return events;
}

/** Once it has joined, the initiator is at two addresses in turn, as behind a router with two uplinks. */
function alternateAddresses(world: World): () => void {
  const { random, initiator } = world;
  const each = random.between(1, 30);
  const one = { address: "192.0.2.101", port: random.between(1_024, 65_535) };
  const host = random.chance(0.5) ? "192.0.2.101" : "192.0.2.102";
  const other = { address: host, port: random.between(1_024, 65_535) };
  return () => {
    if (initiator.session?.handshake !== null) return;
    const isOther = Math.floor(world.now / each) % 2 === 1;
    initiator.address = isOther ? other : one;
    initiator.alias = isOther ? one : other;
  };
}

/** From now on an attacker's copies of the initiator's datagrams arrive first, from one address or from many. */
function copyPackets({ random, network, responder }: World): void {
  const from = { address: "203.0.113.1", port: 9 };
  const sources = [
    () => from,
    () => ({ ...from, port: random.between(1_024, 65_535) }),
    () => ({ ...from, address: `203.0.113.${random.between(1, 254)}` }),
  ];
  const source = sources[random.between(0, 2)] ?? (() => from);
  network.copier = { to: responder.address, source };
}

/** Notes when a side takes the other for silent without having waited for an acknowledgment (s. 15.1). */
function watchSilence(world: World, side: Side, needless: string[]): () => void {
  let inFlightSince = Number.POSITIVE_INFINITY;
  let wasSilent = false;
  return () => {
    const { session } = side;
    if (session === null) return;
    if (session.silent && !wasSilent) {
      const waited = world.now - Math.max(inFlightSince, session.lastHeardAt);
      if (waited < SILENCE)
        needless.push(`${side.name} took its peer for silent after ${waited} ms`);
    }
    wasSilent = session.silent;
    const isInFlight = session.recovery.sent.packetsInFlight > 0;
    inFlightSince = isInFlight ? Math.min(inFlightSince, world.now) : Number.POSITIVE_INFINITY;
  };
}

/** Tells the other side something beside the messages, now and then: a number of four bytes, which grows. */
function sendNotes(world: World, side: Side, random: SeededRandom): () => void {
  const until = world.now + NOTES_UNTIL;
  let nextAt = world.now;
  let count = 0;
  return () => {
    const { session } = side;
    if (session === null || world.now < nextAt || world.now > until) return;
    nextAt = world.now + random.between(1, 2_000);
    count += 1;
    const note = new Uint8Array(4);
    new DataView(note.buffer).setUint32(0, count);
    sendNote(session, note);
    activate(side.endpoint, session);
  };
}

/** Strangers of one network take all the places for handshakes that they get, again and again while others join. */
function strangersTakingPlaces(world: World, random: SeededRandom): () => void {
  const until = world.now + HANDSHAKE;
  let nextAt = world.now;
  return () => {
    const { now, responder } = world;
    if (now < nextAt || now > until) return;
    nextAt = now + random.between(10, 1_000);
    for (let count = 0; count < 2 * MAX_SESSIONS; count += 1) {
      const from = {
        address: `203.0.113.${random.between(1, 9)}`,
        port: random.between(1, 65_535),
      };
      takePlace(responder.endpoint, { from, random, knowsKey: random.chance(0.5), now });
    }
  };
}

/** Whether a run under mild conditions took too long; null when it did not. */
function findSlowness(world: World, start: number): string | null {
  const { initiator, responder, network, now } = world;
  if (!isMild(network) || initiator.restarted || responder.restarted) return null;
  let allowed = LONGEST_MILD;
  for (const { length } of [...initiator.messages, ...responder.messages]) {
    allowed += length * LONGEST_PER_BYTE;
  }
  return now - start > allowed ? `took ${now - start} ms instead of ${allowed}` : null;
}

function isMild({ conditions, silentUntil }: Network): boolean {
  const { loss, corruption, truncation, bursts } = conditions;
  return loss + corruption + truncation <= MILD_LOSS && bursts === 0 && silentUntil === 0;
}

/** Whether the conditions, or the state of the other side, explain an end. */
function isExplained(end: SessionEnd, { session, restarted }: Side, network: Network): boolean {
  const mild = isMild(network);
  const { delay, jitter } = network.conditions;
  switch (end.type) {
    case "handshake-failed":
      if (end.failure === "no-answer") return !mild || restarted;
      // What a stranger claimed stands if the responder's answer takes long.
      return end.failure === "other-wire" && (!mild || restarted || delay + jitter > 50);
    case "timed-out":
      return !mild || restarted;
    case "reset":
      // The other side has ended or was restarted, and answered a later packet.
      return session?.end?.type === "timed-out" || restarted || isEviction(session?.end ?? null);
    case "closed":
      return isEviction(end);
  }
}

/** The responder, which has little memory, ends the session that leaves the most unread while others want to join. */
function isEviction(end: SessionEnd | null): boolean {
  return end?.type === "closed" && end.code === CLOSE_UNREAD;
}

function isSettled({ session }: Side): boolean {
  return session !== null && isAllAcknowledged(session) && session.notes?.isAcknowledged !== false;
}

function bothEnded({ initiator, responder }: World): boolean {
  return initiator.session?.end !== null && responder.session?.end !== null;
}

/** What is wrong with the received messages, or with the end; null when nothing is. */
function findFault({ initiator, responder, network }: World): string | null {
  for (const [{ name, session }, other] of [
    [initiator, responder],
    [responder, initiator],
  ] as const) {
    const end = session?.end ?? null;
    // Bad conditions make a handshake fail or a session time out; neither end closed it.
    if (end !== null && !isExplained(end, other, network)) {
      return `${name} ended with ${JSON.stringify(end)}`;
    }
  }
  for (const [sender, receiver] of [
    [initiator, responder],
    [responder, initiator],
  ] as const) {
    for (const [index, received] of receiver.received.entries()) {
      const message = sender.messages[index];
      if (message === undefined) return `${receiver.name} received more than was sent`;
      if (Buffer.compare(message, received) !== 0) {
        return `${receiver.name} received message ${index} changed`;
      }
    }
    const end = receiver.session?.end ?? null;
    const [from, to] = [sender.session, receiver.session];
    if (from?.end === null && to?.end === null && !hasNoteOf(to, from)) {
      return `${receiver.name} does not have the newest note`;
    }
    if (
      receiver.received.length < sender.messages.length &&
      end === null &&
      receiver.session !== null
    ) {
      return `${receiver.name} misses messages and reports no error`;
    }
  }
  return null;
}

/** Whether the newest note of one end has arrived at the other, which has not taken it; unless that is not settled. */
function hasNoteOf({ notes: received }: Session, { notes: sent }: Session): boolean {
  if (sent === null || !sent.isAcknowledged || sent.number === 0) return true;
  return received !== null && Buffer.compare(received.news ?? new Uint8Array(0), sent.bytes) === 0;
}
