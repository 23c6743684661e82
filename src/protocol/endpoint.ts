// Any number of sealed sessions behind one address (docs/protocol.md s. 6): finds the session that a
// datagram belongs to, and answers those that belong to none. A state machine without I/O: datagrams and the
// time go in; datagrams, new sessions and the time of the next call come out.

import { mapKey } from "./bytes.ts";
import {
  type InitiatorHandshake,
  type InitiatorOptions,
  receiveClaim,
  startInitiatorHandshake,
} from "./handshake/initiator-handshake.ts";
import { truncatedHmac } from "./handshake/proofs.ts";
import {
  type Admission,
  admitWith,
  createResponder,
  receiveFinish,
  receiveHello,
  type Responder,
  type ResponderOptions,
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
import { endLargestHolders } from "./session/eviction.ts";
import { writeResetToken, writeWindow } from "./session/frames.ts";
import { RECEIVE_WINDOW } from "./session/incoming-messages.ts";
import {
  countHeld,
  createMemoryBudget,
  FIRST_WINDOW,
  type MemoryBudget,
  sessionsLeft,
  startCounting,
  stopCounting,
} from "./session/memory.ts";
import { createPacketArena, type PacketArena, resetArena } from "./session/packet-arena.ts";
import { receivePacket, startFromFinish } from "./session/receive.ts";
import { sessionWakeAt, tickSession } from "./session/session-timers.ts";
import { createSession, isSessionOver, type Session } from "./session/session.ts";
import { nextSessionDatagram, type Outbound } from "./session/transmit.ts";
import { sameAddress, type SocketAddress } from "./socket-address.ts";
import { createStrayAnswers, mayAnswerStray, type StrayAnswers } from "./stray-answers.ts";
import {
  cancelTimer,
  createTimers,
  nextDueAt,
  scheduleBy,
  takeDueItems,
  type Timers,
} from "./timers.ts";

/** Bytes. */
const RESET_SALT_LENGTH = 16;
/** Sessions of one endpoint by default: some 100 MB while all are idle. */
const MAX_SESSIONS = 16_384;
/** ms. */
const SHARED_WAKE = 1_000;
/** Answers that wait to be sent: as many as a receive buffer holds hellos. */
const MAX_ANSWERS = 4_096;

export interface EndpointOptions extends Omit<ResponderOptions, "admission"> {
  /** The pre-shared key, 32 bytes, with which others may join, or what decides that; null when nobody may. */
  readonly admission: Uint8Array | Admission | null;
  /**
   * Mixed into the reset key: random, the same after a restart, and no other responder's with this identity, for that
   * one's resets would end the sessions of this one (RFC 9000 s. 21.11). Without it, no reset is valid after a restart.
   */
  readonly resetSalt?: Uint8Array | undefined;
  /** With this many sessions nobody else is admitted; by default MAX_SESSIONS. */
  readonly maxSessions?: number | undefined;
  /** Bytes that peers may make this end hold, in all sessions together; without it, there is no such bound. */
  readonly memory?: number | undefined;
  /** Bytes of the longest datagram worth trying on the path to an address. */
  readonly datagramLimit: (to: SocketAddress) => number;
}

export interface Endpoint {
  readonly options: EndpointOptions;
  readonly responder: Responder | null;
  /** False once no other session is wanted: hellos and finishes get no answer. */
  admits: boolean;
  readonly resetKey: Uint8Array;
  /** By this end's connection id. */
  readonly sessions: Map<string, Session>;
  /** An initiator's sessions, by the token that resets each. */
  readonly byResetToken: Map<string, Session>;
  /** Sessions that others started, until the program above takes them. */
  readonly accepted: Session[];
  /** Answers that belong to no session. */
  readonly answers: Outbound[];
  /** Sessions that may have something to send. */
  readonly active: Set<Session>;
  /** Those that are being asked for datagrams now, the next one last. */
  sending: Session[];
  /** Sessions that have changed since the program above last took them. */
  readonly touched: Set<Session>;
  readonly timers: Timers<Session>;
  readonly arena: PacketArena;
  readonly strayAnswers: StrayAnswers;
  readonly memory: MemoryBudget | null;
}

export interface ConnectOptions extends Pick<InitiatorOptions, "psk" | "expected"> {
  readonly to: SocketAddress;
}

export function createEndpoint(options: EndpointOptions): Endpoint {
  const { crypto, staticKeys, now } = options;
  const info = new TextEncoder().encode("charla reset");
  const admission =
    options.admission instanceof Uint8Array ? admitWith(options.admission) : options.admission;
  return {
    options,
    responder: admission === null ? null : createResponder({ ...options, admission }),
    admits: true,
    resetKey: crypto.hkdf(
      options.resetSalt ?? options.random(RESET_SALT_LENGTH),
      staticKeys.privateKey,
      info,
      32,
    ),
    sessions: new Map(),
    byResetToken: new Map(),
    accepted: [],
    answers: [],
    active: new Set(),
    sending: [],
    touched: new Set(),
    timers: createTimers(),
    arena: createPacketArena(),
    strayAnswers: createStrayAnswers(now),
    memory: options.memory === undefined ? null : createMemoryBudget(options.memory),
  };
}

/** Starts a session with the responder at an address; `end` of the session says if that fails. */
export function connect(endpoint: Endpoint, options: ConnectOptions, now: number): Session {
  const { crypto, random, staticKeys } = endpoint.options;
  const localId = random(CONNECTION_ID_LENGTH);
  const handshake = startInitiatorHandshake({
    crypto,
    staticKeys,
    ephemeralKeys: crypto.generateKeyPair(random(32)),
    psk: options.psk,
    expected: options.expected,
    initiatorId: localId,
    padding: random(BASE_DATAGRAM_SIZE),
    now,
  });
  return addSession(endpoint, handshake, localId, options.to, now);
}

/** From now on nobody joins: those who try it get no answer, as from a server that is gone. */
export function stopAdmitting(endpoint: Endpoint): void {
  endpoint.admits = false;
}

/** The session may have something to send: a message was sent or received, or it was closed. */
export function activate(endpoint: Endpoint, session: Session): void {
  endpoint.active.add(session);
  endpoint.touched.add(session);
}

export function takeTouched({ touched }: Endpoint): Session[] {
  const sessions = [...touched];
  touched.clear();
  return sessions;
}

/** Processes any datagram. */
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
      : endpoint.sessions.get(mapKey(receiverId(packet)));
  if (session !== undefined) {
    const { resetToken: known } = session;
    receivePacket(session, packet, datagram, from, now);
    countHeld(session);
    activate(endpoint, session);
    const { resetToken } = session;
    if (resetToken !== null && known === null) {
      endpoint.byResetToken.set(mapKey(resetToken), session);
    }
  } else if (packet.kind === "finish") {
    answerFinish(endpoint, packet, from, now);
  } else if (packet.kind === "sealed") {
    answerStray(endpoint, packet.receiverId, from, now);
  }
}

