// Any number of sealed sessions behind one address (docs/protocol.md s. 6): finds the session that a
// datagram is for, and answers those that are for none. A state machine without I/O: datagrams and the
// time go in; datagrams, new sessions and the time to be called again come out.

import { mapKey } from "./bytes.ts";
import type { CryptoProvider, KeyPair, RandomBytes } from "./crypto-provider.ts";
import { type Admission, admitWith } from "./handshake/admission.ts";
import { startInitiatorHandshake } from "./handshake/initiator-handshake.ts";
import { truncatedHmac } from "./handshake/proofs.ts";
import {
  createResponder,
  receiveFinish,
  receiveHello,
  type Responder,
} from "./handshake/responder-handshake.ts";
import {
  CONNECTION_ID_LENGTH,
  type Packet,
  readPacket,
  SEALED_WIRE_NOTICE,
  TOKEN_LENGTH,
  writeReset,
} from "./packets.ts";
import { BASE_DATAGRAM_SIZE } from "./recovery/path-mtu.ts";
import { CHALLENGE_LENGTH, writeResetToken, writeWindow } from "./session/frames.ts";
import { RECEIVE_WINDOW } from "./session/incoming-messages.ts";
import { createPacketArena, type PacketArena, resetArena } from "./session/packet-arena.ts";
import { countReceived, migratePath } from "./session/session-path.ts";
import { receive, receivePayload } from "./session/session-receive.ts";
import { type Outbound, transmit } from "./session/session-transmit.ts";
import {
  applyExchangeTime,
  createSession,
  currentProbeTimeout,
  establish,
  isSessionOver,
  type Session,
  sessionWakeAt,
  tickSession,
} from "./session/session.ts";
import { sameAddress, type SocketAddress } from "./socket-address.ts";
import {
  cancelTimer,
  createTimers,
  nextDueAt,
  scheduleBy,
  takeDueItems,
  type Timers,
} from "./timers.ts";

/** Resets and signs a second: they answer datagrams of no session, which anyone can send. */
const RESETS_PER_SECOND = 100;
/** Sessions of one endpoint, unless it is told another bound: some 100 MB while nobody talks. */
export const MAX_SESSIONS = 16_384;
/** Answers that wait to leave: a receive buffer's worth of hellos. */
const MAX_ANSWERS = 4_096;

export interface EndpointOptions {
  readonly crypto: CryptoProvider;
  readonly staticKeys: KeyPair;
  readonly random: RandomBytes;
  /** The pre-shared key, 32 bytes, with which others may join, or who decides that; null when nobody may. */
  readonly admission: Uint8Array | Admission | null;
  /** Past so many sessions nobody else may join. */
  readonly maxSessions?: number | undefined;
  /** Bytes of the longest datagram worth trying on the way to an address. */
  readonly datagramLimit: (to: SocketAddress) => number;
  readonly now: number;
}

export interface Endpoint {
  readonly options: EndpointOptions;
  readonly responder: Responder | null;
  readonly resetKey: Uint8Array;
  /** By this end's connection id. */
  readonly sessions: Map<string, Session>;
  /** An initiator's sessions, by the token that resets each. */
  readonly byResetToken: Map<string, Session>;
  /** Sessions that others began, not yet taken by the program above. */
  readonly arrived: Session[];
  /** Answers that belong to no session. */
  readonly answers: Outbound[];
  /** Sessions that may have something to send. */
  readonly active: Set<Session>;
  /** Those that are being asked for it, the next one last. */
  asked: Session[];
  /** Sessions with whom something has happened since they were last taken. */
  readonly touched: Set<Session>;
  readonly timers: Timers<Session>;
  readonly arena: PacketArena;
  resets: number;
  resetsSince: number;
}

export interface ConnectOptions {
  readonly to: SocketAddress;
  readonly psk: Uint8Array;
  /** The responder's public key, when it is known. */
  readonly expected: Uint8Array | null;
}

export function createEndpoint(options: EndpointOptions): Endpoint {
  const { crypto, staticKeys, random, now } = options;
  const info = new TextEncoder().encode("charla reset");
  const resetKey = crypto.hkdf(new Uint8Array(0), staticKeys.privateKey, info, 32);
  const admission =
    options.admission instanceof Uint8Array ? admitWith(options.admission) : options.admission;
  return {
    options,
    responder:
      admission === null ? null : createResponder({ crypto, staticKeys, admission, random, now }),
    resetKey,
    sessions: new Map(),
    byResetToken: new Map(),
    arrived: [],
    answers: [],
    active: new Set(),
    asked: [],
    touched: new Set(),
    timers: createTimers(),
    arena: createPacketArena(),
    resets: 0,
    resetsSince: now,
  };
}

