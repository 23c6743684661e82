// Two sealed endpoints and the network between them, in virtual time: each sends its messages, and records those
// that it receives.

import { sameAddress, type SocketAddress } from "../../src/net/address.ts";
import { generateKeyPair, platformCrypto } from "../../src/net/crypto.ts";
import type { KeyPair } from "../../src/protocol/crypto-provider.ts";
import {
  activate,
  connect,
  createEndpoint,
  type Endpoint,
  type EndpointOptions,
  endpointWakeAt,
  nextDatagram,
  receiveDatagram,
  tickEndpoint,
} from "../../src/protocol/endpoint.ts";
import { MAX_DATAGRAM_SIZE } from "../../src/protocol/recovery/path-mtu.ts";
import { respondWith } from "../../src/protocol/responder.ts";
import { RESERVED } from "../../src/protocol/session/memory.ts";
import { addWay, nameCandidates } from "../../src/protocol/session/paths.ts";
import { receiveMessages } from "../../src/protocol/session/receive.ts";
import { sendMessage, type Session } from "../../src/protocol/session/session.ts";
import type { Outbound } from "../../src/protocol/session/transmit.ts";
import { udpMeans } from "../../src/protocol/udp-means.ts";
import type { NatNetwork } from "./nat-network.ts";
import {
  arrivals,
  type Conditions,
  createNetwork,
  type Network,
  nextArrival,
  send,
} from "./network.ts";
import { type SeededRandom, seededRandom } from "./random.ts";

/** Datagrams that one endpoint may send at one moment: more is a bug. */
const MAX_AT_ONCE = 2_000;
/** Wake-ups at one time without a datagram in between: more is a bug. */
const MAX_IDLE_WAKES = 50;

/** The responder's places: few, so that strangers can take them all. */
export const MAX_SESSIONS = 8;

const PSK = new Uint8Array(32).fill(7);
const RESET_SALT = new Uint8Array(16).fill(0x5a);

export interface Side {
  readonly name: "initiator" | "responder";
  readonly staticKeys: KeyPair;
  endpoint: Endpoint;
  /** Where its datagrams come from, and where it receives. */
  address: SocketAddress;
  /** Where it receives as well. */
  alias: SocketAddress | null;
  session: Session | null;
  /** The messages that it sends, and how many of them are sent. */
  readonly messages: Uint8Array[];
  sent: number;
  readonly received: Uint8Array[];
  /** Whether it reads what arrives. */
  reading: boolean;
  /** Its program was restarted, and lost its sessions. */
  restarted: boolean;
}

export interface World {
  now: number;
  readonly random: SeededRandom;
  readonly network: Network;
  readonly initiator: Side;
  readonly responder: Side;
  /** Where both are behind NATs, and begin their session through a relay; null where each has its address. */
  readonly nats: NatNetwork | null;
}

/** @param memory the responder's, bytes: by default it is short of it as soon as there are several sessions */
export function createWorld(
  seed: number,
  conditions: Conditions,
  nats: NatNetwork | null = null,
  memory: number = MAX_SESSIONS * RESERVED,
): World {
  const random = seededRandom(seed);
  const now = 1_000;
  const respond = respondWith({
    admission: PSK,
    resetSalt: RESET_SALT,
    maxSessions: MAX_SESSIONS,
    memory,
  });
  const side = (name: "initiator" | "responder", last: number): Side => {
    const staticKeys = generateKeyPair(random.bytes(32));
    return {
      name,
      staticKeys,
      endpoint: newEndpoint(staticKeys, random, name === "responder" ? respond : undefined, now),
      address: { address: `192.0.2.${last}`, port: 12_345 },
      alias: null,
      session: null,
      messages: [],
      sent: 0,
      received: [],
      reading: true,
      restarted: false,
    };
  };
  const world: World = {
    now,
    random,
    network: createNetwork(random, conditions),
    initiator: side("initiator", 1),
    responder: side("responder", 2),
    nats,
  };
  return world;
}

function newEndpoint(
  staticKeys: KeyPair,
  random: SeededRandom,
  respond: EndpointOptions["respond"],
  now: number,
): Endpoint {
  return createEndpoint({
    crypto: platformCrypto,
    staticKeys,
    random: (length) => random.bytes(length),
    respond,
    udp: udpMeans,
    datagramLimit: () => MAX_DATAGRAM_SIZE,
    now,
  });
}