/**
 * A datagram of the plain wire arrived (docs/protocol.md s. 6): a responder answers its sender with a notice; to an
 * initiator that awaits an answer from there it is a claim (s. 8.6).
 */
export function receivePlainWire(
  endpoint: Endpoint,
  datagram: Uint8Array,
  from: SocketAddress,
  now: number,
): void {
  const { responder, sessions, strayAnswers } = endpoint;
  if (responder === null) {
    for (const session of sessions.values()) {
      const { handshake, path } = session;
      if (handshake === null || !sameAddress(from, path.current.address)) continue;
      receiveClaim(handshake, "other-wire", now);
      activate(endpoint, session);
    }
  } else if (datagram.length > 0 && mayAnswerStray(strayAnswers, from, now)) {
    answer(endpoint, { to: from, bytes: SEALED_WIRE_NOTICE });
  }
}

/** The next datagram to send now, valid until `datagramsSent`; null when there is none. Call it until then. */
export function nextDatagram(endpoint: Endpoint, now: number): Outbound | null {
  const ready = endpoint.answers.shift();
  if (ready !== undefined) return ready;
  for (;;) {
    const session = endpoint.sending.at(-1);
    if (session === undefined) {
      if (endpoint.active.size === 0) return null;
      endpoint.sending = Array.from(endpoint.active).toReversed();
      endpoint.active.clear();
      continue;
    }
    const outbound = nextSessionDatagram(session, now, endpoint.arena);
    if (outbound !== null) return outbound;
    endpoint.sending.pop();
    countHeld(session);
    if (isSessionOver(session)) removeSession(endpoint, session);
    else wakeBy(endpoint, session, sessionWakeAt(session), now);
  }
}

/** The system has copied every datagram taken so far: their memory may be used again. */
export function datagramsSent({ arena }: Endpoint): void {
  resetArena(arena);
}

/** Does what is due in every session whose time has come. */
export function tickEndpoint(endpoint: Endpoint, now: number): void {
  for (const session of takeDueItems(endpoint.timers, now)) {
    const at = sessionWakeAt(session);
    if (at > now) {
      wakeBy(endpoint, session, at, now);
      continue;
    }
    tickSession(session, now);
    activate(endpoint, session);
  }
}