/** Begins a session with whoever listens at an address; whether it comes to be, it tells itself. */
export function connect(endpoint: Endpoint, options: ConnectOptions, now: number): Session {
  const { crypto, random, staticKeys } = endpoint.options;
  const localId = random(CONNECTION_ID_LENGTH);
  const session = begin(endpoint, "initiator", localId, options.to, now);
  session.handshake = startInitiatorHandshake({
    crypto,
    staticKeys,
    ephemeralKeys: crypto.generateKeyPair(random(32)),
    psk: options.psk,
    expected: options.expected,
    initiatorId: localId,
    padding: random(BASE_DATAGRAM_SIZE),
    now,
  });
  endpoint.sessions.set(mapKey(localId), session);
  activate(endpoint, session);
  return session;
}

/** The session has something new to send: a message was said or taken, or it was closed. */
export function activate(endpoint: Endpoint, session: Session): void {
  endpoint.active.add(session);
  endpoint.touched.add(session);
}

/** The sessions with whom something has happened since this was last asked. */
export function takeTouched({ touched }: Endpoint): Session[] {
  const sessions = [...touched];
  touched.clear();
  return sessions;
}

/** Takes in a datagram, whatever it is. */
export function receiveDatagram(
  endpoint: Endpoint,
  datagram: Uint8Array,
  from: SocketAddress,
  now: number,
): void {
  const packet = readPacket(datagram);
  if (packet === null) return;
  if (packet.kind === "hello") return answerHello(endpoint, packet, from, now);
  const session =
    packet.kind === "reset"
      ? endpoint.byResetToken.get(mapKey(packet.token))
      : endpoint.sessions.get(mapKey(idOf(packet)));
  if (session !== undefined) {
    const { resetToken: known } = session;
    receive(session, packet, datagram, from, now);
    activate(endpoint, session);
    const { resetToken } = session;
    if (resetToken !== null && known === null)
      endpoint.byResetToken.set(mapKey(resetToken), session);
  } else if (packet.kind === "finish") {
    answerFinish(endpoint, packet, from, now);
  } else if (packet.kind === "sealed") {
    answerStray(endpoint, packet.receiverId, from, now);
  }
}

/** A datagram of another wire came: who sent it is told so (docs/protocol.md s. 6). */
export function answerPlainWire(
  endpoint: Endpoint,
  datagram: Uint8Array,
  from: SocketAddress,
  now: number,
): void {
  if (endpoint.responder === null || datagram.length === 0 || !mayAnswerStray(endpoint, now))
    return;
  answer(endpoint, { to: from, bytes: SEALED_WIRE_NOTICE });
}

/** The next datagram to send now, good until `datagramsSent`; null when there is none. To be asked until then. */
export function nextDatagram(endpoint: Endpoint, now: number): Outbound | null {
  const ready = endpoint.answers.shift();
  if (ready !== undefined) return ready;
  for (;;) {
    const session = endpoint.asked.at(-1);
    if (session === undefined) {
      if (endpoint.active.size === 0) return null;
      endpoint.asked = Array.from(endpoint.active).toReversed();
      endpoint.active.clear();
      continue;
    }
    const outbound = transmit(session, now, endpoint.arena);
    if (outbound !== null) return outbound;
    endpoint.asked.pop();
    if (isSessionOver(session)) forget(endpoint, session);
    else scheduleBy(endpoint.timers, session, sessionWakeAt(session));
  }
}

/** The system has a copy of every datagram that was taken: their memory is the next ones'. */
export function datagramsSent({ arena }: Endpoint): void {
  resetArena(arena);
}

/** Lets every session whose time has come do what is due. */
export function tickEndpoint(endpoint: Endpoint, now: number): void {
  for (const session of takeDueItems(endpoint.timers, now)) {
    const at = sessionWakeAt(session);
    if (at > now) {
      scheduleBy(endpoint.timers, session, at);
      continue;
    }
    tickSession(session, now);
    activate(endpoint, session);
  }
}