/** A program ends without sending anything, and starts again with the same key and reset salt, and nothing else. */
export function restart({ random, now }: World, side: Side): void {
  const { respond } = side.endpoint.options;
  side.endpoint = newEndpoint(side.staticKeys, random, respond, now);
  side.session = null;
  side.sent = 0;
  side.received.length = 0;
  side.restarted = true;
}

/** The initiator connects to the responder, whose key it may know. */
export function joinResponder(world: World, knowsKey = false): Session {
  const { initiator, nats, responder, now } = world;
  const expected = knowsKey ? responder.staticKeys.publicKey : null;
  const to = nats === null ? responder.address : nats.relay.toResponder;
  const session = connect(initiator.endpoint, { to, psk: PSK, expected }, now);
  initiator.session = session;
  if (nats !== null) {
    addWay(session, to, now);
    nameCandidates(session, [nats.outer.initiator], now);
  }
  return session;
}

/** Lets time pass until `done`, or `until`; returns whether it was done. */
export function run(world: World, until: number, done: () => boolean): boolean {
  let idleWakes = 0;
  while (world.now <= until) {
    const before = world.network.sent;
    settle(world);
    if (done()) return true;
    const wake = worldWakeAt(world);
    idleWakes = wake > world.now || world.network.sent > before ? 0 : idleWakes + 1;
    if (idleWakes > MAX_IDLE_WAKES) throw new Error(`a storm of timers at ${world.now}`);
    advance(world, Math.min(wake, until + 1));
  }
  return done();
}

/** When something happens by itself next; Infinity for never. */
export function worldWakeAt({ network, initiator, responder }: World): number {
  return Math.min(
    nextArrival(network),
    endpointWakeAt(initiator.endpoint),
    endpointWakeAt(responder.endpoint),
  );
}

/** Lets time pass until `time`, when what is due is done and datagrams arrive. */
export function advance(world: World, time: number): void {
  world.now = Math.max(world.now, time);
  tickEndpoint(world.initiator.endpoint, world.now);
  tickEndpoint(world.responder.endpoint, world.now);
  deliver(world);
}

/** Both sides send and receive what they can at this moment. */
export function settle(world: World): void {
  for (const side of [world.initiator, world.responder]) {
    const session = side.endpoint.accepted.shift();
    if (session !== undefined && side.session === null) {
      side.session = session;
      if (world.nats !== null) nameCandidates(session, [world.nats.outer.responder], world.now);
    }
    sendMessages(side);
    receiveAll(side, world.now);
    let count = 0;
    for (;;) {
      const outbound = nextDatagram(side.endpoint, world.now);
      if (outbound === null) break;
      sendFrom(world, side, outbound);
      count += 1;
      if (count > MAX_AT_ONCE) throw new Error(`a storm of datagrams at ${world.now}`);
    }
  }
}

function sendFrom({ network, nats, initiator, responder, now }: World, side: Side, sent: Outbound) {
  if (nats === null) return send(network, sent.bytes, side.address, sent.to, now);
  const from = nats.arrivesFrom(side.name, sent.to);
  const other = side === initiator ? responder : initiator;
  if (from !== null) send(network, sent.bytes, from, other.address, now);
}

/** Sends as many messages as there is space for. */
function sendMessages(side: Side): void {
  const { endpoint, session, messages } = side;
  if (session === null) return;
  let message = messages[side.sent];
  while (message !== undefined && sendMessage(session, message)) {
    side.sent += 1;
    activate(endpoint, session);
    message = messages[side.sent];
  }
}

function receiveAll(side: Side, now: number): void {
  const { session } = side;
  if (session === null || !side.reading) return;
  side.received.push(...receiveMessages(session, 1_000, now));
  activate(side.endpoint, session);
}

function deliver({ network, initiator, responder, now }: World): void {
  for (const { bytes, from, to } of arrivals(network, now)) {
    for (const { endpoint, address, alias } of [initiator, responder]) {
      const isThere = sameAddress(to, address) || (alias !== null && sameAddress(to, alias));
      if (isThere) receiveDatagram(endpoint, bytes, from, now);
    }
  }
}