/**
 * What is due in more than SHARED_WAKE is looked at earlier, together with all that is due in the same SHARED_WAKE: mostly it has
 * been postponed by then, as the keep-alives of idle sessions postpone each other.
 */
function wakeBy({ timers }: Endpoint, session: Session, at: number, now: number): void {
  const isFar = at - now > SHARED_WAKE;
  scheduleBy(timers, session, isFar ? Math.floor(at / SHARED_WAKE) * SHARED_WAKE : at);
}

/** When `tickEndpoint` is due next, ms; Infinity for never. */
export function endpointWakeAt(endpoint: Endpoint): number {
  return nextDueAt(endpoint.timers);
}

function addSession(
  endpoint: Endpoint,
  handshake: InitiatorHandshake | null,
  localId: Uint8Array,
  address: SocketAddress,
  now: number,
): Session {
  const { crypto, random, datagramLimit: limitTo } = endpoint.options;
  const datagramLimit = limitTo(address);
  const session = createSession({
    handshake,
    localId,
    address,
    crypto,
    random,
    datagramLimit,
    memory: endpoint.memory,
    strayAnswers: endpoint.strayAnswers,
    now,
  });
  startCounting(session);
  endpoint.sessions.set(mapKey(localId), session);
  activate(endpoint, session);
  return session;
}

function removeSession(endpoint: Endpoint, session: Session): void {
  const { localId, resetToken } = session;
  stopCounting(session);
  cancelTimer(endpoint.timers, session);
  endpoint.sessions.delete(mapKey(localId));
  if (resetToken !== null) endpoint.byResetToken.delete(mapKey(resetToken));
}

/** The connection id of the end that the packet is for. */
function receiverId(packet: Exclude<Packet, { kind: "hello" | "reset" }>): Uint8Array {
  if (packet.kind === "sealed") return packet.receiverId;
  return packet.kind === "finish" ? packet.responderId : packet.initiatorId;
}

function answerHello(
  endpoint: Endpoint,
  hello: Extract<Packet, { kind: "hello" }>,
  from: SocketAddress,
  now: number,
): void {
  const { responder, admits } = endpoint;
  if (responder === null || !admits) return;
  const { options, sessions, memory } = endpoint;
  const places = (options.maxSessions ?? MAX_SESSIONS) - sessions.size;
  if (memory !== null) {
    for (const ended of endLargestHolders(sessions, memory, now)) activate(endpoint, ended);
  }
  const room = memory === null ? places : Math.min(places, sessionsLeft(memory));
  const bytes = receiveHello(responder, hello, from, room, now, (responderId) => {
    const into = new Uint8Array(9 + 1 + TOKEN_LENGTH);
    const at = writeResetToken(into, 0, deriveResetToken(endpoint, responderId));
    return into.subarray(0, writeWindow(into, at, memory === null ? RECEIVE_WINDOW : FIRST_WINDOW));
  });
  if (bytes !== null) answer(endpoint, { to: from, bytes });
}

function answer({ answers }: Endpoint, outbound: Outbound): void {
  if (answers.length < MAX_ANSWERS) answers.push(outbound);
}

function answerFinish(
  endpoint: Endpoint,
  packet: Extract<Packet, { kind: "finish" }>,
  from: SocketAddress,
  now: number,
): void {
  if (endpoint.responder === null || !endpoint.admits) return;
  const step = receiveFinish(endpoint.responder, packet, now);
  if (step.type === "refused") answer(endpoint, { to: from, bytes: step.refusal });
  if (step.type === "unknown") answerStray(endpoint, packet.responderId, from, now);
  if (step.type !== "admitted") return;
  const { finish } = step;
  const session = addSession(endpoint, null, finish.responderId, finish.proven, now);
  startFromFinish(session, finish, from, packet.noise.length, now);
  endpoint.accepted.push(session);
}

/** A packet of a session, or of a handshake, that this end does not have any more (docs/protocol.md s. 15.4). */
function answerStray(
  endpoint: Endpoint,
  connectionId: Uint8Array,
  from: SocketAddress,
  now: number,
): void {
  const { responder, strayAnswers } = endpoint;
  if (responder === null || !mayAnswerStray(strayAnswers, from, now)) return;
  const bytes = writeReset(connectionId, deriveResetToken(endpoint, connectionId));
  answer(endpoint, { to: from, bytes });
}

function deriveResetToken({ options, resetKey }: Endpoint, connectionId: Uint8Array): Uint8Array {
  return truncatedHmac(options.crypto, resetKey, connectionId);
}