/** When `tickEndpoint` is due next, ms; Infinity for never. */
export function endpointWakeAt(endpoint: Endpoint): number {
  return nextDueAt(endpoint.timers);
}

function begin(
  { options }: Endpoint,
  role: "initiator" | "responder",
  localId: Uint8Array,
  address: SocketAddress,
  now: number,
): Session {
  const { crypto, random } = options;
  const datagramLimit = options.datagramLimit(address);
  return createSession({ crypto, role, localId, address, random, datagramLimit, now });
}

function forget(endpoint: Endpoint, session: Session): void {
  const { localId, resetToken } = session;
  cancelTimer(endpoint.timers, session);
  endpoint.sessions.delete(mapKey(localId));
  if (resetToken !== null) endpoint.byResetToken.delete(mapKey(resetToken));
}

function idOf(packet: Exclude<Packet, { kind: "hello" | "reset" }>): Uint8Array {
  switch (packet.kind) {
    case "retry":
    case "answer":
    case "refusal":
      return packet.initiatorId;
    case "finish":
      return packet.responderId;
    case "sealed":
      return packet.receiverId;
  }
}

function answerHello(
  endpoint: Endpoint,
  hello: Extract<Packet, { kind: "hello" }>,
  from: SocketAddress,
  now: number,
): void {
  const { responder } = endpoint;
  if (responder === null) return;
  const room = (endpoint.options.maxSessions ?? MAX_SESSIONS) - endpoint.sessions.size;
  const bytes = receiveHello(responder, hello, from, room, now, (responderId) => {
    const into = new Uint8Array(9 + 1 + TOKEN_LENGTH);
    const at = writeResetToken(into, 0, tokenFor(endpoint, responderId));
    return into.subarray(0, writeWindow(into, at, RECEIVE_WINDOW));
  });
  if (bytes !== null) answer(endpoint, { to: from, bytes });
}

function answer({ answers }: Endpoint, outbound: Outbound): void {
  if (answers.length < MAX_ANSWERS) answers.push(outbound);
}

function answerFinish(
  endpoint: Endpoint,
  finish: Extract<Packet, { kind: "finish" }>,
  from: SocketAddress,
  now: number,
): void {
  if (endpoint.responder === null) return;
  const step = receiveFinish(endpoint.responder, finish, now);
  if (step.type === "refused") answer(endpoint, { to: from, bytes: step.refusal });
  if (step.type === "unknown") answerStray(endpoint, finish.responderId, from, now);
  if (step.type !== "finished") return;
  const { responderId, initiatorId, keys, payload, proven, took } = step;
  const session = begin(endpoint, "responder", responderId, proven, now);
  session.admittedTo = step.admitsTo;
  session.finishDigest = endpoint.options.crypto.sha256(finish.noise);
  // Only the hello's address is proven by its cookie (docs/protocol.md s. 14).
  if (!sameAddress(from, proven)) {
    const { random } = endpoint.options;
    migratePath(session.path, from, random(CHALLENGE_LENGTH), currentProbeTimeout(session), now);
    countReceived(session.path, from, finish.noise.length);
  }
  establish(session, initiatorId, keys);
  if (took !== null) applyExchangeTime(session, took, now);
  session.pingDue = true;
  receivePayload(session, payload, now);
  endpoint.sessions.set(mapKey(responderId), session);
  activate(endpoint, session);
  endpoint.arrived.push(session);
}

/** A packet of a session, or of a handshake, that is not known here any more (docs/protocol.md s. 15.4). */
function answerStray(
  endpoint: Endpoint,
  connectionId: Uint8Array,
  from: SocketAddress,
  now: number,
): void {
  if (endpoint.responder === null || !mayAnswerStray(endpoint, now)) return;
  const bytes = writeReset(connectionId, tokenFor(endpoint, connectionId));
  answer(endpoint, { to: from, bytes });
}

function mayAnswerStray(endpoint: Endpoint, now: number): boolean {
  if (now - endpoint.resetsSince >= 1_000) {
    endpoint.resetsSince = now;
    endpoint.resets = 0;
  }
  endpoint.resets += 1;
  return endpoint.resets <= RESETS_PER_SECOND;
}

function tokenFor({ options, resetKey }: Endpoint, connectionId: Uint8Array): Uint8Array {
  return truncatedHmac(options.crypto, resetKey, connectionId);
}
